"""Findings: refusals, alarms, admissions that nobody used, and passages that show a stay to be inferred.

The law: nothing is kept here. What is a finding follows from facts, alarms and stays; a finding is named by its place
in the ledger, and what is one in two ways is judged once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from contract.fact import FactKind
from contract.outcome import Outcome
from controller.people.operator import Operator
from controller.premises.area import Area
from controller.record import enquiry, judgement
from controller.record.alarm import Alarm
from controller.record.enquiry import LogFilter, LogRow
from controller.record.fact import FactRow
from controller.record.judgement import IN_FORCE, Disposition, Judgement, Verdict
from controller.record.stay import Stay
from controller.refusal import Refused

_Places: TypeAlias = Select[*tuple[Any, ...]]
"""Asks for places in the ledger, in a column of this name."""


class What(StrEnum):
    """UNUSED: a card was let through and nobody went; INFERRED: a passage ended a stay that was not badged at both
    ends, or not with certainty."""

    REFUSAL = "refusal"
    ALARM = "alarm"
    UNUSED = "unused"
    INFERRED = "inferred"


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """what: which findings; log: area, door, cardholder and time; disposition: None does not narrow."""

    what: What
    log: LogFilter
    disposition: Disposition | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """fact: None where the centre itself found it; alarms: what was raised there; judged: None while nobody has."""

    place: int
    fact: LogRow | None
    alarms: Sequence[Alarm]
    judged: Judgement | None

    @property
    def at(self) -> datetime | None:
        return self.fact.fact.at if self.fact else next((each.raised_at for each in self.alarms), None)

    @property
    def disposition(self) -> str:
        return self.judged.disposition if self.judged else Disposition.OPEN


def listed(session: Session, wanted: FindingFilter, before: int, limit: int) -> Sequence[Finding]:
    """Findings whose place in the ledger is below `before`, the newest first."""
    place = _places(wanted.what, wanted.log).subquery().c.place
    statement = select(place).where(place < before)
    if wanted.disposition is not None:
        statement = statement.where(_judged(place, wanted.disposition))
    return _told(session, session.scalars(statement.order_by(place.desc()).limit(limit)).all())


def one(session: Session, place: int) -> Finding | None:
    """The finding at this place in the ledger; None when what stands there is none."""
    return _told(session, [place])[0] if place in _known(session, [place]) else None


def judge(session: Session, by: Operator, now: datetime, places: Collection[int], verdict: Verdict) -> int:
    """Say this of all these findings, or of none; the place of that in the ledger.

    Refused finding-unknown, and as `judgement.record` does.
    """
    if len(places) > judgement.MOST_AT_ONCE:
        raise Refused("findings-many")
    if not set(places) <= _known(session, places):
        raise Refused("finding-unknown")
    return judgement.record(session, by, now, set(places), verdict)


def _judged(place: ColumnElement[int], disposition: Disposition) -> ColumnElement[bool]:
    """Asked so that a database begins with the few that were judged, or takes the newest that were not."""
    if disposition is Disposition.OPEN:
        said = select(Judgement.id).where(Judgement.finding == place, IN_FORCE)
        return ~said.where(Judgement.disposition != disposition).exists()
    return place.in_(select(Judgement.finding).where(Judgement.disposition == disposition, IN_FORCE))


def _known(session: Session, places: Collection[int]) -> set[int]:
    found: set[int] = set()
    for what in What:
        place = _places(what, LogFilter()).subquery().c.place
        found |= set(session.scalars(select(place).where(place.in_(places))))
    return found


def _told(session: Session, places: Sequence[int]) -> Sequence[Finding]:
    facts, judged = enquiry.at_places(session, places), judgement.in_force(session, places)
    raised: dict[int, list[Alarm]] = {}
    for each in session.scalars(select(Alarm).where(Alarm.ledger_sequence.in_(places)).order_by(Alarm.id)):
        raised.setdefault(each.ledger_sequence, []).append(each)
    return [Finding(each, facts.get(each), raised.get(each, ()), judged.get(each)) for each in places]


def _places(what: What, wanted: LogFilter) -> _Places:
    """Where findings of this kind stand, each once."""
    if what is What.ALARM:
        return _of_alarms(wanted)
    if what is What.INFERRED:
        return _of_stays(wanted)
    kind = FactKind.DECISION if what is What.REFUSAL else FactKind.ADMISSION_ENDED
    outcome = Outcome.REFUSE if what is What.REFUSAL else None
    facts = select(FactRow.ledger_sequence.label("place")).where(FactRow.kind == kind)
    return enquiry.narrowed(facts, replace(wanted, outcome=outcome), None)


def _of_alarms(wanted: LogFilter) -> _Places:
    statement = select(Alarm.ledger_sequence.label("place")).distinct()
    if wanted.door is not None:
        statement = statement.where(Alarm.door_id == wanted.door)
    if wanted.area is not None or wanted.cardholder is not None:
        # Alarm by alarm: there are few of them, and the facts of a room or a person may be very many.
        fact = select(FactRow.sequence).where(FactRow.ledger_sequence == Alarm.ledger_sequence)
        fact = enquiry.narrowed(fact, LogFilter(wanted.area, None, wanted.cardholder), None)
        statement = statement.where(fact.correlate(Alarm).exists())
    if wanted.since is not None:
        statement = statement.where(Alarm.raised_at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(Alarm.raised_at < wanted.until)
    return statement


def _of_stays(wanted: LogFilter) -> _Places:
    """Of rooms that need permission: nobody badges out of the others. A stay that goes on has no such passage yet."""
    doubted = Stay.entered_at.is_(None) | Stay.entry_certain.is_(False) | Stay.exit_certain.is_(False)
    statement: _Places = (
        select(Stay.exit_sequence.label("place"))
        .distinct()
        .where(Stay.area_id.in_(select(Area.id).where(Area.open.is_(False))), Stay.exit_sequence.is_not(None), doubted)
    )
    if wanted.area is not None:
        statement = statement.where(Stay.area_id == wanted.area)
    if wanted.cardholder is not None:
        statement = statement.where(Stay.cardholder_id == wanted.cardholder)
    if wanted.door is not None:
        statement = statement.join(FactRow, FactRow.ledger_sequence == Stay.exit_sequence)
        statement = statement.where(FactRow.door_id == wanted.door)
    if wanted.since is not None:
        statement = statement.where(Stay.left_at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(Stay.left_at < wanted.until)
    return statement
