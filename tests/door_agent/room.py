"""A room with several doors, each on an agent of its own, and the broker between them, which a test may play false."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.fact import FactKind
from contract.neighbours import Neighbours, Peer
from contract.policy import Direction
from contract.record import Record
from contract.room_rules import Enforcement, Passback
from contract.topic import Address, Up
from door_agent.events import Arrived, Level, LinkState, Lock, LockWish, Tick
from door_agent.wiring import WiredDoor
from tests.door_agent.conftest import NOON, Core, holder

ROOM = "cedar-room"
ADA, BEN, CYD = (f"{0x1E00000000 + number:040b}" for number in (1, 2, 3))
CAST = {ADA: holder(b"A"), BEN: holder(b"B"), CYD: holder(b"C")}
STRANGER = f"{0x1E000000FF:040b}"
HARD: Mapping[str, Any] = {"passback": Passback(Enforcement.HARD, Enforcement.HARD)}
_PERIOD_S = 0.5


@dataclass(frozen=True)
class Letter:
    """A presence message on its way."""

    sender: str
    to: str
    payload: bytes


class Room:
    """Time is the same for all and moves only in `passes`; what is sent waits in `flying` until `carry`."""

    def __init__(
        self, folder: Path, names: tuple[str, ...] = ("cedar", "maple"), untrusted: tuple[str, ...] = ()
    ) -> None:
        self.controller, self.key = Ed25519PrivateKey.generate(), os.urandom(32)
        self.cores = {name: self._core(folder / name, name, trusted=name not in untrusted) for name in names}
        self.flying: list[Letter] = []
        self.up = True
        self.number = 0
        self._read = dict.fromkeys(names, 0)

    def _core(self, folder: Path, name: str, *, trusted: bool) -> Core:
        folder.mkdir()
        points = {f"{name}-in": Direction.ENTRY, f"{name}-out": Direction.EXIT}
        wired = WiredDoor(name, points, contact=True, rex=True, permits_control=True, max_release_s=10.0)
        address = Address("tokyo", name)
        return Core(folder, wired, address=address, controller=self.controller, trusted=trusted)

    def close(self) -> None:
        for core in self.cores.values():
            core.journal.close()

    def neighbours(self, name: str) -> Neighbours:
        others = {other: core for other, core in self.cores.items() if other != name}
        peers = {
            other: Peer(other, core.signing.public_key().public_bytes_raw(), (ROOM,)) for other, core in others.items()
        }
        return Neighbours(peers, {ROOM: self.key})

    def adopt(self, *names: str, cards: Mapping[str, Record] = CAST, later_s: int = 0, **changes: Any) -> None:
        """A new list for these agents (for all when none is named), compiled `later_s` after the first; proven."""
        self.number += 1
        area = changes.pop("area", HARD)
        for name in names or tuple(self.cores):
            core, at = self.cores[name], NOON + timedelta(seconds=later_s)
            told = {"agent": name, "area": area, "neighbours": self.neighbours(name), "compiled_at": at, **changes}
            core.adopt(cards, self.number, **told)
            core.prove_fresh()
        self.carry()

    def passes(self, seconds: float, *, carrying: bool = True) -> None:
        """Time passes, in small steps."""
        while seconds > 0:
            step = min(_PERIOD_S, seconds)
            for core in self.cores.values():
                core.feed(Tick(), after=step)
            self.settle()
            if carrying:
                self.carry()
            seconds -= step

    def settle(self) -> None:
        """Everybody says what is due."""
        for core in self.cores.values():
            for _ in range(5000):
                deadline = core.agent.deadline
                if deadline is None or deadline > core.mono:
                    break
                core.feed(Tick(), after=0.0)
        self._collect()

    def _collect(self) -> None:
        for name, core in self.cores.items():
            topic = core.address.up(Up.PRESENCE)
            fresh, self._read[name] = core.sent[self._read[name] :], len(core.sent)
            others = [other for other in self.cores if other != name]
            for each in fresh:
                if each.topic == topic and self.up:
                    self.flying += [Letter(name, other, each.payload) for other in others]

    def carry(self, keep: Callable[[Letter], bool] = lambda _: True) -> None:
        """Deliver what is under way, and what follows from it, until nobody has anything more to say now."""
        self.settle()
        while self.flying:
            letters, self.flying = self.flying, []
            for each in letters:
                if keep(each):
                    self.deliver(each)
            self.settle()

    def deliver(self, letter: Letter) -> None:
        topic = self.cores[letter.sender].address.up(Up.PRESENCE)
        self.cores[letter.to].feed(Arrived(topic, letter.payload), after=0.0)

    def cut(self) -> None:
        """The broker dies."""
        self.up, self.flying = False, []
        for core in self.cores.values():
            core.feed(LinkState(up=False), after=0.0)

    def mend(self) -> None:
        self.up = True
        for core in self.cores.values():
            core.feed(LinkState(up=True), after=0.0)
        self.carry()

    def restart(self, name: str) -> None:
        """As after a power cut, but for what was lost: the presence of the room is not made uncertain."""
        core = self.cores[name]
        core.journal.stop_cleanly()
        core.restart()
        core.feed(LinkState(up=True), after=0.0)
        self.carry()

    def goes(self, point: str, card: str) -> bool:
        """Hold a card to the reader, and go through if the door opens; the news is under way, not delivered."""
        door = point.rpartition("-")[0]
        core = self.cores[door]
        if Lock(door, LockWish.RELEASE) not in core.card(point, card):
            return False
        core.feed(Level(door, "contact", True))
        core.feed(Level(door, "contact", False))
        self.settle()
        return True

    def current(self, name: str) -> bool:
        core = self.cores[name]
        return core.agent.peers.current(ROOM, core.moment)

    def violations(self, name: str) -> list[str]:
        """Of the last decision there: its reason, then every rule that failed."""
        facts = self.cores[name].facts
        body = next(each.body for each in reversed(facts) if each.kind is FactKind.DECISION)
        found = body["violations"]
        assert isinstance(found, list)
        return [str(body["reason"]), *(str(each) for each in found)]

    def told(self, name: str, kind: FactKind) -> list[dict[str, Any]]:
        return [dict(each.body) for each in self.cores[name].facts if each.kind is kind]


def renamed(letter: Letter, **changes: Any) -> Letter:
    return replace(letter, **changes)
