"""Reports by the API: what pages show, page by page; saved ones; and files asked for, watched, fetched, discarded."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader

from admin_web.exports.kinds_of_file import KINDS
from admin_web.exports.making import Exports
from admin_web.reports.known import EXPORTED
from controller.database import reading
from controller.ledger import acts, ledger
from controller.ledger.acts import ActFilter
from controller.ledger.kinds import Kind
from controller.record import enquiry
from controller.record.enquiry import LogFilter
from tests.admin_web.conftest import BASE, token
from tests.admin_web.test_reports_and_exports import PATIENCE, exports, site, table
from tests.controller.conftest import House
from tests.controller.doorway import Site

__all__ = ["exports", "site"]
SINCE = "since=2026-11-01"


class Caller:
    """Somebody who asks the API with a token of their own."""

    def __init__(self, client: FlaskClient, house: House, name: str) -> None:
        self._client, self._headers = client, token(house, name)

    def get(self, path: str, status: int = 200) -> Any:
        answer = self._client.get(f"/api/v1/reports{path}", base_url=BASE, headers=self._headers)
        assert answer.status_code == status, answer.get_data(as_text=True)
        return answer.get_json()

    def post(self, path: str, status: int = 201, **body: Any) -> Any:
        answer = self._client.post(f"/api/v1/reports{path}", json=body, base_url=BASE, headers=self._headers)
        assert answer.status_code == status, answer.get_data(as_text=True)
        return answer.get_json()

    def file(self, export_id: str) -> Any:
        path = f"/api/v1/reports/exports/{export_id}/file"
        with self._client.get(path, base_url=BASE, headers=self._headers) as answer:
            assert answer.data is not None
            return answer


@pytest.fixture
def olu(client: FlaskClient, house: House, site: Site) -> Caller:
    return Caller(client, house, "olu")


def waited(exports: Exports, export_id: str) -> None:
    making = next(each for each in exports._makings if each.key == export_id)
    assert making.finished.wait(PATIENCE)


def test_every_report_says_its_columns_filters_and_files(olu: Caller) -> None:
    found = {each["key"]: each for each in olu.get("")["items"]}
    assert found.keys() == EXPORTED.keys()
    assert found["refusals"]["columns"][0] == {"name": "person", "title": "Person"}
    assert found["unused"]["filters"] == ["area", "cardholder", "days"]
    assert [each["form"] for each in found["log"]["files"]] == list(KINDS)
    assert next(each for each in found["log"]["files"] if each["form"] == "pdf")["most"] == 10_000
    for each in EXPORTED.values():
        assert len(each.columns) == len(set(each.columns)) == len(each.headings), each.key


def test_rows_are_read_page_by_page_and_none_twice(olu: Caller, house: House) -> None:
    with reading(house.engine) as session:
        places = [row.fact.ledger_sequence for row in enquiry.log(session, LogFilter(), None, 200).rows]
    seen, cursor = list[int](), ""
    while True:
        page = olu.get(f"/log/rows?limit=2&cursor={cursor}")
        assert len(page["items"]) <= 2
        seen += [each["cells"]["place"] for each in page["items"]]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert seen == places


def test_a_row_says_what_the_page_says_and_whom_it_means(olu: Caller) -> None:
    [row] = olu.get(f"/refusals/rows?{SINCE}")["items"]
    assert row["cells"] == {
        "person": "Ben", "number": "1e00000002", "door": "Cedar room", "reason": "No permission here",
        "disposition": "open", "times": 1,
        "first_at": "2026-11-24T03:01:40.000Z", "last_at": "2026-11-24T03:01:40.000Z",
    }  # fmt: skip
    assert row["refers"]["person"] == {"cardholder": 2}
    assert olu.get("/refusals/rows?since=2026-11-25&until=2026-11-25")["items"] == []
    assert olu.get("/refusals/rows?cardholder=1")["items"] == []
    assert len(olu.get("/log/rows?kind=DECISION&kind=PASSAGE&outcome=REFUSE")["items"]) == 1
    [inside] = [each for each in olu.get("/muster/rows")["items"] if each["cells"]["person"] == "Ada"]
    assert inside["cells"]["certain"] == "certain"


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/refusals/rows?outcome=REFUSE", "outcome"),
        ("/exemptions/rows?days=3", "days"),
        ("/unused/rows?days=3661", "days"),
        ("/refusals/rows?period=last-month&since=2026-11-01", "period"),
        ("/refusals/rows?period=soon", "period"),
        ("/refusals/rows?since=2026-11-31", "since"),
        ("/refusals/rows?since=1999-12-31", "since"),
        ("/log/rows?kind=none", "kind"),
        ("/log/rows?area=x", "area"),
        ("/log/rows?cursor=0", "cursor"),
        ("/log/rows?name=Ada", "name"),
    ],
)
def test_a_filter_that_does_not_narrow_is_refused(olu: Caller, path: str, field: str) -> None:
    assert [each["field"] for each in olu.get(path, 422)["errors"]] == [field]


def test_a_report_is_saved_run_and_removed(olu: Caller, client: FlaskClient, house: House) -> None:
    body: dict[str, Any] = {
        "report": "log",
        "name": "Refused",
        "outcome": "REFUSE",
        "period": "last-30-days",
        "kind": ["DECISION"],
    }
    made = olu.post("/saved", **body)
    assert made["filters"] == {"outcome": ["REFUSE"], "period": ["last-30-days"], "kind": ["DECISION"]}
    assert made["means"].startswith("Result: Refused · What: Card presented · Period: last 30 days")
    mia = Caller(client, house, "mia")
    assert mia.get("/saved")["items"] == [made]
    assert mia.get(f"/saved/{made['id']}") == made
    [row] = mia.get(f"/saved/{made['id']}/rows")["items"]
    assert row["cells"]["person"] == "Ben"
    assert olu.post("/saved", 409, **body)["type"] == "urn:sekisho:problem:saved-name-taken"
    for wrong in (
        {"report": "none"},
        {"name": "x" * 121},
        {"days": 3},
        {"kind": "DECISION"},
        {"kind": [3]},
        {"area": "1"},
    ):
        olu.post("/saved", 422, **{**body, "name": "other", **wrong})
    assert olu.post(f"/saved/{made['id']}/remove", 200) == made
    olu.get(f"/saved/{made['id']}", 404)
    olu.get(f"/saved/{made['id']}/rows", 404)


@pytest.mark.parametrize("form", KINDS)
def test_a_file_is_asked_for_watched_fetched_and_discarded(
    olu: Caller, exports: Exports, house: House, form: str
) -> None:
    made = olu.post("/log/exports", form=form, purpose="case 18", outcome="REFUSE")
    assert (made["title"], made["expected"], made["flaw"]) == ("Access log", 1, None)
    waited(exports, made["id"])
    done = olu.get(f"/exports/{made['id']}")
    assert (done["state"], done["rows"]) == ("done", 1)
    assert [each["id"] for each in olu.get("/exports")["items"]] == [made["id"]]
    answer = olu.file(made["id"])
    assert (answer.status_code, len(answer.data)) == (200, done["size"])
    assert answer.content_type == done["mimetype"] == KINDS[form].mimetype
    if form == "csv":
        assert table(answer.data)[1][4] == "Ben"
    if form == "pdf":
        assert "Ben" in PdfReader(io.BytesIO(answer.data)).pages[0].extract_text()
    with reading(house.engine) as session:
        [row] = acts.listed(session, ActFilter(kind=Kind.RECORD_EXPORTED), ledger.head(session) + 1, 5)
        assert row.content["narrowed"] == {"outcome": "REFUSE"}
        assert row.actor == house.operator(session, "olu").actor
        assert acts.reasons(session, [row]) == {row.sequence: "case 18"}
    olu.post(f"/exports/{made['id']}/discard", 200)
    olu.get(f"/exports/{made['id']}", 404)
    assert olu.file(made["id"]).status_code == 404


def test_a_saved_report_is_taken_out_as_it_is_run_now(olu: Caller, exports: Exports, house: House) -> None:
    saved = olu.post("/saved", report="refusals", name="usual")
    made = olu.post(f"/saved/{saved['id']}/exports", form="csv", purpose="monthly")
    waited(exports, made["id"])
    assert table(olu.file(made["id"]).data)[1][0] == "Ben"
    with reading(house.engine) as session:
        [row] = acts.listed(session, ActFilter(kind=Kind.RECORD_EXPORTED), ledger.head(session) + 1, 5)
        assert row.content["narrowed"] == {"period": "last-30-days", "since": "2026-10-30"}


def test_what_cannot_be_taken_out_says_why(
    olu: Caller, exports: Exports, client: FlaskClient, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("admin_web.exports.fonts.JAPANESE", ())
    assert olu.post("/log/exports", 409, form="pdf", purpose="x")["type"] == "urn:sekisho:problem:pdf-font"
    olu.post("/log/exports", 422, form="docx", purpose="x")
    assert olu.post("/log/exports", 409, form="csv", purpose=" ")["type"].endswith("purpose-missing")
    olu.post("/log/exports", 422, form="csv", purpose="x", days=3)
    olu.post("/none/exports", 404, form="csv", purpose="x")
    assert exports._makings == []
    made = olu.post("/log/exports", form="csv", purpose="x")
    mia = Caller(client, house, "mia")
    assert mia.get("/exports")["items"] == []
    mia.get(f"/exports/{made['id']}", 404)
    mia.post(f"/exports/{made['id']}/discard", 404)
    assert mia.file(made["id"]).status_code == 404


def test_the_document_knows_reports_and_files(app: Flask, client: FlaskClient) -> None:
    paths = client.get("/api/openapi.json", base_url=BASE).get_json()["paths"]
    rows = paths["/api/v1/reports/{report}/rows"]["get"]
    assert rows["parameters"][0]["schema"]["enum"] == list(EXPORTED)
    answers = paths["/api/v1/reports/exports/{export_id}/file"]["get"]["responses"]["200"]["content"]
    assert "application/pdf" in answers
    assert "201" in paths["/api/v1/reports/{report}/exports"]["post"]["responses"]
