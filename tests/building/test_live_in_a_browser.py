"""The live page as an admin keeps it open: a swipe appears, an alarm sounds and is noted, a lockdown is ordered."""

from __future__ import annotations

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, expect

from hardware.bench.hand import Hand
from tests.building.browser_hands import SOON, shot, signed_in, tile
from tests.building.demo_hands import Demo, newest, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.building, pytest.mark.broker]
LIVE = ("/live", "/alarms", "/posture", "/posture/1", "/posture/order?act=evacuation", "/posture/person/1")
PEOPLE = ("/cardholders", "/cardholders/1", "/cardholders/files", "/cards", "/cards/1", "/cards/count", "/requests")
LEVELS = ("/access-levels", "/access-levels/1", "/access-levels/new")
HOURS = ("/schedules", "/schedules/1", "/schedules/1/change", "/calendars/1")
ROOMS = ("/rooms", "/rooms/maple-room", "/rooms/maple-room/rules", "/rooms/maple-room/who-can", "/stays", "/muster")
ASKING = ("/rooms/maple-room/request", "/permissions", "/requests/wider-entry", "/requests/wider-entry/1")
PLANS = ("/plans", "/plans/1")
RECORD = (
    "/log",
    "/reports",
    "/reports/acts",
    "/reports/losses",
    "/reports/unused",
    "/exports",
    "/exports/of/log",
    "/findings?disposition=all",
)
REST = ("/charts", "/rooms/maple-room/timeline", "/cardholders/1/timeline", "/exports/of/muster")
OWN = ("/operators", "/account", "/components")
EQUIPMENT = ("/start", "/agents", "/agents/1", "/readers", "/premises/doors/1", "/formats", "/settings")
MAKING = (
    "/formats/of/H10301",
    "/formats/new",
    "/premises/doors/new",
    "/premises/rooms/new",
    "/premises/rooms/maple-room",
)
GOING = (
    "/premises/doors/2/retire",
    "/premises/doors/2/move?agent=2",
    "/premises/rooms/maple-room/retire",
    "/agents/2/retire",
)
PHONE = ViewportSize(width=390, height=844)
READ_FROM_TWO_METRES = 49.0
"""Pixels of type: capitals are 0.72 of it, a pixel is 1/96 inch; from two metres they are 16 minutes of arc high."""

OUTSIDE = ("/feeds", "/feeds/new", "/feeds/1", "/taken-out")
OF_AN_OFFICER = ("/feeds", "/feeds/1", "/taken-out", "/account")
PAGES = (
    *LIVE,
    *PEOPLE,
    *LEVELS,
    *HOURS,
    *ROOMS,
    *EQUIPMENT,
    *MAKING,
    *GOING,
    *ASKING,
    *RECORD,
    *PLANS,
    *OUTSIDE,
    *REST,
    *OWN,
)
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
COUNT_TONES = """
window.tones = 0;
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...when) { window.tones += 1; return start.apply(this, when); };
"""


def grave(page: Page) -> list[str]:
    """What axe finds serious or critical: the rule and where."""
    found = Axe().run(page).response["violations"]
    return [
        f"{page.url}: {each['id']} at {each['nodes'][0]['target']}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


def too_wide(page: Page) -> list[str]:
    """What a phone would have to be pushed sideways for: the page itself, or a table of it."""
    before = page.viewport_size
    page.set_viewport_size(PHONE)
    found = page.evaluate(
        "[document.documentElement, ...document.querySelectorAll('.scroll')]"
        ".filter(each => each.scrollWidth > each.clientWidth).map(each => each.innerText.slice(0, 40))"
    )
    page.set_viewport_size(before or PHONE)
    return [f"{page.url}: wider than a phone: {each}" for each in found]


def test_a_swipe_an_alarm_and_a_lockdown_are_seen_heard_and_done(own_building: Demo, browser: Browser) -> None:
    kim = signed_in(browser, own_building, "kim", init=COUNT_TONES)
    olu = signed_in(browser, own_building, "olu", "ja-JP")
    with own_building.hand() as hand:
        hand.watch()
        a_swipe(kim, own_building, hand)
        an_alarm(kim, olu, own_building, hand)
        hand.set("cedar-back.contact", 0)
    a_lockdown(kim, olu, own_building)


def a_swipe(kim: Page, demo: Demo, hand: Hand) -> None:
    expect(kim.locator("#stream")).to_have_text("live")
    expect(kim.locator("#alarms")).to_contain_text("No alarm waits.")
    answered = hand.present("cedar-in", bits=demo.card("Ada"))
    hand.wait_for("cedar.strike", 1, timeout=3, after=answered)
    expect(kim.locator("#newest")).to_contain_text("Ada", timeout=SOON)
    expect(tile(kim, "Cedar room").locator(".door-state")).to_have_text("Released", timeout=SOON)
    hand.set("cedar.contact", 1)
    expect(tile(kim, "Cedar room").locator(".door-state")).to_have_text("Open", timeout=SOON)
    hand.set("cedar.contact", 0)
    expect(tile(kim, "Cedar room").locator(".door-state")).to_have_text("Secured", timeout=SOON)
    expect(tile(kim, "Cedar room").locator(".last")).to_contain_text("Ada")
    for part in (".newest-whom", ".newest-when"):
        assert kim.locator(part).evaluate("each => parseFloat(getComputedStyle(each).fontSize)") >= READ_FROM_TWO_METRES
    rows = kim.locator("#feed tr", has_text="Passage")
    expect(rows.first).to_contain_text("Ada")
    expect(rows.first).to_contain_text("Cedar room")


def an_alarm(kim: Page, olu: Page, demo: Demo, hand: Hand) -> None:
    expect(kim.locator("#sound")).to_have_text("Sound on alarms: off")
    kim.click("#sound")
    expect(kim.locator("#sound")).to_have_text("Sound on alarms: on")
    wait_until(lambda: kim.evaluate("window.tones") == 2)  # how it sounds, as an answer to the click
    hand.set("cedar-back.contact", 1)
    raised = kim.locator("#alarms li", has_text="Door forced open")
    expect(raised).to_contain_text("Cedar room, back door", timeout=SOON)
    expect(tile(kim, "Cedar room, back door").locator(".door-state")).to_have_text("Forced open", timeout=SOON)
    wait_until(lambda: kim.evaluate("window.tones") == 4)
    expect(olu.locator("#alarms li", has_text="こじ開け")).to_be_visible(timeout=SOON)
    assert olu.locator("#alarms button").count() == 0

    raised.locator("input[name=note]").fill("The wind: ")
    hand.present("cedar-in", bits=demo.card("Ben"))
    expect(kim.locator("#newest")).to_contain_text("Ben", timeout=SOON)
    expect(raised.locator("input[name=note]")).to_have_value("The wind: ")  # nobody loses what they are typing
    expect(raised.locator("input[name=note]")).to_be_focused()
    kim.keyboard.type("closed it")
    shot(kim, "live-alarm")
    kim.keyboard.press("Enter")
    expect(kim.locator("#alarms")).to_contain_text("No alarm waits.", timeout=SOON)
    expect(olu.locator("#alarms li")).to_have_count(0, timeout=SOON)
    kept = demo.api("olu", "/alarms?waiting=false")["items"][-1]
    assert (kept["kind"], kept["note"]) == ("FORCED_OPEN", "The wind: closed it")
    kim.reload()
    expect(kim.locator("#sound")).to_have_attribute("aria-pressed", "true")  # remembered


def a_lockdown(kim: Page, olu: Page, demo: Demo) -> None:
    kim.locator("#posture").get_by_text("Lock down").click()
    expect(kim.locator("main")).to_contain_text("Locks 3 rooms at 4 doors.")
    kim.fill("input[name=reason]", "Drill")
    shot(kim, "posture-order")
    kim.locator("main form button").click()
    expect(kim.locator("#at-doors")).to_contain_text("in force at 4 of 4 doors", timeout=SOON)
    shot(kim, "posture-in-force")
    expect(olu.locator(".tile .mode-lockdown")).to_have_count(4, timeout=SOON)
    shot(olu, "live-lockdown-ja")


def test_axe_finds_nothing_serious_and_a_phone_is_wide_enough_in_either_theme_and_language(
    own_building: Demo, browser: Browser
) -> None:
    with own_building.hand() as hand:
        hand.set("cedar-back.contact", 1)
        wait_until(lambda: own_building.api("olu", "/alarms?waiting=true")["items"])
    own_building.api("kim", "/posture", {"lockdown": True, "reason": "Drill"})
    eased = {"set": {"essential_s": 1_000_000}, "reason": "a long weekend"}
    cedar = next(each["id"] for each in own_building.api("kim", "/areas")["items"] if each["key"] == "cedar-room")
    assert own_building.api("kim", f"/areas/{cedar}/rules", eased)["state"] == "requested"
    decision = f"/log/{newest(own_building, 'DECISION')['id']}"
    found: list[str] = []
    for theme, language in zip(THEMES, ("en-GB", "ja-JP"), strict=True):
        page = signed_in(browser, own_building, "kim", language, theme=theme)
        for path in (*PAGES, decision):
            answer = page.goto(f"{own_building.description['web']}{path}")
            assert answer is not None
            assert answer.ok, path
            found += [f"{theme} {language} {each}" for each in (*grave(page), *too_wide(page))]
    officer = signed_in(browser, own_building, "pia", "ja-JP", theme="dark")
    for path in OF_AN_OFFICER:
        officer.goto(f"{own_building.description['web']}{path}")
        found += [f"pia {each}" for each in (*grave(officer), *too_wide(officer))]
    assert found == [], "\n".join(found)
