"""The building as the installer describes it, and its loading: made where missing, left alone where it is.

[site] key, name, name_ja, zone
[[area]] key, name, name_ja, private, open, fresh_s, essential_s, company
[[schedule]] name, name_ja, intervals = [[weekday, start minute, end minute], …]
  [[schedule.calendar]] name (of a built-in calendar), hours = [[start minute, end minute], …], empty for closed
[[agent]] key, name
[[format]] as docs/installer/card-formats.md teaches
[[door]] key, name, name_ja, agent, release_ms, held_open_s, extended_ms, extended_held_open_s, pre_alarm_s, shunt_ms,
  relock
  [[door.access_point]] key, direction, from, to, formats, exit_mode
    [door.access_point.sign_off] signed_by, break_glass, fire, failsafe, note (needed where exit_mode is "controlled")
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from contract.policy import Direction, ExitMode
from contract.schedule import Interval
from controller.premises import agent as agents
from controller.premises import area as areas
from controller.premises import calendar as calendars
from controller.premises import door as doors
from controller.premises import format as formats
from controller.premises import schedule as schedules
from controller.premises import sign_off as sign_offs
from controller.premises import site as sites
from controller.premises.area import Area, AreaPlan
from controller.premises.door import AccessPoint, AccessPointPlan, Door, DoorPlan
from controller.premises.schedule import SchedulePlan
from controller.premises.sign_off import Confirmed, Failsafe
from controller.premises.site import Site
from controller.refusal import Refused

_TABLES = ("site", "area", "schedule", "format", "agent", "door")
_SITE = ("key", "name", "name_ja", "zone")
_SCHEDULE = ("name", "name_ja", "intervals", "calendar")
_CALENDAR = ("name", "hours")
_AGENT = ("key", "name")
_ACCESS_POINT = ("key", "direction", "from", "to", "formats", "exit_mode", "sign_off")
_SIGN_OFF = ("signed_by", "break_glass", "fire", "failsafe", "note")


def load(session: Session, actor: str, now: datetime, plan: Mapping[str, Any]) -> Site:
    """Make what `plan` (the parsed TOML above) names and is not there yet; Refused building-wrong names the fault."""
    _known(plan, _TABLES, "the building")
    site = _site(session, actor, now, _table(plan, "site"))
    for each in _tables(plan, "area"):
        _known(each, [field.name for field in fields(AreaPlan)], "area")
        if areas.by_key(session, site, _text(each, "key")) is None:
            areas.make(session, actor, now, site, _built(AreaPlan, each))
    calendars.provide(session, actor, now, site)
    for each in _tables(plan, "schedule"):
        _load_schedule(session, actor, now, site, each)
    if own := _tables(plan, "format"):
        formats.define(session, actor, now, site, own)
    for each in _tables(plan, "agent"):
        _known(each, _AGENT, "agent")
        if agents.by_key(session, site, _text(each, "key")) is None:
            agents.make(session, actor, now, site, _text(each, "key"), _text(each, "name"))
    for each in _tables(plan, "door"):
        _load_door(session, actor, now, site, each)
    return site


def _site(session: Session, actor: str, now: datetime, plan: Mapping[str, Any]) -> Site:
    _known(plan, _SITE, "site")
    key, name, name_ja, zone = (_text(plan, field) for field in _SITE)
    return sites.by_key(session, key) or sites.found(session, actor, now, key, name, name_ja, zone)


def _load_schedule(session: Session, actor: str, now: datetime, site: Site, plan: Mapping[str, Any]) -> None:
    _known(plan, _SCHEDULE, "schedule")
    name, name_ja = _text(plan, "name"), _text(plan, "name_ja")
    if schedules.by_name(session, site, name) is not None:
        return
    try:
        intervals = [Interval(*each) for each in plan.get("intervals", ())]
        named = [_hours_on(session, site, each) for each in _tables(plan, "calendar")]
    except (TypeError, ValueError) as flaw:
        raise Refused("building-wrong", schedule=name) from flaw
    schedules.make(session, actor, now, site, SchedulePlan(name, name_ja, intervals, calendars=dict(named)))


def _hours_on(session: Session, site: Site, plan: Mapping[str, Any]) -> tuple[int, list[Interval]]:
    _known(plan, _CALENDAR, "schedule.calendar")
    calendar = calendars.by_name(session, site, _text(plan, "name"))
    if calendar is None:
        raise Refused("building-wrong", calendar=plan["name"])
    return calendar.id, [Interval(0, *each) for each in plan.get("hours", ())]


def _load_door(session: Session, actor: str, now: datetime, site: Site, plan: Mapping[str, Any]) -> None:
    own = {name: value for name, value in plan.items() if name not in ("agent", "access_point")}
    _known(own, [field.name for field in fields(DoorPlan)], "door")
    key = _text(own, "key")
    door = doors.by_key(session, site, key)
    if door is None:
        agent = agents.by_key(session, site, _text(plan, "agent"))
        if agent is None:
            raise Refused("building-wrong", door=key, agent=plan["agent"])
        door = doors.make(session, actor, now, site, agent, _built(DoorPlan, own))
    for each in _tables(plan, "access_point"):
        _load_access_point(session, actor, now, site, door, each)


def _load_access_point(
    session: Session, actor: str, now: datetime, site: Site, door: Door, plan: Mapping[str, Any]
) -> None:
    _known(plan, _ACCESS_POINT, "access_point")
    key = _text(plan, "key")
    present = select(AccessPoint.id).where(AccessPoint.site_id == site.id, AccessPoint.key == key)
    if session.scalar(present) is not None:
        return
    try:
        direction = Direction(_text(plan, "direction"))
        mode = ExitMode(_text(plan, "exit_mode")) if "exit_mode" in plan else None
    except ValueError as flaw:
        raise Refused("building-wrong", access_point=key) from flaw
    source, target = (_area(session, site, _text(plan, end)) for end in ("from", "to"))
    formats = tuple(str(name) for name in plan.get("formats", ()))
    signed = _confirmed(_table(plan, "sign_off"), key) if "sign_off" in plan else None
    if mode is ExitMode.CONTROLLED and signed is None:
        raise Refused("sign-off-missing", access_point=key)
    wanted = AccessPointPlan(key, direction, source, target, formats, mode)
    point = doors.add_access_point(session, actor, now, door, wanted)
    if signed is not None:
        sign_offs.sign(session, actor, now, point, signed)


def _confirmed(plan: Mapping[str, Any], point: str) -> Confirmed:
    _known(plan, _SIGN_OFF, "sign_off")
    try:
        failsafe = Failsafe(_text(plan, "failsafe"))
    except ValueError as flaw:
        raise Refused("building-wrong", access_point=point) from flaw
    tested = (plan.get("break_glass") is True, plan.get("fire") is True)
    return Confirmed(_text(plan, "signed_by"), *tested, failsafe, str(plan.get("note", "")))


def _area(session: Session, site: Site, key: str) -> Area:
    area = areas.by_key(session, site, key)
    if area is None:
        raise Refused("building-wrong", area=key)
    return area


def _built(kind: type[Any], plan: Mapping[str, Any]) -> Any:
    for field in fields(kind):
        if field.name in plan and type(plan[field.name]).__name__ != field.type:
            raise Refused("building-wrong", key=field.name)
    try:
        return kind(**plan)
    except TypeError as flaw:
        raise Refused("building-wrong", missing=sorted(f.name for f in fields(kind) if f.name not in plan)) from flaw


def _known(plan: Mapping[str, Any], names: Any, where: str) -> None:
    for name in plan:
        if name not in names:
            near = difflib.get_close_matches(name, names, 1, 0) or ["nothing"]
            raise Refused("building-wrong", where=where, unknown_key=name, nearest=near[0])


def _table(plan: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = plan.get(name)
    if not isinstance(found, Mapping):
        raise Refused("building-wrong", missing=name)
    return found


def _tables(plan: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = plan.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise Refused("building-wrong", key=name)
    return found


def _text(plan: Mapping[str, Any], name: str) -> str:
    found = plan.get(name)
    if not isinstance(found, str) or not found.strip():
        raise Refused("building-wrong", missing=name)
    return found
