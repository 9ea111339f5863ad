"""What was changed about a schedule or a calendar: read from the ledger, which holds every change with its reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from contract.canonical import Object
from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow, openings_of
from controller.premises import schedule as schedules
from controller.premises.schedule import Schedule

_OF_SCHEDULES = (Kind.SCHEDULE_MADE, Kind.SCHEDULE_CHANGED, Kind.SCHEDULE_RETIRED)
_OF_DAYS = (Kind.HOLIDAY_ADDED, Kind.HOLIDAY_CHANGED, Kind.HOLIDAY_REMOVED)
_LOOKED_AT = 300
"""Rows of the ledger do not know their schedules by an index: so many of the latest changes are looked through."""


@dataclass(frozen=True, slots=True)
class HoursChange:
    """reason: None when none was given, or when it was erased."""

    ledger_sequence: int
    at: datetime
    kind: str
    actor: str
    reason: str | None


def latest(session: Session, schedule: Schedule, most: int) -> Sequence[HoursChange]:
    """The latest changes of its hours, also by days of the calendars that it names; the newest first."""
    named = schedules.plan_of(session, schedule).calendars

    def concerns(subjects: Object) -> bool:
        return subjects.get("schedule") == schedule.id or subjects.get("calendar") in named

    return _latest(session, concerns, most)


def _latest(session: Session, concerns: Callable[[Object], bool], most: int) -> Sequence[HoursChange]:
    kinds = (*_OF_SCHEDULES, *_OF_DAYS)
    newest = select(LedgerRow).where(LedgerRow.kind.in_(kinds)).order_by(LedgerRow.sequence.desc()).limit(_LOOKED_AT)
    found = [row for row in session.scalars(newest) if concerns(row.subjects)][:most]
    return [HoursChange(row.sequence, row.at, row.kind, row.actor, _reason(session, row)) for row in found]


def _reason(session: Session, row: LedgerRow) -> str | None:
    kept = openings_of(session, row.sequence).get("reason")
    opening = kept.opening() if kept else None
    return str(opening.value) if opening is not None else None
