"""Operators in real browsers: how one is started, how somebody signs in, and pictures for whoever wants to look."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Literal

import pyotp
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from tests.building.demo_hands import Demo

SOON = 10_000
"""Milliseconds in which what is done at a door stands on a page, on a machine that does other work beside."""

HOME = re.compile("/(live|feeds)$")
"""Where somebody is led who has signed in."""


def signed_in(
    browser: Browser,
    demo: Demo,
    name: str,
    language: str = "en-GB",
    *,
    theme: Literal["light", "dark"] = "light",
    init: str = "",
) -> Page:
    """A browser of their own, signed in; whatever the page's console complains of fails the test. init: a script that
    runs before those of every page."""
    size: ViewportSize = {"width": 1280, "height": 900}
    page = browser.new_context(locale=language, viewport=size, color_scheme=theme).new_page()
    page.add_init_script(init)
    page.on("console", lambda message: complain(message.type, message.text))
    page.on("pageerror", lambda error: complain("error", str(error)))
    sign_in(page, demo, name)
    expect(page).to_have_url(HOME)
    return page


def sign_in(page: Page, demo: Demo, name: str) -> None:
    """Give somebody's name and password, whatever is asked for next."""
    operator = next(each for each in demo.description["operators"] if each["name"] == name)
    page.goto(f"{demo.description['web']}/sign-in")
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", operator["password"])
    page.click("main button")


def takes_a_second_factor(page: Page, demo: Demo, name: str) -> None:
    """Urged to add one, shown how, and asked for it at the next sign-in."""
    page.click("text=Add a second factor")
    expect(page.locator("main")).to_contain_text("it is asked for after the first step of a sign-in")
    page.click("text=Add an authenticator app")
    shot(page, f"{name}-authenticator")
    app = pyotp.TOTP(page.locator("main code").inner_text())
    page.fill("input[name=code]", app.at(time.time()))
    page.locator("main form button").first.click()
    expect(page.locator(".codes code")).to_have_count(10)
    page.click("text=Sign out")
    sign_in(page, demo, name)
    expect(page).to_have_url(re.compile("/sign-in/second$"))
    shot(page, f"{name}-second-step")
    page.fill("input[name=code]", app.at(time.time() + 30))  # the present one is used up
    page.locator("main form button").first.click()
    expect(page).to_have_url(HOME)
    expect(page.locator(".urged")).to_have_count(0)


def go(page: Page, name: str) -> None:
    """Take one of the pages named at the top."""
    page.get_by_role("navigation", name="Pages").get_by_role("link", name=name, exact=True).click()


def tile(page: Page, door: str) -> Locator:
    """The tile of a door on the live page."""
    return page.locator(".tile").filter(has=page.locator("h3", has_text=door).get_by_text(door, exact=True))


def complain(kind: str, text: str) -> None:
    assert kind != "error", text


def shot(page: Page, name: str) -> None:
    """A picture for whoever wants to look, in the folder of SEKISHO_PICTURES, or of the test run."""
    page.screenshot(path=Path(os.environ["SEKISHO_PICTURES"]) / f"{name}.png", full_page=True)
