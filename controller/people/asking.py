"""Requests for access, as whoever asked and whoever decides looks at them: what was asked for, and what became of it.

A request and the permission that it may become are one row. What happens to the permission later does not change what
became of the request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from controller.people.permission import Grant, GrantState


class Became(StrEnum):
    """WITHDRAWN: ended before anybody decided."""

    WAITING = "waiting"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which requests are looked for; None: of any."""

    cardholder: int | None = None
    area: int | None = None
    access_level: int | None = None
    requested_by: int | None = None
    became: Became | None = None


def became(asked: Grant) -> Became:
    """What has become of a request so far."""
    if asked.state == GrantState.REQUESTED:
        return Became.WAITING
    if asked.decided_by is None:
        return Became.WITHDRAWN
    return Became.DECLINED if asked.state == GrantState.DECLINED else Became.APPROVED


def listed(session: Session, wanted: Asked, after: int, limit: int) -> Sequence[Grant]:
    """The requests that `wanted` describes, by id, after id `after`."""
    statement = select(Grant).where(Grant.id > after)
    for column, value in (
        (Grant.cardholder_id, wanted.cardholder),
        (Grant.area_id, wanted.area),
        (Grant.access_level_id, wanted.access_level),
        (Grant.requested_by, wanted.requested_by),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if wanted.became is not None:
        statement = statement.where(_has_become(wanted.became))
    return session.scalars(statement.order_by(Grant.id).limit(limit)).all()


def _has_become(what: Became) -> ColumnElement[bool]:
    """The same as `became` says, for the database."""
    if what is Became.WAITING:
        return Grant.state == GrantState.REQUESTED
    if what is Became.DECLINED:
        return Grant.state == GrantState.DECLINED
    revoked = Grant.state == GrantState.REVOKED
    if what is Became.WITHDRAWN:
        return and_(revoked, Grant.decided_by.is_(None))
    return or_(Grant.state == GrantState.APPROVED, and_(revoked, Grant.decided_by.is_not(None)))
