"""Reports say what the rows say, and whatever is taken out of them is recorded, harmless and for one operator alone."""

from __future__ import annotations

import csv
import io
import re
import threading
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from admin_web.exports.making import KEPT_EACH, KEPT_FOR, Exports, State
from admin_web.reports import taking
from admin_web.reports.known import REPORTS
from controller.database import reading, transaction
from controller.delivery.compiling import must_fit
from controller.ledger import acts, ledger
from controller.ledger.acts import ActFilter
from controller.ledger.kinds import Kind
from controller.people import attribution, cardholder, permission
from controller.people.attribute import Attribute
from controller.people.permission import Wish
from controller.premises.area import Area
from controller.record import alarm, enquiry
from controller.record.enquiry import LogFilter
from door_agent.events import Level
from tests.admin_web.conftest import BASE, field, signed_in, token
from tests.controller.conftest import NOW, House
from tests.controller.doorway import Site, visited

PATIENCE = 20.0
SINCE = "since=2026-11-01"


@pytest.fixture
def site(house: House) -> Site:
    return visited(house)


@pytest.fixture
def exports(app: Flask) -> Iterator[Exports]:
    made: Exports = app.extensions["sekisho-exports"]
    yield made
    made.stop()


@pytest.fixture
def olu(client: FlaskClient, exports: Exports) -> FlaskClient:
    signed_in(client, "olu")
    return client


def text(client: FlaskClient, path: str, **headers: str) -> str:
    answer = client.get(path, base_url=BASE, headers=headers)
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True)


def asked(client: FlaskClient, path: str, form: str = "csv", purpose: str = "a complaint") -> str:
    """Ask for a file as the form does; the address of its page."""
    proof = field(text(client, "/exports"))
    data = {"form": form, "purpose": purpose, "csrf_token": proof}
    answer = client.post(path, data=data, base_url=BASE)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer.headers["Location"]


def fetched(client: FlaskClient, exports: Exports, page: str) -> Any:
    making = next(each for each in exports._makings if page.endswith(each.key))
    assert making.finished.wait(PATIENCE)
    with client.get(f"{page}/file", base_url=BASE) as answer:
        assert answer.data is not None
        return answer


def table(data: bytes, encoding: str = "utf-8-sig") -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(encoding), newline="")))


def test_a_file_of_the_log_holds_the_rows_of_its_filters(
    olu: FlaskClient, exports: Exports, house: House, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "AT_ONCE", 2)
    for query, wanted in (("", LogFilter()), ("?outcome=REFUSE", LogFilter(outcome="REFUSE"))):
        with reading(house.engine) as session:
            rows = enquiry.log(session, wanted, None, 200).rows
        assert f"<strong>{len(rows)}</strong>" in text(olu, f"/exports/of/log{query}")
        answer = fetched(olu, exports, asked(olu, f"/exports/of/log{query}"))
        assert re.search(r"attachment; filename=sekisho-log-[\d-]+\.csv", answer.headers["Content-Disposition"])
        assert answer.headers["Cache-Control"] == "no-store"
        assert int(answer.headers["Content-Length"]) == len(answer.data)
        headings, *lines = table(answer.data)
        assert headings[:3] == ["Place in the ledger", "Time (Asia/Tokyo)", "Time in UTC"]
        assert [int(each[0]) for each in lines] == [row.fact.ledger_sequence for row in rows]
    assert lines[0][1:3] == ["2026-11-24 12:01:40", "2026-11-24T03:01:40.000000Z"]
    assert lines[0][4:12] == ["Ben", "1e00000002", "Cedar room", "Cedar room", "Entry", "Card presented",
                              "Refused", "No permission here"]  # fmt: skip


def test_it_is_written_in_the_language_and_code_page_that_were_asked_for(
    olu: FlaskClient, exports: Exports, house: House, site: Site
) -> None:
    with transaction(house.engine) as session:
        cardholder.rename(session, "operator:1", NOW, house.holder(session, "Ben"), "=𠮷田 太郎")
    proof = field(text(olu, "/exports"))
    olu.post("/language/ja", data={"csrf_token": proof, "back": "/"}, base_url=BASE)
    page = asked(olu, "/exports/of/log?outcome=REFUSE", "csv-cp932")
    headings, line = table(fetched(olu, exports, page).data, "cp932")
    assert headings[4] == "氏名"
    assert (line[4], line[10]) == ("'=[U+20BB7]田 太郎", "拒否")
    assert "文字が 1 字ありました" in text(olu, page)


def test_a_workbook_is_one_that_opens(olu: FlaskClient, exports: Exports, site: Site) -> None:
    answer = fetched(olu, exports, asked(olu, "/exports/of/log", "xlsx"))
    with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
        assert packed.testzip() is None
        assert b"Cedar room" in packed.read("xl/worksheets/sheet1.xml")


def test_who_took_what_out_and_what_for_stands_in_the_ledger_before_the_file(
    olu: FlaskClient, exports: Exports, house: House, site: Site
) -> None:
    asked(olu, "/exports/of/log?door=1&cardholder=2", purpose="case 17")
    with reading(house.engine) as session:
        [row] = acts.listed(session, ActFilter(kind=Kind.RECORD_EXPORTED), ledger.head(session) + 1, 5)
        assert row.actor == house.operator(session, "olu").actor
        assert row.content["narrowed"] == {"door": "1", "cardholder": "2"}
        assert acts.reasons(session, [row]) == {row.sequence: "case 17"}
    page = text(olu, f"/reports/acts?{SINCE}&act=record-exported")
    assert "case 17" in page
    assert "Record exported" in page
    proof = field(page)
    answer = olu.post("/exports/of/log", data={"form": "csv", "purpose": " ", "csrf_token": proof}, base_url=BASE)
    assert answer.status_code == 409
    assert "Say what the file is needed for." in answer.get_data(as_text=True)


def test_an_old_sign_in_is_confirmed_first_and_the_filters_are_kept(
    app: Flask, olu: FlaskClient, exports: Exports, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "CONFIRM_MINUTES", -1)
    proof = field(text(olu, "/exports"))
    data = {"form": "csv", "purpose": "x", "csrf_token": proof}
    answer = olu.post("/exports/of/log?door=1", data=data, base_url=BASE)
    assert answer.status_code == 401
    assert 'action="/exports/of/log?door=1"' in answer.get_data(as_text=True)
    assert exports._makings == []


def test_a_file_is_for_whoever_asked_and_nobody_else(
    app: Flask, olu: FlaskClient, exports: Exports, site: Site
) -> None:
    page = asked(olu, "/exports/of/log")
    assert fetched(olu, exports, page).status_code == 200
    kim = app.test_client()
    signed_in(kim, "kim")
    for address in (page, f"{page}/file"):
        assert kim.get(address, base_url=BASE).status_code == 404
    assert page not in text(kim, "/exports")
    assert page in text(olu, "/exports")


def test_progress_is_shown_while_it_is_made_and_it_can_be_stopped(
    olu: FlaskClient, exports: Exports, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "AT_ONCE", 1)
    second, go_on = threading.Event(), threading.Event()
    plain = taking._plain
    seen: list[Any] = []

    def slow(column: Any) -> Any:
        seen.extend(column)
        if isinstance(column[0], int) and [type(each) for each in seen].count(int) == 2:  # The place of the second row.
            second.set()
            assert go_on.wait(PATIENCE)
        return plain(column)

    monkeypatch.setattr(taking, "_plain", slow)
    page = asked(olu, "/exports/of/log")
    assert second.wait(PATIENCE)
    answer = olu.get(page, base_url=BASE)
    assert answer.headers["Refresh"] == "2"
    assert olu.get("/exports", base_url=BASE).headers["Refresh"] == "2"
    shown = answer.get_data(as_text=True)
    assert re.search(r"1 of \d+ rows", shown)
    assert olu.get(f"{page}/file", base_url=BASE).status_code == 404
    making = exports._makings[0]
    assert olu.post(f"{page}/discard", data={"csrf_token": field(shown)}, base_url=BASE).status_code == 303
    go_on.set()
    assert making.finished.wait(PATIENCE)
    assert (making.state, making.file) == (State.STOPPED, None)
    assert olu.get(page, base_url=BASE).status_code == 404


def test_what_cannot_be_made_says_so_and_the_next_one_is_made(
    olu: FlaskClient, exports: Exports, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise OSError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(taking, "_plain", broken)
        page = asked(olu, "/exports/of/log")
        assert fetched(olu, exports, page).status_code == 404
    assert "failed" in text(olu, page)
    assert fetched(olu, exports, asked(olu, "/exports/of/log")).status_code == 200


def test_files_are_few_and_end(olu: FlaskClient, exports: Exports, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [asked(olu, "/exports/of/log") for _ in range(KEPT_EACH + 1)]
    assert olu.get(made[0], base_url=BASE).status_code == 404
    assert fetched(olu, exports, made[-1]).status_code == 200
    later = exports._now() + KEPT_FOR + timedelta(seconds=1)
    monkeypatch.setattr(exports, "_now", lambda: later)
    assert olu.get(made[-1], base_url=BASE).status_code == 404
    assert exports._makings == []


def test_no_file_is_left_on_the_disk(olu: FlaskClient, exports: Exports, site: Site) -> None:
    before = sorted(exports.folder.iterdir())
    for form in ("csv", "xlsx"):
        assert fetched(olu, exports, asked(olu, "/exports/of/log", form)).status_code == 200
    assert sorted(exports.folder.iterdir()) == before


def test_every_report_shows_and_writes_the_same_rows(
    olu: FlaskClient, exports: Exports, house: House, site: Site
) -> None:
    with transaction(house.engine) as session:
        holder = house.holder(session, "Ada")
        attribution.change(session, "operator:1", NOW, holder, Attribute.HOLD, 1, "moves furniture")
        row = enquiry.log(session, LogFilter()).rows[0].fact
        alarm.raise_alarm(session, "FORCED_OPEN", NOW, row.ledger_sequence, row.agent_id, row.door_id)
    told = {
        "refusals": ("Ben", "No permission here"),
        "alarms": ("Door forced open", "waiting"),
        "exemptions": ("Ada", "May hold a door open", "moves furniture"),
        "acts": ("Access approved", "Mia", "works there"),
        "doors": ("Cedar room", "2"),
    }
    for key in REPORTS:
        page = text(olu, f"/reports/{key}?{SINCE}")
        count = int(re.search(r"(\d+) rows", page)[1])  # type: ignore[index]
        assert bool(count) == (key in told), key
        assert bool(count) != (str(REPORTS[key].empty) in page), key
        for each in told.get(key, ()):
            assert each in page, (key, each)
        if count:
            lines = table(fetched(olu, exports, asked(olu, f"/exports/of/{key}?{SINCE}")).data)
            assert len(lines) == count + 1, key
            assert {len(each) for each in lines} == {len(REPORTS[key].headings)}, key
            for each in told[key]:
                assert any(each in cell for line in lines for cell in line), (key, each)


def test_permissions_unused_and_at_their_end_are_found_by_days(
    olu: FlaskClient, house: House, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = NOW + timedelta(days=100)
    monkeypatch.setattr("admin_web.reports.asking.now", lambda: later)
    assert "Ada" in text(olu, "/reports/unused?days=90")
    assert "Ada" not in text(olu, "/reports/unused?days=120")
    assert "No permission ends within this time." in text(olu, "/reports/expiring?days=90")


def test_a_long_report_is_paged_and_its_filters_are_carried_on(olu: FlaskClient, house: House, site: Site) -> None:
    with transaction(house.engine) as session:
        for number in range(60):
            cardholder.enrol(session, "operator:2", NOW, house.site(session), f"Person {number}", f"n{number}")
    address, seen = f"/reports/acts?{SINCE}&act=cardholder-made", 0
    while address:
        page = text(olu, address)
        seen += page.count("Cardholder added</bdi>")
        older = re.search(r'href="(/reports/acts\?further=[^"]+)"', page)
        address = older[1].replace("&amp;", "&") if older else ""
        assert not older or ("act=cardholder-made" in address and SINCE in address)
    assert seen == 63


def test_the_muster_says_who_is_inside_and_of_whom_that_is_certain(olu: FlaskClient, house: House, site: Site) -> None:
    page = text(olu, "/muster")
    assert re.search(r"Ada.*?mark-sure", page, re.DOTALL)
    assert "Ben" not in page
    assert re.search(r'who is inside at <time datetime="[^"]+"', page)
    with reading(house.engine) as session:
        cedar = house.cedar(session).id
    site.doors["cedar"].mono += 1
    site.doors["cedar"].feed(Level("cedar", "contact", True))
    site.talk()
    page = text(olu, f"/muster?area={cedar}")
    assert re.search(r"Ada.*?mark-unsure", page, re.DOTALL)
    assert "look in the room itself" in page
    assert "Maple room</h2>" not in page


def test_a_permission_that_was_never_used_and_does_not_end_says_so_to_people_and_is_empty_in_files(
    olu: FlaskClient, exports: Exports, house: House, site: Site
) -> None:
    with transaction(house.engine) as session:
        kim, mia = house.operator(session, "kim"), house.operator(session, "mia")
        hallway = session.scalars(select(Area).where(Area.key == "hallway")).one()
        wish = Wish(house.holder(session, "Eve"), hallway, NOW, None, "cleans")
        permission.approve(session, mia, NOW, permission.request(session, kim, NOW, wish), must_fit)
    assert re.search(r"Eve.*no end.*never", text(olu, "/reports/unused?days=1"), re.DOTALL)
    lines = table(fetched(olu, exports, asked(olu, "/exports/of/unused?days=1")).data)
    [row] = [each for each in lines if "Eve" in each]
    assert row[3:7] == ["2026-11-24 12:00:00", "", "", "cleans"]
    answer = olu.get("/api/v1/reports/unused/rows?days=1", base_url=BASE, headers=token(house, "olu"))
    [cells] = [each["cells"] for each in answer.get_json()["items"] if each["cells"]["person"] == "Eve"]
    assert (cells["valid_from"], cells["valid_until"], cells["last_used"]) == ("2026-11-24T03:00:00.000Z", None, None)
