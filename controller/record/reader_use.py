"""When each reader was last used: asked of the newest facts of its door, so that a busy house is read as fast as a new
one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import Session

from contract.fact import FactKind
from controller.premises.door import AccessPoint
from controller.record.fact import FactRow

LOOKED_AT = 600
"""Facts of one door, the newest: a reader that is not among them has not been used for long."""


def last_uses(session: Session, door_ids: Iterable[int]) -> dict[int, datetime]:
    """By access point id, in one statement: when a card was last presented there; one that was not used lately is not
    among them."""
    statement = select(AccessPoint.id, _newest()).where(AccessPoint.door_id.in_(set(door_ids)))
    return {point: at for point, at in session.execute(statement) if at is not None}


def _newest() -> ScalarSelect[datetime | None]:
    """Of one access point. The kind is looked at afterwards: asked for at once, it may be by its own index, through
    facts of all doors."""
    newest = (
        select(FactRow.access_point_id, FactRow.at, FactRow.kind)
        .where(FactRow.door_id == AccessPoint.door_id)
        .order_by(FactRow.ledger_sequence.desc())
        .limit(LOOKED_AT)
        .correlate(AccessPoint)
        .subquery()
    )
    here = (newest.c.access_point_id == AccessPoint.id, newest.c.kind == FactKind.DECISION)
    return select(func.max(newest.c.at)).where(*here).correlate(AccessPoint).scalar_subquery()
