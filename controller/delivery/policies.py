"""The policy part of an agent's list: the rules of its areas, doors and access points, and the posture that stands.

A controlled exit without a valid sign-off is compiled as recorded; then coming in twice, which could lock people out
who left without a card, is recorded instead of refused (DESIGN 4: hard anti-passback needs every exit controlled).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from contract.policy import AccessPointPolicy, AreaPolicy, Direction, DoorPolicy, ExitMode, Policy
from contract.room_rules import Enforcement, PinRule
from controller.delivery import pins, posture
from controller.delivery.posture import Standing
from controller.delivery.records import Schedules
from controller.premises import door as doors
from controller.premises import format as formats
from controller.premises import sign_off, site_clock
from controller.premises.agent import Agent
from controller.premises.area import Area
from controller.premises.door import AccessPoint, Door
from controller.premises.site import Site


def policy_for(
    session: Session,
    site: Site,
    agent: Agent,
    held: Mapping[Door, Sequence[AccessPoint]],
    schedules: Schedules,
    now: datetime,
) -> Policy:
    """What `agent`'s list says of its doors at `now`; `schedules` gets those that doors name."""
    points = [point for each in held.values() for point in each]
    areas = {area.id: area for area in session.scalars(select(Area).where(Area.site_id == site.id))}
    guarded = {areas[point.guarded_area_id] for point in points}
    stands, modes = posture.standing(session, site), sign_off.in_force_modes(session, points, now)
    schedules.read(door.unlock_schedule_id for door in held)
    told = {door.key: _door(door, stands, schedules) for door in held}
    asking = pins.rules_of(session, points, schedules)
    return Policy(
        site.key,
        agent.key,
        site_clock.site_time(site.clock, now),
        {area.key: _area(session, area, stands, now) for area in guarded},
        told,
        {
            point.key: _point(point, door, areas, modes[point.id], asking.get(point.id))
            for door, each in held.items()
            for point in each
        },
        tuple(schedules.compiled),
        formats.named(session, site.id, (name for point in points for name in point.formats.split())),
        stands.number,
    )


def _area(session: Session, area: Area, stands: Standing, now: datetime) -> AreaPolicy:
    rules = area.rules
    passback = rules.passback
    if passback.entry is Enforcement.HARD and not _closed(session, area, now):
        passback = replace(passback, entry=Enforcement.SOFT)
    return AreaPolicy(
        area.key,
        area.private,
        rules.fresh_s,
        rules.essential_s,
        passback,
        rules.company,
        stands.of_area(area),
        rules.clockless,
        rules.unheard,
    )


def _closed(session: Session, area: Area, now: datetime) -> bool:
    """Whether every exit of the area is controlled in force, at whichever agent it is."""
    modes = sign_off.in_force_modes(session, doors.exits_from(session, area), now).values()
    return bool(modes) and all(mode is ExitMode.CONTROLLED for mode in modes)


def _door(door: Door, stands: Standing, schedules: Schedules) -> DoorPolicy:
    rules = door.rules
    return DoorPolicy(
        door.key,
        rules.release_ms,
        rules.held_open_s,
        stands.of_door(door.id),
        rules.extended_ms,
        rules.extended_held_open_s,
        rules.pre_alarm_s,
        rules.shunt_ms,
        rules.relock,
        None if rules.unlock is None else schedules.number(frozenset({rules.unlock})),
        rules.unlock_first,
        rules.may_hold,
        rules.tailgate_s,
    )


def _point(
    point: AccessPoint, door: Door, areas: Mapping[int, Area], mode: ExitMode | None, pin: PinRule | None
) -> AccessPointPolicy:
    rules = point.rules
    return AccessPointPolicy(
        point.key,
        door.key,
        Direction(point.direction),
        areas[point.from_area_id].key,
        areas[point.to_area_id].key,
        tuple(point.formats.split()),
        mode,
        pin,
        card_again_s=rules.card_again_s,
        door_again_s=rules.door_again_s,
    )
