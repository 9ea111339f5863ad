"""The OpenID provider in a real browser: the provider's pages are another site there, and our cookies know it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine

from admin_web.openid.settings import ProviderSettings
from controller.database import reading
from controller.people.permission import Grant, GrantState
from tests.admin_web.on_waitress import served
from tests.admin_web.openid_provider import OpenIdProvider
from tests.admin_web.test_account import aged, asked_for
from tests.admin_web.test_passkeys import browser, by_password, shot
from tests.admin_web.test_provider import provider, started, told
from tests.controller.conftest import House

__all__ = ["browser", "provider", "told"]
pytestmark = pytest.mark.browser
SOON = 10_000


@pytest.fixture
def address(house: House, engine: Engine, tmp_path: Path, told: ProviderSettings) -> Iterator[str]:
    """The pages on the real server; `localhost`, where the provider is, is another site than this."""
    app: Flask = started(engine, tmp_path, told)
    with served(app, 2) as port:
        yield f"http://127.0.0.1:{port}"


def looked_at(page: Page, name: str) -> None:
    """A picture at both widths, and what axe finds serious."""
    page.wait_for_load_state()  # a click is done when the next page begins to come, before its styles are there
    shot(page, name)
    size = page.viewport_size
    page.set_viewport_size({"width": 390, "height": 800})
    shot(page, f"{name}-390")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert size is not None
    page.set_viewport_size(size)
    grave = [each["id"] for each in Axe().run(page).response["violations"] if each["impact"] in ("serious", "critical")]
    assert grave == []


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_an_operator_links_signs_in_confirms_and_signs_out(
    browser: Browser, house: House, provider: OpenIdProvider, address: str, scripts: bool
) -> None:
    provider.manners.asks = True
    kim = browser.new_context(locale="en-GB", java_script_enabled=scripts).new_page()
    by_password(kim, address)
    kim.goto(f"{address}/account")
    kim.click("#provider button")
    kim.click("text=Allow")
    expect(kim.locator("#provider li")).to_contain_text(provider.manners.subject)
    if scripts:
        looked_at(kim, "provider-account")
    kim.click("text=Sign out")
    assert kim.locator("text=Sign out at").count() == 0

    kim.click("text=Sign in with Acme accounts")
    kim.click("text=Allow")
    expect(kim).to_have_url(re.compile("/(live|start)$"))

    grant = asked_for(house, "mia")
    aged(house)
    kim.goto(f"{address}/requests")
    kim.click(f"#grant-{grant} >> text=Approve")
    with kim.expect_popup() as opened:
        if scripts:
            looked_at(kim, "provider-confirm")
        kim.click("text=Sign in there, in a new window")
    opened.value.click("text=Allow")
    expect(opened.value.locator("h1")).to_have_text("Confirmed")
    opened.value.close()
    kim.click("text=Then go on here")
    expect(kim).to_have_url(re.compile(f"/requests#grant-{grant}$|/requests$|/rooms/"))
    with reading(house.engine) as session:
        assert session.get_one(Grant, grant).state == GrantState.APPROVED

    kim.click("text=Sign out")
    if scripts:
        looked_at(kim, "provider-signed-out")
    kim.click("text=Sign out at Acme accounts too")
    expect(kim).to_have_url(f"{address}/sign-in")


def test_the_pages_in_japanese_and_in_the_dark(
    browser: Browser, house: House, provider: OpenIdProvider, address: str
) -> None:
    page = browser.new_context(locale="ja-JP", color_scheme="dark").new_page()
    page.goto(f"{address}/sign-in")
    looked_at(page, "provider-sign-in-ja-dark")
    page.click("text=Acme accounts")  # not linked yet
    expect(page.locator("[role=alert]")).to_contain_text("連携")
    looked_at(page, "provider-not-linked-ja-dark")
    by_password(page, address)
    page.goto(f"{address}/account")
    looked_at(page, "provider-account-ja-dark")
    page.click("#provider button")
    expect(page.locator("#provider li")).to_contain_text(provider.manners.subject)
    aged(house)
    page.click("#provider li button")
    expect(page.locator(".provider")).to_be_visible(timeout=SOON)
    looked_at(page, "provider-confirm-ja-dark")
