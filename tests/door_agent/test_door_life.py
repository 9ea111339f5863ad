"""Around the cards: interlocks, latches over a restart, ways out without a card, housings, power and lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from contract.policy import Direction, ExitMode, Relock
from contract.record import Flag
from door_agent.events import (
    Level,
    LineFault,
    Lock,
    LockWish,
    ReaderState,
    ReaderTampered,
    ResetAsked,
    Show,
    Sign,
    Tick,
)
from door_agent.wiring import WiredDoor
from tests.door_agent.conftest import ADA, BEN, EVE, Core, holder

RELEASE, SECURE = Lock("cedar", LockWish.RELEASE), Lock("cedar", LockWish.SECURE)
OPENED, CLOSED = Level("cedar", "contact", True), Level("cedar", "contact", False)


@pytest.fixture
def chamber(tmp_path: Path, wired: WiredDoor) -> Iterator[Core]:
    """Two doors of one interlock on one agent."""
    points = {"maple-in": Direction.ENTRY, "maple-out": Direction.EXIT}
    cedar = replace(wired, interlock="chamber")
    made = Core(tmp_path, cedar, replace(cedar, id="maple", points=points))
    made.adopt({ADA: holder(b"A"), BEN: holder(b"B")})
    made.prove_fresh()
    yield made
    made.journal.close()


def test_of_an_interlock_one_door_is_released_at_a_time(chamber: Core) -> None:
    assert RELEASE in chamber.card("cedar-in", ADA)
    assert Lock("maple", LockWish.RELEASE) not in chamber.card("maple-in", BEN)
    assert chamber.facts[-1].body["reason"] == "INTERLOCKED"
    chamber.feed(OPENED)
    assert Lock("maple", LockWish.RELEASE) not in chamber.card("maple-in", BEN)
    chamber.feed(CLOSED)
    assert Lock("maple", LockWish.RELEASE) in chamber.card("maple-in", BEN)


def test_two_cards_at_once_do_not_slip_through_an_interlock(chamber: Core) -> None:
    chamber.disk = False
    chamber.card("cedar-in", ADA)
    chamber.card("maple-in", BEN)
    assert [each.body["reason"] for each in chamber.facts[-2:]] == ["PERMITTED", "INTERLOCKED"]


def test_an_interlock_keeps_nobody_in(chamber: Core) -> None:
    chamber.card("maple-in", BEN)
    leaving = chamber.card("cedar-out", ADA)
    assert RELEASE in leaving
    decisions = [each.body for each in chamber.facts if each.kind == "DECISION"]
    violations = decisions[-1]["violations"]
    assert isinstance(violations, list)
    assert "INTERLOCKED" in violations


def test_who_needs_more_time_has_the_door_released_for_longer(core: Core) -> None:
    core.adopt({ADA: holder(b"A", Flag.EXTENDED), BEN: holder(b"B")}, extended_ms=9000)
    core.prove_fresh()
    core.card("cedar-in", ADA)
    assert SECURE not in core.feed(Tick(), after=8.5)
    assert SECURE in core.feed(Tick(), after=0.6)
    core.card("cedar-out", BEN)
    assert SECURE in core.feed(Tick(), after=5.1)


def test_the_wiring_caps_what_the_list_may_ask(core: Core) -> None:
    core.adopt({ADA: holder(b"A", Flag.EXTENDED)}, extended_ms=60_000)
    core.prove_fresh()
    core.card("cedar-in", ADA)
    assert SECURE in core.feed(Tick(), after=10.1)


def test_a_door_that_relocks_on_opening_is_secured_as_it_opens(core: Core) -> None:
    core.adopt({ADA: holder(b"A")}, relock=Relock.OPENED)
    core.prove_fresh()
    core.card("cedar-in", ADA)
    assert SECURE in core.feed(OPENED)


def test_the_door_warns_before_it_alarms(core: Core) -> None:
    core.adopt({ADA: holder(b"A")}, pre_alarm_s=10)
    core.prove_fresh()
    core.card("cedar-in", ADA)
    core.feed(OPENED)
    assert Show("cedar-in", Sign.WARNING) in core.feed(Tick(), after=20.0)
    assert "HELD_OPEN" not in core.kinds()
    assert Show("cedar-in", Sign.ALARM_ON) in core.feed(Tick(), after=10.0)
    assert core.kinds()[-1] == "HELD_OPEN"


def test_a_latch_outlives_a_power_cut_until_it_is_reset(core: Core) -> None:
    core.feed(Level("cedar", "fire", True))
    core.feed(Level("cedar", "fire", False))
    assert Lock("cedar", LockWish.LATCH, "fire") in core.restart()
    assert SECURE not in core.feed(Tick(), after=60.0)
    assert SECURE in core.feed(ResetAsked("cedar"))
    assert Lock("cedar", LockWish.LATCH, "fire") not in core.restart()


def test_a_reader_that_returns_does_not_end_a_fire(tmp_path: Path, wired: WiredDoor) -> None:
    core = Core(tmp_path, replace(wired, rex=False))
    core.adopt({ADA: holder(b"A")})
    held = core.feed(ReaderState("cedar-out", "lost", "unplugged"))
    assert held[0] == Lock("cedar", LockWish.HOLD, "reader-lost")
    core.feed(Level("cedar", "fire", True))
    core.feed(Level("cedar", "fire", False))
    back = core.feed(ReaderState("cedar-out", "back", ""))
    assert Lock("cedar", LockWish.LIFT, "reader-lost") in back
    assert SECURE not in back
    core.feed(OPENED)
    assert "FORCED_OPEN" not in core.kinds()
    core.feed(CLOSED)
    assert SECURE in core.feed(ResetAsked("cedar"))
    core.journal.close()


def test_leaving_a_recorded_room_without_a_card_is_told(core: Core) -> None:
    core.adopt({ADA: holder(b"A")}, mode=ExitMode.RECORDED)
    core.feed(Level("cedar", "rex", True))
    assert core.facts[-1].body == {"door": "cedar", "opened": True, "unbadged": True}
    core.feed(Tick(), after=20.0)
    core.card("cedar-out", ADA)
    core.feed(Level("cedar", "rex", True))
    assert core.facts[-1].body["unbadged"] is False


def test_a_free_exit_asks_nobody_for_a_card(core: Core) -> None:
    core.adopt({ADA: holder(b"A")}, mode=ExitMode.FREE)
    assert RELEASE in core.feed(Level("cedar", "rex", True))
    assert core.facts[-1].body == {"door": "cedar", "opened": True, "unbadged": False}


def test_the_handle_inside_is_no_force_where_people_may_leave_by_it(tmp_path: Path, wired: WiredDoor) -> None:
    core = Core(tmp_path, replace(wired, inside_handle=True))
    core.adopt({ADA: holder(b"A")}, 1, mode=ExitMode.RECORDED)
    core.feed(OPENED)
    assert core.kinds()[-2:] == ["REX", "DOOR_OPENED"]
    core.feed(CLOSED)
    core.adopt({ADA: holder(b"A")}, 2)
    core.feed(OPENED, after=5.0)
    assert core.kinds()[-1] == "FORCED_OPEN"
    core.journal.close()


def test_an_opened_housing_alarms_until_it_is_closed(core: Core) -> None:
    assert Show("cedar-in", Sign.ALARM_ON) in core.feed(Level("cedar", "tamper", True))
    assert core.feed(ReaderTampered("cedar-in", True))
    assert core.feed(ReaderTampered("cedar-in", True)) == []
    assert Show("cedar-in", Sign.ALARM_OFF) not in core.feed(Level("cedar", "tamper", False))
    assert Show("cedar-in", Sign.ALARM_OFF) in core.feed(ReaderTampered("cedar-in", False))
    told = [each.body for each in core.facts if each.kind == "TAMPER"]
    assert [(each["access_point"], each["active"]) for each in told] == [
        (None, True),
        ("cedar-in", True),
        (None, False),
        ("cedar-in", False),
    ]


def test_the_cabinet_tells_of_its_housing_and_its_power(core: Core) -> None:
    for part in ("tamper", "mains", "battery"):
        core.feed(Level(None, part, False))
        core.feed(Level(None, part, True))
        core.feed(Level(None, part, True))
    core.feed(Level(None, "mains", False))
    assert core.kinds()[1:] == ["TAMPER", "POWER", "POWER", "POWER"]
    assert [each.body for each in core.facts[2:]] == [
        {"source": "mains", "ok": False},
        {"source": "battery", "ok": False},
        {"source": "mains", "ok": True},
    ]


def test_a_line_that_goes_wrong_is_told_once_and_when_it_is_right_again(core: Core) -> None:
    for state in ("short", "short", "open", "normal", "normal"):
        core.feed(LineFault("cedar", "contact", state))
    assert [each.body["state"] for each in core.facts if each.kind == "LINE_FAULT"] == ["short", "open", "normal"]


def test_an_unlisted_card_still_leaves_through_a_chamber_without_a_list(tmp_path: Path, wired: WiredDoor) -> None:
    core = Core(tmp_path, replace(wired, interlock="chamber"))
    assert RELEASE in core.card("cedar-out", EVE)
    core.journal.close()


def test_a_list_that_demands_a_card_after_its_reader_was_lost_locks_nobody_in(tmp_path: Path, wired: WiredDoor) -> None:
    core = Core(tmp_path, replace(wired, rex=False))
    core.adopt({ADA: holder(b"A")}, 1, mode=ExitMode.RECORDED)
    hold, lift = Lock("cedar", LockWish.HOLD, "reader-lost"), Lock("cedar", LockWish.LIFT, "reader-lost")
    assert hold not in core.feed(ReaderState("cedar-out", "lost", "unplugged"))
    assert hold in core.adopt({ADA: holder(b"A")}, 2)
    assert SECURE not in core.feed(Tick(), after=60.0)
    assert lift in core.feed(ReaderState("cedar-out", "back", ""))
    core.feed(ReaderState("cedar-out", "lost", "unplugged"))
    freed = core.adopt({ADA: holder(b"A")}, 3, mode=ExitMode.RECORDED)
    assert freed.index(lift) < freed.index(SECURE)
    core.journal.close()


def test_without_a_list_nobody_is_locked_in_by_a_lost_reader(tmp_path: Path, wired: WiredDoor) -> None:
    core = Core(tmp_path, replace(wired, rex=False))
    held = core.feed(ReaderState("cedar-out", "lost", "unplugged"))
    assert held[0] == Lock("cedar", LockWish.HOLD, "reader-lost")
    assert SECURE not in core.feed(Tick(), after=60.0)
    assert Lock("cedar", LockWish.LIFT, "reader-lost") in core.feed(ReaderState("cedar-out", "back", ""))
    core.journal.close()


def test_the_journal_is_given_the_facts_of_a_lost_reader_in_their_order(tmp_path: Path, wired: WiredDoor) -> None:
    core = Core(tmp_path, replace(wired, rex=False))
    core.adopt({ADA: holder(b"A")})
    core.feed(ReaderState("cedar-out", "lost", "unplugged"))
    assert core.kinds()[-2:] == ["RELEASED", "READER_LOST"]
    assert [each.sequence for each in core.facts] == list(range(1, len(core.facts) + 1))
    core.journal.close()
