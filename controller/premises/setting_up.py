"""Rooms and doors as people set them up one by one: each with its reason, refused where it would guard nothing.

The installer's description (`building`) makes the same rows by the same verbs. Whether a reader or a lock is really
there is decided by the wiring at the agent, which this cannot see.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from contract.policy import Direction, ExitMode
from controller import line
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.premises import area as areas
from controller.premises import door as doors
from controller.premises.agent import Agent
from controller.premises.area import Area, AreaPlan
from controller.premises.door import AccessPoint, AccessPointPlan, Door, DoorPlan
from controller.premises.site import Site
from controller.refusal import Refused

PointFits = Callable[[Session, AccessPoint, datetime], None]


@dataclass(frozen=True, slots=True)
class Reader:
    """One access point of a door. key: empty for the door's own with `-in` or `-out`; exit_mode: of exits only."""

    direction: Direction
    formats: tuple[str, ...]
    exit_mode: ExitMode | None = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class Doorway:
    """A door from one area into another, which its entry guards; readers: an entry, an exit, or both."""

    plan: DoorPlan
    agent: Agent
    from_area: Area
    to_area: Area
    readers: tuple[Reader, ...]


def add_area(session: Session, actor: str, now: datetime, site: Site, plan: AreaPlan, reason: str) -> Area:
    """A room, or what is outside; Refused reason-missing, name-missing, text-wrong, key-wrong, key-taken,
    building-wrong."""
    why = line.reason(reason)
    name, name_ja = line.told_twice(plan.name, plan.name_ja)
    return areas.make(session, actor, now, site, replace(plan, name=name, name_ja=name_ja), why)


def add_door(
    session: Session, actor: str, now: datetime, site: Site, wanted: Doorway, reason: str, fits: PointFits
) -> Door:
    """A door with its access points; Refused reason-missing, name-missing, text-wrong, key-wrong, key-taken, what
    `add_reader` refuses, door-guards-nothing (without readers), agent-revoked."""
    why = line.reason(reason)
    if not wanted.readers:
        raise Refused("door-guards-nothing")
    if wanted.agent.revoked_at is not None:
        raise Refused("agent-revoked", agent=wanted.agent.key)
    name, name_ja = line.told_twice(wanted.plan.name, wanted.plan.name_ja)
    plan = replace(wanted.plan, name=name, name_ja=name_ja)
    door = doors.make(session, actor, now, site, wanted.agent, plan, why)
    for each in wanted.readers:
        add_reader(session, actor, now, door, (wanted.from_area, wanted.to_area), each, why, fits)
    return door


def add_reader(
    session: Session,
    actor: str,
    now: datetime,
    door: Door,
    between: tuple[Area, Area],
    wanted: Reader,
    reason: str,
    fits: PointFits,
) -> AccessPoint:
    """A further access point of `door`, whose entry leads from the first of the areas into the second. Refused
    reason-missing, key-wrong, key-taken, exit-mode-missing, format-unknown, areas-same, door-guards-nothing (an open
    area), door-retired, area-retired, sign-off-missing (an exit becomes controlled after its sign-off),
    access-point-there, and what `fits` refuses."""
    why, (outer, inner) = line.reason(reason), between
    doors.require_service(door)
    _must_guard(session, door, outer, inner, wanted)
    key = wanted.key or f"{door.key}-{'in' if wanted.direction is Direction.ENTRY else 'out'}"
    source, target = (outer, inner) if wanted.direction is Direction.ENTRY else (inner, outer)
    plan = AccessPointPlan(key, wanted.direction, source, target, wanted.formats, wanted.exit_mode)
    point = doors.add_access_point(session, actor, now, door, plan, why)
    fits(session, point, now)
    return point


def _must_guard(session: Session, door: Door, outer: Area, inner: Area, wanted: Reader) -> None:
    areas.require_service(outer)
    areas.require_service(inner)
    if outer.id == inner.id:
        raise Refused("areas-same")
    if inner.open:
        raise Refused("door-guards-nothing", area=inner.key)
    if wanted.exit_mode is ExitMode.CONTROLLED:
        raise Refused("sign-off-missing")
    present = doors.access_points(session, door)
    if any(each.direction == wanted.direction and each.guarded_area_id == inner.id for each in present):
        raise Refused("access-point-there", door=door.key)


def rename_area(session: Session, actor: str, now: datetime, area: Area, name: str, name_ja: str, reason: str) -> None:
    """Call an area otherwise; Refused reason-missing, name-missing, text-wrong. Nothing is recorded when it is called
    so already."""
    _rename(session, Kind.AREA_RENAMED, actor, now, area, (name, name_ja), reason, {"areas": [area.id]})


def rename_door(session: Session, actor: str, now: datetime, door: Door, name: str, name_ja: str, reason: str) -> None:
    """Call a door otherwise; as `rename_area`."""
    _rename(session, Kind.DOOR_RENAMED, actor, now, door, (name, name_ja), reason, {"door": door.id})


def _rename(
    session: Session,
    kind: Kind,
    actor: str,
    now: datetime,
    row: Area | Door,
    names: tuple[str, str],
    reason: str,
    subjects: dict[str, Sequence[int] | int],
) -> None:
    why, wanted = line.reason(reason), line.told_twice(*names)
    before = (row.name, row.name_ja)
    row.name, row.name_ja = wanted
    if wanted != before:
        plain = {"changed": {"name": [before[0], wanted[0]], "name_ja": [before[1], wanted[1]]}}
        append(session, kind, actor, now, subjects, plain, line.opening(why))
