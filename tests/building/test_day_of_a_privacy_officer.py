"""A privacy officer's day in a real browser: what waits, what exactly would leave the house, a yes that delivers,
a no with its reason, a yes taken back, and what operators took out. What others wrote is shown and does nothing.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from hardware.bench.hand import Hand
from tests.building.browser_hands import go, shot, signed_in, takes_a_second_factor
from tests.building.demo_hands import Answer, Demo
from tests.building.door_hands import is_refused, passes
from tests.controller.feed_receivers import Conduct, Posted, Receiver, hook

pytestmark = [pytest.mark.browser, pytest.mark.building, pytest.mark.broker]
PHONE = ViewportSize(width=390, height=844)
EVIL = "=cmd|' /C calc'!A0 <script>alert(1)</script> {{7*7}} \u202egnp.exe"
ANSI = "\x1b[2J\x1b[31mred"
MONITORING, SIEM, SIGN = "Example Monitoring KK", "Example SIEM KK", "Example Signage KK"
ARRIVES = 30
"""Seconds in which the controller brings an event, on a machine that does other work beside."""
FORBIDDEN = (
    *("/live", "/muster", "/rooms", "/rooms/cedar-room", "/cardholders", "/cardholders/1", "/cards", "/requests"),
    *("/log", "/reports", "/reports/acts", "/exports", "/exports/of/log", "/agents", "/feeds/new", "/plans"),
)
FORGED = ("/feeds/1/stop", "/feeds/1/end", "/feeds/1/secret", "/cardholders", "/exports/of/log", "/posture/order")


def test_a_privacy_officers_day(building: Demo, browser: Browser) -> None:
    with hook(Conduct()) as server, building.hand() as hand:
        hand.watch()
        asked = kim_asks_for_feeds(building, server.port)
        pia = signed_in(browser, building, "pia")
        pia.on("dialog", lambda _dialog: pytest.fail("what somebody wrote was run"))
        takes_a_second_factor(pia, building, "pia")
        sees_what_waits_and_nothing_more(pia, building)
        reads_what_would_leave(pia, server.port)
        is_refused(hand, building, "cedar-in", building.card("Ben"))
        approves_it(pia)
        declines_the_other(pia)
        it_is_delivered(hand, building, server)
        takes_the_approval_back(pia, building, asked[MONITORING])
        nothing_more_goes_out(hand, building, server)
    reads_what_was_taken_out(pia, building)
    reads_it_in_japanese_on_a_dark_phone(pia, building, asked[MONITORING])


def kim_asks_for_feeds(building: Demo, port: int) -> dict[str, int]:
    """A webhook and a SIEM feed that name persons, and one that names nobody, which is open at once; their ids."""
    receiver = f"http://127.0.0.1:{port}"
    doors, people = ["access"], ["person"]
    with pytest.raises(Answer, match=r"409|422"):
        asks(building, MONITORING, ANSI, f"{receiver}/monitoring", doors, people)
    return {
        MONITORING: asks(building, MONITORING, EVIL, f"{receiver}/monitoring", doors, people),
        SIEM: asks(building, SIEM, "Find intruders", "syslog-tls://siem.example", ["changes"], ["person", "operator"]),
        SIGN: asks(building, SIGN, "Say that the house is open", f"{receiver}/sign", doors, []),
    }


def asks(building: Demo, recipient: str, purpose: str, target: str, topics: list[str], fields: list[str]) -> int:
    said = {"recipient": recipient, "purpose": purpose, "target": target, "topics": topics, "fields": fields}
    return int(building.api("kim", "/feeds", said)["id"])


def sees_what_waits_and_nothing_more(pia: Page, building: Demo) -> None:
    pages = pia.get_by_role("navigation", name="Pages").get_by_role("link")
    expect(pages).to_have_text(["Feeds", "Taken out"])
    waiting = pia.locator("#waiting")
    expect(waiting.locator("h2")).to_have_text("Waiting for you (3)")
    expect(waiting.locator("article strong")).to_contain_text(["Example Security KK", MONITORING, SIEM])
    expect(waiting.locator("article", has_text=MONITORING)).to_contain_text(EVIL)
    shot(pia, "officer-waiting")
    web, proof = building.description["web"], pia.locator("input[name=csrf_token]").first.get_attribute("value")
    for path in FORBIDDEN:
        assert pia.request.get(web + path).status == 403, path
    for path in FORGED:
        assert pia.request.post(web + path, form={"csrf_token": proof or ""}).status == 403, path
    for path in ("/cardholders", "/events", "/areas", "/changes", "/operators"):
        with pytest.raises(Answer, match="403"):
            building.api("pia", path)


def reads_what_would_leave(pia: Page, port: int) -> None:
    pia.locator("#waiting article", has_text=MONITORING).get_by_role("link", name="Look and decide").click()
    expect(pia.locator("main dl")).to_contain_text(MONITORING)
    expect(pia.locator("main dl")).to_contain_text(EVIL)
    expect(pia.locator("main dl")).to_contain_text(f"http://127.0.0.1:{port}/monitoring")
    told = pia.locator("#told")
    expect(told.locator("h2")).to_have_text("What would leave the house")
    expect(told.locator("tr", has_text="Name and staff number")).to_contain_text("person.name, person.number")
    expect(told.locator("tbody tr", has_text="not told")).to_have_count(3)
    expect(told.locator("tbody tr").locator(".state.private")).to_have_text(["told"])
    shot(pia, "officer-what-would-leave")


def approves_it(pia: Page) -> None:
    expect(pia.locator("main")).to_contain_text("It stands in the ledger under your name.")
    pia.get_by_role("button", name="Approve").click()
    expect(pia.locator("h1")).to_contain_text("Sending")
    expect(pia.locator("#told h2")).to_have_text("What leaves the house")
    expect(pia.locator("#acts tbody tr").first).to_contain_text("Feed approved")
    shot(pia, "officer-approved")


def declines_the_other(pia: Page) -> None:
    go(pia, "Feeds")
    pia.locator("#waiting article", has_text=SIEM).get_by_role("link", name="Look and decide").click()
    expect(pia.locator("#told")).to_contain_text("asked for, but none of these events has it")
    pia.locator("summary", has_text="Decline").click()
    declining = pia.locator("details.ask", has_text="Whoever keeps the feed reads your reason here")
    declining.locator("input[name=reason]").fill(EVIL)
    shot(pia, "officer-decline")
    declining.get_by_role("button", name="Decline").click()
    expect(pia.locator("h1")).to_contain_text("Closed by the privacy officer")
    expect(pia.locator("#acts tbody tr").first).to_contain_text(EVIL)
    shot(pia, "officer-declined")
    go(pia, "Feeds")
    expect(pia.locator("#waiting article")).to_have_count(1)


def taken_by(server: Receiver, path: str, wanted: Callable[[dict[str, Any]], bool]) -> list[Posted]:
    """What came in until a wanted event came to this path, with it."""
    found: list[Posted] = []
    while not (found and found[-1].path == path and wanted(found[-1].event)):
        try:
            found.append(server.taken.get(timeout=ARRIVES))
        except queue.Empty:
            raise AssertionError([(each.path, each.event) for each in found]) from None
    return found


def it_is_delivered(hand: Hand, building: Demo, server: Receiver) -> None:
    """Ada's passage with her name; what happened before the approval is never told, nor anything else of her."""
    passes(hand, building, "cedar-in", building.card("Ada"))
    found = taken_by(server, "/monitoring", lambda event: event["type"] == "sekisho.access.passage")
    told = [each.event["data"] for each in found if each.path == "/monitoring"]
    assert told[-1]["person"] == {"name": "Ada", "number": "1001"}
    assert all("Ben" not in str(each) and not {"handle", "card", "operator"} & each.keys() for each in told)
    assert all(each.headers["webhook-signature"].startswith("v1,") for each in found)


def takes_the_approval_back(pia: Page, building: Demo, feed: int) -> None:
    pia.goto(f"{building.description['web']}/feeds/{feed}")
    expect(pia.locator("main")).to_contain_text("Without your approval it says nothing more, from the next event on.")
    pia.locator("summary", has_text="Withdraw the approval").click()
    pia.fill("details[open] input[name=reason]", "The contract has ended")
    pia.locator("details[open]").get_by_role("button").click()
    expect(pia.locator("main")).to_contain_text("Nothing is sent.")
    expect(pia.locator("main")).to_contain_text("The contract has ended")
    shot(pia, "officer-withdrawn")


def nothing_more_goes_out(hand: Hand, building: Demo, server: Receiver) -> None:
    """The feed that names nobody is told of two passages, one after the other; the one that named Ada of none."""
    server.all_taken()
    for reader in ("cedar-out", "cedar-in"):
        passes(hand, building, reader, building.card("Ada"))
        way = {"cedar-out": "exit", "cedar-in": "entry"}[reader]
        found = taken_by(server, "/sign", lambda event, way=way: is_passage(event, way))  # type: ignore[misc]
        assert {each.path for each in found} == {"/sign"}
        assert b"Ada" not in b"".join(each.body for each in found)


def is_passage(event: dict[str, Any], way: str) -> bool:
    return bool(event["type"] == "sekisho.access.passage" and event["data"]["direction"] == way)


def reads_what_was_taken_out(pia: Page, building: Demo) -> None:
    """A file of the log of one person, made by the auditor: how many rows and what for, and not of whom."""
    ada = building.api("kim", "/cardholders/search", {"text": "Ada"})["items"][0]["id"]
    building.api("olu", "/reports/log/exports", {"form": "csv", "purpose": EVIL, "cardholder": ada})
    go(pia, "Taken out")
    newest = pia.locator("tbody tr").first
    for each in ("Olu", "Record exported", "Access log", "one person", EVIL):
        expect(newest).to_contain_text(each)
    expect(pia.locator("tbody tr", has_text="Feed not approved any more")).to_contain_text("The contract has ended")
    expect(pia.locator("tbody tr", has_text="Report saved")).to_contain_text("月次点検")
    expect(pia.locator("main")).not_to_contain_text("Ada")
    shot(pia, "officer-taken-out")


def reads_it_in_japanese_on_a_dark_phone(pia: Page, building: Demo, feed: int) -> None:
    pia.emulate_media(color_scheme="dark")
    pia.set_viewport_size(PHONE)
    pia.get_by_role("button", name="日本語").click()
    for path, told in (
        ("/feeds", "あなたの承認待ち (1)"),
        (f"/feeds/{feed}", "承認すると外に出る個人の情報"),
        ("/taken-out", "持ち出しの記録"),
    ):
        pia.goto(building.description["web"] + path)
        expect(pia.locator("main")).to_contain_text(told)
        assert pia.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
        shot(pia, f"officer-phone{path.replace('/', '-')}")
    pia.get_by_role("button", name="サインアウト").click()
    expect(pia.locator("h1")).to_have_text("サインイン")
