"""An agent's core with real keys, a real journal file and lists signed for it; no threads and no waiting."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from contract import envelope, fact, pin
from contract.authorisation import Content, Version, build
from contract.credential import Identity, Source, lookup_key
from contract.envelope import Kind
from contract.fact import Fact
from contract.message import Carried, Fresh, Status
from contract.neighbours import NOBODY, Neighbours
from contract.policy import AccessPointPolicy, AreaPolicy, Direction, DoorPolicy, ExitMode, Policy
from contract.record import FOREVER, Pin, Record
from contract.room_rules import Company
from contract.schedule import ALWAYS, Schedule
from contract.site_time import SiteTime
from contract.situation import Moment
from contract.topic import Address, Down, Up
from door_agent.agent import Agent
from door_agent.events import (
    Arrived,
    Card,
    Command,
    Committed,
    Event,
    Forget,
    LinkState,
    PinVerified,
    Proven,
    Send,
    Tried,
    Typed,
    VerifyPin,
)
from door_agent.events import Record as JournalRecord
from door_agent.journal import Journal
from door_agent.keys import Keys
from door_agent.lists import ListStore
from door_agent.wiring import WiredDoor

TOKYO = SiteTime("Asia/Tokyo", ((946_652_400, 32_400),), 4_102_412_400)
NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
CEDAR = Address("tokyo", "cedar")
ADA, BEN, EVE = (f"{0x1E00000000 + number:040b}" for number in (1, 2, 3))


class Core:
    """The thinking core and its journal; `feed` commits what is recorded only when `disk` works."""

    def __init__(
        self,
        folder: Path,
        *wired: WiredDoor,
        address: Address = CEDAR,
        controller: Ed25519PrivateKey | None = None,
        trusted: bool = True,
    ) -> None:
        self.address, self.trusted = address, trusted
        self.controller, self.signing = controller or Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
        self.sealing, self.intake = X25519PrivateKey.generate(), X25519PrivateKey.generate()
        self.lookup = os.urandom(32)
        self.folder, self.wired = folder, wired
        self.mono, self.disk = 100.0, True
        self.store = ListStore(folder)
        self.facts: list[Fact] = []
        self.sent: list[Send] = []
        self.start()

    @property
    def keys(self) -> Keys:
        publics = self.controller.public_key(), self.intake.public_key()
        return Keys(self.signing, self.sealing, self.lookup, *publics)

    @property
    def moment(self) -> Moment:
        return Moment(NOON + timedelta(seconds=self.mono), timedelta(0), self.mono, self.trusted)

    def start(self) -> list[Command]:
        """Start anew from what journal and store hold, as after a power cut."""
        self.journal = Journal(self.folder / "journal.sqlite")
        self.agent = Agent(self.wired, self.keys, self.store, self.journal.resume(self.address), os.urandom)
        commands = self.agent.start(self.moment)
        return [*commands, *self.carried_out(commands)]

    def restart(self) -> list[Command]:
        self.journal.close()
        return self.start()

    def feed(self, event: Event, after: float = 0.01) -> list[Command]:
        self.mono += after
        commands = self.agent.feed(event, self.moment)
        return [*commands, *self.carried_out(commands)]

    def carried_out(self, commands: Sequence[Command]) -> list[Command]:
        """Commit what was recorded, and what follows from that."""
        records = [each for each in commands if isinstance(each, JournalRecord)]
        self.facts += [fact.decoded(each.encoded) for each in records]
        self.sent += [each for each in commands if isinstance(each, Send)]
        work = [each for each in commands if isinstance(each, JournalRecord | Forget | Proven | Tried)]
        if not work or not self.disk:
            return []
        self.journal.commit(work)
        if not records:
            return []
        more = self.agent.feed(Committed(records[-1].sequence), self.moment)
        return [*more, *self.carried_out(more)]

    def card(self, point: str, bits: str) -> list[Command]:
        return self.feed(Card(point, Source.SERIAL_HEX, bits))

    def types(self, point: str, keys: str) -> list[Command]:
        """Keys, and the verification that follows when they complete a PIN, as the thread for it makes it."""
        commands = self.feed(Typed(point, keys))
        for each in [each for each in commands if isinstance(each, VerifyPin)]:
            commands += self.feed(
                PinVerified(each.ticket, pin.verified(each.typed, each.pin, each.holder, self.lookup))
            )
        return commands

    def listed(
        self,
        cards: Mapping[str, Record],
        number: int = 1,
        epoch: int = 1,
        agent: str = "cedar",
        mode: ExitMode = ExitMode.CONTROLLED,
        company: int = 1,
        area: Mapping[str, Any] | None = None,
        entry: Mapping[str, Any] | None = None,
        posture: int = 0,
        schedules: Sequence[Schedule] = (),
        pins: Mapping[bytes, Pin] | None = None,
        neighbours: Neighbours = NOBODY,
        compiled_at: datetime = NOON,
        **times: Any,
    ) -> bytes:
        """A list of these cards for every door that is wired, as the controller signs it."""
        doors = [wired.id for wired in self.wired]
        points = [
            point
            for door in doors
            for point in (
                AccessPointPolicy(
                    f"{door}-in", door, Direction.ENTRY, "hallway", "cedar-room", ("serial-40",), **(entry or {})
                ),
                AccessPointPolicy(f"{door}-out", door, Direction.EXIT, "cedar-room", "hallway", ("serial-40",), mode),
            )
        ]
        rules = {"private": True, "company": Company(company), **(area or {})}
        policy = Policy(
            "tokyo",
            agent,
            TOKYO,
            {"cedar-room": AreaPolicy("cedar-room", fresh_s=3600, essential_s=7200, **rules)},
            {door: DoorPolicy(door, 5000, 30, **times) for door in doors},
            {point.id: point for point in points},
            (ALWAYS, *schedules),
            posture=posture,
        )
        table = {lookup_key(self.lookup, Identity(Source.SERIAL_HEX, bits)): record for bits, record in cards.items()}
        content = Content(policy, {"cedar-room": table}, pins or {}, neighbours)
        return build(content, Version(epoch, number), compiled_at, self.controller)

    def damage_the_list(self) -> None:
        """One bit of the list on the disk turns; that is noticed at the next start."""
        file = self.folder / "authorisation.list"
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        file.write_bytes(data)

    def sealed(self, data: bytes, signer: Ed25519PrivateKey | None = None, purpose: bytes = b"") -> bytes:
        public, meant = self.sealing.public_key(), purpose or f"list:{self.address}".encode()
        payload = envelope.seal(public, data, meant, X25519PrivateKey.generate())
        return envelope.signed(Kind.LIST, payload, signer or self.controller)

    def deliver(self, name: Down, payload: bytes) -> list[Command]:
        return self.feed(Arrived(self.address.down(name), payload))

    def adopt(self, cards: Mapping[str, Record], number: int = 1, **changes: object) -> list[Command]:
        return self.deliver(Down.LIST, self.sealed(self.listed(cards, number, **changes)))  # type: ignore[arg-type]

    def prove_fresh(self) -> None:
        """Ask as the agent does when the link comes up, and answer as the controller does."""
        self.feed(LinkState(up=True))
        asked = next(each for each in reversed(self.sent) if each.topic == self.address.up(Up.STATUS))
        known = {envelope.key_id(self.signing.public_key()): self.signing.public_key()}
        status = Status.decoded(envelope.opened(asked.payload, Kind.STATUS, known).payload)
        carried = self.agent.lists.carried
        assert carried is not None
        answer = Fresh(self.address, status.nonce, Carried(carried.version, carried.set_hash)).encoded()
        self.deliver(Down.FRESH, envelope.signed(Kind.FRESH, answer, self.controller))

    def kinds(self) -> list[str]:
        return [str(each.kind) for each in self.facts]


def holder(letter: bytes, flags: int = 0) -> Record:
    return Record(letter * 16, 1, 0, FOREVER, 0, flags)


@pytest.fixture
def wired() -> WiredDoor:
    points = {"cedar-in": Direction.ENTRY, "cedar-out": Direction.EXIT}
    return WiredDoor("cedar", points, contact=True, rex=True, permits_control=True, max_release_s=10.0)


@pytest.fixture
def core(tmp_path: Path, wired: WiredDoor) -> Iterator[Core]:
    made = Core(tmp_path, wired)
    yield made
    made.journal.close()


@pytest.fixture
def factory(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockFactory]:
    """The pins of a machine without wires, for fittings that ask for no other."""
    factory = MockFactory()
    monkeypatch.setattr(Device, "pin_factory", factory)
    monkeypatch.setattr("door_agent.reader_fittings._OPEN_WITHIN_S", 0.0)  # no reader is plugged in here
    yield factory
    factory.close()
