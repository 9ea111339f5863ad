"""The pictures of docs/operator/pictures, taken anew: `python -m tests.building.pictures`.

A demo building is made, a few things happen in it, and its pages are taken in headless Chromium as small WebP files.
Every name in them is one of the demo's cast.
"""

from __future__ import annotations

import base64
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, expect

from hardware.bench.hand import Hand
from tests import chromium
from tests.building.browser_hands import SOON, signed_in
from tests.building.demo_hands import CHECKOUT, Demo, is_newer, make_building, newest
from tests.building.door_hands import is_refused, passes

FOLDER = CHECKOUT / "docs" / "operator" / "pictures"
PICTURES = (
    *("doors", "live", "live-ja", "request", "in-force", "lost-card", "matrix", "why", "who-could", "take-out"),
    *("muster-phone", "lockdown", "officer-decides", "officer-phone-ja", "taken-out"),
)
"""Each is the name of a file there."""

PHONE = ViewportSize(width=390, height=780)
QUALITY = 75


def taken(page: Page, name: str, size: ViewportSize) -> None:
    """Keep what stands in a window of that size."""
    page.set_viewport_size(size)
    page.evaluate("scrollTo(0, 0)")
    found = page.context.new_cdp_session(page).send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    (FOLDER / f"{name}.webp").write_bytes(base64.b64decode(found["data"]))
    sys.stdout.write(f"{name}.webp\n")


def wide(height: int) -> ViewportSize:
    return {"width": 1280, "height": height}


def what_happens(demo: Demo, hand: Hand) -> None:
    """People come, somebody is refused, a door is forced."""
    for cardholder in ("佐藤 美咲", "伊藤 さくら"):
        passes(hand, demo, "main-in", demo.card(cardholder))
    passes(hand, demo, "cedar-in", demo.card("佐藤 美咲"))
    is_refused(hand, demo, "cedar-in", demo.card("Ben"))
    before = newest(demo, "FORCED_OPEN")["id"]
    hand.set("cedar-back.contact", 1)
    is_newer(demo, "FORCED_OPEN", before)
    hand.set("cedar-back.contact", 0)
    passes(hand, demo, "cedar-in", demo.card("Ada"))


def at_the_doors(browser: Browser, demo: Demo) -> None:
    page = browser.new_context(locale="en-GB").new_page()
    page.goto(demo.description["sim"])
    expect(page.locator("#door-cedar .state")).to_contain_text("shut", timeout=SOON)
    taken(page, "doors", wide(820))


def of_an_auditor(browser: Browser, demo: Demo) -> None:
    web = demo.description["web"]
    olu = signed_in(browser, demo, "olu", "ja-JP", theme="dark")
    expect(olu.locator("#newest")).to_contain_text("Ada", timeout=SOON)
    taken(olu, "live-ja", wide(1290))
    olu.goto(f"{web}/muster")
    taken(olu, "muster-phone", PHONE)
    olu = signed_in(browser, demo, "olu")
    olu.goto(f"{web}/log?outcome=REFUSE")
    olu.locator("table.facts a.detail").first.click()
    taken(olu, "why", wide(900))
    olu.goto(f"{web}/rooms/cedar-room/who-can")
    taken(olu, "who-could", wide(660))
    olu.goto(f"{web}/exports/of/log?outcome=REFUSE")
    taken(olu, "take-out", wide(720))


def of_a_privacy_officer(browser: Browser, demo: Demo) -> None:
    web = demo.description["web"]
    pia = signed_in(browser, demo, "pia")
    pia.goto(f"{web}/feeds/1")
    taken(pia, "officer-decides", wide(960))
    demo.api("olu", "/reports/refusals/exports", {"form": "xlsx", "purpose": "Audit of the quarter"})
    pia.goto(f"{web}/taken-out")
    taken(pia, "taken-out", wide(480))
    pia = signed_in(browser, demo, "pia", "ja-JP", theme="dark")
    pia.goto(f"{web}/feeds/1")
    taken(pia, "officer-phone-ja", ViewportSize(width=390, height=1380))


def of_two_admins(browser: Browser, demo: Demo) -> None:
    web = demo.description["web"]
    kim, mia = signed_in(browser, demo, "kim"), signed_in(browser, demo, "mia")
    expect(kim.locator("#newest")).to_contain_text("Ada", timeout=SOON)
    taken(kim, "live", wide(1330))
    kim.goto(f"{web}/permissions")
    taken(kim, "matrix", wide(800))
    kim.goto(f"{web}/rooms/cedar-room/request?cardholder=2")
    expect(kim.locator("label", has=kim.locator("input[name=cardholder]:checked"))).to_contain_text("Ben")
    kim.fill("input[name=reason]", "Covers the night shift")
    taken(kim, "request", wide(800))
    kim.get_by_role("button", name="Request", exact=True).click()
    mia.goto(f"{web}/requests")
    mia.locator("article", has_text="Covers the night").get_by_role("button", name="Approve").click()
    expect(mia.locator("tbody tr").first).to_contain_text("in force at 2 of 2 doors", timeout=SOON)
    taken(mia, "in-force", wide(620))
    kim.goto(f"{web}/cardholders/8")
    kim.get_by_role("button", name="Report lost").click()
    expect(kim.locator("#doors-told li").filter(has_text="knows")).to_have_count(3, timeout=SOON)
    taken(kim, "lost-card", wide(800))
    kim.goto(f"{web}/posture/order?act=lockdown&value=1")
    kim.fill("input[name=reason]", "Drill")
    kim.locator("main form button").click()
    expect(kim.locator("#at-doors")).to_contain_text("in force at 4 of 4 doors", timeout=SOON)
    taken(kim, "lockdown", wide(600))


@contextmanager
def a_building() -> Iterator[Demo]:
    with tempfile.TemporaryDirectory() as folder:
        demo = Demo(Path(folder) / "demo", "embedded", made=make_building(Path(folder) / "made"))
        try:
            yield demo
        finally:
            demo.stop()


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise SystemExit("chromium is not installed")
    with a_building() as demo, chromium.started(path) as browser:
        with demo.hand() as hand:
            hand.watch()
            what_happens(demo, hand)
        at_the_doors(browser, demo)
        of_an_auditor(browser, demo)
        of_a_privacy_officer(browser, demo)
        of_two_admins(browser, demo)


if __name__ == "__main__":
    main()
