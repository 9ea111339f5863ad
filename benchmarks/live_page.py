"""live-page: the page that is looked at all day, of 500 doors with 50 alarms, as the application answers it: every
state, list and newest passage, in words. A page is promised in 100 ms."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert
from sqlalchemy.orm import Session

from admin_web.application import create_app
from admin_web.guard import COOKIE
from admin_web.settings import WebSettings
from benchmarks.figure import Latency, latency
from contract.fact import Clock, Fact, FactKind
from controller.database import migrate, open_database, transaction
from controller.ledger.kinds import Kind
from controller.ledger.ledger import Entry, append_all
from controller.people import cardholder, operator
from controller.people.access import Role
from controller.people.operator import NewOperator
from controller.people.operator_session import Proof, open_session
from controller.premises import agent as agents
from controller.premises import building
from controller.premises import door as doors
from controller.premises.door import AccessPoint, Door
from controller.premises.site import Site
from controller.record.alarm import raise_alarm
from controller.record.door_state import DoorState, Leaf
from controller.record.fact import FactRow

ROOMS, DOORS_EACH, TRIALS, WARM = 50, 10, 1000, 5
AT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
BOUNDS = (60.0, 100.0)


def measure() -> list[Latency]:
    """One row, on SQLite: what PostgreSQL adds is the way to it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engine = open_database(f"sqlite:///{folder / 'controller.sqlite'}")
        try:
            token = _filled(engine)
            app = create_app(WebSettings("sqlite://", "tokyo", folder / "secret"), engine, lambda: AT)
            client = app.test_client()
            client.set_cookie(COOKIE, token)
            return [latency("live-page", [_looked(client) for _ in range(WARM + TRIALS)][WARM:], BOUNDS)]
        finally:
            engine.dispose()


def _looked(client: Any) -> float:
    started = time.perf_counter()
    answer = client.get("/live")
    taken = time.perf_counter() - started
    assert answer.status_code == 200
    assert answer.data.count(b'class="card tile"') == ROOMS * DOORS_EACH
    return taken


def _filled(engine: Engine) -> str:
    """A site in which every door was passed once and is heard; the token of an operator who is signed in."""
    migrate(engine)
    with transaction(engine) as session:
        site = building.load(session, "host", AT, _plan())
        new = NewOperator("kim", "Kim", "correct horse battery")
        kim = operator.add(session, operator.HOST, AT, site, Role.SECURITY_ADMIN, new)
        cardholder.enrol(session, "host", AT, site, "Ada", "1")
        _used(session, site)
        return open_session(session, AT, kim.id, Proof.PASSWORD)


def _used(session: Session, site: Site) -> None:
    for each in agents.of_site(session, site):
        each.last_heard_at = AT
    found = doors.of_site(session, site)
    last = append_all(session, [Entry(Kind.FACT, "agent:bench", AT, {}, {}, {})] * len(found))
    entries = {point.door_id: point for point in doors.points_of_site(session, site) if point.direction == "entry"}
    rows = []
    for number, door in enumerate(found):
        place, point = last - number, entries[door.id]
        rows.append(_passage(place, door, point))
        session.add(DoorState(door_id=door.id, leaf=Leaf.CLOSED, leaf_at=AT, held_by="", faults="", passage=place))
        if number % DOORS_EACH == 0:
            raise_alarm(session, "FORCED_OPEN", AT, place, door.agent_id, door.id)
    session.execute(insert(FactRow), rows)


def _passage(place: int, door: Door, point: AccessPoint) -> dict[str, object]:
    fact = Fact("tokyo", "box", place, b"0" * 32, b"0" * 16, FactKind.PASSAGE, AT, 1, Clock.TRUSTED, {"door": door.key})
    return {
        "agent_id": door.agent_id,
        "sequence": place,
        "ledger_sequence": place,
        "received_at": AT,
        "at": AT,
        "trusted": True,
        "kind": FactKind.PASSAGE,
        "inferred": False,
        "access_point_id": point.id,
        "door_id": door.id,
        "area_id": point.to_area_id,
        "cardholder_id": 1,
        "encoded": fact.encoded(),
        "fact_hash": b"",
    }


def _plan() -> dict[str, Any]:
    areas = [{"key": "outside", "name": "Outside", "name_ja": "外", "open": True}]
    areas += [{"key": f"room-{n}", "name": f"Room {n}", "name_ja": f"{n}号室"} for n in range(ROOMS)]
    return {
        "site": {"key": "tokyo", "name": "Tokyo", "name_ja": "東京", "zone": "Asia/Tokyo"},
        "area": areas,
        "agent": [{"key": f"box-{n}", "name": f"Box {n}"} for n in range(ROOMS)],
        "door": [_door(room, n) for room in range(ROOMS) for n in range(DOORS_EACH)],
    }


def _door(room: int, number: int) -> dict[str, Any]:
    key, way = f"door-{room}-{number}", {"formats": ["serial-40"]}
    there = {**way, "key": f"{key}-in", "direction": "entry", "from": "outside", "to": f"room-{room}"}
    back = {
        **way,
        "key": f"{key}-out",
        "direction": "exit",
        "from": f"room-{room}",
        "to": "outside",
        "exit_mode": "free",
    }
    named = {"key": key, "name": f"Door {room}-{number}", "name_ja": f"扉 {room}-{number}"}
    return {**named, "agent": f"box-{room}", "access_point": [there, back]}
