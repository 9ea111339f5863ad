"""What was last changed about a floor plan: read from the ledger, which holds every move with what was before.

The law: nothing is kept here. A change is recorded by the verb that makes it (`floor_plan`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow
from controller.premises.floor_plan import FloorPlan, Move, Of, Spot, Thing

_KINDS = (Kind.FLOOR_PLAN_MADE, Kind.FLOOR_PLAN_CHANGED, Kind.FLOOR_PLAN_PLACED, Kind.FLOOR_PLAN_RESTORED)
_LOOKED_AT = 300
"""Rows of the ledger do not know their plans by an index: so many of the site's latest changes are looked through."""


@dataclass(frozen=True, slots=True)
class PlanChange:
    """moves: what was put where, empty when something else changed."""

    ledger_sequence: int
    at: datetime
    actor: str
    kind: Kind
    moves: dict[Thing, Move]


def latest(session: Session, plan: FloorPlan, most: int) -> Sequence[PlanChange]:
    """The latest changes of `plan`, the newest first."""
    newest = select(LedgerRow).where(LedgerRow.kind.in_(_KINDS)).order_by(LedgerRow.sequence.desc()).limit(_LOOKED_AT)
    mine = [row for row in session.scalars(newest) if row.subjects.get("plan") == plan.id]
    return [_change(row) for row in mine[:most]]


def one(session: Session, plan: FloorPlan, sequence: int) -> PlanChange | None:
    """The change at this place in the ledger; None when it is no change of `plan`."""
    row = session.get(LedgerRow, sequence)
    return _change(row) if row is not None and row.kind in _KINDS and row.subjects.get("plan") == plan.id else None


def _change(row: LedgerRow) -> PlanChange:
    moved: Any = row.content.get("moved", [])
    return PlanChange(row.sequence, row.at, row.actor, Kind(row.kind), dict(_move(each) for each in moved))


def _move(written: dict[str, Any]) -> tuple[Thing, Move]:
    of = next(each for each in Of if each in written)
    return Thing(of, written[of]), Move(_spot(written["before"]), _spot(written["after"]))


def _spot(written: dict[str, Any] | None) -> Spot | None:
    return None if written is None else Spot(written["plan"], written["x"], written["y"])
