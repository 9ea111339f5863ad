"""People in a real browser: found while one types, and found and read in from a file where no script runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from controller.database import transaction
from controller.people import cardholder
from tests.admin_web.test_passkeys import address, browser, by_password
from tests.admin_web.test_provider_browser import looked_at
from tests.controller.conftest import NOW, House

__all__ = ["address", "browser"]
pytestmark = pytest.mark.browser


def signed_in(browser: Browser, address: str, *, scripts: bool) -> tuple[Page, list[str]]:
    """A page of kim's, and what its browser asks for and complains of."""
    page = browser.new_context(java_script_enabled=scripts, locale="en-GB").new_page()
    told = list[str]()
    page.on("request", lambda request: told.append(request.url))
    page.on("console", lambda message: told.append(message.text) if message.type == "error" else None)
    by_password(page, address)
    expect(page).to_have_url(re.compile("/(live|start)$"))
    page.goto(f"{address}/cardholders")
    return page, told


def enrolled(house: House) -> None:
    with transaction(house.engine) as session:
        for number, (name, kana) in enumerate((("渡邊 翔太", "ワタナベ ショウタ"), ("大野 純一", "オオノ ジュンイチ"))):
            cardholder.enrol(session, "operator:1", NOW, house.site(session), name, f"70{number}", kana)


def test_people_are_found_while_one_types_and_nothing_typed_stands_in_an_address(
    browser: Browser, address: str, house: House
) -> None:
    enrolled(house)
    page, told = signed_in(browser, address, scripts=True)
    rows = page.locator("#found tbody tr")
    expect(rows).to_have_count(5)
    page.locator("#q").press_sequentially("shou")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("渡邊 翔太")
    page.fill("#q", "ohno")
    expect(rows).to_contain_text("大野 純一")
    page.fill("#q", "nobody")
    expect(rows).to_contain_text("Nobody found.")
    page.fill("#q", "")
    expect(rows).to_have_count(5)
    assert not [each for each in told if re.search("shou|ohno|nobody|Refused|Error", each)]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_whom_a_request_is_for_is_found_by_typing(browser: Browser, address: str, house: House, scripts: bool) -> None:
    enrolled(house)
    page, told = signed_in(browser, address, scripts=scripts)
    page.goto(f"{address}/rooms/cedar-room/request")
    if scripts:
        page.fill("input[name=reason]", "shift")
    page.locator("#q").press_sequentially("watanabe")
    if not scripts:
        page.keyboard.press("Enter")
    expect(page.locator("#found label")).to_have_count(1)
    page.click("#found label >> text=渡邊 翔太")
    page.fill("input[name=reason]", "shift")
    if scripts:
        looked_at(page, "request-found")
    page.click("button >> text=Request")
    expect(page.locator("article.request")).to_contain_text("渡邊 翔太")
    assert not [each for each in told if re.search("watanabe|Refused|Error", each)]


def test_without_scripts_people_are_found_and_read_in_from_a_file(
    browser: Browser, address: str, house: House, tmp_path: Path
) -> None:
    enrolled(house)
    page, _ = signed_in(browser, address, scripts=False)
    page.fill("#q", "渡辺")
    page.click("form[role=search] button")
    expect(page.locator("#found tbody tr")).to_have_count(1)
    expect(page.locator("#q")).to_have_value("渡辺")
    file = tmp_path / "people.csv"
    file.write_bytes(
        "社員番号,氏名,フリガナ\r\n700,渡辺 翔太,ワタナベ ショウタ\r\n9001,新田 恵,ニッタ メグミ\r\n".encode("cp932")
    )
    page.click("text=Lists as files")
    page.set_input_files("input[type=file]", file)
    page.click("form[enctype] button")
    expect(page.locator("main")).to_contain_text("渡邊 翔太 → 渡辺 翔太")
    page.fill("input[name=reason]", "list of November")
    page.click("text=Make these changes (2)")
    expect(page.locator("h1")).to_have_text("The file was read in")
    with page.expect_download() as download:
        page.goto(f"{address}/cardholders/files")
        page.fill("input[name=purpose]", "count of November")
        page.click("text=CSV · Shift_JIS")
    taken = download.value.path()
    page.goto(f"{address}/cardholders/files")
    page.set_input_files("input[type=file]", taken)
    page.click("form[enctype] button")
    expect(page.locator("main")).to_contain_text("There is nothing to change.")
