"""Schedules, calendars and access levels in a real browser: without scripts, on a phone, sound for axe."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from controller.database import transaction
from controller.people import level_change
from controller.people import permission as permissions
from controller.people.access_level import LevelPlan, opening
from controller.people.permission import Wish
from controller.premises import area as areas
from tests.admin_web.conftest import web_now
from tests.admin_web.test_matrix_browser import CUT_OFF, opened
from tests.admin_web.test_passkeys import address, browser, shot
from tests.building.test_live_in_a_browser import grave
from tests.controller.conftest import NOW, House

__all__ = ["address", "browser"]
pytestmark = pytest.mark.browser
PAGES = (
    *("/access-levels", "/access-levels/1", "/access-levels/1/change", "/access-levels/changes/1"),
    *("/schedules", "/schedules/1", "/schedules/1/change", "/calendars", "/calendars/1?year=2026"),
)


@pytest.fixture
def levelled(house: House) -> House:
    """A level that Ben waits for, and a change of it that waits for another person."""
    with transaction(house.engine) as session:
        kim, site = house.operator(session, "kim"), house.site(session)
        rooms = [each.id for each in areas.guarded_of_site(session, site)]
        narrow, wide = (LevelPlan("Cleaning", "清掃", dict.fromkeys(some)) for some in (rooms[:1], rooms))
        level = level_change.make(session, kim, NOW, site, narrow, "cleaners")
        wish = Wish(house.holder(session, "Ben"), opening(session, level), NOW, None, "cleans")
        permissions.request(session, kim, NOW, wish)
        level_change.change(session, kim, web_now(), level, wide, "all of it", lambda *_: None)
    return house


def test_without_scripts_a_schedule_is_made_changed_after_a_look_and_retired(browser: Browser, address: str) -> None:
    page = opened(browser, address, scripts=False)
    page.goto(f"{address}/schedules/new")
    page.fill("input[name=name]", "Late shift")
    page.fill("input[name=day-0]", "22:00-06:00")
    page.fill("input[name=reason]", "a second shift")
    page.click("text=Make it")
    expect(page.locator("h1")).to_contain_text("Late shift")
    expect(page.locator(".week tr", has_text="06:00").first).to_contain_text("Tue")
    page.click("text=Change >> nth=0")
    page.fill("input[name=day-0]", "20:00-24:00")
    page.click("text=See what it does")
    expect(page.locator(".effect")).to_contain_text("What rests on it: nothing")
    page.fill("input[name=reason]", "earlier")
    page.click("text=Make this change")
    expect(page.locator(".week").first).to_contain_text("20:00–24:00")
    _retired(page)
    expect(page.locator("h1")).to_contain_text("retired")


def _retired(page: Page) -> None:
    page.click("summary:has-text('Retire')")
    page.fill("details[open] input[name=reason]", "no such shift")
    page.click("details[open] button")
    expect(page).to_have_url(re.compile(r"/schedules/\d+$"))


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("ja", "dark")])
def test_the_pages_are_sound_wide_and_on_a_phone(
    browser: Browser, address: str, levelled: House, language: str, theme: str
) -> None:
    found: list[str] = []
    page = opened(browser, address, language, theme)
    for width in (1200, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for path in PAGES:
            page.goto(f"{address}{path}")
            shot(page, f"hours{path.split('?')[0].replace('/', '-')}-{language}-{theme}-{width}")
            found += grave(page)
            assert page.evaluate(CUT_OFF) == [], path
    assert found == []
