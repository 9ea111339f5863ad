"""Living through the past: the agents' own core runs over the script into its real journal, and through real intake.

The law: nothing is written by hand. Cards are decided by `door_agent.agent`, facts are numbered, chained, sealed and
committed by its journal, sent in signed envelopes, verified and acknowledged by the controller's own link; only the
clock is ours. The ledger says which of its rows are the demo's history.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from cli.demo import building, office
from cli.demo.building import AGENTS, SITE
from cli.demo.folder import Folder
from cli.demo.past import Deed, Step, door_of, script
from cli.demo.secrets_file import Secrets
from contract.credential import Source
from contract.policy import Direction
from contract.situation import Moment
from contract.topic import Address, parse_down
from controller.database import reading, transaction
from controller.delivery.authority import Authority
from controller.delivery.link import Arrived as Taken
from controller.delivery.link import Link
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append, head
from controller.people import cardholder as cardholders
from controller.people import credential as credentials
from controller.people import operator as operators
from controller.people import permission as permissions
from controller.people.permission import Wish
from controller.premises import area as areas
from controller.premises import site as sites
from controller.premises.site import Site
from controller.record import alarm
from door_agent import keys as agent_keys
from door_agent.agent import Agent
from door_agent.events import Arrived, Card, Command, Committed, Event, Forget, Level, LinkState, Proven, Send, Tick
from door_agent.events import Record as JournalRecord
from door_agent.journal import Journal
from door_agent.lists import ListStore
from door_agent.uplink import Uplink
from door_agent.wiring import WiredDoor

DAYS = 4
JOURNAL_NAME = "journal.sqlite"
"""As door_agent.run opens it."""

SEED = 20261124
UNCERTAINTY = timedelta(seconds=1)
SYNC_EVERY = timedelta(minutes=20)
MAX_RELEASE_S = 10.0


@dataclass(frozen=True, slots=True)
class Past:
    """What the past needs: the centre as it was just founded at `began`, and the present."""

    engine: Engine
    folder: Folder
    authority: Authority
    known: Secrets
    began: datetime
    now: datetime


def live_through(past: Past) -> None:
    """Fill journals, facts and ledger with the days before `past.now`."""
    first = _head(past.engine) + 1
    world = _World(past)
    try:
        world.sync(past.began + timedelta(hours=1))
        for step in script(past.now, DAYS, SEED):
            world.do(step)
        world.sync(past.now - timedelta(minutes=2))
    finally:
        world.close()
    with transaction(past.engine) as session:
        site = sites.by_key(session, SITE)
        if site is None:
            raise LookupError("the demo building is not complete")
        _look_at_alarms(session, site, past.now)
        office.work(session, site, past.authority, past.now)
        plain = {"first": first, "last": head(session), "made": "by the demo, from a script"}
        append(session, Kind.DEMO_HISTORY, "host", past.now, {"site": site.id}, plain)


def _look_at_alarms(session: Session, site: Site, now: datetime) -> None:
    """Kim has looked at all of it, whatever time of day it is; that the agents of the past never met is among it."""
    kim = operators.by_name(session, site, "kim")
    if kim is None:
        raise LookupError("the demo building is not complete")
    for each in alarm.waiting(session):
        alarm.acknowledge(session, kim, now, each.id)


class _World:
    """Both agents, the controller's link between them, and one clock."""

    def __init__(self, past: Past) -> None:
        self._past = past
        self._cards = {card.cardholder: card.identities for card in past.known.cards}
        self._link = Link(past.engine, SITE, past.authority, self._deliver)
        self._synced = past.began
        self._agents = {name: _PastAgent(past, name, self._take) for name in AGENTS}

    def do(self, step: Step) -> None:
        """One step of the script; everything that was due before it happens first."""
        if step.at - self._synced > SYNC_EVERY:
            self.sync(step.at)
        if step.deed is Deed.EVE_LOST:
            self._report_eve(step.at)
            self.sync(step.at + timedelta(seconds=1))
            return
        door = door_of(step.place) if step.deed is Deed.CARD else step.place.partition(".")[0]
        agent = next(each.agent for each in building.DOORS if each.id == door)
        self._agents[agent].live(self._event(step, door), step.at)

    def sync(self, at: datetime) -> None:
        """Let every agent talk to its controller, until both have said everything."""
        self._link.follow(at)
        for agent in self._agents.values():
            agent.talk(at)
        self._synced = at

    def close(self) -> None:
        for agent in self._agents.values():
            agent.close()

    def _event(self, step: Step, door: str) -> Event:
        if step.deed is Deed.CARD:
            source = building.reader_at(step.place).source
            return Card(step.place, Source(source), self._cards[step.person][source])
        return Level(door, step.place.partition(".")[2], step.deed is Deed.ACTIVE)

    def _take(self, topic: str, payload: bytes, at: datetime) -> None:
        self._link.take(Taken(topic, payload), at)

    def _deliver(self, topic: str, payload: bytes) -> bool:
        parsed = parse_down(topic)
        if parsed is None:
            return False
        return self._agents[parsed[0].agent].hear(topic, payload)

    def _report_eve(self, at: datetime) -> None:
        """Kim hears that Eve's card is lost, and asks the Cedar room for somebody: a request still waiting today."""
        with transaction(self._past.engine) as session:
            site = sites.by_key(session, SITE)
            kim = operators.by_name(session, site, "kim") if site else None
            room = areas.by_key(session, site, "cedar-room") if site else None
            if site is None or kim is None or room is None:
                raise LookupError("the demo building is not complete")
            eve, asks = cardholders.by_number(session, site, "1003"), cardholders.by_number(session, site, "1016")
            if eve is None or asks is None:
                raise LookupError("somebody of the cast is missing")
            card = credentials.of_cardholder(session, eve)[0]
            credentials.report_lost(session, kim.actor, at, card, "Left in a taxi")
            until = self._past.now + timedelta(days=30)
            permissions.request(session, kim, at, Wish(asks, room, at, until, "Covers for a colleague on leave"))


class _PastAgent:
    """One agent of the past: the real core, journal and uplink, driven step by step."""

    def __init__(self, past: Past, name: str, take: Callable[[str, bytes, datetime], None]) -> None:
        folder = past.folder.agent(name)
        (folder / "data").mkdir(mode=0o700)
        keys = agent_keys.load(folder / "keys")
        address = Address(SITE, name)
        self._began, self._take, self._up = past.began, take, False
        self._journal = Journal(folder / "data" / JOURNAL_NAME)
        resumed = self._journal.resume(address)
        self._core = Agent(_wired(name), keys, ListStore(folder / "data"), resumed, os.urandom)
        self._uplink = Uplink(address, keys.signing, self._journal, self._publish, lambda: 0.0)
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._at = past.began + timedelta(minutes=59)
        self._obey(self._core.start(self._moment(self._at)), self._at)

    def live(self, event: Event, at: datetime) -> None:
        """Feed `event` at `at`, after every timer that ran out before it."""
        self._pass_time(at)
        self._feed(event, at)

    def talk(self, at: datetime) -> None:
        """Connect, say and hear everything, and disconnect: the clock stands still meanwhile."""
        self._pass_time(at)
        self._up = True
        self._uplink.connected()
        self._feed(LinkState(True), at)
        while True:
            self._uplink.send_due()
            if not self._waiting:
                break
            while self._waiting:
                self._feed(Arrived(*self._waiting.popleft()), at)
        self._up = False
        self._feed(LinkState(False), at)

    def hear(self, topic: str, payload: bytes) -> bool:
        """A message comes down; lost when the agent is not connected."""
        if self._up:
            self._waiting.append((topic, payload))
        return self._up

    def close(self) -> None:
        self._journal.stop_cleanly()
        self._journal.close()

    def _pass_time(self, at: datetime) -> None:
        while (due := self._core.deadline) is not None and self._wall(due) <= at:
            self._feed(Tick(), self._wall(due))
        self._at = max(self._at, at)

    def _feed(self, event: Event, at: datetime) -> None:
        self._obey(self._core.feed(event, self._moment(at)), at)

    def _obey(self, commands: list[Command], at: datetime) -> None:
        """Journal first, in one commit; then messages. Lamps and locks of the past are dark."""
        work = [each for each in commands if isinstance(each, JournalRecord | Forget | Proven)]
        if work:
            self._journal.commit(work)
        for each in commands:
            if isinstance(each, Send):
                self._take(each.topic, each.payload, at)
            elif isinstance(each, Forget):
                self._uplink.acknowledged(each.through)
        numbers = [each.sequence for each in work if isinstance(each, JournalRecord)]
        if numbers:
            self._feed(Committed(numbers[-1]), at)

    def _publish(self, topic: str, payload: bytes) -> bool:
        self._take(topic, payload, self._at)
        return True

    def _moment(self, at: datetime) -> Moment:
        return Moment(at, UNCERTAINTY, (at - self._began).total_seconds(), trusted=True)

    def _wall(self, mono: float) -> datetime:
        """The first moment at which that much has passed: a moment counts whole microseconds."""
        return self._began + timedelta(microseconds=ceil(mono * 1_000_000))


def _wired(agent: str) -> list[WiredDoor]:
    return [
        WiredDoor(
            door.id,
            {door.entry: Direction.ENTRY, door.exit: Direction.EXIT},
            contact=True,
            rex=True,
            permits_control=door.exit_mode == "controlled",
            max_release_s=MAX_RELEASE_S,
        )
        for door in building.doors_of(agent)
    ]


def _head(engine: Engine) -> int:
    with reading(engine) as session:
        return head(session)
