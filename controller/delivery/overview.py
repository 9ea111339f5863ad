"""The whole site as it stands: every room with its doors, in a handful of statements however many doors there are.

The law: a door whose agent is not heard stands as nobody knows; what it last told is not passed off as the present.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from contract.policy import Direction, DoorMode
from contract.room_rules import Posture
from controller.delivery import carried, posture
from controller.delivery.carried import Carried
from controller.delivery.posture import Standing
from controller.people.cardholder import Cardholder
from controller.premises import agent as agents
from controller.premises import area as areas
from controller.premises.agent import Agent
from controller.premises.area import Area
from controller.premises.door import AccessPoint, Door, Moving
from controller.premises.site import Site
from controller.record import occupancy
from controller.record.door_state import DoorState, Leaf
from controller.record.fact import FactRow
from controller.record.occupancy import AreaUncertainty


class State(StrEnum):
    """UNLOCKED: held released by hours, a holder, fire, break-glass or a lost reader; RELEASED: for one passage."""

    SECURED = "secured"
    RELEASED = "released"
    OPEN = "open"
    HELD = "held"
    FORCED = "forced"
    UNLOCKED = "unlocked"
    UNKNOWN = "unknown"


class Mode(StrEnum):
    """The posture of a door: the gravest of what stands for it and for its room."""

    NORMAL = "normal"
    THREAT = "threat"
    EVACUATION = "evacuation"
    LOCKDOWN = "lockdown"


class Health(StrEnum):
    WELL = "well"
    FAULT = "fault"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Passed:
    """The newest passage at a door; holder: None where nobody knows whose it was."""

    at: datetime
    sequence: int
    holder: int | None
    name: str | None
    direction: str | None


@dataclass(frozen=True, slots=True)
class DoorNow:
    """held_by, faults: as of `DoorState`; heard_at: when its agent last spoke; fresh_until: how long its list lets new
    people in if that was the last; version: of the list it carries, None for none; newest: no later one was issued;
    moving: it is on its way to another agent."""

    id: int
    key: str
    name: str
    name_ja: str
    state: State
    mode: Mode
    health: Health
    held_by: tuple[str, ...]
    faults: tuple[str, ...]
    heard_at: datetime | None
    fresh_until: datetime | None
    version: int | None
    newest: bool
    passed: Passed | None
    moving: Moving | None


@dataclass(frozen=True, slots=True)
class RoomNow:
    """A guarded area and the doors into it; inside: how many are believed to be."""

    area: Area
    posture: Posture
    inside: int
    uncertain: AreaUncertainty | None
    doors: Sequence[DoorNow]


def rooms(session: Session, site: Site, now: datetime) -> list[RoomNow]:
    """Every guarded area. A door between two of them stands with the one that its entry leads into."""
    stands = posture.standing(session, site)
    inside, unsure = occupancy.counts(session), occupancy.uncertain(session)
    guarded = areas.guarded_of_site(session, site)
    rows, homes = _rows(session, site), _homes(session, site)
    lists = carried.of_agents(session, {row.agent_id for row in rows})
    found: dict[int, list[DoorNow]] = {area.id: [] for area in guarded}
    postures = {area.id: stands.of_area(area) for area in guarded}
    fresh = {area.id: timedelta(seconds=area.rules.fresh_s) for area in guarded}
    for row in rows:
        home = homes.get(row.id)
        if home in found:
            mode = _mode(stands, row.id, postures[home])
            found[home].append(_door(row, now, mode, fresh[home], lists))
    return [
        RoomNow(area, postures[area.id], inside.get(area.id, 0), unsure.get(area.id), found[area.id])
        for area in guarded
    ]


def doors(session: Session, site: Site, now: datetime) -> dict[int, DoorNow]:
    """The same doors by their ids."""
    return {door.id: door for room in rooms(session, site, now) for door in room.doors}


def _rows(session: Session, site: Site) -> Sequence[Any]:
    """Each door with its agent, its state, and who passed last; as columns: hundreds of entities are slow."""
    statement = (
        select(
            Door.id,
            Door.key,
            Door.name,
            Door.name_ja,
            Door.release_ms,
            Door.extended_ms,
            Door.agent_id,
            Door.moving,
            Agent.last_heard_at,
            DoorState.leaf,
            DoorState.released_at,
            DoorState.held_by,
            DoorState.faults,
            FactRow.at,
            FactRow.ledger_sequence,
            Cardholder.id.label("holder"),
            Cardholder.name.label("holder_name"),
            AccessPoint.direction,
        )
        .join(Agent, Agent.id == Door.agent_id)
        .outerjoin(DoorState, DoorState.door_id == Door.id)
        .outerjoin(FactRow, FactRow.ledger_sequence == DoorState.passage)
        .outerjoin(Cardholder, Cardholder.id == FactRow.cardholder_id)
        .outerjoin(AccessPoint, AccessPoint.id == FactRow.access_point_id)
        .where(Door.site_id == site.id, Door.retired_at.is_(None))
        .order_by(Door.name, Door.id)
    )
    return session.execute(statement).all()


def _homes(session: Session, site: Site) -> dict[int, int]:
    """The area with which each door stands: the one its entry guards, or else its exit."""
    statement = select(AccessPoint.door_id, AccessPoint.direction, AccessPoint.from_area_id, AccessPoint.to_area_id)
    found: dict[int, int] = {}
    for door_id, direction, from_area, to_area in session.execute(
        statement.where(AccessPoint.site_id == site.id).order_by(AccessPoint.direction, AccessPoint.id)
    ):
        found.setdefault(door_id, to_area if direction == Direction.ENTRY else from_area)
    return found


def _door(row: Any, now: datetime, mode: Mode, fresh: timedelta, lists: Mapping[int, Carried]) -> DoorNow:
    heard = agents.was_heard(row.last_heard_at, now)
    faults = tuple((row.faults or "").split())
    held_by = tuple((row.held_by or "").split())
    carries = lists.get(row.agent_id)
    return DoorNow(
        row.id,
        row.key,
        row.name,
        row.name_ja,
        _state(row, now, held_by) if heard else State.UNKNOWN,
        mode,
        Health.SILENT if not heard else Health.FAULT if faults else Health.WELL,
        held_by,
        faults,
        row.last_heard_at,
        row.last_heard_at + fresh if row.last_heard_at is not None else None,
        carries.version if carries else None,
        carries.newest if carries else False,
        Passed(row.at, row.ledger_sequence, row.holder, row.holder_name, row.direction) if row.at else None,
        Moving(row.moving) if row.moving else None,
    )


def _state(row: Any, now: datetime, held_by: Sequence[str]) -> State:
    """The gravest first. An agent does not say that a release ran out unused where it was asked for by a button: it
    lasts as long as the door's longest one."""
    if row.leaf in (Leaf.FORCED, Leaf.HELD):
        return State(row.leaf)
    if held_by:
        return State.UNLOCKED
    if row.leaf == Leaf.OPEN:
        return State.OPEN
    longest = timedelta(milliseconds=max(row.release_ms, row.extended_ms))
    if row.released_at is not None and now - row.released_at <= longest:
        return State.RELEASED
    return State.SECURED if row.leaf == Leaf.CLOSED else State.UNKNOWN


def _mode(stands: Standing, door_id: int, room: Posture) -> Mode:
    if room.lockdown or stands.of_door(door_id) is DoorMode.LOCKDOWN:
        return Mode.LOCKDOWN
    if room.evacuation:
        return Mode.EVACUATION
    return Mode.THREAT if room.threat else Mode.NORMAL
