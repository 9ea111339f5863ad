"""Permissions that an auditor asks about: those that nobody used for long, and those that end soon.

The law: a use is a badged entry into a room that the permission opens. Who holds two permissions for one room uses
both: which of them let them in is not told apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVarTuple

from sqlalchemy import ScalarSelect, Select, func, or_, select
from sqlalchemy.orm import Session

from controller.people.access_level import AccessLevel, AccessLevelArea
from controller.people.cardholder import Cardholder
from controller.people.permission import Grant, GrantState
from controller.premises.area import Area
from controller.premises.site import Site
from controller.record.stay import Stay

_Asked = TypeVarTuple("_Asked")


@dataclass(frozen=True, slots=True)
class Held:
    """A permission in force, by whom, for which room or level, and when it was last used (None: never)."""

    grant: Grant
    cardholder: Cardholder
    area: Area | None
    level: AccessLevel | None
    last_used: datetime | None


@dataclass(frozen=True, slots=True)
class HeldFilter:
    """What to list; a field that is None does not narrow. now: permissions in force then; area: those for this room by
    itself or by a level; unused_since: in force since before that moment and not used after it; ending: those that end
    before that moment."""

    now: datetime
    area: int | None = None
    cardholder: int | None = None
    unused_since: datetime | None = None
    ending: datetime | None = None


def held(session: Session, site: Site, wanted: HeldFilter, beyond: int, limit: int) -> Sequence[Held]:
    """Permissions without the first `beyond` of them: those that end, in the order of their ends; else by id."""
    order = (Grant.id,) if wanted.ending is None else (Grant.valid_until, Grant.id)
    asked = select(Grant, Cardholder, Area, AccessLevel, _last_used())
    statement = _narrowed(asked, site, wanted).order_by(*order).offset(beyond).limit(limit)
    return [Held(*row) for row in session.execute(statement)]


def count(session: Session, site: Site, wanted: HeldFilter) -> int:
    """How many permissions `wanted` lists."""
    return session.scalar(_narrowed(select(func.count(Grant.id)), site, wanted)) or 0


def _narrowed(asked: Select[*_Asked], site: Site, wanted: HeldFilter) -> Select[*_Asked]:
    statement = (
        asked.select_from(Grant)
        .join(Cardholder, Cardholder.id == Grant.cardholder_id)
        .outerjoin(Area, Area.id == Grant.area_id)
        .outerjoin(AccessLevel, AccessLevel.id == Grant.access_level_id)
        .where(Cardholder.site_id == site.id, Cardholder.ended_at.is_(None))
        .where(Grant.state == GrantState.APPROVED, Grant.valid_from <= wanted.now)
        .where(or_(Grant.valid_until.is_(None), Grant.valid_until > wanted.now))
    )
    if wanted.area is not None:
        levels = select(AccessLevelArea.access_level_id).where(AccessLevelArea.area_id == wanted.area)
        statement = statement.where(or_(Grant.area_id == wanted.area, Grant.access_level_id.in_(levels)))
    if wanted.cardholder is not None:
        statement = statement.where(Grant.cardholder_id == wanted.cardholder)
    if wanted.unused_since is not None:
        lately = _entries().where(Stay.entered_at >= wanted.unused_since)
        statement = statement.where(
            Grant.valid_from < wanted.unused_since,
            Grant.decided_at < wanted.unused_since,
            ~lately.correlate(Grant).exists(),
        )
    if wanted.ending is not None:
        statement = statement.where(Grant.valid_until < wanted.ending)
    return statement


def _last_used() -> ScalarSelect[datetime | None]:
    """When the holder of a grant last entered a room that it opens."""
    return _entries().with_only_columns(func.max(Stay.entered_at)).correlate(Grant).scalar_subquery()


def _entries() -> Select[datetime | None]:
    """The stays of the holder of a grant in the rooms that it opens."""
    by_level = select(AccessLevelArea.area_id).where(AccessLevelArea.access_level_id == Grant.access_level_id)
    opened = or_(Stay.area_id == Grant.area_id, Stay.area_id.in_(by_level))
    return select(Stay.entered_at).where(Stay.cardholder_id == Grant.cardholder_id, opened)
