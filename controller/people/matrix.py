"""Who has which room: the permissions of some people for some rooms, as a table shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from controller.people.access_level import AccessLevelArea
from controller.people.cardholder import Cardholder
from controller.people.permission import Grant, GrantState
from controller.premises.area import Area

SOON: Final = timedelta(days=30)
"""What ends within this time is said to end soon, as on the report of ending permissions."""


class Stands(StrEnum):
    """How a permission stands at a moment."""

    REQUESTED = "requested"
    BEGINS = "begins"
    ENDING = "ending"
    HOURS = "hours"
    IN_FORCE = "in-force"


@dataclass(frozen=True, slots=True)
class Given:
    """A permission in one cell; schedule_id: at which hours; by_level: it opens more rooms than this one."""

    grant: Grant
    schedule_id: int | None
    by_level: bool

    def stands(self, now: datetime) -> Stands:
        if self.grant.state == GrantState.REQUESTED:
            return Stands.REQUESTED
        if self.grant.valid_from > now:
            return Stands.BEGINS
        if self.grant.valid_until is not None and self.grant.valid_until <= now + SOON:
            return Stands.ENDING
        return Stands.IN_FORCE if self.schedule_id is None else Stands.HOURS


Cells = Mapping[tuple[int, int], Sequence[Given]]
"""By cardholder and area; a cell in which nothing lives is not there."""


def cells(session: Session, holders: Iterable[Cardholder], areas: Iterable[Area], now: datetime) -> Cells:
    """Requests that wait, and permissions that have not ended, by id; in a number of statements that does not grow."""
    people, rooms = [each.id for each in holders], [each.id for each in areas]
    living = (
        Grant.cardholder_id.in_(people),
        Grant.state.in_((GrantState.REQUESTED, GrantState.APPROVED)),
        or_(Grant.valid_until.is_(None), Grant.valid_until > now),
    )
    found: dict[tuple[int, int], list[Given]] = {}
    for grant in session.scalars(select(Grant).where(*living, Grant.area_id.in_(rooms)).order_by(Grant.id)):
        found.setdefault((grant.cardholder_id, grant.area_id or 0), []).append(Given(grant, grant.schedule_id, False))
    levels = select(Grant, AccessLevelArea).join(
        AccessLevelArea, AccessLevelArea.access_level_id == Grant.access_level_id
    )
    for grant, part in session.execute(levels.where(*living, AccessLevelArea.area_id.in_(rooms)).order_by(Grant.id)):
        given = Given(grant, grant.schedule_id or part.schedule_id, True)
        found.setdefault((grant.cardholder_id, part.area_id), []).append(given)
    return found
