"""The timeline of a room: who was inside when, and what happened at its doors or was changed about it.

The law: read alone, from facts, alarms, stays and changes as they stand. What happened at a door to two guarded rooms
is of the room whose access point it was, and of both when it was the door's own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from contract.fact import FactKind
from contract.outcome import Outcome
from controller.delivery import posture
from controller.delivery.posture import PostureChange
from controller.people.cardholder import Cardholder
from controller.premises import door as doors
from controller.premises import rule_changes
from controller.premises.area import Area
from controller.premises.door import Door
from controller.premises.rule_changes import RuleChange
from controller.premises.site import Site
from controller.record import enquiry
from controller.record.alarm import Alarm
from controller.record.enquiry import LogRow
from controller.record.fact import FactRow
from controller.record.filing import AHEAD
from controller.record.stay import Stay

MOST_MARKS = 1000
MOST_STAYS = 500
_AT_DOORS = (
    FactKind.PASSAGE,
    FactKind.FORCED_OPEN,
    FactKind.HELD_OPEN,
    FactKind.TAILGATE,
    FactKind.DOOR_MODE,
    FactKind.FIRE,
    FactKind.BREAK_GLASS,
    FactKind.LIFE_SAFETY_RESET,
)


class Lane(StrEnum):
    """DOOR: held, forced, unlocked and what fire does; CHANGE: of rules or posture. What raised an alarm is one."""

    PASSAGE = "passage"
    REFUSAL = "refusal"
    ALARM = "alarm"
    DOOR = "door"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Mark:
    """Something at a moment; place: in the ledger; rules, order: what a change was."""

    at: datetime
    place: int
    lane: Lane
    rules: RuleChange | None = None
    order: PostureChange | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A mark in full; fact: None of changes, and of what the centre itself found."""

    mark: Mark
    fact: LogRow | None
    alarms: Sequence[Alarm]


@dataclass(frozen=True, slots=True)
class Period:
    since: datetime
    until: datetime


def stays(session: Session, area: Area, period: Period) -> Sequence[tuple[Stay, Cardholder]]:
    """Every stay that touches the period, in the order of coming; MOST_STAYS and one more at most."""
    goes_on = or_(Stay.left_at.is_(None), Stay.left_at > period.since)
    statement = (
        select(Stay, Cardholder)
        .join(Cardholder, Cardholder.id == Stay.cardholder_id)
        .where(Stay.area_id == area.id, Stay.not_before < period.until, goes_on)
        .order_by(Stay.not_before, Stay.id)
    )
    return [(stay, holder) for stay, holder in session.execute(statement.limit(MOST_STAYS + 1))]


def marks(session: Session, site: Site, area: Area, period: Period) -> Sequence[Mark]:
    """What happened, in order; MOST_MARKS and one more at most."""
    guarding = doors.ever_of_area(session, area)
    found = {each.place: each for each in _at_doors(session, area, guarding, period)}
    for place, at in _alarms(session, guarding, period):
        found[place] = replace(found[place], lane=Lane.ALARM) if place in found else Mark(at, place, Lane.ALARM)
    rules = rule_changes.between(session, area, period.since, period.until)
    ordered = posture.between(session, site, area, period.since, period.until)
    changes = [Mark(each.at, each.ledger_sequence, Lane.CHANGE, rules=each) for each in rules]
    changes += [Mark(each.at, each.ledger_sequence, Lane.CHANGE, order=each) for each in ordered]
    return sorted([*found.values(), *changes], key=lambda each: (each.at, each.place))[: MOST_MARKS + 1]


def told(session: Session, some: Sequence[Mark]) -> Sequence[Event]:
    """These in full."""
    places = [each.place for each in some if each.lane is not Lane.CHANGE]
    facts, raised = enquiry.at_places(session, places), dict[int, list[Alarm]]()
    for each in session.scalars(select(Alarm).where(Alarm.ledger_sequence.in_(places)).order_by(Alarm.id)):
        raised.setdefault(each.ledger_sequence, []).append(each)
    return [Event(each, facts.get(each.place), raised.get(each.place, ())) for each in some]


def _at_doors(session: Session, area: Area, guarding: Collection[Door], period: Period) -> list[Mark]:
    here = (
        FactRow.door_id.in_([each.id for each in guarding]),
        or_(FactRow.area_id.is_(None), FactRow.area_id == area.id),
        or_(FactRow.kind.in_(_AT_DOORS), FactRow.outcome == Outcome.REFUSE),
        FactRow.at >= period.since,
        FactRow.at < period.until,
    )
    asked = select(FactRow.at, FactRow.ledger_sequence, FactRow.kind).where(*here).order_by(FactRow.at)
    return [Mark(at, place, _lane(kind)) for at, place, kind in session.execute(asked.limit(MOST_MARKS + 1))]


def _lane(kind: str) -> Lane:
    if kind == FactKind.DECISION:
        return Lane.REFUSAL
    return Lane.PASSAGE if kind == FactKind.PASSAGE else Lane.DOOR


def _alarms(session: Session, guarding: Collection[Door], period: Period) -> list[tuple[int, datetime]]:
    """What raised an alarm at these doors or in their cabinets, and when it happened: an alarm may be raised later."""
    when = func.coalesce(FactRow.at, Alarm.raised_at, type_=Alarm.raised_at.type)
    asked = (
        select(Alarm.ledger_sequence, when)
        .outerjoin(FactRow, FactRow.ledger_sequence == Alarm.ledger_sequence)
        .where(_of_doors(guarding), Alarm.raised_at >= period.since - AHEAD)
        .where(when >= period.since, when < period.until)
        .order_by(when)
        .limit(MOST_MARKS + 1)
    )
    return [(place, at) for place, at in session.execute(asked)]


def _of_doors(guarding: Collection[Door]) -> ColumnElement[bool]:
    whole_cabinet = and_(Alarm.door_id.is_(None), Alarm.agent_id.in_({each.agent_id for each in guarding}))
    return or_(Alarm.door_id.in_([each.id for each in guarding]), whole_cabinet)
