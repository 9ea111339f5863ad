"""A site with many rooms and doors, put beside the house as plain rows: each door was passed once, and is heard."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from contract.fact import Clock, Fact, FactKind
from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow, append
from controller.premises.agent import Agent
from controller.premises.area import Area
from controller.premises.door import AccessPoint, Door, DoorPlan
from controller.premises.door import make as make_door
from controller.premises.rules import SEVEN_DAYS, THREE_DAYS, AreaRules
from controller.record.alarm import Alarm
from controller.record.door_state import DoorState, Leaf
from controller.record.fact import FactRow
from tests.controller.conftest import House


def add_many(house: House, session: Session, now: datetime, rooms: int, doors_each: int, first: int = 0) -> None:
    """`rooms` rooms with that many doors each, two doors at an agent; every tenth door has an alarm. first: the number
    of the first room."""
    site, outside = house.site(session), 1
    holder, rules = house.holder(session, "Ada").id, AreaRules(THREE_DAYS, SEVEN_DAYS)
    for number in range(first, first + rooms):
        names = {"key": f"room-{number}", "name": f"Room {number}", "name_ja": f"{number}号室"}
        area = Area(site_id=site.id, **names, private=False, open=False, rules=rules)
        agents = [_agent(site.id, f"box-{number}-{each}", now) for each in range((doors_each + 1) // 2)]
        session.add_all([area, *agents])
        session.flush()
        for each in range(doors_each):
            key = f"door-{number}-{each}"
            plan = DoorPlan(key, f"Door {number}-{each}", f"扉 {number}-{each}")
            door = make_door(session, "host", now, site, agents[each // 2], plan)
            points = [_point(door, outside, area.id, "entry"), _point(door, area.id, outside, "exit")]
            session.add_all(points)
            session.flush()
            place = append(session, Kind.FACT, "host", now, {"door": door.id})
            session.execute(insert(FactRow), [_passage(door, points[0], area.id, holder, place, now)])
            session.add(DoorState(door_id=door.id, leaf=Leaf.CLOSED, leaf_at=now, held_by="", faults="", passage=place))
            if each % 10 == 0:
                session.add(_alarm(door, place, now))
    session.flush()
    assert session.get(LedgerRow, place) is not None


def _agent(site_id: int, key: str, now: datetime) -> Agent:
    return Agent(site_id=site_id, key=key, name=key, last_heard_at=now)


def _point(door: Door, from_area: int, to_area: int, direction: str) -> AccessPoint:
    return AccessPoint(
        site_id=door.site_id,
        door_id=door.id,
        key=f"{door.key}-{direction}",
        direction=direction,
        from_area_id=from_area,
        to_area_id=to_area,
        exit_mode="free" if direction == "exit" else None,
        formats="serial-40",
    )


def _passage(door: Door, point: AccessPoint, area_id: int, holder: int, place: int, now: datetime) -> dict[str, Any]:
    told = Fact("tokyo", "box", place, b"\0" * 32, b"\0" * 16, FactKind.PASSAGE, now, 0, Clock.TRUSTED, {})
    return {
        "agent_id": door.agent_id,
        "sequence": place,
        "ledger_sequence": place,
        "received_at": now,
        "at": now,
        "trusted": True,
        "kind": "PASSAGE",
        "inferred": False,
        "access_point_id": point.id,
        "door_id": door.id,
        "area_id": area_id,
        "cardholder_id": holder,
        "encoded": told.encoded(),
        "fact_hash": b"",
    }


def _alarm(door: Door, place: int, now: datetime) -> Alarm:
    return Alarm(
        kind="FORCED_OPEN", ledger_sequence=place, agent_id=door.agent_id, door_id=door.id, raised_at=now, note=""
    )
