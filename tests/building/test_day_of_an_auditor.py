"""An auditor's day in a real browser: what happened and why, who could and who did, what others changed, files, the
muster. Nothing on any page lets them change anything, and what is forged is refused.
"""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Download, Page, ViewportSize, expect

from tests.building.browser_hands import SOON, go, shot, signed_in
from tests.building.demo_hands import Demo, newest
from tests.building.door_hands import is_refused, passes

pytestmark = [pytest.mark.browser, pytest.mark.building, pytest.mark.broker]
PHONE = ViewportSize(width=390, height=844)
PAGES = (
    *("/live", "/alarms", "/posture", "/muster", "/rooms", "/rooms/cedar-room", "/cardholders", "/cardholders/1"),
    *("/cardholders/files", "/permissions", "/cards", "/cards/1", "/requests", "/log", "/stays", "/operators"),
    *("/rooms/cedar-room/who-was", "/rooms/cedar-room/who-can", "/reports", "/reports/acts", "/reports/exemptions"),
    "/reports/losses",
)
FORBIDDEN = ("/rooms/cedar-room/request", "/rooms/cedar-room/rules", "/posture/order?act=lockdown", "/cards/count")
ADDED = ("/save", "/reports/saved/", "/findings", "/cardholders/files/cardholders.csv")
"""What an auditor adds beside the record: saved reports, what became of findings, that a list was taken out."""
HARMLESS = ("/language/", "/sign-out", "/search", "/exports/", "/account/", "/operators/tokens", *ADDED)
"""What an auditor's forms may do: say the language, leave, search, take files out, keep their own account."""
FORGED: tuple[tuple[str, dict[str, str | float | bool]], ...] = (
    ("/cardholders", {"name": "Mallory", "number": "6666"}),
    ("/cards/1/lost", {"reason": "forged"}),
    ("/rooms/cedar-room/request", {"cardholder": "2", "reason": "forged"}),
    ("/posture/order", {"act": "lockdown", "value": "1", "reason": "forged"}),
    ("/cardholders/1/end", {"reason": "forged"}),
    ("/alarms/1/acknowledge", {"note": "forged"}),
    ("/operators/invite", {"role": "security-admin"}),
)


def test_an_auditors_day(building: Demo, browser: Browser, tmp_path: Path) -> None:
    with building.hand() as hand:
        hand.watch()
        passes(hand, building, "cedar-in", building.card("Ada"))
        assert is_refused(hand, building, "cedar-in", building.card("Ben")) == "NOT_ON_LIST"
    olu = signed_in(browser, building, "olu")
    asks_why_somebody_was_refused(olu)
    asks_who_could_and_who_was(olu, building)
    reads_the_reports(olu, building)
    takes_out_csv_and_workbook(olu, building, tmp_path)
    sees_nothing_to_change(olu, building)
    forges_in_vain(olu, building)
    musters_on_a_phone(olu, building)


def asks_why_somebody_was_refused(olu: Page) -> None:
    go(olu, "Access log")
    olu.select_option("select[name=area]", label="Cedar room")
    olu.select_option("select[name=outcome]", label="Refused")
    olu.get_by_role("button", name="Show").click()
    rows = olu.locator("table.facts tbody tr")
    expect(rows.first).to_contain_text("Ben")
    assert all("Refused" in each and "Cedar room" in each for each in rows.all_inner_texts())
    assert "Ben" not in olu.url
    shot(olu, "auditor-log")
    rows.first.locator("a.detail").click()
    why = olu.locator("#why")
    expect(why).to_contain_text("No permission here")
    expect(why).to_contain_text("Replayed from its recorded input, the same rule gives the same answer.")
    expect(why.locator("dl")).to_contain_text("none")
    shot(olu, "auditor-why")


def asks_who_could_and_who_was(olu: Page, building: Demo) -> None:
    olu.get_by_role("link", name="Who could enter then").click()
    able = olu.locator("table.lines tbody tr")
    expect(able.filter(has_text="Ada").first).to_contain_text("requested by Kim, approved by Mia")
    expect(able.filter(has_text="Ben")).to_have_count(0)
    shot(olu, "auditor-who-could")
    olu.get_by_role("link", name="Who was inside then").click()
    expect(olu.locator("table.lines tbody tr")).to_contain_text(["Ada"])
    expect(olu.locator("main")).to_contain_text("still inside")
    shot(olu, "auditor-who-was")
    olu.get_by_role("link", name="Stays in this room").click()
    newest_stay = olu.locator("table.lines tbody tr").first
    expect(newest_stay).to_contain_text("Ada")
    expect(newest_stay).to_contain_text("Cedar room")
    expect(newest_stay).to_contain_text("still inside")
    shot(olu, "auditor-stays")


def reads_the_reports(olu: Page, building: Demo) -> None:
    go(olu, "Reports")
    expect(olu.locator(".tile h2")).to_contain_text(["Refusals", "Anomalies", "Exemptions and overrides", "Access log"])
    for name, told in (
        ("Refusals", "Ben"),
        ("Lost cards and leavers", "every door knows"),
        ("Exemptions and overrides", "No rule is lifted for anybody"),
        ("Operators and their acts", "Left in a taxi"),
    ):
        olu.get_by_role("link", name=name).click()
        expect(olu.locator("h1")).to_have_text(name)
        expect(olu.locator("main")).to_contain_text(told)
        shot(olu, f"auditor-{name.split()[0].lower()}")
        olu.locator(".back a").click()


def takes_out_csv_and_workbook(olu: Page, building: Demo, folder: Path) -> None:
    web = building.description["web"]
    olu.goto(f"{web}/log?outcome=REFUSE")
    olu.get_by_role("link", name="Take out as a file").click()
    refused = int(olu.locator(".total strong").inner_text())
    assert refused == len(building.api("olu", "/events?outcome=REFUSE&limit=200")["items"])
    expect(olu.locator("main")).to_contain_text("is recorded before the first row is read")
    shot(olu, "auditor-take-out")
    fetched = made(olu, "csv")
    fetched.save_as(folder / "log.csv")
    with (folder / "log.csv").open(encoding="utf-8-sig", newline="") as file:
        _, *lines = list(csv.reader(file))
    assert len(lines) == refused
    olu.goto(f"{web}/log?outcome=REFUSE")
    olu.get_by_role("link", name="Take out as a file").click()
    made(olu, "xlsx").save_as(folder / "log.xlsx")
    with zipfile.ZipFile(folder / "log.xlsx") as book:
        assert book.read("xl/worksheets/sheet1.xml").count(b"<row ") >= refused
    olu.goto(f"{web}/reports/acts")
    for place in (0, 1):  # who took them out and what for stands among the acts
        expect(olu.locator("tbody tr").nth(place)).to_contain_text("Olu")
        expect(olu.locator("tbody tr").nth(place)).to_contain_text("Audit of the quarter")


def made(olu: Page, kind: str) -> Download:
    """Say what the file is for, wait for it and fetch it."""
    olu.check(f"input[value={kind}]")
    olu.fill("input[name=purpose]", "Audit of the quarter")
    olu.get_by_role("button", name="Make the file").click()
    expect(olu.get_by_role("status")).to_contain_text("ready", timeout=SOON)
    shot(olu, f"auditor-{kind}")
    with olu.expect_download() as fetched:
        olu.get_by_role("link", name="Fetch the file").click()
    return fetched.value


def sees_nothing_to_change(olu: Page, building: Demo) -> None:
    """Every form of every page searches, takes out, or concerns their own account."""
    decision = f"/log/{newest(building, 'DECISION')['id']}"
    for path in (*PAGES, decision):
        olu.goto(f"{building.description['web']}{path}")
        expect(olu.locator("h1")).to_be_visible()
        forms = olu.locator("form").evaluate_all("forms => forms.filter(f => f.method === 'post').map(f => f.action)")
        changing = [each for each in forms if not any(harmless in each for harmless in HARMLESS)]
        assert changing == [], path
        asking = olu.locator("main a").evaluate_all("links => links.map(a => a.pathname + a.search)")
        assert not set(asking) & set(FORBIDDEN), path


def forges_in_vain(olu: Page, building: Demo) -> None:
    """A form of one's own making, with the proof of a page that is really theirs, changes nothing; that is recorded."""
    web, newest = building.description["web"], building.api("olu", "/changes?limit=1")["items"][0]["id"]
    proof = olu.locator("header input[name=csrf_token]").first.get_attribute("value")
    assert proof
    for path, data in FORGED:
        assert olu.request.post(web + path, form={**data, "csrf_token": proof}).status == 403, path
        assert olu.request.post(web + path, form=data).status == 400, path
    for path in FORBIDDEN:
        assert olu.request.get(web + path).status == 403, path
    since = [each["kind"] for each in building.api("olu", "/changes?limit=50")["items"] if each["id"] > newest]
    assert set(since) == {"act-refused"}


def musters_on_a_phone(olu: Page, building: Demo) -> None:
    olu.set_viewport_size(PHONE)
    olu.goto(f"{building.description['web']}/muster")
    expect(olu.locator("h1")).to_contain_text("who is inside at")
    cedar = olu.locator(".muster", has=olu.get_by_role("heading", name="Cedar room"))
    expect(cedar.locator("li")).to_contain_text(["Ada"])
    expect(cedar.locator(".mark-sure, .mark-unsure")).to_have_count(1)
    assert olu.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    shot(olu, "auditor-muster")
    olu.get_by_role("button", name="Sign out").click()
    expect(olu.locator("h1")).to_have_text("Sign in")
