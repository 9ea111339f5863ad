"""What a door decides by a compiled record is what the rows say, read slowly and apart; cut off, it is never more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from sqlalchemy.orm import Session

from contract.authorisation import Content
from contract.credential import Identity, lookup_key
from contract.decision import decide
from contract.outcome import Outcome
from contract.record import Record
from contract.situation import Attempt, Before, Moment, Proof, Situation
from controller.delivery import compiling
from tests.controller.conftest import NOW, House
from tests.controller.random_people import World
from tests.controller.slow_permissions import SlowReading, rows

SEED = 4102
WORLDS = 20
PEOPLE = 6
CERTAIN = Proof(presence_whole=True, peers_current=True, area_certain=True)


@dataclass
class Judged:
    """One world, compiled for one agent at `now`, beside the slow reading of its rows."""

    session: Session
    house: House
    seed: int

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)  # noqa: S311 - a seed that is printed
        self.now = NOW + timedelta(hours=self.seed % 200)
        site, self.area = self.house.site(self.session), self.house.cedar(self.session)
        self.agents = [self.house.agent(self.session, key) for key in ("cedar", "cedar-back")]
        by = self.house.operator(self.session, "kim").id
        world = World(self.session, self.chance, self.now, site, self.area, by)
        world.people(self.agents, PEOPLE)
        self.found = rows(self.session)
        self.slow = SlowReading(self.found, site.zone, world.hours)
        self.boundary = min(compiling.next_boundary(self.session, site, self.now), self.now + timedelta(days=40))
        self.content: Content = compiling.content_for(self.session, site, self.agents[0], self.now)

    def identities(self) -> Iterator[tuple[int, Record | None, int]]:
        """Every identity, its record, and how often it came in through the agent's doors."""
        agent = self.agents[0]
        assert agent.list_key is not None
        for row in self.found["identity"]:
            record = self.content.tables["cedar-room"].get(lookup_key(agent.list_key, Identity.parse(row["text"])))
            here = [
                use["entries"]
                for use in self.found["credential_use"]
                if (use["identity_id"], use["agent_id"]) == (row["id"], agent.id)
            ]
            yield row["id"], record, sum(here)

    def moments(self) -> Iterator[datetime]:
        """Now, the last second before the next boundary, and some between."""
        last = int((self.boundary - self.now).total_seconds()) - 1
        yield from (self.now + timedelta(seconds=each) for each in (0, last, *self._between(4, last)))

    def later(self) -> Iterator[datetime]:
        """After the boundary, when the list should have been compiled again, and was not."""
        yield from (self.boundary + timedelta(seconds=each) for each in (0, *self._between(4, 30 * 86_400)))

    def opens(self, record: Record | None, uses: int, at: datetime) -> bool:
        situation = Situation(0, CERTAIN, control_permitted=True, before=Before(host_s=0), uses=uses)
        moment = Moment(at, timedelta(0), 0.0, trusted=True)
        return (
            decide(self.content.policy, Attempt("cedar-in", True, record), situation, moment).outcome is Outcome.GRANT
        )

    def _between(self, count: int, last: int) -> list[int]:
        return [self.chance.randint(0, max(0, last)) for _ in range(count)]


def worlds(house: House) -> Iterator[Judged]:
    """One after the other, each forgotten before the next."""
    for number in range(WORLDS):
        with Session(house.engine) as session:
            yield Judged(session, house, SEED + number)
            session.rollback()


def test_a_record_permits_exactly_what_the_rows_do_and_cut_off_never_more(house: House) -> None:
    answers, opened_later = {True: 0, False: 0}, 0
    for world in worlds(house):
        for identity, record, uses in world.identities():
            for at in world.moments():
                told = world.slow.enters(identity, world.area.id, at)
                answers[told] += 1
                assert world.opens(record, uses, at) is told, (world.seed, identity, at, record)
            for at in world.later():
                if world.opens(record, uses, at):
                    opened_later += 1
                    # What lies unused is found at the centre alone: an agent that is cut off does not know of it.
                    told = world.slow.enters(identity, world.area.id, at, idle_counts=False)
                    assert told, (world.seed, identity, at, record)
    assert min(*answers.values(), opened_later) > 50, (answers, opened_later)
