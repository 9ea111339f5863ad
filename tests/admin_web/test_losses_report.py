"""The report of lost cards and leavers: what auditors read, filter, save and take out, and where it is found."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from admin_web.exports.making import Exports
from controller.database import reading, transaction
from controller.people import credential
from controller.people.card_state import Act
from tests.admin_web.conftest import BASE, field, signed_in
from tests.admin_web.test_reports_and_exports import asked, exports, fetched, table, text
from tests.admin_web.test_reports_api import Caller
from tests.controller.conftest import House
from tests.controller.doorway import Site
from tests.controller.statements import counted
from tests.controller.test_losses import BOTH, act, admits, carry, leave, minute, site

__all__ = ["exports", "site"]
PAGE = "/reports/losses"


@pytest.fixture
def told(site: Site) -> Site:
    """Ada's card was lost, and let in by a door that was cut off and is still; Eve, who may enter nothing, had hers
    stolen; Ben, who may enter, leaves."""
    site.grant("Ben")
    carry(site, 2.5, *BOTH)
    act(site, "Eve", Act.STEAL, 3)
    act(site, "Ada", Act.LOSE, 4)
    carry(site, 5, "cedar")
    assert admits(site, "cedar-back", 6)
    assert not admits(site, "cedar", 7)
    site.doors["cedar-back"].report()
    carry(site, 8, "cedar")
    leave(site, "Ben", minute(9), 9)
    return site


@pytest.fixture
def olu(client: FlaskClient, exports: Exports, told: Site) -> FlaskClient:
    signed_in(client, "olu")
    return client


def lines(page: str) -> list[list[str]]:
    """The cells of the rows of a page, without their markup."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    plain = [re.findall(r"<td[^>]*>(.*?)</td>", each, re.DOTALL) for each in body.split("<tr>")[1:]]
    return [[re.sub(r"<[^>]+>", "", cell).strip() for cell in row] for row in plain]


def people(page: str) -> list[str]:
    return [each[0] for each in lines(page)]


def test_the_page_says_what_waits_first_and_an_entry_afterwards_stands_out(olu: FlaskClient, told: Site) -> None:
    page = text(olu, PAGE)
    assert people(page) == ["Ben", "Ada", "Eve"]
    ben, ada, eve = lines(page)
    assert ada[2:11] == [
        "Ada&#39;s card", "Lost", "2026-11-24 12:04:00", "not yet every door", "1", "2", "", "let in: 1 · refused: 1",
        "Cedar room, back door (cedar-back: not heard from since 2026-11-24 12:08)",
    ]  # fmt: skip
    assert ada[12] == "Kim"
    assert '<span class="mark-alarm">let in: 1 · refused: 1</span>' in page
    assert (eve[3], eve[5:9], eve[9]) == ("Stolen", ["no door carried it", "0", "0", ""], "not presented")
    assert (ben[3], ben[5], ben[6]) == ("Holder left", "doors being counted", "0")
    assert olu.get(f"/log/{ada[11]}", base_url=BASE).status_code == 200
    carry(told, 10, *BOTH)
    confirmed = {each[0]: each for each in lines(text(olu, PAGE))}
    assert confirmed["Ada"][5:9] == ["every door knows", "2", "2", "360"]
    assert confirmed["Ben"][5:9] == ["every door knows", "2", "2", "60"]


def test_of_an_end_that_was_taken_back_it_says_which_doors_never_heard_of_it(olu: FlaskClient, told: Site) -> None:
    act(told, "Ada", Act.RESTORE, 10)
    carry(told, 11, "cedar")
    (ada,) = [each for each in lines(text(olu, PAGE)) if each[0] == "Ada"]
    assert (ada[5], ada[10], ada[16]) == (
        "taken back meanwhile", "Cedar room, back door (cedar-back)", "2026-11-24 12:10:00",
    )  # fmt: skip


def test_each_filter_narrows_by_what_an_address_may_say(olu: FlaskClient, told: Site) -> None:
    with reading(told.house.engine) as session:
        ada = told.house.holder(session, "Ada").id
    for query, names in (
        ("ended=lost", ["Ada"]),
        ("ended=left", ["Ben"]),
        ("ended=suspended", []),
        ("receipts=missing", ["Ben", "Ada"]),
        (f"cardholder={ada}", ["Ada"]),
        ("since=2026-11-25", []),
        ("since=2026-11-24&until=2026-11-24", ["Ben", "Ada", "Eve"]),
        ("period=last-year", []),
        ("ended=nonsense&receipts=%27", ["Ben", "Ada", "Eve"]),
    ):
        assert people(text(olu, f"{PAGE}?{query}")) == names, query
    assert "No card was lost, stolen or suspended in this time" in text(olu, f"{PAGE}?ended=suspended")
    for wrong in ("cardholder=x", "since=yesterday", "period=ever"):
        assert olu.get(f"{PAGE}?{wrong}", base_url=BASE).status_code == 400, wrong


def test_it_is_found_from_the_reports_the_card_and_its_holder(olu: FlaskClient, told: Site) -> None:
    assert f'href="{PAGE}"' in text(olu, "/reports")
    with reading(told.house.engine) as session:
        ada = told.house.holder(session, "Ada")
        card = credential.of_cardholder(session, ada)[0].id
    for place in (f"/cards/{card}", f"/cardholders/{ada.id}"):
        found = re.search(rf'href="({PAGE}\?[^"]+)"', text(olu, place))
        assert found is not None, place
        assert people(text(olu, found[1].replace("&amp;", "&"))) == ["Ada"]


def test_who_was_never_lost_has_no_link(client: FlaskClient, site: Site) -> None:
    signed_in(client, "olu")
    assert PAGE not in text(client, "/cardholders/1")
    assert PAGE not in text(client, "/cards/1")


def test_it_reads_in_japanese(olu: FlaskClient, told: Site) -> None:
    proof = field(text(olu, "/reports"))
    olu.post("/language/ja", data={"csrf_token": proof, "back": "/"}, base_url=BASE)
    page = text(olu, PAGE)
    assert "紛失カードと退職者" in page
    (ada,) = [each for each in lines(page) if each[0] == "Ada"]
    assert (ada[3], ada[5], ada[9]) == ("紛失", "未確認の扉あり", "入室許可 1 回 · 拒否 1 回")
    assert ada[10].endswith("(cedar-back: 2026-11-24 12:08 から応答なし)")


def test_files_hold_the_same_rows(olu: FlaskClient, exports: Exports, told: Site) -> None:
    with transaction(told.house.engine) as session:
        credential.of_cardholder(session, told.house.holder(session, "Ada"))[0].label = "=1+1"
    answer = fetched(olu, exports, asked(olu, "/exports/of/losses?receipts=missing"))
    headings, *rows = table(answer.data)
    assert headings[4:10] == [
        "Said at (Asia/Tokyo)", "Receipts", "Doors that know", "Of doors", "Seconds to the last door",
        "Presented afterwards",
    ]  # fmt: skip
    assert [each[0] for each in rows] == ["Ben", "Ada"]
    assert (rows[1][2], rows[1][6:8], rows[1][9]) == ("'=1+1", ["1", "2"], "let in: 1 · refused: 1")


def test_programs_read_save_and_run_it(app: Flask, client: FlaskClient, house: House, told: Site) -> None:
    olu = Caller(client, house, "olu")
    described = {each["key"]: each for each in olu.get("")["items"]}["losses"]
    assert described["filters"] == ["cardholder", "ended", "receipts", "period", "since", "until"]
    [row] = olu.get("/losses/rows?ended=lost")["items"]
    assert (row["cells"]["confirmed"], row["cells"]["doors"], row["cells"]["seconds"]) == (1, 2, None)
    assert (row["cells"]["said_at"], row["cells"]["taken_back_at"]) == ("2026-11-24T03:04:00.000Z", None)
    assert row["refers"]["person"].keys() == {"cardholder"}
    assert row["refers"]["card"].keys() == {"credential"}
    assert row["refers"]["first_entry"].keys() == {"event"}
    saved = olu.post("/saved", report="losses", name="every month", ended="lost", receipts="missing")
    assert [each["cells"]["person"] for each in olu.get(f"/saved/{saved['id']}/rows")["items"]] == ["Ada"]
    for wrong in ("ended=sold", "receipts=all", "outcome=REFUSE", "ended="):
        olu.get(f"/losses/rows?{wrong}", 422)
    olu.get("/refusals/rows?ended=lost", 422)
    first = olu.get("/losses/rows?limit=1")
    second = olu.get(f"/losses/rows?limit=2&cursor={first['next']}")
    assert [each["cells"]["person"] for each in first["items"] + second["items"]] == ["Ben", "Ada", "Eve"]


def test_no_question_is_asked_for_each_row(olu: FlaskClient, told: Site) -> None:
    def statements(query: str) -> int:
        with counted(told.house.engine) as found:
            text(olu, f"{PAGE}?{query}")
        return len(found)

    statements("")
    assert statements("") == statements("ended=lost")
