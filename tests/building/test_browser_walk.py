"""The whole walk in a real browser: one asks, another approves, the door opens, the auditor sees, one revokes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from hardware.bench.hand import Hand
from tests.building.browser_hands import shot, signed_in
from tests.building.demo_hands import Demo, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.building, pytest.mark.broker]


def pass_through(hand: Hand, demo: Demo, reader: str, cardholder: str) -> None:
    """Present a card, and when the lock lets go, open and close the door."""
    answered = hand.present(reader, bits=demo.card(cardholder))
    hand.wait_for("cedar.strike", 1, timeout=3, after=answered)
    for level, kind in ((1, "DOOR_OPENED"), (0, "DOOR_CLOSED")):
        newest = demo.api("olu", f"/events?kind={kind}&limit=1")["items"]
        before = newest[0]["id"] if newest else 0
        hand.set("cedar.contact", level)
        wait_until(lambda kind=kind, before=before: after(demo, kind, before))  # type: ignore[misc]


def after(demo: Demo, kind: str, before: int) -> bool:
    newest = demo.api("olu", f"/events?kind={kind}&limit=1")["items"]
    return bool(newest) and newest[0]["id"] > before


def test_ask_approve_pass_audit_revoke_refuse(own_building: Demo, browser: Browser) -> None:
    with own_building.hand() as hand:
        hand.watch()
        walk(browser, own_building, hand)


def walk(browser: Browser, demo: Demo, hand: Hand) -> None:
    kim, mia = signed_in(browser, demo, "kim"), signed_in(browser, demo, "mia")
    olu = signed_in(browser, demo, "olu", "ja-JP")
    expect(olu.locator("h1")).to_contain_text("ライブ")
    expect(olu.locator("#stream")).to_have_text("接続中")

    refused = hand.present("cedar-in", bits=demo.card("Ben"))
    with pytest.raises(TimeoutError):
        hand.wait_for("cedar.strike", 1, timeout=0.5, after=refused)
    expect(olu.locator("#feed tr").first).to_contain_text("Ben")
    expect(olu.locator("#feed tr").first).to_contain_text("拒否")
    shot(olu, "live-ja")

    kim.goto(f"{demo.description['web']}/rooms/cedar-room/request")
    kim.locator("#q").press_sequentially("ben")
    expect(kim.locator("#found label")).to_have_count(1)
    kim.locator("#found label", has_text="Ben").click()
    kim.fill("input[name=reason]", "Covers the night shift")
    shot(kim, "request")
    kim.get_by_role("button", name="Request", exact=True).click()
    expect(kim.locator("article", has_text="Covers the night")).to_contain_text("You asked for this")
    mia.goto(f"{demo.description['web']}/requests")
    shot(mia, "requests")
    mia.locator("article", has_text="Covers the night").locator("button", has_text="Approve").click()
    expect(mia.locator("tbody tr").first).to_contain_text("in force at 2 of 2 doors", timeout=10_000)
    shot(mia, "approved")

    pass_through(hand, demo, "cedar-in", "Ben")
    kim.goto(f"{demo.description['web']}/rooms/cedar-room")
    expect(kim.locator("ul.people")).to_contain_text("Ben")
    shot(kim, "room")
    pass_through(hand, demo, "cedar-out", "Ben")

    olu.goto(f"{demo.description['web']}/log?kind=PASSAGE")
    rows = olu.locator("table.facts tbody tr")
    expect(rows.nth(0)).to_contain_text("Ben")
    expect(rows.nth(0)).to_contain_text("退室")
    expect(rows.nth(1)).to_contain_text("入室")
    shot(olu, "log-ja")
    olu.goto(f"{demo.description['web']}/log?outcome=REFUSE")
    olu.click("table.facts tbody tr a.detail")
    expect(olu.locator("main")).to_contain_text("同じ規則で同じ判定になりました")
    shot(olu, "fact-ja")

    row = kim.locator("tr", has_text="Ben")
    row.locator("summary").click()
    row.locator("input[name=reason]").fill("The night shift is over")
    row.locator("form button").click()
    expect(kim.locator("tbody tr").first).to_contain_text("in force at 2 of 2 doors", timeout=10_000)
    shot(kim, "revoked")
    refused = hand.present("cedar-in", bits=demo.card("Ben"))
    with pytest.raises(TimeoutError):
        hand.wait_for("cedar.strike", 1, timeout=0.5, after=refused)
    wait_until(lambda: demo.api("olu", "/events?outcome=REFUSE&limit=1")["items"][0]["reason"] == "EXIT_ONLY")
    kim.goto(f"{demo.description['web']}/cardholders")
    shot(kim, "cardholders")
    kim.goto(f"{demo.description['web']}/operators")
    shot(kim, "operators")
    phone = browser.new_context(viewport={"width": 390, "height": 800}, color_scheme="dark").new_page()
    phone.goto(f"{demo.description['web']}/sign-in")
    shot(phone, "phone-dark")
