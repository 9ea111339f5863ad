"""Passkeys in a real browser, with its virtual authenticator: made, signed in with alone, confirmed with, removed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from controller.database import reading, transaction
from controller.people.operator_session import OperatorSession, Proof
from controller.people.passkey import Passkey
from controller.people.sign_in_failure import FREE_FAILURES
from tests import chromium
from tests.admin_web.conftest import web_now as now
from tests.admin_web.on_waitress import served
from tests.controller.conftest import PASSWORD, House

pytestmark = pytest.mark.browser
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The pages on the real server, called by the only name for which browsers make passkeys without TLS."""
    with served(app, 2) as port:
        yield f"http://localhost:{port}"


@pytest.fixture
def browser(chromium_path: str, address: str) -> Iterator[Browser]:
    """One that is gone before the server at `address` is, so that nothing hangs on to it."""
    with chromium.started(chromium_path) as started:
        yield started


def opened(browser: Browser, language: str = "en-GB", theme: str = "light") -> Page:
    context = browser.new_context(
        locale=language,
        color_scheme="dark" if theme == "dark" else "light",
        viewport={"width": 1000, "height": 800},
    )
    page = context.new_page()
    tool = context.new_cdp_session(page)
    tool.send("WebAuthn.enable")
    tool.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    return page


def by_password(page: Page, address: str, password: str = PASSWORD) -> None:
    page.goto(f"{address}/sign-in")
    page.fill("input[name=name]", "kim")
    page.fill("input[name=password]", password)
    page.click("form:has(input[name=password]) button")


def shot(page: Page, name: str) -> None:
    """A picture for whoever wants to look: SEKISHO_PICTURES names the folder."""
    folder = os.environ.get("SEKISHO_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def made(page: Page, address: str) -> None:
    """Sign in by password and add a passkey."""
    by_password(page, address)
    expect(page).to_have_url(re.compile("/(live|start)$"))
    page.goto(f"{address}/account")
    page.fill("input[name=label]", "Desk")
    page.click("#passkeys form[data-passkey] button")
    expect(page.locator(".codes li")).to_have_count(10)


def test_a_passkey_is_made_signs_in_alone_and_is_removed(browser: Browser, address: str, house: House) -> None:
    page = opened(browser)
    made(page, address)
    page.click("main a.button")
    expect(page.locator("#passkeys li bdi")).to_have_text("Desk")
    page.click("header form[action='/sign-out'] button")
    page.click("form.passkey button")
    expect(page).to_have_url(re.compile("/(live|start)$"))
    with reading(house.engine) as session:
        assert [each.proof for each in session.query(OperatorSession)] == [Proof.PASSKEY]
        used = session.query(Passkey).one()
        assert (used.rp_id, used.last_used_at is not None) == ("localhost", True)
    page.goto(f"{address}/account")
    page.click("#passkeys li button")
    expect(page.locator("#passkeys li.faint")).to_be_visible()


def test_a_passkey_is_the_second_step_of_whoever_has_no_app(browser: Browser, address: str, house: House) -> None:
    page = opened(browser)
    made(page, address)
    page.context.clear_cookies()
    by_password(page, address)
    expect(page).to_have_url(re.compile("/sign-in/second$"))
    page.click("form.passkey button")
    expect(page).to_have_url(re.compile("/(live|start)$"))


def test_strangers_failures_close_no_passkey(browser: Browser, address: str, house: House) -> None:
    page = opened(browser)
    made(page, address)
    page.context.clear_cookies()
    for _ in range(FREE_FAILURES + 1):
        by_password(page, address, "not the password")
    by_password(page, address)
    expect(page.get_by_role("alert").first).to_be_visible()
    page.click("form.passkey button")
    expect(page).to_have_url(re.compile("/(live|start)$"))


def test_a_dangerous_act_is_confirmed_with_a_passkey_and_done(browser: Browser, address: str, house: House) -> None:
    page = opened(browser)
    made(page, address)
    with transaction(house.engine) as session:
        session.query(OperatorSession).one().confirmed_at = now() - timedelta(hours=1)
    page.goto(f"{address}/operators")
    page.fill("input[name=label]", "for reports")
    page.click("form[action='/operators/tokens'] button")
    shot(page, "confirm-en-light")
    page.click("form.passkey button")
    expect(page.locator(".card.good code")).to_be_visible()
    expect(page.get_by_text("for reports")).to_be_visible()


def test_an_old_sign_in_makes_no_passkey_before_it_is_confirmed(browser: Browser, address: str, house: House) -> None:
    page = opened(browser)
    by_password(page, address)
    expect(page).to_have_url(re.compile("/(live|start)$"))
    with transaction(house.engine) as session:
        session.query(OperatorSession).one().confirmed_at = now() - timedelta(hours=1)
    page.goto(f"{address}/account")
    page.fill("input[name=label]", "Desk")
    page.click("#passkeys form[data-passkey] button")
    expect(page).to_have_url(re.compile("/account/confirm$"))
    with reading(house.engine) as session:
        assert session.query(Passkey).count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en-GB", "ja-JP"])
def test_the_pages_of_an_account_fit_a_phone_and_speak_both_languages(
    browser: Browser, address: str, language: str, theme: str
) -> None:
    page, name = opened(browser, language, theme), f"{language[:2]}-{theme}"
    page.goto(f"{address}/sign-in")
    shot(page, f"sign-in-{name}")
    made(page, address)
    shot(page, f"codes-{name}")
    page.goto(f"{address}/account")
    shot(page, f"account-{name}")
    page.click("form[action='/account/authenticator'] button")
    expect(page.locator(".qr svg")).to_be_visible()
    shot(page, f"authenticator-{name}")
    page.goto(f"{address}/operators")
    shot(page, f"operators-{name}")
    page.set_viewport_size({"width": 390, "height": 800})
    for path in ("/account", "/account/authenticator", "/sign-in"):
        page.goto(f"{address}{path}")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, path
        assert (page.locator("html").get_attribute("lang") or "") == language[:2]
