"""Supervised lines from the resistors to the centre: what a cut or a short is, and that it never hides a fire."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from benchmarks.lone_agent import LoneAgent
from cli.door import ask_reset
from hardware.bench.hand import Hand
from tests.building.demo_hands import Demo, is_newer, newest

pytestmark = [pytest.mark.building, pytest.mark.broker]

FIRE = "maple.fire"
WITHIN_S = 2.0


@pytest.fixture
def hand(building: Demo) -> Iterator[Hand]:
    with building.hand() as hand:
        hand.watch()
        yield hand


def told_after(building: Demo, kind: str, deed: Callable[[], Any]) -> dict[str, Any]:
    """Do it, and wait for the next fact of that kind at the centre."""
    before = newest(building, kind)["id"]
    deed()
    return is_newer(building, kind, before)


def alarms(building: Demo) -> int:
    """How many alarms of lines wait."""
    return sum(each["kind"] == "LINE_FAULT" for each in building.api("olu", "/alarms?limit=200")["items"])


def test_a_broken_contact_line_is_told_by_name_and_alarms_and_coming_right_does_not(building: Demo, hand: Hand) -> None:
    before = alarms(building)
    for state in ("open", "short", "fault", "normal"):
        told = told_after(building, "LINE_FAULT", partial(hand.line, "maple.contact", state))
        assert (told["door"], told["body"]["input"], told["body"]["state"]) == ("maple", "contact", state)
    assert alarms(building) == before + 3


def test_a_cut_contact_line_is_no_open_door(building: Demo, hand: Hand) -> None:
    forced = newest(building, "FORCED_OPEN")["id"]
    told_after(building, "LINE_FAULT", lambda: hand.line("maple.contact", "open"))
    told_after(building, "LINE_FAULT", lambda: hand.line("maple.contact", "normal"))
    assert newest(building, "FORCED_OPEN")["id"] == forced
    broken_open = told_after(building, "FORCED_OPEN", lambda: hand.set("maple.contact", 1))
    assert broken_open["door"] == "maple"
    hand.set("maple.contact", 0)


def test_a_shorted_housing_line_is_an_opened_housing_too(building: Demo, hand: Hand) -> None:
    assert told_after(building, "TAMPER", lambda: hand.line("maple.tamper", "short"))["body"]["active"] is True
    line = newest(building, "LINE_FAULT")["body"]
    assert (line["input"], line["state"]) == ("tamper", "short")
    assert told_after(building, "TAMPER", lambda: hand.line("maple.tamper", "normal"))["body"]["active"] is False


def test_a_cut_fire_line_is_fire_until_it_is_whole_and_somebody_has_reset_the_door(building: Demo, hand: Hand) -> None:
    data = building.folder / "building" / "agents" / "cedar-back" / "data"
    assert told_after(building, "FIRE", lambda: hand.line(FIRE, "open"))["body"]["active"] is True
    assert hand.value("maple.strike") == 1
    assert not ask_reset(data, "maple").get("done")
    right = told_after(building, "LINE_FAULT", lambda: hand.line(FIRE, "normal"))
    assert (right["body"]["input"], right["body"]["state"], hand.value("maple.strike")) == ("fire", "normal", 1)
    assert ask_reset(data, "maple").get("done")
    assert hand.value("maple.strike") == 0


@pytest.fixture
def lone(tmp_path: Path) -> Iterator[LoneAgent]:
    supervised = {"cedar.contact": "1k-1k", FIRE: "2k2-4k7-nc"}
    with contextlib.closing(LoneAgent(tmp_path, supervised=supervised)) as agent:
        yield agent


@pytest.mark.parametrize("state", ["open", "short", "fault", "fire"])
def test_a_fire_line_that_is_not_normal_lets_the_magnet_go_for_good_though_nobody_hears_of_it(
    lone: LoneAgent, state: str
) -> None:
    with Hand(lone.bench.socket) as hand:
        hand.watch()
        assert (hand.value("maple.lock"), hand.value("cedar.lock")) == (1, 0)
        wrong = hand.set(FIRE, 1) if state == "fire" else hand.line(FIRE, state)
        assert hand.wait_for("maple.lock", 0, after=wrong).mono - wrong < WITHIN_S
        hand.set(FIRE, 0)
        hand.line(FIRE, "normal")
        with pytest.raises(TimeoutError):
            hand.wait_for("maple.lock", 1, 0.5, after=wrong)
        assert hand.value("cedar.lock") == 0
