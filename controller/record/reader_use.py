"""When each reader was last used: asked of the newest facts of its door, so that a busy house is read as fast as a new
one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from contract.fact import FactKind
from controller.record.fact import FactRow

LOOKED_AT = 600
"""Facts of one door, the newest: a reader that is not among them has not been used for long."""


def last_uses(session: Session, door_ids: Iterable[int]) -> dict[int, datetime]:
    """By access point id: when a card was last presented there; one that was not used lately is not among them."""
    found: dict[int, datetime] = {}
    for door_id in door_ids:
        # The kind is looked at afterwards: asked for at once, it may be by its own index, through facts of all doors.
        newest = (
            select(FactRow.access_point_id, FactRow.at, FactRow.kind)
            .where(FactRow.door_id == door_id)
            .order_by(FactRow.ledger_sequence.desc())
            .limit(LOOKED_AT)
            .subquery()
        )
        latest = select(newest.c.access_point_id, func.max(newest.c.at)).where(newest.c.kind == FactKind.DECISION)
        each = latest.group_by(newest.c.access_point_id)
        found |= {point: at for point, at in session.execute(each) if point is not None}
    return found
