"""The staff's day at the doors of a building, seen in a real browser: in, out, refused, a PIN, and what lights and
buzzer say. The picture of the doors comes from the wires; the edges on the wires are asserted beside it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from hardware.bench.hand import Hand
from tests.building.browser_hands import SOON, complain, shot
from tests.building.demo_hands import Demo, is_newer, newest
from tests.building.door_hands import ANSWERED, door_of, is_locked

pytestmark = [pytest.mark.browser, pytest.mark.building, pytest.mark.broker]
PIN, WRONG = "2718281828", "1618033988"
KEEPS_WHAT_IT_SHOWS = """
window.shown = new Set();
function keep() {
  for (const each of document.querySelectorAll(".lamp.lit")) {
    shown.add(`${each.closest("[data-point]").dataset.point} ${each.className}`);
  }
  for (const each of document.querySelectorAll(".door [data-shown]")) {
    shown.add(`${each.closest("[data-door]").dataset.door} ${each.textContent}`);
  }
}
addEventListener("DOMContentLoaded", () =>
  new MutationObserver(keep).observe(document.body, {subtree: true, childList: true, attributes: true}));
"""
"""A light is on for a second or two: what the page has shown is asked for afterwards, however slow this machine is."""


def test_the_staffs_day(building: Demo, browser: Browser) -> None:
    doors = at_the_doors(browser, building)
    with building.hand() as hand:
        hand.watch()
        ada_comes_and_goes(doors, building, hand)
        ben_is_refused_by_three_beeps(doors, building, hand)
        eve_may_only_leave(doors, building, hand)
        a_stranger_is_refused(doors, building, hand)
        the_maple_room_asks_ada_for_a_pin(doors, building, hand)
        a_forced_door_pulses_red_and_loud(doors, building, hand)


def at_the_doors(browser: Browser, building: Demo) -> Page:
    page = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900}).new_page()
    page.add_init_script(KEEPS_WHAT_IT_SHOWS)
    page.on("pageerror", lambda error: complain("error", str(error)))
    page.goto(building.description["sim"])
    expect(page.locator("#door-main .state")).to_contain_text("shut · locked", timeout=SOON)
    return page


def door(doors: Page, name: str) -> Locator:
    return doors.locator(f"#door-{name}")


def sees(doors: Page, *wanted: str) -> None:
    """The page has shown each of these since the last card was held to a reader: lit lights, states of doors."""
    doors.wait_for_function("wanted => wanted.every(each => shown.has(each))", arg=list(wanted), timeout=SOON)


def holds(doors: Page, building: Demo, hand: Hand, card: str, reader: str) -> dict[str, object]:
    """Take a card in the hand and hold it to a reader; what was decided."""
    before = newest(building, "DECISION")["id"]
    hand.forget_edges()
    doors.evaluate("shown.clear()")
    doors.select_option("#card", label=card)
    doors.locator(f"#point-{reader}").get_by_role("button", name="Hold the card here").click()
    expect(doors.locator("#said")).to_have_text("Done.")
    return is_newer(building, "DECISION", before)


def beeps(hand: Hand, reader: str, light: str) -> int:
    """How often a reader's buzzer sounded until that light of it goes dark: then all is said."""
    over = hand.wait_for(f"{reader}.{light}", 0, ANSWERED)
    return sum(
        edge.output == f"{reader}.buzzer" and edge.value == 1 and edge.mono <= over.mono for edge in hand.edges(0.0)
    )


def goes_through(doors: Page, building: Demo, hand: Hand, card: str, reader: str) -> None:
    """The card is taken: green, one beep, the lock lets go; the door is opened, and falls shut behind them."""
    before, name = newest(building, "PASSAGE")["id"], door_of(reader)
    is_locked(hand, name)
    assert holds(doors, building, hand, card, reader)["outcome"] == "GRANT"
    shot(doors, f"staff-{reader}-granted")
    sees(doors, f"{reader} lamp green lit", f"{name} released")
    door(doors, name).get_by_role("button", name="Hold it open").click()
    assert is_newer(building, "PASSAGE", before)["access_point"] == reader
    expect(door(doors, name).locator(".state")).to_contain_text("open", timeout=SOON)
    door(doors, name).get_by_role("button", name="Let it shut").click()
    expect(door(doors, name).locator(".state")).to_contain_text("shut", timeout=SOON)
    assert beeps(hand, reader, "green") == 1


def ada_comes_and_goes(doors: Page, building: Demo, hand: Hand) -> None:
    for reader in ("main-in", "cedar-in", "cedar-out", "main-out"):
        goes_through(doors, building, hand, "Ada", reader)


def ben_is_refused_by_three_beeps(doors: Page, building: Demo, hand: Hand) -> None:
    is_locked(hand, "cedar")
    assert holds(doors, building, hand, "Ben", "cedar-in")["reason"] == "NOT_ON_LIST"
    sees(doors, "cedar-in lamp red lit", "cedar-in lamp buzzer lit")
    shot(doors, "staff-refused")
    door(doors, "cedar").get_by_role("button", name="Push the door").click()
    expect(doors.locator("#said")).to_have_text("The door is locked.")
    expect(door(doors, "cedar").locator(".state")).to_contain_text("shut · locked")
    assert beeps(hand, "cedar-in", "red") == 3


def eve_may_only_leave(doors: Page, building: Demo, hand: Hand) -> None:
    """Her card was reported lost: refused on the way in, and nobody is held in by it."""
    assert holds(doors, building, hand, "Eve (reported lost)", "cedar-in")["reason"] == "CARD_LOST"
    expect(door(doors, "cedar").locator(".state")).to_contain_text("locked")
    goes_through(doors, building, hand, "Eve (reported lost)", "cedar-out")


def a_stranger_is_refused(doors: Page, building: Demo, hand: Hand) -> None:
    assert holds(doors, building, hand, "A card that nobody knows", "main-in")["reason"] == "NOT_ON_LIST"
    sees(doors, "main-in lamp red lit")


def the_maple_room_asks_ada_for_a_pin(doors: Page, building: Demo, hand: Hand) -> None:
    """Both lights blink until the PIN is typed at the keypad; a wrong one is refused, the right one opens."""
    ada = building.api("kim", "/cardholders/search", {"text": "Ada"})["items"][0]["id"]
    points = {
        each["key"]: each["id"] for one in building.api("kim", "/doors")["items"] for each in one["access_points"]
    }
    building.api("kim", f"/cardholders/{ada}/pin", {"pin": PIN}, "PUT")
    before = newest(building, "LIST_ADOPTED")["id"]
    building.api("kim", f"/access-points/{points['maple-in']}/pin", {"within_s": 20}, "PUT")
    is_newer(building, "LIST_ADOPTED", before)
    for typed, reason in ((WRONG, "PIN_WRONG"), (PIN, "PERMITTED")):
        assert holds(doors, building, hand, "Ada", "maple-in")["reason"] == "AWAITING_PIN"
        sees(doors, "maple-in lamp green lit", "maple-in lamp red lit")
        shot(doors, "staff-pin")
        before = newest(building, "DECISION")["id"]
        hand.keys("maple-in", f"{typed}#")
        assert is_newer(building, "DECISION", before)["reason"] == reason
    sees(doors, "maple released")
    shot(doors, "staff-pin-right")
    passage = newest(building, "PASSAGE")["id"]
    door(doors, "maple").get_by_role("button", name="Hold it open").click()
    assert is_newer(building, "PASSAGE", passage)["access_point"] == "maple-in"
    door(doors, "maple").get_by_role("button", name="Let it shut").click()


def a_forced_door_pulses_red_and_loud(doors: Page, building: Demo, hand: Hand) -> None:
    """Red and buzzer pulse at both of its readers."""
    expect(door(doors, "main").locator(".state")).to_contain_text("shut · locked", timeout=SOON)
    forced = hand.set("main.contact", 1)
    for reader in ("main-in", "main-out"):
        hand.wait_for(f"{reader}.buzzer", 1, after=forced)
        hand.wait_for(f"{reader}.red", 1, after=forced)
    expect(door(doors, "main").locator(".state")).to_contain_text("open")
    shot(doors, "staff-forced")
    door(doors, "main").get_by_role("button", name="Let it shut").click()
    expect(door(doors, "main").locator(".state")).to_contain_text("shut")
