"""A floor plan as an admin makes and watches it: uploaded, doors clicked, dragged and typed, then changing live."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.building.browser_hands import shot, signed_in
from tests.building.demo_hands import Demo
from tests.controller.test_picture import drawn

pytestmark = [pytest.mark.browser, pytest.mark.building, pytest.mark.broker]
SOON = 10_000
PHONE = 390


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    running = Demo(tmp_path / "demo", "auto")
    yield running
    running.stop()


def without_a_plan(demo: Demo) -> None:
    """Take away the plan that the demo comes with."""
    for plan in demo.api("olu", "/floor-plans")["items"]:
        demo.api("kim", f"/floor-plans/{plan['id']}/remove", {})


def marks(demo: Demo) -> dict[int, tuple[int, int]]:
    """Where each door stands, by its id."""
    found = demo.api("olu", "/floor-plans")["items"][0]["marks"]
    return {each["door"]: (each["x"], each["y"]) for each in found if each["door"]}


def near(found: tuple[int, int], wanted: tuple[int, int]) -> bool:
    return all(abs(one - other) <= 2 for one, other in zip(found, wanted, strict=True))


def test_a_plan_is_uploaded_doors_are_placed_and_their_states_change_on_it(
    demo: Demo, browser: Browser, tmp_path: Path
) -> None:
    without_a_plan(demo)
    kim = signed_in(browser, demo, "kim")
    (tmp_path / "plan.png").write_bytes(drawn("PNG", (1200, 800)))
    kim.goto(f"{demo.description['web']}/plans")
    kim.fill("input[name=name]", "3F")
    kim.set_input_files("input[name=picture]", tmp_path / "plan.png")
    kim.click("main form button")
    doors = {each["name"]: each["id"] for each in demo.api("olu", "/doors")["items"]}
    clicked(kim, demo, doors)
    dragged(kim, demo, doors)
    typed(kim, demo, doors)
    watched(kim, demo, doors)
    on_a_phone(kim)


def clicked(kim: Page, demo: Demo, doors: dict[str, int]) -> None:
    """As without JavaScript: the click submits, and the next door that has no place is chosen."""
    expect(kim.locator(".plan-chosen")).to_have_text("Cedar room")
    kim.locator("input[type=image]").click(position={"x": 300, "y": 200})  # the plan is drawn 1200 by 800 large
    expect(kim.locator(".plan-chosen")).to_have_text("Cedar room, back door")
    assert near(marks(demo)[doors["Cedar room"]], (250, 250))


def dragged(kim: Page, demo: Demo, doors: dict[str, int]) -> None:
    cedar = doors["Cedar room"]
    box = kim.locator(f'[data-thing="door-{cedar}"] circle').bounding_box()
    assert box is not None
    kim.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    kim.mouse.down()
    kim.mouse.move(box["x"] + box["width"] / 2 + 240, box["y"] + box["height"] / 2 + 80, steps=4)
    kim.mouse.up()
    expect(kim.locator(".plan-unsaved")).to_have_text("Not saved yet")
    assert near(marks(demo)[cedar], (250, 250))  # nothing is done before it is saved
    kim.click("text=Save the places")
    expect(kim.locator(".plan-unsaved")).to_be_hidden()
    where = marks(demo)[cedar]
    assert where[0] > 400
    assert where[1] > 320


def typed(kim: Page, demo: Demo, doors: dict[str, int]) -> None:
    """By the keyboard alone: the mark follows the numbers, Enter saves."""
    back = doors["Cedar room, back door"]
    kim.locator(f"[name=x-door-{back}]").focus()
    kim.keyboard.type("800")
    kim.keyboard.press("Tab")
    kim.keyboard.type("500")
    mark = kim.locator(f'[data-thing="door-{back}"]')
    expect(mark).to_have_attribute("visibility", "visible")
    expect(mark).to_have_attribute("transform", "translate(960 400)")
    kim.keyboard.press("Enter")
    expect(kim.locator(".plan-unsaved")).to_be_hidden()
    expect(kim.locator("main")).to_contain_text("Cedar room, back door: on Third floor → 800 · 500")
    assert marks(demo)[back] == (800, 500)
    shot(kim, "floor-plan-places")


def watched(kim: Page, demo: Demo, doors: dict[str, int]) -> None:
    """The states change at their places; the picture itself is not fetched again."""
    kim.goto(f"{demo.description['web']}/live")
    expect(kim.locator("#floor-unplaced")).to_contain_text("Main entrance")
    kim.evaluate("document.querySelector('#floor image').kept = true")
    at_door = kim.locator(f"#at-door-{doors['Cedar room, back door']}")
    listed = kim.locator("#floor-list li", has_text="Cedar room, back door")
    expect(at_door.locator(".door-state")).to_have_text("Secured", timeout=SOON)
    with demo.hand() as hand:
        hand.set("cedar-back.contact", 1)
        expect(at_door.locator(".door-state")).to_have_text("Forced open", timeout=SOON)
        expect(at_door.locator(".mark-alarm")).to_be_visible()
        expect(listed).to_contain_text("Forced open, alarm")
        shot(kim, "floor-plan-alarm")
        hand.set("cedar-back.contact", 0)
        expect(at_door.locator(".door-state")).to_have_text("Secured", timeout=SOON)
    expect(at_door.locator(".mark-alarm")).to_be_visible()  # until somebody has looked
    assert kim.evaluate("document.querySelector('#floor image').kept")
    kim.locator("#alarms button", has_text="Acknowledge").first.click()
    expect(kim.locator(f"#at-door-{doors['Cedar room, back door']} .mark-alarm")).to_have_count(0, timeout=SOON)


def on_a_phone(kim: Page) -> None:
    kept: Any = kim.evaluate("document.documentElement.scrollWidth")
    assert kept <= 1280
    kim.set_viewport_size({"width": PHONE, "height": 800})
    assert kim.evaluate("document.documentElement.scrollWidth") <= PHONE  # the plan scrolls inside its frame
    expect(kim.locator("#floor-list li").first).to_be_visible()
    shot(kim, "floor-plan-phone")


def test_without_javascript_a_click_places_a_door_and_the_live_page_shows_it(
    demo: Demo, browser: Browser, tmp_path: Path
) -> None:
    without_a_plan(demo)
    (tmp_path / "plan.png").write_bytes(drawn("PNG", (1200, 800)))
    page = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900}).new_page()
    web = demo.description["web"]
    password = next(each["password"] for each in demo.description["operators"] if each["name"] == "kim")
    page.goto(f"{web}/sign-in")
    page.fill("input[name=name]", "kim")
    page.fill("input[name=password]", password)
    page.click("main button")
    page.goto(f"{web}/plans")
    page.fill("input[name=name]", "3F")
    page.set_input_files("input[name=picture]", tmp_path / "plan.png")
    page.click("main form button")
    page.locator("label", has_text="Main entrance").locator("input").check()
    page.locator("input[type=image]").click(position={"x": 600, "y": 400})
    doors = {each["name"]: each["id"] for each in demo.api("olu", "/doors")["items"]}
    assert near(marks(demo)[doors["Main entrance"]], (500, 500))
    page.goto(f"{web}/live")
    expect(page.locator(f"#at-door-{doors['Main entrance']} .door-state")).to_be_visible()
    page.goto(f"{web}/plans/2")
    page.locator("button", has_text="Undo").first.click()
    assert marks(demo) == {}
