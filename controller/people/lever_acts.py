"""Doing what a lever says: by the verb that does it for everybody, under the rules that hold for everybody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, TypeVar

from sqlalchemy.orm import Session

from contract import leaf, shape
from contract.canonical import Object
from contract.policy import Direction, ExitMode
from controller.people import attribution, leaver, levers
from controller.people import training as trainings
from controller.people.attribute import Attribute
from controller.people.cardholder import Cardholder
from controller.people.levers import Lever, Wanted
from controller.people.training import Training
from controller.premises import calendar as calendars
from controller.premises import door as doors
from controller.premises import pin_rule, restoring, room_rules, setting_up
from controller.premises import schedule as schedules
from controller.premises.agent import Agent
from controller.premises.area import Area
from controller.premises.calendar import Calendar, Fits, Holiday
from controller.premises.door import AccessPoint, Door, DoorPlan
from controller.premises.pin_rule import PinPlan
from controller.premises.presets import Preset
from controller.premises.schedule import Schedule, SchedulePlan
from controller.premises.setting_up import Doorway, PointFits, Reader
from controller.premises.site import Site

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class By:
    """Who does it, when and why."""

    actor: str
    now: datetime
    reason: str


def act(session: Session, by: By, wanted: Wanted, fits: Fits) -> None:
    """Do it now; Refused as its verb refuses, and what `fits` refuses."""
    _ACTS[wanted.lever](session, by, wanted, fits)


def _schedule(session: Session, by: By, wanted: Wanted, fits: Fits) -> None:
    row, plan = _row(session, Schedule, wanted), SchedulePlan.from_object(wanted.told)
    schedules.change(session, by.actor, by.now, row, plan, fits, by.reason)


def _new_day(session: Session, by: By, wanted: Wanted, fits: Fits) -> None:
    calendars.add_day(session, by.actor, by.now, _row(session, Calendar, wanted), _holiday(wanted), fits)


def _day(session: Session, by: By, wanted: Wanted, fits: Fits) -> None:
    calendars.change_day(session, by.actor, by.now, levers.day(session, wanted), _holiday(wanted), fits)


def _no_day(session: Session, by: By, wanted: Wanted, fits: Fits) -> None:
    calendars.remove_day(session, by.actor, by.now, levers.day(session, wanted), fits)


def _area(session: Session, by: By, wanted: Wanted, _fits: Fits) -> None:
    room_rules.change_area(session, by.actor, by.now, _row(session, Area, wanted), wanted.told, by.reason)


def _door(session: Session, by: By, wanted: Wanted, _fits: Fits) -> None:
    room_rules.change_door(session, by.actor, by.now, _row(session, Door, wanted), wanted.told, by.reason)


def _point(session: Session, by: By, wanted: Wanted, _fits: Fits) -> None:
    room_rules.change_access_point(
        session, by.actor, by.now, _row(session, AccessPoint, wanted), wanted.told, by.reason
    )


def _pin(session: Session, by: By, wanted: Wanted, fits: Fits) -> None:
    point, point_fits = _row(session, AccessPoint, wanted), _of_a_point(fits)
    room_rules.change_pin_rule(session, by.actor, by.now, point, wanted.told, by.reason, point_fits)


def _pin_rule(session: Session, by: By, wanted: Wanted, fits: Fits) -> None:
    point, reason = _row(session, AccessPoint, wanted), by.reason or None
    if wanted.told["rule"] is None:
        pin_rule.ask_no_more(session, by.actor, by.now, point, reason)
        return
    plan = PinPlan.from_object(shape.child(wanted.told, "rule"))
    pin_rule.ask(session, by.actor, by.now, point, plan, reason)
    fits(session, session.get_one(Site, point.site_id), by.now)


def _preset(session: Session, by: By, wanted: Wanted, _fits: Fits) -> None:
    preset = shape.choice(wanted.told, "preset", Preset)
    room_rules.apply_preset(session, by.actor, by.now, _row(session, Area, wanted), preset, by.reason)


def _private(session: Session, by: By, wanted: Wanted, _fits: Fits) -> None:
    private = shape.flag(wanted.told, "private")
    room_rules.mark_private(session, by.actor, by.now, _row(session, Area, wanted), private, by.reason)


def _training(session: Session, by: By, wanted: Wanted, _fits: Fits) -> None:
    training = session.get_one(Training, shape.integer(wanted.told, "training"))
    required = shape.flag(wanted.told, "required")
    trainings.require(session, by.actor, by.now, _row(session, Area, wanted), training, by.reason, required=required)


def _formats(session: Session, by: By, wanted: Wanted, _fits: Fits) -> None:
    names = shape.texts(wanted.told, "formats")
    doors.change_formats(session, by.actor, by.now, _row(session, AccessPoint, wanted), names, by.reason)


def _attribute(session: Session, by: By, wanted: Wanted, _fits: Fits) -> None:
    attribute, value = shape.choice(wanted.told, "attribute", Attribute), shape.integer(wanted.told, "value")
    attribution.change(session, by.actor, by.now, _row(session, Cardholder, wanted), attribute, value, by.reason)


def _leaving(session: Session, by: By, wanted: Wanted, _fits: Fits) -> None:
    at = shape.optional_text(wanted.told, "at")
    moment = None if at is None else leaf.read_moment(at)
    leaver.leave(session, by.actor, by.now, _row(session, Cardholder, wanted), moment, by.reason)


def _completion(session: Session, by: By, wanted: Wanted, _fits: Fits) -> None:
    training = session.get_one(Training, shape.integer(wanted.told, "training"))
    completed_at = leaf.read_moment(shape.text(wanted.told, "completed_at"))
    trainings.complete(session, by.actor, by.now, _row(session, Cardholder, wanted), training, completed_at)


def _doorway(session: Session, by: By, wanted: Wanted, fits: Fits) -> None:
    told, inner = wanted.told, _row(session, Area, wanted)
    plan = DoorPlan(shape.text(told, "key"), shape.text(told, "name"), shape.text(told, "name_ja"))
    agent, outer = session.get_one(Agent, shape.integer(told, "agent")), _area_told(session, told, "from_area")
    readers = tuple(_reader_told(each) for each in shape.children(told, "readers"))
    doorway = Doorway(plan, agent, outer, inner, readers)
    site = session.get_one(Site, inner.site_id)
    setting_up.add_door(session, by.actor, by.now, site, doorway, by.reason, _of_a_point(fits))


def _reader(session: Session, by: By, wanted: Wanted, fits: Fits) -> None:
    door, told = _row(session, Door, wanted), wanted.told
    between = (_area_told(session, told, "from_area"), _area_told(session, told, "to_area"))
    reader = _reader_told(shape.child(told, "reader"))
    setting_up.add_reader(session, by.actor, by.now, door, between, reader, by.reason, _of_a_point(fits))


def _return(session: Session, by: By, wanted: Wanted, fits: Fits) -> None:
    restoring.restore_door(session, by.actor, by.now, _row(session, Door, wanted), by.reason, _of_a_point(fits))


def _of_a_point(fits: Fits) -> PointFits:
    """The same look for a verb that asks about one access point."""

    def point_fits(session: Session, point: AccessPoint, now: datetime) -> None:
        fits(session, session.get_one(Site, point.site_id), now)

    return point_fits


def _area_told(session: Session, told: Object, name: str) -> Area:
    return session.get_one(Area, shape.integer(told, name))


def _reader_told(told: Object) -> Reader:
    mode = None if told["exit_mode"] is None else shape.choice(told, "exit_mode", ExitMode)
    return Reader(
        shape.choice(told, "direction", Direction), shape.texts(told, "formats"), mode, shape.text(told, "key")
    )


def _row(session: Session, kind: type[R], wanted: Wanted) -> R:
    found = levers.subject(session, wanted)
    if not isinstance(found, kind):
        raise TypeError(f"a lever {wanted.lever} of another kind of row")
    return found


def _holiday(wanted: Wanted) -> Holiday:
    told = wanted.told
    day = date.fromisoformat(shape.text(told, "day"))
    return Holiday(day, shape.text(told, "name"), shape.text(told, "name_ja"))


_ACTS: Final[Mapping[Lever, Callable[[Session, By, Wanted, Fits], None]]] = {
    Lever.SCHEDULE: _schedule,
    Lever.DAY_ADDED: _new_day,
    Lever.DAY_CHANGED: _day,
    Lever.DAY_REMOVED: _no_day,
    Lever.AREA: _area,
    Lever.DOOR: _door,
    Lever.POINT: _point,
    Lever.PIN: _pin,
    Lever.PIN_RULE: _pin_rule,
    Lever.PRESET: _preset,
    Lever.PRIVATE: _private,
    Lever.TRAINING: _training,
    Lever.FORMATS: _formats,
    Lever.ATTRIBUTE: _attribute,
    Lever.LEAVING: _leaving,
    Lever.COMPLETION: _completion,
    Lever.DOORWAY: _doorway,
    Lever.READER: _reader,
    Lever.RETURN: _return,
}
