"""Card, then PIN at a Wiegand keypad of a running building: opened, refused, locked, late, by hours, under duress."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hardware.bench.hand import Hand
from tests.building.demo_hands import Demo, by_two, is_newer, newest
from tests.building.test_maple_room import card, released_by, released_within

pytestmark = [pytest.mark.building, pytest.mark.broker]

PIN, UNDER_DURESS, WRONG = "2718281828", "3141592653", "1618033988"


@pytest.fixture(scope="module")
def asked(building: Demo) -> Demo:
    """The Maple room asks for a PIN, and Ada has one."""
    gives_a_pin(building)
    rule(building, within_s=5, tries=2, lockout_s=600)
    return building


@pytest.fixture
def hand(building: Demo) -> Iterator[Hand]:
    with building.hand() as hand:
        hand.watch()
        yield hand


def ada(building: Demo) -> int:
    return int(building.api("kim", "/cardholders/search", {"text": "Ada"})["items"][0]["id"])


def in_force(building: Demo, path: str, body: dict[str, Any], method: str = "PUT") -> None:
    """Change it, and wait until the door's agent lives by it."""
    before = newest(building, "LIST_ADOPTED")["id"]
    by_two(building, path, body, method)
    is_newer(building, "LIST_ADOPTED", before)


def rule(building: Demo, **told: Any) -> None:
    doors = building.api("kim", "/doors")["items"]
    points = {point["key"]: point["id"] for door in doors for point in door["access_points"]}
    in_force(building, f"/access-points/{points['maple-in']}/pin", {**told, "reason": "a test of PINs"})


def gives_a_pin(building: Demo) -> None:
    building.api("kim", f"/cardholders/{ada(building)}/pin", {"pin": PIN, "duress": UNDER_DURESS}, "PUT")


def presents(building: Demo, hand: Hand) -> dict[str, Any]:
    before = newest(building, "DECISION")["id"]
    hand.present("maple-in", bits=card(building, "Ada", "wiegand"))
    return is_newer(building, "DECISION", before)


def types(building: Demo, hand: Hand, keys: str) -> tuple[dict[str, Any], bool]:
    """The decision that follows, and whether the strike was released."""
    before = newest(building, "DECISION")["id"]
    typed = hand.keys("maple-in", keys)
    decided = is_newer(building, "DECISION", before)
    return decided, released_within(hand, typed, 1.0)


def goes_in_and_out(building: Demo, hand: Hand) -> None:
    """Who was let in goes in, and leaves: without any PIN."""
    hand.set("maple.contact", 1)
    hand.set("maple.contact", 0)
    hand.wait_for("maple.strike", 0, 15.0)
    released_by(hand, "maple-out", card(building, "Ada", "osdp"))
    hand.set("maple.contact", 1)
    hand.set("maple.contact", 0)
    hand.wait_for("maple.strike", 0, 15.0)


def duress_alarms(building: Demo) -> int:
    return sum(each["kind"] == "DURESS" for each in building.api("olu", "/alarms?waiting=true")["items"])


def test_the_card_alone_waits_and_the_right_pin_opens(asked: Demo, hand: Hand) -> None:
    waits = presents(asked, hand)
    assert (waits["outcome"], waits["reason"]) == ("AWAIT", "AWAITING_PIN")
    decided, opened = types(asked, hand, f"{PIN}#")
    assert (decided["reason"], opened) == ("PERMITTED", True)
    goes_in_and_out(asked, hand)


def test_duress_opens_the_same_way_and_stands_as_an_alarm_at_the_centre(asked: Demo, hand: Hand) -> None:
    assert duress_alarms(asked) == 0
    presents(asked, hand)
    decided, opened = types(asked, hand, f"{UNDER_DURESS}#")
    assert (decided["outcome"], decided["reason"], decided["violations"]) == ("GRANT", "PERMITTED", ["DURESS"])
    assert opened
    goes_in_and_out(asked, hand)
    assert duress_alarms(asked) == 1


def test_a_pin_that_does_not_come_is_late(asked: Demo, hand: Hand) -> None:
    waits = presents(asked, hand)
    late = is_newer(asked, "DECISION", waits["id"])
    assert (late["outcome"], late["reason"]) == ("REFUSE", "PIN_LATE")


def test_wrong_pins_lock_it_and_a_new_one_opens(asked: Demo, hand: Hand) -> None:
    for _ in range(2):
        presents(asked, hand)
        decided, opened = types(asked, hand, f"{WRONG}#")
        assert (decided["reason"], opened) == ("PIN_WRONG", False)
    assert presents(asked, hand)["reason"] == "PIN_LOCKED"
    body = {"pin": PIN, "duress": UNDER_DURESS}
    in_force(asked, f"/cardholders/{ada(asked)}/pin", body)
    presents(asked, hand)
    assert types(asked, hand, f"9*{PIN}#")[1]
    goes_in_and_out(asked, hand)


def test_the_card_is_enough_in_the_hours_of_a_schedule(asked: Demo, hand: Hand) -> None:
    today = datetime.now(UTC).astimezone(ZoneInfo("Asia/Tokyo"))
    another_day = (today + timedelta(days=3)).weekday()
    plan = {"name": "Staffed", "name_ja": "有人時間帯"}
    night = {**plan, "intervals": [[another_day, 0, 1440]]}
    staffed = building_schedule(asked, night)
    rule(asked, within_s=5, card_alone=staffed)
    assert presents(asked, hand)["reason"] == "AWAITING_PIN"
    day = {**plan, "intervals": [[weekday, 0, 1440] for weekday in range(7)], "reason": "staffed every day"}
    in_force(asked, f"/schedules/{staffed}/change", day, "POST")
    assert presents(asked, hand)["reason"] == "PERMITTED"
    goes_in_and_out(asked, hand)


def building_schedule(building: Demo, plan: dict[str, Any]) -> int:
    return int(building.api("kim", "/schedules", plan, "POST")["id"])


def test_no_file_or_log_of_the_building_holds_what_was_typed(asked: Demo) -> None:
    files = [path for path in asked.folder.rglob("*") if path.is_file()]
    assert len(files) > 10
    for path in files:
        found = path.read_bytes()
        assert not [typed for typed in (PIN, UNDER_DURESS, WRONG) if typed.encode() in found], path
