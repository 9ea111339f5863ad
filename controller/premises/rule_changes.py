"""What was last changed about the rules of a room: read from the ledger, which holds every change with its reason.

The law: nothing is kept here. A change is recorded by the verb that makes it (`room_rules`, `pin_rule`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from contract.canonical import Value
from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow, openings_of
from controller.premises.area import Area
from controller.premises.door import Door

_KINDS = (Kind.AREA_CHANGED, Kind.DOOR_CHANGED, Kind.ACCESS_POINT_CHANGED)
_LOOKED_AT = 300
"""Rows of the ledger do not know their rooms by an index: so many of the site's latest changes are looked through."""


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One change. door: the one that it concerns alone, None: all of the room; names: of the settings that changed, by
    their paths; reason: None when none was asked for, or when it was erased."""

    ledger_sequence: int
    at: datetime
    actor: str
    door: Door | None
    names: tuple[str, ...]
    reason: str | None


def latest(session: Session, area: Area, most: int) -> Sequence[RuleChange]:
    """The latest changes of the rules of `area`, its doors and its access points, the newest first."""
    newest = select(LedgerRow).where(LedgerRow.kind.in_(_KINDS)).order_by(LedgerRow.sequence.desc()).limit(_LOOKED_AT)
    mine = [row for row in session.scalars(newest) if _concerns(row.subjects.get("areas"), area)]
    return [_change(session, row) for row in mine[:most]]


def between(session: Session, area: Area, since: datetime, until: datetime) -> Sequence[RuleChange]:
    """The changes of a time, in order."""
    within = (LedgerRow.kind.in_(_KINDS), LedgerRow.at >= since, LedgerRow.at < until)
    rows = session.scalars(select(LedgerRow).where(*within).order_by(LedgerRow.sequence))
    return [_change(session, row) for row in rows if _concerns(row.subjects.get("areas"), area)]


def _concerns(areas: Value, area: Area) -> bool:
    return isinstance(areas, list) and area.id in areas


def _change(session: Session, row: LedgerRow) -> RuleChange:
    changed, door_id = row.content.get("changed"), row.subjects.get("door")
    kept = openings_of(session, row.sequence).get("reason")
    opening = kept.opening() if kept else None
    return RuleChange(
        row.sequence,
        row.at,
        row.actor,
        session.get(Door, door_id) if isinstance(door_id, int) else None,
        tuple(changed) if isinstance(changed, dict) else (),
        str(opening.value) if opening is not None else None,
    )
