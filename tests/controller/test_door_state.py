"""How a door stands is folded from what its own agent records, over a restart too; foreign words are not taken over."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from contract.canonical import Object, Value
from contract.fact import Clock, Fact, FactKind
from contract.topic import Up
from controller.database import migrate, open_database, reading, transaction
from controller.premises import door as doors
from controller.record import door_state, filing
from controller.record.door_state import DoorState, Leaf
from door_agent.events import Level, ReaderState, ResetAsked, Tick
from tests.controller.conftest import NOW, House, of_revision
from tests.controller.doorway import Site, joined


def _state(house: House, key: str = "cedar") -> DoorState:
    with reading(house.engine) as session:
        door = doors.by_key(session, house.site(session), key)
        assert door is not None
        return session.get_one(DoorState, door.id)


@pytest.fixture
def site(house: House) -> Site:
    made = joined(house)
    made.grant("Ada")
    made.talk()
    return made


def _feed(site: Site, *events: object) -> None:
    for event in events:
        site.doors["cedar"].feed(event)
    site.talk()


def test_a_door_is_unknown_until_it_is_used_and_then_open_closed_held_and_forced(house: House, site: Site) -> None:
    assert (_state(house).leaf, _state(house).passage) == (Leaf.UNKNOWN, None)
    door = site.doors["cedar"]
    door.card("cedar-in", "Ada")
    site.talk()
    assert _state(house).released_at == NOW
    _feed(site, Level("cedar", "contact", True))
    opened = _state(house)
    assert (opened.leaf, opened.released_at) == (Leaf.OPEN, None)
    assert opened.passage is not None
    door.mono += 60
    _feed(site, Tick())
    assert _state(house).leaf == Leaf.HELD
    _feed(site, Level("cedar", "contact", False))
    assert _state(house).leaf == Leaf.CLOSED
    door.mono += 60
    _feed(site, Tick(), Level("cedar", "contact", True))
    assert _state(house).leaf == Leaf.FORCED
    assert _state(house, "main").leaf == Leaf.UNKNOWN


def test_a_lock_released_for_nobody_ends_when_nobody_goes_through(house: House, site: Site) -> None:
    site.doors["cedar"].card("cedar-in", "Ada")
    site.talk()
    site.doors["cedar"].mono += 30
    _feed(site, Tick())
    assert _state(house).released_at is None


def test_fire_and_break_glass_hold_a_door_until_it_is_reset(house: House, site: Site) -> None:
    _feed(site, Level("cedar", "fire", True), Level("cedar", "break-glass", True), Level("cedar", "fire", False))
    assert _state(house).held_by == "break-glass fire"
    _feed(site, Level("cedar", "break-glass", False), ResetAsked("cedar"))
    assert _state(house).held_by == ""


def test_what_is_broken_is_named_and_forgotten_when_it_is_mended(house: House, site: Site) -> None:
    _feed(
        site,
        ReaderState("cedar-in", "lost", "silent"),
        Level("cedar", "tamper", True),
        Level(None, "mains", True),
    )
    assert _state(house).faults == "power:mains reader:cedar-in tamper:housing"
    assert _state(house, "main").faults == "power:mains"  # the cabinet is every door's
    _feed(
        site,
        ReaderState("cedar-in", "back", ""),
        Level("cedar", "tamper", False),
        Level(None, "mains", False),
    )
    assert (_state(house).faults, _state(house, "main").faults) == ("", "")


def test_where_facts_are_lost_nothing_is_known_but_who_passed_before(house: House, site: Site) -> None:
    door = site.doors["cedar"]
    door.passes("cedar-in", "Ada")
    _feed(site, Level("cedar", "tamper", True))
    before = _state(house)
    assert (before.leaf, before.faults) == (Leaf.CLOSED, "tamper:housing")
    door.feed(Level("cedar", "contact", True))
    door.feed(Level(None, "mains", True))
    last = door.facts[-1]
    door.link.arrive(door.agent.address.up(Up.EVENTS), door.envelope([last], held=last.sequence))
    site.hear()
    after = _state(house)
    assert (after.leaf, after.leaf_at, after.faults) == (Leaf.UNKNOWN, None, "power:mains")
    assert after.passage == before.passage


def test_the_upgrade_knows_who_passed_last_and_nothing_else(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'old.sqlite'}")
    with of_revision(engine, "0012") as connection:
        for statement in (
            "INSERT INTO site VALUES (1, 'osaka', 'Osaka', '大阪', 'Asia/Tokyo')",
            "INSERT INTO agent (id, site_id, key, name) VALUES (1, 1, 'elm', 'Elm')",
            "INSERT INTO door (id, site_id, agent_id, key, name, name_ja, release_ms, held_open_s, extended_ms,"
            " extended_held_open_s, pre_alarm_s, shunt_ms, relock, unlock_first, may_hold, tailgate_s)"
            " VALUES (1, 1, 1, 'elm', 'Elm', '楡', 5000, 30, 15000, 60, 0, 500, 'closed', 0, 0, 0)",
        ):
            connection.execute(text(statement))
        at = "2026-11-24T03:00:00.000000Z"
        for place, kind in ((1, "PASSAGE"), (2, "PASSAGE"), (3, "DOOR_CLOSED")):
            row = {"place": place, "kind": kind, "at": at}
            connection.execute(text("INSERT INTO ledger VALUES (:place, :at, 'fact', 'a', x'', x'')"), row)
            connection.execute(
                text(
                    "INSERT INTO fact (agent_id, sequence, ledger_sequence, received_at, at, trusted, kind, door_id,"
                    " encoded, fact_hash) VALUES (1, :place, :place, :at, :at, 1, :kind, 1, x'', x'')"
                ),
                row,
            )
    migrate(engine)
    with reading(engine) as session:
        found = session.get_one(DoorState, 1)
        assert (found.leaf, found.held_by, found.faults, found.passage) == (Leaf.UNKNOWN, "", "", 2)
    engine.dispose()


def _fold(house: House, session: Session, *facts: tuple[FactKind, Object]) -> None:
    known = filing.places(session, house.agent(session))
    door_state.fold(session, NOW, known, [(place, _fact(*each)) for place, each in enumerate(facts, 1)])


def _fact(kind: FactKind, body: Object) -> Fact:
    wall = datetime(2026, 11, 24, 2, tzinfo=UTC)
    return Fact("tokyo", "cedar", 1, b"\0" * 32, b"\0" * 16, kind, wall, 0, Clock.TRUSTED, body)


def test_a_restart_ends_what_an_agent_does_not_carry_over_it(house: House) -> None:
    mode: Object = {"door": "cedar", "mode": "unlocked", "cause": "schedule"}
    with transaction(house.engine) as session:
        _fold(
            house,
            session,
            (FactKind.FORCED_OPEN, {"door": "cedar"}),
            (FactKind.DOOR_MODE, mode),
            (FactKind.FIRE, {"door": "cedar", "active": True}),
            (FactKind.RELEASED, {"door": "cedar", "cause": "reader-lost"}),
            (FactKind.READER_LOST, {"access_point": "cedar-out", "detail": ""}),
        )
    before = _state(house)
    assert (before.held_by, before.faults) == ("fire reader-lost schedule", "reader:cedar-out")
    with transaction(house.engine) as session:
        _fold(house, session, (FactKind.STARTED, {"reason": "restart"}))
    after = _state(house)
    assert (after.leaf, after.held_by, after.faults) == (Leaf.CLOSED, "fire", "")
    assert _state(house, "main").leaf == Leaf.UNKNOWN


def test_names_that_are_none_are_not_taken_over_and_never_grow_without_bound(house: House) -> None:
    with transaction(house.engine) as session:
        names: list[Value] = ["<b>", "a b", "", 3, "x" * 99, *(f"line-{number}" for number in range(200))]
        hostile: list[tuple[FactKind, Object]] = [
            (FactKind.LINE_FAULT, {"door": "cedar", "input": name, "state": "open"}) for name in names
        ]
        causes: list[tuple[FactKind, Object]] = [
            (FactKind.DOOR_MODE, {"door": "cedar", "mode": "unlocked", "cause": f"{'c' * 30}{number}"})
            for number in range(50)
        ]
        _fold(house, session, *hostile, *causes)
    found = _state(house)
    assert len(found.faults.split()) == 40
    assert "<" not in found.faults
    assert len(found.held_by) <= 120
