"""The matrix in a real browser: without scripts, on a phone, its head in sight, and nothing that axe calls serious."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from controller.database import transaction
from controller.people import cardholder
from tests.admin_web.conftest import web_now
from tests.admin_web.test_passkeys import address, browser, by_password, shot
from tests.admin_web.test_permission_matrix import cell, give
from tests.building.test_live_in_a_browser import grave
from tests.controller.conftest import NOW, House

__all__ = ["address", "browser"]
pytestmark = pytest.mark.browser
CUT_OFF = """
[document.documentElement, ...document.querySelectorAll(".scroll, .matrix")]
  .filter(each => each.scrollWidth > each.clientWidth).map(each => each.className || each.tagName)
"""
"""What is wider than the place it has, so that a part is not seen."""
LANGUAGES = {"en": "en-GB", "ja": "ja-JP"}


@pytest.fixture
def populated(house: House) -> House:
    """Permissions of every kind, and more people than the table shows without scrolling."""
    give(house, "Ada", essential=True)
    give(house, "Ada", "maple-room", ends=web_now() + timedelta(days=20))
    give(house, "Ben", hours=True)
    give(house, "Ben", "maple-room", approved=False)
    give(house, "Eve", begins=web_now() + timedelta(days=3))
    with transaction(house.engine) as session:
        for number in range(20):
            cardholder.enrol(session, "operator:1", NOW, house.site(session), f"渡邊 翔太 {number}", f"70{number:02}")
    return house


def opened(
    browser: Browser,
    address: str,
    language: str = "en",
    theme: str = "light",
    width: int = 1200,
    *,
    scripts: bool = True,
) -> Page:
    context = browser.new_context(
        java_script_enabled=scripts,
        locale=LANGUAGES[language],
        color_scheme="dark" if theme == "dark" else "light",
        viewport={"width": width, "height": 900},
    )
    page = context.new_page()
    by_password(page, address)
    expect(page).to_have_url(re.compile("/(live|start)$"))
    page.goto(f"{address}/permissions")
    return page


def marked(page: Page, house: House) -> None:
    page.check(f'input[name=revoke][value="{cell(house, "Ada")}"]')
    page.check(f'input[name=request][value="{cell(house, "Ben", "hallway")}"]')
    page.check(f'input[name=request][value="{cell(house, "Ada", "maple-room")}"]')
    page.fill("form input[name=reason]", "shift change")
    page.click("form[action$=preview] button")


def test_without_scripts_cells_are_marked_looked_at_and_done_and_an_approval_undone(
    browser: Browser, address: str, populated: House
) -> None:
    page = opened(browser, address, scripts=False)
    marked(page, populated)
    expect(page.locator("h1")).to_have_text("What the marked cells would change")
    expect(page.locator(".alarms li")).to_have_count(1)
    page.click("text=Make these changes (2)")
    expect(page).to_have_url(re.compile("/requests$"))
    expect(page.locator("article.request")).to_have_count(2)
    row = page.locator("tr", has_text="shift change")
    row.locator("summary").click()
    row.locator("button").click()
    expect(page.locator("article.request")).to_have_count(3)
    expect(page.locator("article.request").last).to_contain_text("Undoes the revocation of permission 1")


def test_head_and_first_column_stay_in_sight(browser: Browser, address: str, populated: House) -> None:
    page = opened(browser, address, width=800)
    frame = page.locator(".matrix")
    before = frame.bounding_box()
    frame.evaluate("each => each.scrollTo(60, 400)")
    corner = page.locator(".matrix thead th").first.bounding_box()
    person = page.locator(".matrix tbody th").nth(10).bounding_box()
    assert before is not None
    assert corner is not None
    assert person is not None
    assert (round(corner["x"]), round(corner["y"])) == (round(before["x"]), round(before["y"]))
    assert round(person["x"]) == round(before["x"])


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("ja", "dark")])
def test_the_pages_are_sound_wide_and_on_a_phone(
    browser: Browser, address: str, populated: House, language: str, theme: str
) -> None:
    found: list[str] = []
    for width in (1200, 390):
        page = opened(browser, address, language, theme, width)
        for name in ("table", "preview", "requests"):
            shot(page, f"matrix-{name}-{language}-{theme}-{width}")
            found += grave(page)
            assert page.evaluate(CUT_OFF) == [], name
            if name == "table":
                marked(page, populated)
            elif name == "preview":
                page.goto(f"{address}/requests")
    assert found == []
