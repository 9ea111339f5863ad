"""A house as large as Sekisho promises to serve, with a year behind it: built by the controller's own functions, lived
in row by row.

Everybody has one room, one card and one permission. On a working day a part of them come in, go through their door, and
leave again: eight facts and one stay. Some cards are refused, some doors were forced, a few people are inside now.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session

from contract.canonical import Value
from contract.credential import Identity, Source
from contract.fact import Clock, Fact, FactKind
from controller.database import migrate, reading, transaction
from controller.ledger.kinds import Kind
from controller.ledger.ledger import Entry, append_all
from controller.people import cardholder, credential, operator
from controller.people.access import Role
from controller.people.cardholder import Cardholder
from controller.people.operator import NewOperator
from controller.people.permission import Grant, GrantState
from controller.premises import building
from controller.premises.agent import Agent
from controller.premises.area import Area
from controller.premises.door import AccessPoint, Door
from controller.premises.site import Site
from controller.record.alarm import Alarm
from controller.record.door_state import DoorState, Leaf
from controller.record.fact import FactRow
from controller.record.occupancy import Presence
from controller.record.stay import Stay

SITE, ACTOR, SEED = "tokyo", "host", 20261129
FACTS_OF_A_STAY, DAYS = 8, 250
_AT_ONCE = 1000
"""Stays that are written together."""


@dataclass(frozen=True, slots=True)
class Size:
    facts: int = 1_000_000
    people: int = 10_000
    rooms: int = 100
    doors_each: int = 5


@dataclass(frozen=True, slots=True)
class Places:
    """What one room's facts need: its doors with their ways in and out."""

    area: int
    outside: int
    doors: tuple[tuple[Door, AccessPoint, AccessPoint], ...]


def stand(engine: Engine, now: datetime, size: Size) -> None:
    """Make the house, unless an earlier run has: then only its tables are brought up to date."""
    migrate(engine)
    with reading(engine) as session:
        stands = session.scalar(select(Site.id).where(Site.key == SITE)) is not None
    if not stands:
        fill(engine, now, size)


def fill(engine: Engine, now: datetime, size: Size) -> None:
    """Make the house in an empty database. Its operators are `kim`, a security admin, and `olu`, an auditor."""
    migrate(engine)
    begun = now - timedelta(days=DAYS)
    with transaction(engine) as session:
        site = building.load(session, ACTOR, begun, _plan(size))
        for each in session.scalars(select(Agent).where(Agent.site_id == site.id)):
            each.list_key = each.id.to_bytes(32)  # who may enter is judged by the list of an agent that has a key
        for role, name in ((Role.SECURITY_ADMIN, "kim"), (Role.AUDITOR, "olu")):
            operator.add(session, ACTOR, begun, site, role, NewOperator(name, name.title(), secrets.token_hex(16)))
        rooms = _rooms(session, site)
        holders = [_person(session, begun, site, number) for number in range(size.people)]
        _permit(session, begun, now, holders, rooms)
    stays = size.facts // FACTS_OF_A_STAY
    for first in range(0, stays, _AT_ONCE):
        with transaction(engine) as session:
            _live(session, begun, rooms, holders, range(first, min(first + _AT_ONCE, stays)), stays)
    with transaction(engine) as session:
        _stand_now(session, now, rooms, holders)


def _plan(size: Size) -> dict[str, Any]:
    """The building as `building.load` reads it: two doors at an agent, every second room private."""
    areas: list[dict[str, Any]] = [{"key": "outside", "name": "Outside", "name_ja": "屋外", "open": True}]
    agents, doors = list[dict[str, Any]](), list[dict[str, Any]]()
    for room in range(size.rooms):
        names = {"name": f"Room {room}", "name_ja": f"{room}号室"}
        areas.append({"key": f"room-{room}", **names, "private": room % 2 == 0})
        for number in range(size.doors_each):
            key, agent = f"door-{room}-{number}", f"box-{room}-{number // 2}"
            if number % 2 == 0:
                agents.append({"key": agent, "name": agent})
            ways = [
                {"key": f"{key}-in", "direction": "entry", "from": "outside", "to": f"room-{room}"},
                {"key": f"{key}-out", "direction": "exit", "from": f"room-{room}", "to": "outside"},
            ]
            points = [{**way, "formats": ["serial-40"]} for way in ways]
            points[1]["exit_mode"] = "recorded"
            doors.append({"key": key, "name": key, "name_ja": f"{room}号室 扉{number}", "agent": agent})
            doors[-1]["access_point"] = points
    site = {"key": SITE, "name": "Great house", "name_ja": "大きな家", "zone": "Asia/Tokyo"}
    return {"site": site, "area": areas, "agent": agents, "door": doors}


def _rooms(session: Session, site: Site) -> list[Places]:
    areas = {each.key: each for each in session.scalars(select(Area).where(Area.site_id == site.id))}
    ways = {each.key: each for each in session.scalars(select(AccessPoint).where(AccessPoint.site_id == site.id))}
    doors = dict[int, list[tuple[Door, AccessPoint, AccessPoint]]]()
    for door in session.scalars(select(Door).where(Door.site_id == site.id).order_by(Door.id)):
        into, out = ways[f"{door.key}-in"], ways[f"{door.key}-out"]
        doors.setdefault(into.to_area_id, []).append((door, into, out))
    return [Places(area, areas["outside"].id, tuple(found)) for area, found in doors.items()]


def _person(session: Session, now: datetime, site: Site, number: int) -> Cardholder:
    kanji, kana = _FAMILIES[number % len(_FAMILIES)]
    holder = cardholder.enrol(session, ACTOR, now, site, f"{kanji} 花子{number}", f"n{number}", f"{kana} ハナコ")
    bits = f"{number + 1:040b}"
    credential.issue(session, ACTOR, now, holder, f"C{number}", [Identity(Source.SERIAL_HEX, bits)], _fits)
    return holder


def _fits(_session: Session, _given: object, _now: datetime) -> None:
    """A list as long as this house's is not compiled here."""


def _permit(session: Session, begun: datetime, now: datetime, holders: list[Cardholder], rooms: list[Places]) -> None:
    """One permission each, for a year from the house's first day; a few end within the month."""
    soon, later = now + timedelta(days=20), begun + timedelta(days=366)
    rows = [
        {
            "cardholder_id": holder.id,
            "area_id": rooms[number % len(rooms)].area,
            "essential": False,
            "valid_from": begun,
            "valid_until": soon if number % 97 == 0 else later,
            "reason": "team of the room",
            "state": GrantState.APPROVED,
            "requested_by": 1,
            "requested_at": begun,
            "decided_by": 1,
            "decided_at": begun,
            "ledger_sequence": 1,
        }
        for number, holder in enumerate(holders)
    ]
    session.execute(insert(Grant), rows)


def _live(
    session: Session, begun: datetime, rooms: list[Places], holders: list[Cardholder], numbers: range, of: int
) -> None:
    """These stays, and the facts around them."""
    entries = [Entry(Kind.FACT, "agent:bench", begun, {}, {}, {})] * (len(numbers) * FACTS_OF_A_STAY)
    place = append_all(session, entries) - len(entries)
    facts, stays = list[dict[str, Any]](), list[dict[str, object]]()
    for number in numbers:
        at = begun + timedelta(days=DAYS) * number / of
        who = number % len(holders)
        room = rooms[who % len(rooms)]
        told = list(_facts_of(number, at, room, holders[who].id, place))
        facts += told
        stays.append(_stay(told, room, holders[who].id))
        place += FACTS_OF_A_STAY
    session.execute(insert(FactRow), facts)
    session.execute(insert(Stay), stays)


def _facts_of(number: int, at: datetime, room: Places, holder: int, place: int) -> Iterator[dict[str, Any]]:
    """In: decision, opened, passage, closed; and the same on the way out. Every fiftieth first card is refused."""
    chance = random.Random(SEED + number)  # noqa: S311 - where somebody happened to walk
    door, into, out = chance.choice(room.doors)
    leaves = at + timedelta(minutes=chance.randint(5, 400))
    refused = number % 50 == 0
    for step in range(FACTS_OF_A_STAY):
        kind = ("DECISION", "DOOR_OPENED", "PASSAGE", "DOOR_CLOSED")[step % 4]
        when = (at if step < 4 else leaves) + timedelta(seconds=step % 4)
        point, decided = into if step < 4 else out, kind == "DECISION"
        reason = "SCHEDULE" if refused and step == 0 else "PERMITTED"
        body: dict[str, Value] = {"door": door.key, "access_point": point.key, "reason": reason}
        hashes = b"\0" * 32, b"\0" * 16
        fact = Fact(SITE, "bench", place + step + 1, *hashes, FactKind(kind), when, 1, Clock.TRUSTED, body)
        yield {
            "agent_id": door.agent_id,
            "sequence": place + step + 1,
            "ledger_sequence": place + step + 1,
            "received_at": when,
            "at": when,
            "trusted": True,
            "kind": kind,
            "outcome": ("GRANT" if reason == "PERMITTED" else "REFUSE") if decided else None,
            "reason": reason if decided else None,
            "inferred": False if kind == "PASSAGE" else None,
            "access_point_id": point.id,
            "door_id": door.id,
            "area_id": room.area,
            "cardholder_id": holder if kind in ("DECISION", "PASSAGE") else None,
            "encoded": fact.encoded(),
            "fact_hash": b"",
        }


def _stay(told: list[dict[str, Any]], room: Places, holder: int) -> dict[str, object]:
    came, left = (each for each in told if each["kind"] == "PASSAGE")
    return {
        "cardholder_id": holder,
        "area_id": room.area,
        "not_before": came["at"],
        "entered_at": came["at"],
        "entry_certain": True,
        "entry_sequence": came["ledger_sequence"],
        "came_from_id": room.outside,
        "left_at": left["at"],
        "exit_certain": True,
        "exit_sequence": left["ledger_sequence"],
    }


def _stand_now(session: Session, now: datetime, rooms: list[Places], holders: list[Cardholder]) -> None:
    """Every door as it stands, thirty people inside of each tenth room, and an alarm at every twentieth door."""
    for number, (door, *_) in enumerate(each for room in rooms for each in room.doors):
        place = append_all(session, [Entry(Kind.FACT, "agent:bench", now, {}, {}, {})])
        session.add(DoorState(door_id=door.id, leaf=Leaf.CLOSED, leaf_at=now, held_by="", faults="", passage=None))
        if number % 20 == 0:
            raised = {"kind": "FORCED_OPEN", "agent_id": door.agent_id, "door_id": door.id, "raised_at": now}
            session.add(Alarm(ledger_sequence=place, note="", **raised))
    for number, room in enumerate(rooms[::10]):
        for who in range(number, len(holders), len(rooms))[:30]:
            session.add(Presence(cardholder_id=holders[who].id, area_id=room.area, since=now, certain=True))


_FAMILIES = (("佐藤", "サトウ"), ("髙橋", "タカハシ"), ("渡邊", "ワタナベ"), ("齋藤", "サイトウ"), ("山﨑", "ヤマザキ"))
