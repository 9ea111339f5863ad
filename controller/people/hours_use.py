"""What rests on a schedule: permissions, access levels, rules of doors and entries. Such a one is not retired."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from controller.people import access_level as levels
from controller.people import level_change
from controller.people import permission as permissions
from controller.people.access_level import AccessLevel, AccessLevelArea
from controller.people.level_change import AccessLevelChange
from controller.people.permission import Grant
from controller.premises import door as doors
from controller.premises import schedule as schedules
from controller.premises.area import Area
from controller.premises.door import AccessPoint, Door
from controller.premises.pin_rule import PinRuleRow
from controller.premises.schedule import Schedule
from controller.refusal import Refused


@dataclass(frozen=True, slots=True)
class Uses:
    """grants: requests that wait and permissions that have not ended; levels: with their rooms at these hours; changes
    of levels that wait; unlocked: doors that stand unlocked in these hours; entries: where the card is enough then."""

    grants: Sequence[Grant]
    levels: Sequence[tuple[AccessLevel, Area]]
    changes: Sequence[AccessLevelChange]
    unlocked: Sequence[Door]
    entries: Sequence[AccessPoint]

    def __bool__(self) -> bool:
        return any((self.grants, self.levels, self.changes, self.unlocked, self.entries))

    def counted(self) -> dict[str, int]:
        """How many of each kind."""
        return {
            "permissions": len(self.grants),
            "access_levels": len({level.id for level, _ in self.levels}),
            "changes": len(self.changes),
            "doors": len(self.unlocked),
            "access_points": len(self.entries),
        }


def uses(session: Session, schedule: Schedule, now: datetime) -> Uses:
    """What rests on it now."""
    living = select(Grant).where(Grant.schedule_id == schedule.id, permissions.living(now))
    of_levels = (
        select(AccessLevel, Area)
        .join(AccessLevelArea, AccessLevelArea.access_level_id == AccessLevel.id)
        .join(Area, Area.id == AccessLevelArea.area_id)
        .where(AccessLevelArea.schedule_id == schedule.id, AccessLevel.retired_at.is_(None))
    )
    unlocked = (Door.unlock_schedule_id == schedule.id, Door.retired_at.is_(None))
    by_pin = (PinRuleRow.card_alone_id == schedule.id, doors.serving())
    asking = select(AccessPoint).join(PinRuleRow, PinRuleRow.access_point_id == AccessPoint.id)
    return Uses(
        session.scalars(living.order_by(Grant.id)).all(),
        [(row[0], row[1]) for row in session.execute(of_levels.order_by(AccessLevel.name, Area.name))],
        [each for each in level_change.waiting(session) if schedule.id in each.plan.rooms.values()],
        session.scalars(select(Door).where(*unlocked).order_by(Door.id)).all(),
        session.scalars(asking.where(*by_pin).order_by(AccessPoint.id)).all(),
    )


def counts(session: Session, now: datetime) -> Mapping[int, Counter[str]]:
    """What `Uses.counted` says of each schedule, by its id, in five statements; what is none is not there."""
    open_levels = select(AccessLevel.id).where(AccessLevel.retired_at.is_(None))
    in_levels = AccessLevelArea.access_level_id.in_(open_levels)
    counted = (
        ("permissions", Grant.schedule_id, func.count(), permissions.living(now)),
        (
            "access_levels",
            AccessLevelArea.schedule_id,
            func.count(AccessLevelArea.access_level_id.distinct()),
            in_levels,
        ),
        ("doors", Door.unlock_schedule_id, func.count(), true()),
        ("access_points", PinRuleRow.card_alone_id, func.count(), true()),
    )
    found = defaultdict[int, Counter[str]](Counter)
    for name, schedule, count, which in counted:
        for schedule_id, many in session.execute(select(schedule, count).where(which).group_by(schedule)):
            if schedule_id is not None:
                found[schedule_id][name] = many
    for change in level_change.waiting(session):
        for schedule_id in {each for each in change.plan.rooms.values() if each is not None}:
            found[schedule_id]["changes"] += 1
    return found


def doors_of(session: Session, found: Uses) -> Sequence[Door]:
    """The doors whose lists carry the schedule for these, each once."""
    by_level = levels.areas_of_each(session, {each.access_level_id for each in found.grants if each.access_level_id})
    rooms = {area for areas in by_level.values() for area in areas} | {area.id for _, area in found.levels}
    rooms |= {each.area_id for each in found.grants if each.area_id is not None}
    carrying = {door.id: door for guarding in doors.of_areas(session, rooms).values() for door in guarding}
    carrying |= {door.id: door for door in found.unlocked}
    carrying |= doors.by_ids(session, (each.door_id for each in found.entries))
    return [carrying[key] for key in sorted(carrying)]


def retire(session: Session, actor: str, now: datetime, schedule: Schedule, reason: str = "") -> None:
    """No longer offer it; Refused schedule-in-use (with how many of what), schedule-retired."""
    found = uses(session, schedule, now)
    if found:
        raise Refused("schedule-in-use", **{name: count for name, count in found.counted().items() if count})
    schedules.retire(session, actor, now, schedule, reason)
