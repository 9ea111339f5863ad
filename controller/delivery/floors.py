"""Floor plans as they stand now: each door's state at its place, in as many statements however many doors there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from controller.delivery.overview import DoorNow, RoomNow, State
from controller.premises import floor_plan
from controller.premises.floor_plan import FloorPlan, PlanMark
from controller.premises.site import Site
from controller.record import alarm

_GRAVE = (State.HELD, State.FORCED)


@dataclass(frozen=True, slots=True)
class DoorMark:
    """alarm: an alarm about this door waits, or it stands as it must not."""

    door: DoorNow
    x: int
    y: int
    alarm: bool


@dataclass(frozen=True, slots=True)
class RoomMark:
    room: RoomNow
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Floor:
    """A plan with what stands on it, the doors from top to bottom; alarms: how many of its doors have one."""

    plan: FloorPlan
    doors: Sequence[DoorMark]
    rooms: Sequence[RoomMark]

    @property
    def alarms(self) -> int:
        return sum(each.alarm for each in self.doors)


@dataclass(frozen=True, slots=True)
class Floors:
    """Every floor of the site, and the doors that stand on none."""

    every: Sequence[Floor]
    unplaced: Sequence[DoorNow]

    def chosen(self, plan_id: int | None) -> Floor | None:
        """The floor of this plan, or else the first."""
        wanted = (each for each in self.every if each.plan.id == plan_id)
        return next(wanted, self.every[0] if self.every else None)


def standing(session: Session, site: Site, rooms: Sequence[RoomNow]) -> Floors:
    """rooms: as `overview.rooms` found them at the same moment."""
    plans = floor_plan.of_site(session, site)
    if not plans:
        return Floors((), ())
    doors = {door.id: door for room in rooms for door in room.doors}
    areas = {room.area.id: room for room in rooms}
    alarmed = alarm.doors_waiting(session)
    marks: dict[int, list[PlanMark]] = {plan.id: [] for plan in plans}
    for mark in floor_plan.marks(session, site):
        marks[mark.plan_id].append(mark)
    floors = [Floor(plan, _doors(marks[plan.id], doors, alarmed), _rooms(marks[plan.id], areas)) for plan in plans]
    placed = {mark.door.id for floor in floors for mark in floor.doors}
    return Floors(floors, [door for door in doors.values() if door.id not in placed])


def _doors(marks: Sequence[PlanMark], doors: Mapping[int, DoorNow], alarmed: set[int]) -> list[DoorMark]:
    found = [(doors[mark.thing.id], mark) for mark in marks if mark.door_id in doors]
    return [DoorMark(door, mark.x, mark.y, door.id in alarmed or door.state in _GRAVE) for door, mark in found]


def _rooms(marks: Sequence[PlanMark], rooms: Mapping[int, RoomNow]) -> list[RoomMark]:
    return [RoomMark(rooms[mark.thing.id], mark.x, mark.y) for mark in marks if mark.area_id in rooms]
