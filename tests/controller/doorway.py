"""Agents' cores with their journals kept in memory, and the centre's link, joined by hand: no broker, no threads."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Engine, select

from cli.demo.building import DOORS
from contract.envelope import Kind, signed
from contract.message import Events, SealedFact, packed
from contract.policy import Direction
from contract.situation import Moment
from contract.topic import Address, Up
from controller.database import reading, transaction
from controller.delivery import compiling
from controller.delivery.link import Link
from controller.people import permission
from controller.people.permission import Wish
from controller.record.fact import FactRow
from door_agent.agent import Agent
from door_agent.events import Arrived, Card, Command, Committed, Forget, Level, LinkState, Lock, LockWish, Send
from door_agent.events import Record as JournalRecord
from door_agent.journal import Journal
from door_agent.keys import load
from door_agent.wiring import WiredDoor
from tests.controller.conftest import CARDS, NOW, House


@dataclass
class Doorway:
    """An agent's core with its journal kept in memory, and the centre's link, joined by hand."""

    house: House
    key: str
    link: Link
    mono: float = 100.0
    facts: list[JournalRecord] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    acknowledged: int = 0

    def __post_init__(self) -> None:
        keys = load(self.house.folder / self.key)
        doors = [
            WiredDoor(
                each.id,
                {each.entry: Direction.ENTRY, each.exit: Direction.EXIT},
                True,
                True,
                True,
                10.0,
                readers=dict.fromkeys((each.entry, each.exit), "stx-etx-hex"),
            )
            for each in DOORS
            if each.agent == self.key
        ]
        journal = Journal(self.house.folder / f"{self.key}.sqlite")
        resumed = journal.resume(Address("tokyo", self.key))
        journal.close()
        self.agent = Agent(doors, keys, None, resumed, os.urandom)
        self._do(self.agent.start(self.moment))

    @property
    def moment(self) -> Moment:
        return Moment(NOW + timedelta(seconds=self.mono), timedelta(0), self.mono, trusted=True)

    def feed(self, event: object) -> list[Command]:
        """Feed an event; whatever it records is committed at once, and what the agent sends is taken by the centre."""
        before = len(self.commands)
        self._do(self.agent.feed(event, self.moment))  # type: ignore[arg-type]
        return self.commands[before:]

    def _do(self, commands: Sequence[Command]) -> None:
        self.commands += commands
        self.facts += [each for each in commands if isinstance(each, JournalRecord)]
        for each in commands:
            if isinstance(each, Send):
                self.link.arrive(each.topic, each.payload)
            elif isinstance(each, Forget):
                self.acknowledged = max(self.acknowledged, each.through)
        if any(isinstance(each, JournalRecord) for each in commands):
            self._do(self.agent.feed(Committed(self.facts[-1].sequence), self.moment))

    def envelope(self, facts: Sequence[JournalRecord], held: int = 1) -> bytes:
        sealed = tuple(SealedFact(each.encoded, each.openings) for each in facts)
        payload = Events(self.agent.address, held, sealed).encoded()
        return signed(Kind.EVENTS, payload, load(self.house.folder / self.key).signing)

    def report(self) -> None:
        """Send what was not acknowledged, in as many messages as it takes: what the agent's uplink does."""
        waiting = [each for each in self.facts if each.sequence > self.acknowledged]
        while waiting:
            some = len(packed(SealedFact(each.encoded, each.openings) for each in waiting))
            self.link.arrive(self.agent.address.up(Up.EVENTS), self.envelope(waiting[:some]))
            waiting = waiting[some:]

    def card(self, point: str, name: str) -> list[Command]:
        return self.feed(Card(point, "serial-hex", f"{CARDS[name]:040b}"))

    def passes(self, point: str, name: str) -> bool:
        door = point.rpartition("-")[0]
        commands = self.card(point, name)
        if Lock(door, LockWish.RELEASE) not in commands:
            return False
        self.feed(Level(door, "contact", True))
        self.feed(Level(door, "contact", False))
        return True


@dataclass
class Site:
    house: House
    link: Link
    doors: dict[str, Doorway]
    sent: list[tuple[str, bytes]]

    def talk(self) -> None:
        """Carry messages both ways until nobody has anything to say."""
        self.link.follow(NOW)
        for door in self.doors.values():
            door.feed(LinkState(up=True))
        for _ in range(20):
            self.hear()
            waiting, self.sent[:] = list(self.sent), []
            for topic, payload in waiting:
                self.doors[topic.split("/")[3]].feed(Arrived(topic, payload))
            for door in self.doors.values():
                door.report()
            if not waiting:
                break
        self.hear()
        self.sent.clear()

    def hear(self, now: datetime = NOW) -> None:
        """The centre takes what has come in."""
        while not self.link.inbox.empty():
            arrived = self.link.inbox.get()
            if arrived is not None:
                self.link.take(arrived, now)

    def grant(self, name: str) -> int:
        with transaction(self.house.engine) as session:
            wish = Wish(self.house.holder(session, name), self.house.cedar(session), NOW, None, "works there")
            grant = permission.request(session, self.house.operator(session, "kim"), NOW, wish)
            permission.approve(session, self.house.operator(session, "mia"), NOW, grant, compiling.must_fit)
            return grant.id


def joined(house: House) -> Site:
    """Both agents of the house and its centre."""
    sent: list[tuple[str, bytes]] = []

    def send(topic: str, payload: bytes) -> bool:
        sent.append((topic, payload))
        return True

    link = Link(house.engine, "tokyo", house.authority, send)
    return Site(house, link, {key: Doorway(house, key, link) for key in ("cedar", "cedar-back")}, sent)


def visited(house: House) -> Site:
    """Both agents and the centre after Ada, who may, has entered the Cedar room, and Ben, who may not, has tried."""
    site = joined(house)
    site.grant("Ada")
    site.talk()
    site.doors["cedar"].passes("cedar-in", "Ada")
    site.doors["cedar"].card("cedar-in", "Ben")
    site.talk()
    return site


def rows(engine: Engine) -> list[FactRow]:
    """Everything that was taken in, in order."""
    with reading(engine) as session:
        return list(session.scalars(select(FactRow).order_by(FactRow.ledger_sequence)))
