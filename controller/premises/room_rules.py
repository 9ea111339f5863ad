"""Changing the rules of a room, its doors and its access points: each change has its reason and its ledger row.

A change that would bring a refused danger (`controller.premises.dangers`) is not made; an exit becomes controlled only
with a valid sign-off. Whoever compiles lists learns of it from the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from contract.canonical import Object, Value
from contract.policy import Direction, ExitMode
from controller import line
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.premises import area as areas
from controller.premises import dangers, pin_rule, presets, sign_off
from controller.premises import door as doors
from controller.premises.area import Area
from controller.premises.dangers import Exit, Room
from controller.premises.door import AccessPoint, Door
from controller.premises.presets import Preset
from controller.premises.rules import Rules, settings_of, with_settings
from controller.premises.schedule import Schedule
from controller.premises.sign_off import ExitSignOff
from controller.refusal import Refused

_NOT_YET = timedelta(0)
PointFits = Callable[[Session, AccessPoint, datetime], None]


def room(session: Session, area: Area, now: datetime) -> Room:
    """The room as it is set; what only lists and doors can tell (`delivery.rooms`) is not looked at."""
    guarding = doors.of_area(session, area)
    exits, entries = doors.exits_from(session, area), doors.entries_into(session, area)
    asking = pin_rule.of_each(session, [point.id for point in entries])
    signed = sign_off.newest_of_each(session, [point.id for point in exits])
    return Room(
        area.private,
        area.rules,
        tuple((door.key, door.rules) for door in guarding),
        tuple(_exit(point, signed.get(point.id), now) for point in exits),
        # Whether there are hours without a PIN matters here, not which: their row serves as their number.
        tuple((each.key, row.rule(row.card_alone_id)) for each in entries if (row := asking.get(each.id)) is not None),
        agents=len({door.agent_id for door in guarding}),
    )


def rooms_of(session: Session, door: Door) -> list[Area]:
    """The areas that this door guards."""
    guarded = {point.guarded_area_id for point in doors.access_points(session, door)}
    return [session.get_one(Area, each) for each in sorted(guarded)]


def change_area(
    session: Session, actor: str, now: datetime, area: Area, changes: Mapping[str, Value], reason: str
) -> None:
    """Set some rules of an area; Refused reason-missing, area-open, area-retired, setting-unknown, setting-wrong,
    rules-contradict, rules-dangerous. Nothing is recorded when nothing changes."""
    _must_be_ruled(area)
    why = line.reason(reason)
    session.refresh(area, with_for_update=True)
    before, known = area.rules, room(session, area, now)
    area.rules = with_settings(before, changes)
    if area.rules.forgive_at != before.forgive_at:
        area.forgive_since = None if area.rules.forgive_at is None else now
    _refuse_what_is_brought(known, room(session, area, now))
    _record(session, Kind.AREA_CHANGED, actor, now, {"areas": [area.id]}, before, area.rules, why)


def mark_private(session: Session, actor: str, now: datetime, area: Area, private: bool, reason: str) -> None:
    """Say that personal information is handled in an area, or is no longer; Refused reason-missing, area-open,
    rules-dangerous. Permissions keep the end that they have, or none. Nothing is recorded when it is so already."""
    _must_be_ruled(area)
    why = line.reason(reason)
    session.refresh(area, with_for_update=True)
    if area.private == private:
        return
    known = room(session, area, now)
    area.private = private
    _refuse_what_is_brought(known, room(session, area, now))
    append(session, Kind.AREA_MARKED, actor, now, {"areas": [area.id]}, {"private": private}, line.opening(why))


def change_door(
    session: Session, actor: str, now: datetime, door: Door, changes: Mapping[str, Value], reason: str
) -> None:
    """Set some rules of a door; Refused as `change_area`, door-retired, and not-found for an unknown schedule."""
    why = line.reason(reason)
    doors.require_service(door)
    session.refresh(door, with_for_update=True)
    before = door.rules
    after = with_settings(before, changes)
    if after.unlock is not None and after.unlock != before.unlock:
        schedule = session.get(Schedule, after.unlock)
        if schedule is None or schedule.site_id != door.site_id:
            raise Refused("not-found", schedule=after.unlock)
    guarded = rooms_of(session, door)
    known = [room(session, area, now) for area in guarded]
    door.rules = after
    session.flush()
    for area, was in zip(guarded, known, strict=True):
        _refuse_what_is_brought(was, room(session, area, now))
    subjects = {"door": door.id, "areas": [area.id for area in guarded]}
    _record(session, Kind.DOOR_CHANGED, actor, now, subjects, before, after, why)


def change_access_point(
    session: Session, actor: str, now: datetime, point: AccessPoint, changes: Mapping[str, Value], reason: str
) -> None:
    """Set some rules of an access point; Refused as `change_area`, door-retired, exit-mode-missing,
    sign-off-missing."""
    why = line.reason(reason)
    doors.require_service(session.get_one(Door, point.door_id))
    session.refresh(point, with_for_update=True)
    before = point.rules
    after = with_settings(before, changes)
    if (point.direction == Direction.EXIT) != (after.exit_mode is not None):
        raise Refused("exit-mode-missing", access_point=point.key)
    controls = after.exit_mode is ExitMode.CONTROLLED and before.exit_mode is not ExitMode.CONTROLLED
    if controls and not sign_off.is_valid(session, point, now):
        raise Refused("sign-off-missing", access_point=point.key)
    area = session.get_one(Area, point.guarded_area_id)
    known = room(session, area, now)
    point.rules = after
    session.flush()
    _refuse_what_is_brought(known, room(session, area, now))
    subjects = {"access_point": point.id, "door": point.door_id, "areas": [area.id]}
    _record(session, Kind.ACCESS_POINT_CHANGED, actor, now, subjects, before, after, why)


def change_pin_rule(
    session: Session,
    actor: str,
    now: datetime,
    point: AccessPoint,
    changes: Mapping[str, Value],
    reason: str,
    fits: PointFits,
) -> None:
    """Set what an entry asks for after the card; Refused reason-missing, setting-unknown, setting-wrong, pin-on-exit,
    pin-rule-wrong, door-retired, not-found for an unknown schedule, rules-dangerous, and what `fits` refuses."""
    why = line.reason(reason)
    doors.require_service(session.get_one(Door, point.door_id))
    session.refresh(point, with_for_update=True)
    before = pin_rule.settings_of(pin_rule.of(session, point))
    after = pin_rule.with_settings(before, changes)
    if after == before:
        return
    area = session.get_one(Area, point.guarded_area_id)
    known, plan = room(session, area, now), pin_rule.plan_of(after)
    if plan is None:
        pin_rule.ask_no_more(session, actor, now, point, why)
    else:
        pin_rule.ask(session, actor, now, point, plan, why)
    _refuse_what_is_brought(known, room(session, area, now))
    fits(session, point, now)


def apply_preset(session: Session, actor: str, now: datetime, area: Area, preset: Preset, reason: str) -> None:
    """Give an area, and the doors that guard it alone, the rules of a preset, as `change_area` and `change_door` would;
    a door that guards another private area too is left to that."""
    _must_be_ruled(area)
    wanted = presets.chosen(preset, room(session, area, now))
    change_area(session, actor, now, area, settings_of(wanted.area), reason)
    for door in doors.of_area(session, area):
        if not any(other.id != area.id and other.private for other in rooms_of(session, door)):
            change_door(session, actor, now, door, wanted.doors, reason)


def _must_be_ruled(area: Area) -> None:
    areas.require_service(area)
    if area.open:
        raise Refused("area-open", area=area.key)


def _exit(point: AccessPoint, signed: ExitSignOff | None, now: datetime) -> Exit:
    left = _NOT_YET if signed is None else signed.valid_until - now
    by_migration = signed is not None and signed.recorded_by == sign_off.MIGRATION
    return Exit(
        point.key, ExitMode(point.exit_mode or ExitMode.FREE), left > _NOT_YET, by_migration, left < sign_off.SOON
    )


def _refuse_what_is_brought(before: Room, after: Room) -> None:
    brought = dangers.brought(before, after)
    if brought:
        told = [f"{each.danger} {each.where}".strip() for each in brought]
        raise Refused("rules-dangerous", findings=told, says=brought[0].says.en)


def _record(
    session: Session,
    kind: Kind,
    actor: str,
    now: datetime,
    subjects: Mapping[str, Any],
    before: Rules,
    after: Rules,
    why: str,
) -> None:
    was, becomes = settings_of(before), settings_of(after)
    changed: Object = {name: [was[name], value] for name, value in becomes.items() if was[name] != value}
    if changed:
        append(session, kind, actor, now, subjects, {"changed": changed}, {"reason": why})
