"""How far an order of posture reaches: before it is made, which rooms, doors and people; afterwards, at which doors it
is in force. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from controller.delivery import carried, distribution, posture
from controller.delivery.distribution import InForce
from controller.delivery.posture import Act, Order, PostureChange
from controller.premises import agent as agents
from controller.premises import area as areas
from controller.premises import door as doors
from controller.premises.agent import Agent
from controller.premises.area import Area
from controller.premises.door import Door
from controller.premises.site import Site
from controller.record import occupancy


@dataclass(frozen=True, slots=True)
class Reach:
    """rooms: the guarded areas; doors: theirs; inside: how many are believed inside; silent: doors whose agents are not
    heard now; unchanged: rooms that go on standing under the same by another order."""

    rooms: Sequence[Area]
    doors: Sequence[Door]
    inside: int
    silent: Sequence[Door]
    unchanged: Sequence[Area]


@dataclass(frozen=True, slots=True)
class AtDoor:
    """in_force_at: when its agent adopted a list with the change, None while it has not; heard: its agent, lately."""

    door: Door
    in_force_at: datetime | None
    heard: bool


def before(session: Session, site: Site, now: datetime, wanted: Order) -> Reach:
    """What `wanted`, of an area or of the whole site, would reach if it were made now."""
    guarded = doors.guarding(session, site)
    rooms = [wanted.area] if wanted.area is not None else areas.guarded_of_site(session, site)
    found = {door.id: door for room in rooms for door in guarded.get(room.id, ())}
    inside = occupancy.counts(session)
    heard = _heard(session, site, now)
    return Reach(
        rooms,
        list(found.values()),
        sum(inside.get(room.id, 0) for room in rooms),
        [door for door in found.values() if not heard[door.agent_id]],
        _unchanged(session, site, wanted, rooms),
    )


def after(session: Session, site: Site, now: datetime, row: PostureChange) -> tuple[InForce, list[AtDoor]]:
    """How far the change has come, and door by door."""
    return told(session, site, now, posture.doors_of(session, site, row), row.ledger_sequence)


def told(
    session: Session, site: Site, now: datetime, concerned: Sequence[Door], ledger_sequence: int
) -> tuple[InForce, list[AtDoor]]:
    """The same for whatever was recorded in this row of the ledger."""
    lists = carried.of_agents(session, {door.agent_id for door in concerned})
    heard = _heard(session, site, now)
    found = []
    for door in sorted(concerned, key=lambda each: (each.name, each.id)):
        list_ = lists.get(door.agent_id)
        there = list_ is not None and list_.reflects >= ledger_sequence
        found.append(AtDoor(door, list_.adopted_at if list_ is not None and there else None, heard[door.agent_id]))
    return distribution.in_force_at(session, concerned, ledger_sequence), found


def _unchanged(session: Session, site: Site, wanted: Order, rooms: Sequence[Area]) -> list[Area]:
    """Ending an order of the site leaves what was ordered for a room, and the other way round."""
    if wanted.act is Act.FORGIVE or wanted.value:
        return []
    stands = posture.standing(session, site)
    others = [(room, stands.order(wanted.act, None if wanted.area is not None else room.id)) for room in rooms]
    return [room for room, order in others if order is not None and order.value]


def _heard(session: Session, site: Site, now: datetime) -> dict[int, bool]:
    found: Sequence[Agent] = agents.of_site(session, site)
    return {each.id: each.heard(now) for each in found}
