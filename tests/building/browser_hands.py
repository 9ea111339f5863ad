"""Operators in real browsers: how one is started, how somebody signs in, and pictures for whoever wants to look."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.building.demo_hands import Demo

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


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
    operator = next(each for each in demo.description["operators"] if each["name"] == name)
    page.goto(f"{demo.description['web']}/sign-in")
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", operator["password"])
    page.click("main button")
    expect(page).to_have_url(re.compile("/live$"))
    return page


def complain(kind: str, text: str) -> None:
    assert kind != "error", text


def shot(page: Page, name: str) -> None:
    """A picture for whoever wants to look: SEKISHO_PICTURES names the folder."""
    folder = os.environ.get("SEKISHO_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
