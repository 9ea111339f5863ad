"""The live page as an admin keeps it open: a swipe appears, an alarm sounds and is noted, a lockdown is ordered."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from hardware.bench.hand import Hand
from tests.building.browser_hands import shot, signed_in
from tests.building.demo_hands import Demo, newest, wait_until
from tests.controller.test_picture import drawn

pytestmark = [pytest.mark.browser, pytest.mark.building, pytest.mark.broker]
SOON = 10_000
LIVE = ("/live", "/alarms", "/posture", "/posture/1", "/posture/order?act=evacuation", "/posture/person/1")
PEOPLE = ("/cardholders", "/cardholders/1", "/cardholders/files", "/cards", "/cards/1", "/cards/count", "/requests")
ROOMS = ("/rooms", "/rooms/maple-room", "/rooms/maple-room/rules", "/rooms/maple-room/who-can", "/stays", "/muster")
PLANS = ("/plans", "/plans/1")
RECORD = ("/log", "/reports", "/reports/acts", "/exports", "/exports/of/log", "/operators", "/account", "/components")
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
COUNT_TONES = """
window.tones = 0;
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...when) { window.tones += 1; return start.apply(this, when); };
"""


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    running = Demo(tmp_path / "demo", "auto")
    yield running
    running.stop()


def tile(page: Page, door: str) -> Any:
    return page.locator(".tile").filter(has=page.locator("h3", has_text=door).get_by_text(door, exact=True))


def grave(page: Page) -> list[str]:
    """What axe finds serious or critical: the rule and where."""
    found = Axe().run(page).response["violations"]
    return [
        f"{page.url}: {each['id']} at {each['nodes'][0]['target']}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


def test_a_swipe_an_alarm_and_a_lockdown_are_seen_heard_and_done(demo: Demo, browser: Browser) -> None:
    kim = signed_in(browser, demo, "kim", init=COUNT_TONES)
    olu = signed_in(browser, demo, "olu", "ja-JP")
    with demo.hand() as hand:
        hand.watch()
        a_swipe(kim, demo, hand)
        an_alarm(kim, olu, demo, hand)
        hand.set("cedar-back.contact", 0)
    a_lockdown(kim, olu, demo)


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


def test_axe_finds_nothing_serious_in_either_theme_and_language(demo: Demo, browser: Browser) -> None:
    with demo.hand() as hand:
        hand.set("cedar-back.contact", 1)
        wait_until(lambda: demo.api("olu", "/alarms?waiting=true")["items"])
    demo.api("kim", "/posture", {"lockdown": True, "reason": "Drill"})
    demo.api("kim", "/floor-plans", {"name": "3F", "picture": base64.b64encode(drawn("PNG", (800, 500))).decode()})
    demo.api(
        "kim", "/floor-plans/1/place", {"marks": [{"door": each, "x": 200 * each, "y": 500} for each in (1, 2, 3)]}
    )
    decision = f"/log/{newest(demo, 'DECISION')['id']}"
    found: list[str] = []
    for theme, language in zip(THEMES, ("en-GB", "ja-JP"), strict=True):
        page = signed_in(browser, demo, "kim", language, theme=theme)
        for path in (*LIVE, *PEOPLE, *ROOMS, *PLANS, *RECORD, decision):
            answer = page.goto(f"{demo.description['web']}{path}")
            assert answer is not None
            assert answer.ok, path
            found += [f"{theme} {language} {each}" for each in grave(page)]
    assert found == []
