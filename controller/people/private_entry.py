"""Entry into private rooms as it stands: for whom, at which hours, on which demands; and what a change widens.

The law: a private room is wide for somebody only while somebody has a permission for it or was asked one for. A room
that nobody may enter can be set up by one person: whoever approves the first permission for it is the second.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from controller.people import hours_use, level_change, standing
from controller.people import permission as permissions
from controller.people.access_level import AccessLevelArea
from controller.people.cardholder import Cardholder
from controller.people.permission import Grant, GrantState
from controller.people.standing import Standing
from controller.people.training import AreaTraining
from controller.premises import demands, pin_rule
from controller.premises import door as doors
from controller.premises import schedule as schedules
from controller.premises.area import Area
from controller.premises.demands import DoorDemands, EntryDemands, PinDemand, RoomDemands
from controller.premises.door import AccessPoint
from controller.premises.schedule import Schedule
from controller.premises.site import Site
from controller.premises.written_hours import ALWAYS, NEVER, WrittenHours, first_more

HOURS = "hours"
"""What is eased when a schedule permits more."""


@dataclass(frozen=True, slots=True)
class Concerned:
    """What a change may touch: schedules, rooms and people, by id."""

    schedules: frozenset[int] = frozenset()
    areas: frozenset[int] = frozenset()
    people: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Entry:
    """How entry into private rooms stands: the hours that it rests on, by schedule, with the rooms of each; what each
    room demands; and what people may, with the rooms of each."""

    hours: Mapping[int, tuple[WrittenHours, frozenset[int]]]
    rooms: Mapping[int, RoomDemands]
    people: Mapping[int, tuple[Standing, frozenset[int]]]


@dataclass(frozen=True, slots=True)
class Widened:
    """rooms: the private rooms, by id; eased: `HOURS`, or the name of a setting or demand; first: the first moment at
    which somebody may come in who may not now, as far as hours tell."""

    rooms: tuple[int, ...]
    eased: tuple[str, ...]
    first: datetime


def stands(session: Session, now: datetime, concerned: Concerned) -> Entry:
    """Entry into the private rooms that are concerned and that somebody may enter or was asked access for."""
    hours: dict[int, tuple[WrittenHours, frozenset[int]]] = {}
    for key in sorted(concerned.schedules):
        schedule = session.get_one(Schedule, key)
        rooms = frozenset(area.id for area in rooms_by(session, schedule, now))
        if rooms:
            hours[key] = (schedules.written(session, schedule), rooms)
    areas = [session.get_one(Area, key) for key in sorted(concerned.areas)]
    held = [area for area in areas if area.private and is_held(session, area, now)]
    people = [session.get_one(Cardholder, key) for key in sorted(concerned.people)]
    theirs = {holder.id: rooms_of(session, holder, now) for holder in people}
    return Entry(
        hours,
        {area.id: _room(session, area) for area in held},
        {each.id: (standing.of(session, each, theirs[each.id]), theirs[each.id]) for each in people if theirs[each.id]},
    )


def widened(session: Session, site: Site, now: datetime, before: Entry) -> Widened | None:
    """What is wider now than `before`; None: nothing."""
    rooms: set[int] = set()
    eased: list[str] = []
    moments: list[datetime] = []
    for key, (was, of_rooms) in before.hours.items():
        found = first_more(was, schedules.written(session, session.get_one(Schedule, key)), site.clock, now)
        if found is not None:
            rooms, eased, moments = rooms | of_rooms, [*eased, HOURS], [*moments, found]
    for key, room in before.rooms.items():
        becomes = _room(session, session.get_one(Area, key))
        names = demands.eased(room, becomes)
        grown = dict(_grown(site, now, room, becomes))
        if names or grown:
            rooms, eased = rooms | {key}, [*eased, *names, *grown]
            moments += [now] if names else grown.values()
    for key, (stood, of_rooms) in before.people.items():
        names = standing.eased(stood, standing.of(session, session.get_one(Cardholder, key), of_rooms))
        if names:
            rooms, eased = rooms | of_rooms, [*eased, *names]
            moments.append((stood.leaves_at or now) if names == (standing.LEAVING,) else now)
    return Widened(tuple(sorted(rooms)), tuple(dict.fromkeys(eased)), min(moments)) if rooms else None


def rooms_by(session: Session, schedule: Schedule, now: datetime) -> Sequence[Area]:
    """The private rooms into which somebody may come, or was asked access for, by these hours; by id."""
    found = hours_use.uses(session, schedule, now)
    keys = {grant.area_id for grant in found.grants if grant.area_id is not None}
    keys |= {area.id for level, area in found.levels if permissions.of_level(session, level, now)}
    keys |= {key for each in found.changes for key, hours in each.plan.rooms.items() if hours == schedule.id}
    keys |= {point.guarded_area_id for door in found.unlocked for point in doors.access_points(session, door)}
    keys |= {point.guarded_area_id for point in found.entries}
    areas = [session.get_one(Area, key) for key in sorted(keys)]
    return [area for area in areas if area.private and is_held(session, area, now)]


def rooms_of(session: Session, holder: Cardholder, now: datetime) -> frozenset[int]:
    """The private rooms that somebody has a permission for that has not ended, or was asked one for; by id."""
    living = and_(
        Grant.cardholder_id == holder.id,
        Grant.state.in_((GrantState.REQUESTED, GrantState.APPROVED)),
        or_(Grant.valid_until.is_(None), Grant.valid_until > now),
    )
    areas = (
        area for grant in session.scalars(select(Grant).where(living)) for area in permissions.areas_of(session, grant)
    )
    return frozenset(area.id for area in areas if area.private)


def is_held(session: Session, area: Area, now: datetime) -> bool:
    """Whether somebody has a permission for it that has not ended, or was asked one for."""
    by_level = select(AccessLevelArea.access_level_id).where(AccessLevelArea.area_id == area.id)
    coming = {each.access_level_id for each in level_change.waiting(session) if area.id in each.plan.rooms}
    living = and_(
        Grant.state.in_((GrantState.REQUESTED, GrantState.APPROVED)),
        or_(Grant.valid_until.is_(None), Grant.valid_until > now),
        or_(Grant.area_id == area.id, Grant.access_level_id.in_(by_level), Grant.access_level_id.in_(coming)),
        Cardholder.present_at(now),
    )
    statement = select(Grant.id).join(Cardholder, Cardholder.id == Grant.cardholder_id).where(living)
    return session.scalar(statement.limit(1)) is not None


def _grown(site: Site, now: datetime, before: RoomDemands, after: RoomDemands) -> Iterator[tuple[str, datetime]]:
    for name, was, becomes in demands.opened(before, after):
        found = first_more(was, becomes, site.clock, now)
        if found is not None:
            yield name, found


def _room(session: Session, area: Area) -> RoomDemands:
    asked = select(AreaTraining.training_id).where(AreaTraining.area_id == area.id)
    return RoomDemands(
        area.private,
        area.rules,
        frozenset(session.scalars(asked)),
        {
            door.id: DoorDemands(door.rules, _hours(session, door.unlock_schedule_id))
            for door in doors.of_area(session, area)
        },
        {point.id: _entry(session, point) for point in doors.entries_into(session, area)},
    )


def _entry(session: Session, point: AccessPoint) -> EntryDemands:
    row, formats = pin_rule.of(session, point), frozenset(point.formats.split())
    if row is None:
        return EntryDemands(point.rules, formats, ALWAYS, None)
    pin = PinDemand(row.within_s, row.tries, row.lockout_s)
    return EntryDemands(point.rules, formats, _hours(session, row.card_alone_id), pin)


def _hours(session: Session, schedule_id: int | None) -> WrittenHours:
    """None: at no time."""
    return NEVER if schedule_id is None else schedules.written(session, session.get_one(Schedule, schedule_id))
