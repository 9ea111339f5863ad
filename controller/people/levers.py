"""Levers: every change by which one person might widen entry into a private room, as a value that can be kept and done
later.

Each is done by the verb that does it for everybody (`lever_acts`); here stand what it says, what it touches, and what
it is judged against. Which rooms are private, and whether it widens entry into one, is `private_entry`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy.orm import Session

from contract import canonical, leaf, shape
from contract.canonical import Object, Value
from controller.people import standing
from controller.people import training as trainings
from controller.people.attribute import Attribute
from controller.people.cardholder import Cardholder
from controller.people.private_entry import Concerned
from controller.people.training import Training
from controller.premises import calendar as calendars
from controller.premises import door as doors
from controller.premises import pin_rule, room_rules
from controller.premises import schedule as schedules
from controller.premises.area import Area
from controller.premises.calendar import YEARS, Calendar, Holiday, HolidayRow
from controller.premises.door import AccessPoint, Door
from controller.premises.pin_rule import PinPlan
from controller.premises.presets import Preset
from controller.premises.rules import settings_of
from controller.premises.schedule import Schedule, SchedulePlan
from controller.premises.setting_up import Doorway, Reader
from controller.premises.site import Site
from controller.refusal import Refused


class Lever(StrEnum):
    """SCHEDULE: what it says; DAY_…: of a calendar; AREA, DOOR, POINT, PIN: settings; PIN_RULE: all of it at once, or
    none; PRESET: ready-made rules; PRIVATE: whether a room is; TRAINING: whether a room asks for it; FORMATS: which
    cards a reader reads; ATTRIBUTE: what somebody is beyond their permissions; LEAVING: until when they are here;
    COMPLETION: of a training; DOORWAY: a new door into a room; READER: a further access point of a door; RETURN:
    a retired door comes back."""

    SCHEDULE = "schedule"
    DAY_ADDED = "day-added"
    DAY_CHANGED = "day-changed"
    DAY_REMOVED = "day-removed"
    AREA = "area"
    DOOR = "door"
    POINT = "access-point"
    PIN = "pin"
    PIN_RULE = "pin-rule"
    PRESET = "preset"
    PRIVATE = "private"
    TRAINING = "training"
    FORMATS = "formats"
    ATTRIBUTE = "attribute"
    LEAVING = "leaving"
    COMPLETION = "completion"
    DOORWAY = "doorway"
    READER = "reader"
    RETURN = "door-restored"


OF_PEOPLE: Final = frozenset({Lever.ATTRIBUTE, Lever.LEAVING, Lever.COMPLETION})
"""What says something of a person: the ledger keeps it apart, to be erased."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One change. subject: the id of what is changed (a day that is added: of its calendar; a training: of the room);
    told: what it is to be, as JSON."""

    lever: Lever
    subject: int
    told: Object


Row = Schedule | Calendar | Area | Door | AccessPoint | Cardholder
_KINDS: Final[Mapping[Lever, type[Row]]] = {
    Lever.SCHEDULE: Schedule,
    Lever.DAY_ADDED: Calendar,
    Lever.AREA: Area,
    Lever.DOOR: Door,
    Lever.POINT: AccessPoint,
    Lever.PIN: AccessPoint,
    Lever.PIN_RULE: AccessPoint,
    Lever.PRESET: Area,
    Lever.PRIVATE: Area,
    Lever.TRAINING: Area,
    Lever.FORMATS: AccessPoint,
    Lever.ATTRIBUTE: Cardholder,
    Lever.LEAVING: Cardholder,
    Lever.COMPLETION: Cardholder,
    Lever.DOORWAY: Area,
    Lever.READER: Door,
    Lever.RETURN: Door,
}
_OF_A_DAY: Final = (Lever.DAY_CHANGED, Lever.DAY_REMOVED)


def of_schedule(row: Schedule, plan: SchedulePlan) -> Wanted:
    return Wanted(Lever.SCHEDULE, row.id, plan.as_object())


def of_new_day(calendar: Calendar, day: Holiday) -> Wanted:
    return Wanted(Lever.DAY_ADDED, calendar.id, _day(day))


def of_day(row: HolidayRow, day: Holiday) -> Wanted:
    return Wanted(Lever.DAY_CHANGED, row.id, _day(day))


def of_no_day(row: HolidayRow) -> Wanted:
    return Wanted(Lever.DAY_REMOVED, row.id, _day(row.holiday()))


def of_settings(row: Area | Door | AccessPoint, settings: Mapping[str, Value]) -> Wanted:
    lever = Lever.AREA if isinstance(row, Area) else Lever.DOOR if isinstance(row, Door) else Lever.POINT
    return Wanted(lever, row.id, dict(settings))


def of_pin(point: AccessPoint, settings: Mapping[str, Value]) -> Wanted:
    return Wanted(Lever.PIN, point.id, dict(settings))


def of_pin_rule(point: AccessPoint, plan: PinPlan | None) -> Wanted:
    return Wanted(Lever.PIN_RULE, point.id, {"rule": None if plan is None else plan.as_object()})


def of_preset(area: Area, preset: Preset) -> Wanted:
    return Wanted(Lever.PRESET, area.id, {"preset": preset})


def of_private(area: Area, *, private: bool) -> Wanted:
    return Wanted(Lever.PRIVATE, area.id, {"private": private})


def of_training(area: Area, training: Training, *, required: bool) -> Wanted:
    return Wanted(Lever.TRAINING, area.id, {"training": training.id, "required": required})


def of_formats(point: AccessPoint, names: Sequence[str]) -> Wanted:
    return Wanted(Lever.FORMATS, point.id, {"formats": [*names]})


def of_attribute(holder: Cardholder, attribute: Attribute, value: int) -> Wanted:
    return Wanted(Lever.ATTRIBUTE, holder.id, {"attribute": attribute, "value": value})


def of_leaving(holder: Cardholder, at: datetime | None) -> Wanted:
    return Wanted(Lever.LEAVING, holder.id, {"at": None if at is None else leaf.written(at)})


def of_completion(holder: Cardholder, training: Training, completed_at: datetime) -> Wanted:
    return Wanted(Lever.COMPLETION, holder.id, {"training": training.id, "completed_at": leaf.written(completed_at)})


def of_doorway(doorway: Doorway) -> Wanted:
    plan = doorway.plan
    told: Object = {
        "key": plan.key,
        "name": plan.name,
        "name_ja": plan.name_ja,
        "agent": doorway.agent.id,
        "from_area": doorway.from_area.id,
        "readers": [_reader(each) for each in doorway.readers],
    }
    return Wanted(Lever.DOORWAY, doorway.to_area.id, told)


def of_reader(door: Door, between: tuple[Area, Area], reader: Reader) -> Wanted:
    told: Object = {"from_area": between[0].id, "to_area": between[1].id, "reader": _reader(reader)}
    return Wanted(Lever.READER, door.id, told)


def of_return(door: Door) -> Wanted:
    return Wanted(Lever.RETURN, door.id, {})


def subject(session: Session, wanted: Wanted) -> Row:
    """What it changes; of a day, its calendar. Refused widening-outdated when that is gone."""
    if wanted.lever in _OF_A_DAY:
        return session.get_one(Calendar, day(session, wanted).calendar_id)
    found = session.get(_KINDS[wanted.lever], wanted.subject)
    if not isinstance(found, Row):
        raise Refused("widening-outdated")
    return found


def day(session: Session, wanted: Wanted) -> HolidayRow:
    """The day that it changes or takes out; Refused widening-outdated when that is gone."""
    found = session.get(HolidayRow, wanted.subject)
    if found is None:
        raise Refused("widening-outdated")
    return found


def concerned(session: Session, wanted: Wanted) -> Concerned:
    """The schedules, the rooms or the people that it may touch."""
    row = subject(session, wanted)
    if isinstance(row, Cardholder):
        return Concerned(people=frozenset({row.id}))
    if isinstance(row, Schedule):
        return Concerned(schedules=frozenset({row.id}))
    if isinstance(row, Calendar):
        return Concerned(schedules=frozenset(each.id for each, _ in schedules.naming(session, row)))
    areas = {area.id for area in _rooms(session, row)}
    if wanted.lever is Lever.READER:
        areas.add(shape.integer(wanted.told, "to_area"))
    return Concerned(areas=frozenset(areas))


def digest(session: Session, wanted: Wanted) -> str:
    """Of everything that it was judged against, as hex: another one says that something was changed since."""
    return hashlib.sha256(canonical.encode(_stands(session, subject(session, wanted)))).hexdigest()


def _day(told: Holiday) -> Object:
    return {"day": told.day.isoformat(), "name": told.name, "name_ja": told.name_ja}


def _reader(told: Reader) -> Object:
    return {
        "direction": told.direction,
        "formats": [*told.formats],
        "exit_mode": told.exit_mode,
        "key": told.key,
    }


def _rooms(session: Session, row: Area | Door | AccessPoint) -> list[Area]:
    """Ready-made rules of an area are those of its doors, too, which may guard another one."""
    if isinstance(row, AccessPoint):
        return [session.get_one(Area, row.guarded_area_id)]
    if isinstance(row, Door):
        return room_rules.rooms_of(session, row)
    beside = (area for door in doors.of_area(session, row) for area in room_rules.rooms_of(session, door))
    return list(dict.fromkeys((row, *beside)))


def _stands(session: Session, row: Row) -> list[Value]:
    if isinstance(row, Schedule):
        named = [session.get_one(Calendar, key) for key in schedules.plan_of(session, row).calendars]
        return [schedules.plan_of(session, row).as_object(), *(_days(session, each) for each in named)]
    if isinstance(row, Calendar):
        naming = [schedules.plan_of(session, each).as_object() for each, _ in schedules.naming(session, row)]
        return [_days(session, row), *naming]
    if isinstance(row, Cardholder):
        stands = standing.of(session, row)
        gone = None if row.gone_at is None else leaf.written(row.gone_at)
        return [{**stands.attributes}, row.active, gone]
    return [_ruled(session, area) for area in _rooms(session, row)]


def _days(session: Session, calendar: Calendar) -> list[Value]:
    if calendar.built_in is not None:
        return [calendar.built_in]
    return [[each.id, _day(each)] for each in calendars.holidays(session, calendar, YEARS)]


def _ruled(session: Session, area: Area) -> Value:
    site = session.get_one(Site, area.site_id)
    asking = [each.id for each in trainings.of_site(session, site) if area.id in trainings.areas_asking(session, each)]
    guarding = doors.of_area(session, area)
    points = [point for door in guarding for point in doors.access_points(session, door)]
    return [
        area.private,
        settings_of(area.rules),
        [*asking],
        [[door.id, settings_of(door.rules)] for door in guarding],
        [[point.id, settings_of(point.rules), point.formats] for point in points],
        [[point.id, pin_rule.settings_of(pin_rule.of(session, point))] for point in points],
    ]
