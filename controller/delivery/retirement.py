"""What taking a door out of service would mean, before it is done. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from contract.canonical import Object, Value
from contract.policy import DoorMode
from controller.delivery import distribution, posture
from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow, openings_of
from controller.people import access_level as levels
from controller.people import permission as permissions
from controller.people.access_level import AccessLevel
from controller.people.cardholder import Cardholder
from controller.premises import door as doors
from controller.premises.agent import Agent
from controller.premises.door import Door
from controller.premises.floor_plan import FloorPlan, PlanMark
from controller.premises.site import Site
from controller.record import alarm, retiring
from controller.record.retiring import WithoutDoor


@dataclass(frozen=True, slots=True)
class RoomWithout:
    """left: the room without the door; people: who may enter it now, by name; levels: that open it."""

    left: WithoutDoor
    people: Sequence[Cardholder]
    levels: Sequence[AccessLevel]

    def as_object(self) -> Object:
        left = self.left
        people: list[Value] = [each.id for each in self.people]
        opened: list[Value] = [each.id for each in self.levels]
        return {
            "area": left.area.id,
            "entries_left": [each.id for each in left.entries],
            "exits_left": [each.id for each in left.exits],
            "last_exit_while_entered": left.traps,
            "must_be_empty": left.must_be_empty,
            "inside": left.inside,
            "uncertain": left.uncertain,
            "people": people,
            "levels": opened,
        }


@dataclass(frozen=True, slots=True)
class DoorEnds:
    """lockdown: ordered of the door itself; alarms: that wait about it; plan: on which it stands; others: doors that
    its agent goes on driving; heard: the agent, lately."""

    door: Door
    agent: Agent
    rooms: Sequence[RoomWithout]
    lockdown: bool
    alarms: int
    plan: FloorPlan | None
    others: int
    heard: bool

    @property
    def traps(self) -> bool:
        """It will be refused: somebody could come in where no reader lets anybody out."""
        return any(each.left.traps for each in self.rooms)

    @property
    def must_be_empty(self) -> Sequence[WithoutDoor]:
        """The rooms of which somebody must say that nobody is inside."""
        return [each.left for each in self.rooms if each.left.must_be_empty]

    def as_object(self) -> Object:
        rooms: list[Value] = [each.as_object() for each in self.rooms]
        return {
            "door": self.door.id,
            "agent": self.agent.id,
            "agent_heard": self.heard,
            "doors_left_at_agent": self.others,
            "lockdown": self.lockdown,
            "alarms": self.alarms,
            "floor_plan": self.plan.id if self.plan else None,
            "rooms": rooms,
        }


@dataclass(frozen=True, slots=True)
class Receipt:
    """Why a door was retired, None where that was erased; whether its agent carries a list without it."""

    reason: str | None
    in_force: bool


def of_door(session: Session, site: Site, now: datetime, door: Door) -> DoorEnds:
    """What retiring `door` would mean now; Refused door-retired."""
    doors.require_service(door)
    agent = session.get_one(Agent, door.agent_id)
    return DoorEnds(
        door,
        agent,
        [_room(session, each, now) for each in retiring.without(session, door)],
        posture.standing(session, site).of_door(door.id) is DoorMode.LOCKDOWN,
        alarm.count_of_door(session, door.id),
        _plan(session, door),
        sum(each.id != door.id for each in doors.of_agent(session, agent)),
        agent.heard(now),
    )


def receipt(session: Session, door: Door) -> Receipt | None:
    """What became of the newest retirement of `door`; None while it is in service."""
    if door.retired_at is None:
        return None
    newest = select(LedgerRow).where(LedgerRow.kind == Kind.DOOR_RETIRED, LedgerRow.at == door.retired_at)
    mine = [row for row in session.scalars(newest) if row.subjects.get("door") == door.id]
    kept = openings_of(session, mine[-1].sequence).get("reason") if mine else None
    opening = kept.opening() if kept else None
    reached = bool(mine) and distribution.in_force_at(session, [door], mine[-1].sequence).everywhere
    return Receipt(str(opening.value) if opening is not None else None, reached)


def _room(session: Session, left: WithoutDoor, now: datetime) -> RoomWithout:
    holders = {each.cardholder_id for each in permissions.in_force(session, left.area, now)}
    people = sorted((session.get_one(Cardholder, each) for each in holders), key=lambda each: (each.name, each.id))
    return RoomWithout(left, people, levels.that_open(session, left.area))


def _plan(session: Session, door: Door) -> FloorPlan | None:
    mine = select(FloorPlan).join(PlanMark, PlanMark.plan_id == FloorPlan.id)
    return session.scalar(mine.where(PlanMark.door_id == door.id, FloorPlan.removed_at.is_(None)))
