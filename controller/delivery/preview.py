"""What a change would do before it is made: who gains, who loses, who could no longer leave without an alarm.

The lists of all agents are compiled with and without the change, by the code that compiles real ones, and every card
on them is decided on by the doors' own `decide()`. The change is made in a savepoint and undone: nothing of it is ever
visible, no ledger row and no number is used up. The answer holds for the lists as they would be compiled at one moment,
judged at every quarter hour of the week that begins there; as in `entitled`, what no list knows is at its best.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from contract import leaf
from contract.authorisation import Content
from contract.canonical import Object, Value
from contract.decision import decide
from contract.outcome import Decision, Effect, Outcome
from contract.policy import AccessPointPolicy, Direction, Policy
from contract.reason import Reason
from contract.record import FOREVER, Record
from contract.schedule import SLOT_S
from contract.situation import Attempt, Inside, Moment, Proof, Situation, Standing
from controller.delivery import compiling, rooms
from controller.delivery.entitled import at_best
from controller.delivery.trial import Change, Within
from controller.people.cardholder import Cardholder
from controller.premises import agent as agents
from controller.premises import area as areas
from controller.premises import door as doors
from controller.premises import room_rules
from controller.premises.area import Area
from controller.premises.dangers import Finding
from controller.premises.site import Site

WEEK_S = 7 * 24 * 3600
_SOUND = Proof(True, True, True)
_RANK = {Outcome.REFUSE: 0, Outcome.AWAIT: 1, Outcome.GRANT: 2}
_AT_ONCE = 500


class Touch(StrEnum):
    """GAINS: enters where it was refused or had to wait; LOSES: the other way round; ALARMS: could leave without an
    alarm, and cannot any more."""

    GAINS = "gains"
    LOSES = "loses"
    ALARMS = "alarms"


@dataclass(frozen=True, slots=True)
class Answer:
    """alarm: on an exit, that somebody is called."""

    outcome: Outcome
    reason: Reason
    alarm: bool = False

    def as_object(self) -> Object:
        return {"outcome": self.outcome, "reason": self.reason, "alarm": self.alarm}


@dataclass(frozen=True, slots=True)
class Touched:
    """One person at some access points of one area. before, after: at `first`, the first moment at which it is so;
    quarters: for how many quarter hours of the week."""

    touch: Touch
    cardholder: Cardholder
    area: Area
    access_points: tuple[str, ...]
    before: Answer
    after: Answer
    first: datetime
    quarters: int

    def as_object(self) -> Object:
        points: list[Value] = list(self.access_points)
        return {
            "effect": self.touch,
            "cardholder": self.cardholder.id,
            "cardholder_name": self.cardholder.name,
            "area": self.area.key,
            "access_points": points,
            "before": self.before.as_object(),
            "after": self.after.as_object(),
            "first": leaf.written(self.first),
            "quarter_hours": self.quarters,
        }


@dataclass(frozen=True, slots=True)
class Preview:
    """compiled_at: the moment of the lists, and the first that was judged; until: the end of that week; appeared, gone:
    dangers of rooms, by area, that the change brings or ends."""

    compiled_at: datetime
    until: datetime
    touched: tuple[Touched, ...]
    appeared: tuple[tuple[Area, Finding], ...]
    gone: tuple[tuple[Area, Finding], ...]

    def of(self, touch: Touch) -> tuple[Touched, ...]:
        return tuple(each for each in self.touched if each.touch is touch)

    def as_object(self) -> Object:
        told: dict[str, list[Value]] = {str(touch): [each.as_object() for each in self.of(touch)] for touch in Touch}
        return {
            "compiled_at": leaf.written(self.compiled_at),
            "until": leaf.written(self.until),
            **told,
            "findings": [_found(*each) for each in self.appeared],
            "findings_gone": [_found(*each) for each in self.gone],
        }


@dataclass(frozen=True, slots=True)
class _State:
    """Everything that is compared: each agent's content, and what is dangerous about each room."""

    contents: Mapping[str, Content]
    findings: frozenset[tuple[int, Finding]]


@dataclass(slots=True)
class _Tally:
    """What one person meets at one access point, for the moments of one kind of touch."""

    before: Answer
    after: Answer
    first: int
    quarters: int = 0


Slots = Mapping[int, int]
"""The quarter hours of the week by what they are alike in: a second of each kind, and how many there are."""


def preview(session: Session, site: Site, at: datetime, change: Change) -> Preview:
    """What `change` would do. Whatever it refuses is raised. Call it in a session that is never committed
    (`database.trying`): the savepoint undoes the change, the rollback gives up its locks. Only lists that it can alter
    are compiled."""
    within = set(change.areas(session)) if isinstance(change, Within) else None
    before = _state(session, site, at, within)
    savepoint = session.begin_nested()
    try:
        change(session)
        session.flush()
        after = _state(session, site, at, within)
    finally:
        savepoint.rollback()
        session.expire_all()
    found = _compared(before, after, int(at.timestamp()))
    named = {area.id: area for area in areas.ever_of_site(session, site)}
    return Preview(
        at,
        datetime.fromtimestamp(_slot(int(at.timestamp())) + WEEK_S, UTC),
        tuple(_people(session, {area.key: area for area in named.values()}, found)),
        tuple((named[key], each) for key, each in sorted(after.findings - before.findings)),
        tuple((named[key], each) for key, each in sorted(before.findings - after.findings)),
    )


def _state(session: Session, site: Site, at: datetime, within: Set[int] | None) -> _State:
    """within: the ids of the areas to look at; None: all of them."""
    guarded = doors.guarding(session, site) if within is None else doors.of_areas(session, within)
    holding = {door.agent_id for some in guarded.values() for door in some}
    contents = {
        agent.key: compiling.judged_by(session, site, agent, at)
        for agent in agents.of_site(session, site)
        if agent.list_key is not None and (within is None or agent.id in holding)
    }
    found = {
        (area.id, each)
        for area in areas.guarded_of_site(session, site)
        if within is None or area.id in within
        for each in rooms.findings_of(session, area, room_rules.room(session, area, at), contents.values())
    }
    return _State(contents, frozenset(found))


Key = tuple[Touch, bytes, str, str]
"""Kind of touch, holder, area and access point."""


def _compared(before: _State, after: _State, start: int) -> dict[Key, _Tally]:
    found: dict[Key, _Tally] = {}
    for agent in sorted(before.contents.keys() | after.contents.keys()):
        old, new = before.contents.get(agent), after.contents.get(agent)
        if old is not None and new is not None:
            slots = _slots((old, new), start)
            for point in new.policy.access_points.values():
                if point.id in old.policy.access_points:
                    _at_point(point, old, new, slots, found)
    return found


def _at_point(point: AccessPointPolicy, old: Content, new: Content, slots: Slots, found: dict[Key, _Tally]) -> None:
    was, becomes = (_by_holder(each.tables.get(point.guarded, {})) for each in (old, new))
    alike = _judges_alike(point, old.policy, new.policy)
    for holder in sorted(was.keys() | becomes.keys()):
        cards, cards_then = was.get(holder, {}), becomes.get(holder, {})
        if alike and cards == cards_then:
            continue
        for second, count in slots.items():
            first = _answer(old, point, cards, cards_then.keys(), second, holds_pin=holder in old.pins)
            then = _answer(new, point, cards_then, cards.keys(), second, holds_pin=holder in new.pins)
            touch = _touch(point, first, then)
            if touch is not None:
                key = (touch, holder, point.guarded, point.id)
                tally = found.setdefault(key, _Tally(first, then, second))
                tally.quarters += count


def _judges_alike(point: AccessPointPolicy, old: Policy, new: Policy) -> bool:
    """Whether both policies say the same about everything that is judged by here."""
    same = (
        old.access_points[point.id] == point,
        old.areas[point.guarded] == new.areas[point.guarded],
        old.doors.get(point.door) == new.doors[point.door],
        old.schedules == new.schedules,
        old.site_time == new.site_time,
    )
    return all(same)


def _touch(point: AccessPointPolicy, before: Answer, after: Answer) -> Touch | None:
    if point.direction is Direction.EXIT:
        left, leaves = (each.outcome is Outcome.GRANT and not each.alarm for each in (before, after))
        return Touch.ALARMS if left and not leaves else None
    change = _RANK[after.outcome] - _RANK[before.outcome]
    return None if not change else Touch.GAINS if change > 0 else Touch.LOSES


def _answer(
    content: Content,
    point: AccessPointPolicy,
    cards: Mapping[bytes, Record],
    others: Iterable[bytes],
    second: int,
    *,
    holds_pin: bool,
) -> Answer:
    """The best answer to any card of one holder; a card that only the other list holds is on none here."""
    records: list[Record | None] = list(cards.values())
    if any(key not in cards for key in others) or not records:
        records.append(None)
    moment = Moment(datetime.fromtimestamp(second, UTC), timedelta(0), 0.0, trusted=True)
    attempts = [Attempt(point.id, clean=True, record=record) for record in records]
    if content.policy.access_points[point.id].direction is Direction.EXIT:
        answers = [_leaving(content.policy, each, moment) for each in attempts]
    else:
        answers = [_entering(content.policy, each, moment, holds_pin=holds_pin) for each in attempts]
    return max(answers, key=lambda each: (_RANK[each.outcome], not each.alarm))


def _entering(policy: Policy, attempt: Attempt, moment: Moment, *, holds_pin: bool) -> Answer:
    decision = at_best(policy, attempt, moment, holds_pin=holds_pin)
    return Answer(decision.outcome, decision.reason)


def _leaving(policy: Policy, attempt: Attempt, moment: Moment) -> Answer:
    """Whoever is inside goes: as the last one, and while one other stays; the worse of the two."""
    area = policy.access_points[attempt.access_point].guarded
    answers = []
    for others in (Inside(), Inside(people=1)):
        situation = Situation(0, _SOUND, True, standing=Standing(area, 0), inside=others)
        answers.append(_told(decide(policy, attempt, situation, moment)))
    return max(answers, key=lambda each: (each.alarm, each.outcome is Outcome.REFUSE))


def _told(decision: Decision) -> Answer:
    """What alarms is the primary reason, or the first thing that was remarked."""
    alarm = Effect.ALARM in decision.effects
    reason = decision.violations[0] if alarm and decision.reason is Reason.PERMITTED else decision.reason
    return Answer(decision.outcome, reason, alarm)


def _by_holder(table: Mapping[bytes, Record]) -> dict[bytes, dict[bytes, Record]]:
    found: dict[bytes, dict[bytes, Record]] = {}
    for key, record in table.items():
        found.setdefault(record.holder, {})[key] = record
    return found


def _slots(contents: Sequence[Content], start: int) -> Slots:
    """The week by quarter hours; those in which every schedule answers alike, and between which nothing begins or ends,
    are judged once."""
    bounds = sorted(
        {
            moment
            for content in contents
            for table in content.tables.values()
            for record in table.values()
            for moment in _bounds(record)
            if start < moment < start + WEEK_S
        }
    )
    groups: dict[tuple[bool | int, ...], list[int]] = {}
    passed = 0
    for second in _quarters(start):
        while passed < len(bounds) and bounds[passed] <= second:
            passed += 1
        pattern = tuple(
            each.permits(content.policy.site_time, second) for content in contents for each in content.policy.schedules
        )
        groups.setdefault((passed, *pattern), []).append(second)
    return {seconds[0]: len(seconds) for seconds in groups.values()}


def _bounds(record: Record) -> Iterator[int]:
    named = (record.valid_from, record.valid_until, record.card_from, record.card_until, record.trained_until)
    return (each for each in named if each not in (0, FOREVER))


def _quarters(start: int) -> Iterator[int]:
    """The start, and then every quarter hour of the clock: those of one week."""
    yield start
    yield from range(_slot(start) + SLOT_S, _slot(start) + WEEK_S, SLOT_S)


def _slot(second: int) -> int:
    """Where the quarter hour of this second begins."""
    return second - second % SLOT_S


def _people(session: Session, by_key: Mapping[str, Area], found: Mapping[Key, _Tally]) -> Iterator[Touched]:
    """By kind of touch, area and cardholder; access points at which the same happens together."""
    handles = sorted({holder for _, holder, _, _ in found})
    holders: dict[bytes, Cardholder] = {}
    for start in range(0, len(handles), _AT_ONCE):
        some = select(Cardholder).where(Cardholder.handle.in_(handles[start : start + _AT_ONCE]))
        holders |= {row.handle: row for row in session.scalars(some)}
    together: dict[tuple[Touch, bytes, str, Answer, Answer, int, int], list[str]] = {}
    for (touch, holder, area, point), tally in found.items():
        key = (touch, holder, area, tally.before, tally.after, tally.first, tally.quarters)
        together.setdefault(key, []).append(point)
    lines = [
        Touched(
            touch,
            holders[holder],
            by_key[area],
            tuple(sorted(points)),
            before,
            after,
            datetime.fromtimestamp(first, UTC),
            quarters,
        )
        for (touch, holder, area, before, after, first, quarters), points in together.items()
        if holder in holders
    ]
    order = list(Touch)
    yield from sorted(
        lines, key=lambda each: (order.index(each.touch), each.area.key, each.cardholder.id, each.access_points)
    )


def _found(area: Area, finding: Finding) -> Value:
    return {
        "area": area.key,
        "finding": finding.danger,
        "where": finding.where,
        "refused": finding.refused,
        "says": {"en": finding.says.en, "ja": finding.says.ja},
    }
