"""An auditor in a real browser without JavaScript: files, saved reports, and the muster on a phone and on paper."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect
from pypdf import PdfReader

from tests.building.browser_hands import shot, sign_in
from tests.building.demo_hands import Demo

pytestmark = [pytest.mark.browser, pytest.mark.building, pytest.mark.broker]
PHONE = ViewportSize(width=390, height=844)
STATES = "[class^=mark-], .state:not(:empty), .in-force, .door-state"
COLOURS = "all => all.map(each => getComputedStyle(each)).map(each => `${each.color} on ${each.backgroundColor}`)"
BLACK_ON_WHITE, BLACK_ON_PAPER = "rgb(0, 0, 0) on rgb(255, 255, 255)", "rgb(0, 0, 0) on rgba(0, 0, 0, 0)"
PAPER = ViewportSize(width=794, height=1123)


@pytest.fixture
def olu(own_building: Demo, browser: Browser) -> Page:
    """The auditor with a Japanese browser in the dark theme that runs no scripts."""
    context = browser.new_context(locale="ja", color_scheme="dark", viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, own_building, "olu")
    return page


def test_a_file_is_asked_for_waited_for_and_fetched_and_the_muster_is_printed(
    own_building: Demo, olu: Page, tmp_path: Path
) -> None:
    web = own_building.description["web"]
    refused = own_building.api("olu", "/events?outcome=REFUSE&limit=200")["items"]
    olu.goto(f"{web}/log?outcome=REFUSE")
    olu.click("text=ファイルに書き出す")
    expect(olu.locator(".total strong")).to_have_text(str(len(refused)))
    olu.check("input[value=csv-cp932]")
    olu.fill("input[name=purpose]", "月次監査")
    olu.click("main button")
    expect(olu.locator(".mark-grant")).to_have_text("作成済み", timeout=15_000)
    shot(olu, "file-ready")
    with olu.expect_download() as fetched:
        olu.click("text=ファイルを受け取る")
    fetched.value.save_as(tmp_path / "log.csv")
    with (tmp_path / "log.csv").open(encoding="cp932", newline="") as file:
        headings, *lines = list(csv.reader(file))
    assert headings[4] == "氏名"
    assert [int(line[0]) for line in lines] == [each["id"] for each in refused]
    olu.goto(f"{web}/reports/acts")
    expect(olu.locator("table")).to_contain_text("月次監査")
    olu.goto(f"{web}/muster")
    expect(olu.locator("h1 time")).to_be_visible()
    wide = olu.locator("main").bounding_box()
    assert wide is not None
    assert wide["width"] <= PHONE["width"]
    shot(olu, "muster-phone")
    olu.emulate_media(media="print")
    olu.set_viewport_size(PAPER)
    expect(olu.locator("header")).to_be_hidden()
    expect(olu.locator(".muster h2").first).to_have_css("color", "rgb(0, 0, 0)")
    expect(olu.locator(".muster").first).to_have_css("background-color", "rgb(255, 255, 255)")
    shot(olu, "muster-paper")
    for path in ("/live", "/alarms", "/permissions", "/cards/1", "/requests"):
        olu.goto(f"{web}{path}")
        assert set(olu.locator(STATES).evaluate_all(COLOURS)) <= {BLACK_ON_WHITE, BLACK_ON_PAPER}, path


def test_a_report_is_saved_run_again_and_taken_out_as_a_pdf(own_building: Demo, olu: Page, tmp_path: Path) -> None:
    web = own_building.description["web"]
    olu.goto(f"{web}/reports/refusals")
    olu.select_option("select[name=period]", "last-7-days")
    olu.click("form.bar:not([method]) button")
    olu.click("summary")
    olu.fill("details input[name=name]", "週次の拒否")
    olu.click("details button")
    saved = olu.locator("#saved tbody tr", has_text="週次の拒否")
    expect(saved).to_contain_text("期間: 過去 7 日間")
    shot(olu, "saved-reports")
    saved.get_by_text("週次の拒否").click()
    expect(olu.locator("select[name=period]")).to_have_value("last-7-days")
    expect(olu.locator("td", has_text="Ben").first).to_be_visible()
    olu.click("text=ファイルに書き出す")
    olu.check("input[value=pdf]")
    olu.fill("input[name=purpose]", "週次監査")
    olu.click("main button")
    expect(olu.locator(".mark-grant")).to_have_text("作成済み", timeout=60_000)
    with olu.expect_download() as fetched:
        olu.click("text=ファイルを受け取る")
    fetched.value.save_as(tmp_path / "refusals.pdf")
    page = PdfReader(tmp_path / "refusals.pdf").pages[0].extract_text()
    for each in ("拒否", "期間: 過去 7 日間", "Ben", "1 / 1 ページ"):
        assert each in page
    olu.goto(f"{web}/reports")
    saved.get_by_text("削除").click()
    expect(saved).to_have_count(0)
    expect(olu.locator("#saved tbody tr")).to_contain_text(["月次点検"])
    olu.locator("#saved").get_by_text("削除").click()
    expect(olu.locator("#saved")).to_contain_text("まだ保存されていません")
