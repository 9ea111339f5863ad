"""Whole rooms over time: people come, wait, go and are forgiven, while clocks, lists and neighbours fail.

Each agent decides by what it knows itself. The machine knows what is true, and holds that nobody is ever held in by a
rule, that nobody enters without a permission in force, and that presence is what the passages say.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from contract.decision import decide
from contract.outcome import Decision, Effect, Outcome
from contract.policy import Policy
from contract.presence import Passage, Whereabouts, forgiven
from contract.reason import Reason
from contract.record import FOREVER, CardState, Flag, Record
from contract.room_rules import Company, Enforcement, Passback, Posture, Unheard
from contract.situation import (
    ELSEWHERE,
    Attempt,
    Before,
    Companion,
    Inside,
    Moment,
    PinVerdict,
    Proof,
    Situation,
    Standing,
)
from tests.contract.rooms import DOOR, ENTRY, EXIT, OFFICE_HOURS, ROOM, Case, building
from tests.contract.test_decision_against_the_reference import expected, told

START = int(datetime(2026, 11, 23, 0, 0, tzinfo=UTC).timestamp())
HARD = Passback(Enforcement.HARD, Enforcement.HARD)
CEDAR_ROOM = replace(ROOM, passback=HARD, company=Company(most=3, least=2))
OAK_ROOM = replace(ROOM, id="oak-room", passback=HARD, company=Company(2, most=2, supervisor=Enforcement.SOFT))
PEOPLE = {
    b"A" * 16: Record(b"A" * 16, 1, 0, FOREVER, flags=Flag.SUPERVISOR | Flag.ESSENTIAL),
    b"B" * 16: Record(b"B" * 16, 2, START, START + 86_400, flags=Flag.HOST),
    b"C" * 16: Record(b"C" * 16, 3, 0, FOREVER, OFFICE_HOURS),
    b"D" * 16: Record(b"D" * 16, 4, 0, FOREVER, flags=Flag.PASSBACK_EXEMPT, uses=3),
    b"E" * 16: Record(b"E" * 16, 5, 0, FOREVER, flags=Flag.VISITOR),
}
STRANGER = b"S" * 16
people, everybody = st.sampled_from(sorted(PEOPLE)), st.sampled_from([*sorted(PEOPLE), STRANGER])
doors = st.sampled_from(["cedar", "maple", "oak"])


@dataclass
class Agent:
    """One agent with one door, and what it alone knows."""

    door: str
    policy: Policy
    known: dict[bytes, Whereabouts] = field(default_factory=dict)
    untold: list[tuple[str, Passage]] = field(default_factory=list)
    waiting: dict[bytes, tuple[int, Record]] = field(default_factory=dict)
    came: dict[bytes, int] = field(default_factory=dict)
    last: tuple[bytes, int] | None = None
    host: int | None = None
    uses: Counter[bytes] = field(default_factory=Counter)

    @property
    def area(self) -> str:
        return next(iter(self.policy.areas))

    def learn(self, passage: Passage) -> None:
        before = self.known.get(passage.holder)
        if before is None or passage.to.later_than(before):
            self.known[passage.holder] = passage.to

    def inside(self, but: bytes) -> Inside:
        flags = [where.flags for holder, where in self.known.items() if where.area == self.area and holder != but]
        counted = (Flag.SUPERVISOR, Flag.HOST, Flag.VISITOR)
        return Inside(len(flags), *(sum(bool(each & flag) for each in flags) for flag in counted))


def door_of(name: str, room: str) -> Agent:
    area = CEDAR_ROOM if room == "cedar-room" else OAK_ROOM
    way_in = replace(ENTRY, id=f"{name}-in", door=name, to_area=room, card_again_s=2)
    way_out = replace(EXIT, id=f"{name}-out", door=name, from_area=room)
    return Agent(name, building(area, way_in, way_out, replace(DOOR, id=name)))


class Rooms(RuleBasedStateMachine):
    """The cedar room has two doors with an agent each, which tell each other of passages; the oak room has one."""

    def __init__(self) -> None:
        super().__init__()
        self.agents = [door_of("cedar", "cedar-room"), door_of("maple", "cedar-room"), door_of("oak", "oak-room")]
        self.records = dict(PEOPLE)
        self.truth = dict.fromkeys([*PEOPLE, STRANGER], "hallway")
        self.now, self.stamp, self.posture = START, 0, 0
        self.proven_at: int | None = START
        self.trusted = self.heard = self.whole = self.certain = True

    # What people do.

    @rule(holder=people, door=doors, walks=st.booleans())
    def comes(self, holder: bytes, door: str, walks: bool) -> None:
        """Presents a card on the way in; whoever is let in goes in, or does not."""
        agent = self.agent(door)
        if self.truth[holder] != "hallway":
            return
        decision = self.decided(agent, holder, f"{door}-in", self.records[holder])
        if decision.outcome is Outcome.AWAIT:
            agent.waiting[holder] = (self.now, self.records[holder])
        elif decision.outcome is Outcome.GRANT:
            self.in_force(self.records[holder])
            together = [holder, *(each for each in self.companions(agent, holder))]
            agent.waiting.clear()
            if walks:
                for each in together:
                    self.passes(agent, each, "hallway", agent.area)

    @rule(holder=everybody, door=doors)
    def goes(self, holder: bytes, door: str) -> None:
        """Presents a card on the way out, whichever door it is."""
        agent = self.agent(door)
        if self.truth[holder] == agent.area:
            decision = self.decided(agent, holder, f"{door}-out", self.records.get(holder))
            if decision.outcome is Outcome.GRANT:
                self.passes(agent, holder, agent.area, "hallway")

    @rule(door=doors)
    def tailgates(self, door: str) -> None:
        """A stranger slips in behind somebody: nothing is known of it."""
        if self.truth[STRANGER] == "hallway":
            self.truth[STRANGER] = self.agent(door).area

    @rule(seconds=st.sampled_from([1, 5, 11, 3600, 3601, 7200, 30_000]))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    # What the centre does.

    @rule(holder=people, flags=st.sampled_from([Flag.EXIT_ONLY, Flag.OVERRIDE]))
    def flags_a_record(self, holder: bytes, flags: Flag) -> None:
        record = self.records[holder]
        self.records[holder] = record._replace(flags=record.flags | flags)

    @rule(holder=people, state=st.sampled_from(CardState))
    def changes_a_card(self, holder: bytes, state: CardState) -> None:
        self.records[holder] = self.records[holder]._replace(state=state)

    @rule(holder=people)
    def forgives_a_person(self, holder: bytes) -> None:
        self.records[holder] = self.records[holder]._replace(forgiven=self.records[holder].forgiven + 1)

    @rule(door=doors, lockdown=st.booleans(), evacuation=st.booleans(), forgives=st.booleans(), soft=st.booleans())
    def changes_posture(self, door: str, lockdown: bool, evacuation: bool, forgives: bool, soft: bool) -> None:
        self.posture += 1
        named = self.agent(door).area
        for agent in self.agents:
            area = agent.policy.areas[agent.area]
            if agent.area == named:
                count = self.posture if forgives else area.posture.forgiven
                area = replace(area, posture=Posture(lockdown, evacuation, forgiven=count))
                area = replace(area, unheard=Unheard.SOFTEN if soft else Unheard.ENFORCE)
            agent.policy = replace(agent.policy, areas={agent.area: area}, posture=self.posture)

    @rule()
    def proves_the_list_fresh(self) -> None:
        self.proven_at = self.now

    # What fails, and is mended.

    @rule(fault=st.sampled_from(["trusted", "whole", "certain"]), sound=st.booleans())
    def breaks_or_mends(self, fault: str, sound: bool) -> None:
        setattr(self, fault, sound)

    @rule()
    def loses_the_age_of_the_list(self) -> None:
        self.proven_at = None

    @precondition(lambda self: self.heard)
    @rule()
    def cannot_hear_the_neighbour(self) -> None:
        self.heard = False

    @precondition(lambda self: not self.heard)
    @rule()
    def hears_the_neighbour_again(self) -> None:
        self.heard = True
        for agent in self.agents:
            for area, passage in agent.untold:
                self.tell(agent, area, passage)
            agent.untold.clear()

    # What holds, always.

    @invariant()
    def nobody_is_held_in_by_a_rule(self) -> None:
        for agent in self.agents:
            for holder, record in self.records.items():
                decision = self.decided(agent, holder, f"{agent.door}-out", record)
                assert decision.outcome is Outcome.GRANT
                assert Effect.RELEASE in decision.effects
            unknown = self.decided(agent, STRANGER, f"{agent.door}-out", None)
            assert unknown.outcome is not Outcome.AWAIT
            if unknown.outcome is Outcome.REFUSE:
                assert unknown.reason is Reason.NOT_ON_LIST
                assert self.whole
                assert self.certain
                assert self.heard or agent.door == "oak"
                assert self.proven_at is not None
                assert self.now - self.proven_at <= ROOM.fresh_s

    @invariant()
    def presence_is_what_the_passages_say(self) -> None:
        for agent in self.agents:
            if self.heard or agent.door == "oak":
                true = {holder for holder in self.records if self.truth[holder] == agent.area}
                assert {holder for holder, where in agent.known.items() if where.area == agent.area} == true

    @invariant()
    def a_room_with_one_door_never_holds_more_than_its_hard_maximum(self) -> None:
        assert sum(self.truth[holder] == "oak-room" for holder in self.records) <= OAK_ROOM.company.most

    # How.

    def agent(self, door: str) -> Agent:
        return next(each for each in self.agents if each.door == door)

    def decided(self, agent: Agent, holder: bytes, point: str, record: Record | None) -> Decision:
        """What the door answers; the slow writing of the rules answers the same."""
        case = agent.policy, Attempt(point, True, record), self.situation(agent, holder, record), self.moment
        decision = decide(*case)
        assert told(decision) == expected(Case(*case))
        assert decision.outcome is Outcome.GRANT or decision.reason in decision.violations
        return decision

    @property
    def moment(self) -> Moment:
        return Moment(datetime.fromtimestamp(self.now, UTC), timedelta(seconds=1), float(self.now), self.trusted)

    def situation(self, agent: Agent, holder: bytes, record: Record | None) -> Situation:
        where, area = agent.known.get(holder), agent.policy.areas[agent.area]
        standing = ELSEWHERE
        if where is not None and record is not None:
            for_s = None if where.at is None else self.now - where.at
            standing = Standing(where.area, for_s, forgiven(where, record.forgiven, area.posture.forgiven))
        last = self.now - agent.last[1] if agent.last is not None and agent.last[0] == holder else None
        came, host = agent.came.get(holder), agent.host
        return Situation(
            None if self.proven_at is None else self.now - self.proven_at,
            Proof(self.whole, self.heard or agent.door == "oak", self.certain),
            True,
            standing,
            agent.inside(holder),
            tuple(Companion(each, waits.flags) for each, waits in self.companions(agent, holder).items()),
            Before(None if came is None else self.now - came, last, None if host is None else self.now - host),
            uses=agent.uses[holder],
            pin=PinVerdict.UNASKED,
        )

    def companions(self, agent: Agent, holder: bytes) -> dict[bytes, Record]:
        """Who waits here since no longer than the room allows, and has not gone in elsewhere meanwhile."""
        within = agent.policy.areas[agent.area].company.within_s
        return {
            each: record
            for each, (since, record) in agent.waiting.items()
            if each != holder and self.now - since <= within and self.truth[each] == "hallway"
        }

    def in_force(self, record: Record) -> None:
        """By the true time, whatever the clock of the agent is worth: this machine's rooms excuse nobody."""
        assert record.state == CardState.ACTIVE
        assert not record.flags & Flag.EXIT_ONLY
        assert record.valid_from <= self.now < record.valid_until or record.valid_until == FOREVER
        if record.schedule == OFFICE_HOURS:
            shown = datetime.fromtimestamp(self.now, UTC) + timedelta(hours=9)
            assert shown.weekday() < 5
            assert 9 <= shown.hour < 18

    def passes(self, agent: Agent, holder: bytes, out_of: str, into: str) -> None:
        self.truth[holder] = into
        record = self.records.get(holder)
        if record is None:
            return
        self.stamp += 1
        at = self.now if self.trusted else None
        where = Whereabouts(into, True, record.flags, record.forgiven, self.posture, at, self.stamp)
        passage = Passage(holder, out_of, where)
        agent.learn(passage)
        if into == agent.area:
            agent.came[holder], agent.last = self.now, (holder, self.now)
            agent.uses[holder] += 1
            agent.host = self.now if record.flags & Flag.HOST else agent.host
        if self.heard:
            self.tell(agent, agent.area, passage)
        else:
            agent.untold.append((agent.area, passage))

    def tell(self, teller: Agent, area: str, passage: Passage) -> None:
        """Agents of one area read each other's presence."""
        for agent in self.agents:
            if agent is not teller and agent.area == area:
                agent.learn(passage)


Rooms.TestCase.settings = settings(max_examples=30, stateful_step_count=30)
TestRooms = Rooms.TestCase
