"""Taking rooms out of service, and bringing them back.

The law: no door in service leads into the room or out of it, and nobody is inside, by what the doors recorded or
because somebody looked. Whatever would open the room ends, on record and by one person, because it narrows; bringing
the room back gives none of it back. The row stays, because the record names it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from contract.canonical import Object, Value
from controller import line
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.people import access_level as levels
from controller.people import level_change
from controller.people import permission as permissions
from controller.people.access_level import AccessLevel, LevelPlan
from controller.people.level_change import AccessLevelChange
from controller.people.operator import Operator
from controller.people.permission import Grant, GrantState
from controller.premises import area as areas
from controller.premises import door as doors
from controller.premises.area import Area
from controller.premises.calendar import Fits
from controller.premises.door import Door
from controller.premises.site import Site
from controller.record import occupancy
from controller.refusal import Refused


@dataclass(frozen=True, slots=True)
class RoomEnds:
    """What retiring a room ends or waits for. doors: in service, that lead into it or out of it; inside: how many are
    believed to be, uncertain: somebody else may be; given: permissions for it alone that have not ended, asked:
    requests; levels: that open it; changes: of levels, that wait and would open it."""

    area: Area
    doors: Sequence[Door]
    inside: int
    uncertain: bool
    given: Sequence[Grant]
    asked: Sequence[Grant]
    levels: Sequence[AccessLevel]
    changes: Sequence[AccessLevelChange]

    @property
    def must_be_empty(self) -> bool:
        """Somebody must say that nobody is inside."""
        return self.inside > 0 or self.uncertain

    def as_object(self) -> Object:
        in_service: list[Value] = [each.id for each in self.doors]
        given: list[Value] = [each.id for each in self.given]
        asked: list[Value] = [each.id for each in self.asked]
        opened: list[Value] = [each.id for each in self.levels]
        changes: list[Value] = [each.id for each in self.changes]
        return {
            "area": self.area.id,
            "doors": in_service,
            "inside": self.inside,
            "uncertain": self.uncertain,
            "must_be_empty": self.must_be_empty,
            "grants": given,
            "requests": asked,
            "levels": opened,
            "level_changes": changes,
        }


def without_room(session: Session, area: Area, now: datetime) -> RoomEnds:
    """What retiring `area` would mean now; Refused area-retired."""
    areas.require_service(area)
    mine = _living(session, area, now)
    return RoomEnds(
        area,
        doors.touching(session, area),
        occupancy.counts(session).get(area.id, 0),
        area.id in occupancy.uncertain(session),
        [each for each in mine if each.state == GrantState.APPROVED],
        [each for each in mine if each.state == GrantState.REQUESTED],
        levels.that_open(session, area),
        [each for each in level_change.waiting(session) if area.id in each.plan.rooms],
    )


def retire_room(
    session: Session, by: Operator, now: datetime, area: Area, reason: str, fits: Fits, *, empty: bool = False
) -> int:
    """Take a room out of service; its place in the ledger. empty: `by` looked, and nobody is inside. Refused
    reason-missing, area-retired, doors-in-service, people-inside, level-change-waits.

    Permissions for it end and requests are declined (their own withdrawn) with the reason; access levels open it no
    more, and one that opened nothing else is retired.
    """
    why = line.reason(reason)
    session.refresh(session.get_one(Site, area.site_id), with_for_update=True)
    session.refresh(area, with_for_update=True)
    ends = without_room(session, area, now)
    if ends.doors:
        raise Refused("doors-in-service", doors=", ".join(each.key for each in ends.doors)[:200])
    if ends.must_be_empty and not empty:
        raise Refused("people-inside", area=area.key)
    for each in (*ends.given, *ends.asked):
        session.refresh(each, with_for_update=True)
    for change in ends.changes:
        level_change.decline(session, by, now, change, why)
    for given in ends.given:
        permissions.revoke(session, by, now, given, why)
    for asked in ends.asked:
        _turn_down(session, by, now, asked, why)
    for level in ends.levels:
        _narrow(session, by, now, level, area, why, fits)
    if ends.must_be_empty:
        occupancy.reconciled(session, [area.id], now)
    area.retired_at = now
    session.flush()
    plain = {
        "stated_empty": ends.must_be_empty,
        "permissions": len(ends.given),
        "requests": len(ends.asked),
        "access_levels": [each.id for each in ends.levels],
    }
    return append(session, Kind.AREA_RETIRED, by.actor, now, {"areas": [area.id]}, plain, line.opening(why))


def restore_room(session: Session, by: Operator, now: datetime, area: Area, reason: str) -> int:
    """Take a retired room into service again, with no door and no permission; its place in the ledger. Refused
    reason-missing, in-service."""
    why = line.reason(reason)
    session.refresh(area, with_for_update=True)
    if area.retired_at is None:
        raise Refused("in-service", area=area.key)
    area.retired_at = None
    session.flush()
    return append(session, Kind.AREA_RESTORED, by.actor, now, {"areas": [area.id]}, {}, line.opening(why))


def _living(session: Session, area: Area, now: datetime) -> Sequence[Grant]:
    """Permissions for it alone and requests that have not ended, by id."""
    goes_on = or_(Grant.valid_until.is_(None), Grant.valid_until > now)
    mine = select(Grant).where(
        Grant.area_id == area.id, Grant.state.in_((GrantState.APPROVED, GrantState.REQUESTED)), goes_on
    )
    return session.scalars(mine.order_by(Grant.id)).all()


def _turn_down(session: Session, by: Operator, now: datetime, asked: Grant, why: str) -> None:
    """Nobody declines what they asked for themselves: they withdraw it."""
    if asked.requested_by == by.id:
        permissions.withdraw(session, by, now, asked, why)
    else:
        permissions.decline(session, by, now, asked, why)


def _narrow(
    session: Session, by: Operator, now: datetime, level: AccessLevel, area: Area, why: str, fits: Fits
) -> None:
    plan = levels.plan_of(session, level)
    rooms = {key: hours for key, hours in plan.rooms.items() if key != area.id}
    if rooms:
        level_change.change(session, by, now, level, LevelPlan(plan.name, plan.name_ja, rooms), why, fits)
    else:
        level_change.retire(session, by, now, level, why)
