"""Files of people on the pages: shown first, applied as shown, and exported so that they can be read back."""

from __future__ import annotations

import io
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, TestResponse

from controller.database import reading, transaction
from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow, openings_of
from controller.people import cardholder, search
from controller.people.cardholder import Cardholder
from tests.admin_web.conftest import BASE, field, signed_in, token
from tests.controller.conftest import NOW, House

FILES = "/cardholders/files"


def looked(client: FlaskClient, data: bytes, language: str = "en") -> TestResponse:
    proof = field(client.get(FILES, base_url=BASE).get_data(as_text=True))
    return uploaded(client, f"{FILES}/look", data, proof, language)


def uploaded(client: FlaskClient, path: str, data: bytes, proof: str, language: str = "en") -> TestResponse:
    """Werkzeug's client keeps a large body in a file that it does not close."""
    sent = {"file": (io.BytesIO(data), "../../etc/passwd.csv"), "csrf_token": proof}
    headers = Headers({"Accept-Language": language})
    body = EnvironBuilder(path=path, base_url=BASE, method="POST", data=sent, headers=headers).get_environ()
    try:
        return client.open(body)
    finally:
        body["wsgi.input"].close()


def plan_of(page: str) -> str:
    found = re.search(r'name="plan" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def apply(client: FlaskClient, plan: str, reason: str = "list of November") -> TestResponse:
    proof = field(client.get(FILES, base_url=BASE).get_data(as_text=True))
    return client.post(f"{FILES}/apply", data={"plan": plan, "reason": reason, "csrf_token": proof}, base_url=BASE)


def names(house: House) -> list[str]:
    with reading(house.engine) as session:
        return [each.name for each in cardholder.of_site(session, house.site(session))]


def test_a_file_is_shown_and_only_then_applied(client: FlaskClient, house: House) -> None:
    signed_in(client, "kim")
    answer = looked(client, "社員番号,氏名,フリガナ\n9001,新田 恵,ニッタ\n1e00000002,Benjamin,\n,x,\n".encode("cp932"))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "Shift_JIS" in page
    assert "新田 恵" in page
    assert re.search(r"<bdi>Ben</bdi> → <strong><bdi>Benjamin</bdi>", page)
    assert "A staff number is needed." in page
    assert names(house) == ["Ada", "Ben", "Eve"]
    plan = plan_of(page)
    assert apply(client, plan, " ").status_code == 409
    assert names(house) == ["Ada", "Ben", "Eve"]
    assert apply(client, plan).status_code == 200
    assert names(house) == ["Ada", "Benjamin", "Eve", "新田 恵"]
    with reading(house.engine) as session:
        assert [each.name for each in search.find(session, house.site(session), "nitta")] == ["新田 恵"]


def test_a_name_that_turns_the_writing_round_is_marked_and_turns_nothing_else(client: FlaskClient) -> None:
    signed_in(client, "kim")
    page = looked(client, "number,name\n9001,\u202ednuora\n9002,Zoe\n".encode()).get_data(as_text=True)
    assert page.count("<bdi>\u202ednuora</bdi>") == page.count("holds signs that turn the writing round") == 1


def test_a_plan_is_its_operators_own_and_not_to_be_written_by_hand(client: FlaskClient, app: Flask) -> None:
    signed_in(client, "kim")
    plan = plan_of(looked(client, b"number,name\n9001,Zoe\n").get_data(as_text=True))
    for other in ("", "x", plan[:-2], f"{plan[0]}{plan}", "a.b.c"):
        assert apply(client, other).status_code == 409
    mia = app.test_client()
    signed_in(mia, "mia")
    assert apply(mia, plan).status_code == 409
    assert apply(client, plan).status_code == 200


def test_a_plan_grows_old(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    signed_in(client, "kim")
    plan = plan_of(looked(client, b"number,name\n9001,Zoe\n").get_data(as_text=True))
    monkeypatch.setattr("admin_web.roster._LIFE_S", -1)
    assert apply(client, plan).status_code == 409


def test_a_second_click_and_a_change_in_between_overwrite_nothing(client: FlaskClient, house: House) -> None:
    signed_in(client, "kim")
    plan = plan_of(looked(client, b"number,name\n1e00000001,Ada L\n1e00000002,Benjamin\n").get_data(as_text=True))
    with transaction(house.engine) as session:
        cardholder.rename(session, "operator:1", NOW, house.holder(session, "Ben"), "Benedict")
    page = apply(client, plan).get_data(as_text=True)
    assert "Somebody changed it after the file was looked at." in page
    assert names(house) == ["Ada L", "Benedict", "Eve"]
    with reading(house.engine) as session:
        before = session.query(LedgerRow).count()
    assert apply(client, plan).status_code == 200
    with reading(house.engine) as session:
        assert session.query(LedgerRow).count() == before


def taken_out(client: FlaskClient, encoding: str = "utf-8", purpose: str = "compare with payroll") -> TestResponse:
    proof = field(client.get(FILES, base_url=BASE).get_data(as_text=True))
    data = {"encoding": encoding, "purpose": purpose, "csrf_token": proof}
    return client.post(f"{FILES}/cardholders.csv", data=data, base_url=BASE)


def test_what_is_exported_is_the_same_when_it_is_read_in(client: FlaskClient, house: House) -> None:
    with transaction(house.engine) as session:
        for number, name in enumerate(("=cmd|'/c calc'!A1", "髙橋 﨑", '"><img src=x>', "\u202ednuora")):
            cardholder.enrol(session, "operator:1", NOW, house.site(session), name, f"@{number}", "テスト")
        odd = cardholder.by_number(session, house.site(session), "@3")
        assert odd is not None
    signed_in(client, "kim")
    answer = taken_out(client)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.data.startswith(b"\xef\xbb\xbfnumber,name,name_kana,leaves\r\n")
    assert b"'=cmd" in answer.data
    page = looked(client, answer.data).get_data(as_text=True)
    assert "There is nothing to change." in page
    assert "<img src=x" not in page
    assert taken_out(client, "cp932").status_code == 409
    with transaction(house.engine) as session:
        found = cardholder.by_number(session, house.site(session), "@3")
        assert found is not None
        cardholder.rename(session, "operator:1", NOW, found, "Yui")
    answer = taken_out(client, "cp932")
    assert answer.headers["Content-Type"] == "text/csv; charset=windows-31j"
    assert "There is nothing to change." in looked(client, answer.data).get_data(as_text=True)
    assert taken_out(client, "utf-16").status_code == 400


def test_the_template_has_the_headings_of_the_readers_language_and_nobody(client: FlaskClient) -> None:
    signed_in(client, "kim")
    for language, heading in (("en", "number,name,name_kana,leaves"), ("ja", "社員番号,氏名,フリガナ,退職日時")):
        answer = client.get(f"{FILES}/template.csv", base_url=BASE, headers={"Accept-Language": language})
        assert answer.data.decode("utf-8-sig") == f"{heading}\r\n"
        assert "There is nothing to change." in looked(client, answer.data).get_data(as_text=True)


@pytest.mark.parametrize(
    ("data", "status"),
    [(b"", 409), (b"," * 1_900_000, 409), (b"," * 10_000_000, 413), (b"\x00" * 1000, 409), (b"name\nZoe\n", 409)],
)
def test_a_file_that_is_none_of_people_is_a_page_that_says_so(client: FlaskClient, data: bytes, status: int) -> None:
    signed_in(client, "kim")
    answer = looked(client, data)
    assert answer.status_code == status
    assert "Traceback" not in answer.get_data(as_text=True)


def test_only_this_route_takes_large_bodies_and_only_from_who_is_signed_in(client: FlaskClient, app: Flask) -> None:
    signed_in(client, "kim")
    large = b"number,name\n" + b"\n" * 1_500_000
    assert looked(client, large).status_code == 200
    proof = field(client.get(FILES, base_url=BASE).get_data(as_text=True))
    for somebody, path in ((client, "/cardholders/search"), (app.test_client(), f"{FILES}/look")):
        assert uploaded(somebody, path, large, proof).status_code == 413


def test_an_auditor_takes_out_and_reads_nothing_in(client: FlaskClient, house: House) -> None:
    signed_in(client, "olu")
    page = client.get(FILES, base_url=BASE).get_data(as_text=True)
    assert "cardholders.csv" in page
    assert f"{FILES}/look" not in page
    assert taken_out(client).status_code == 200
    assert taken_out(client, purpose=" ").status_code == 409
    with reading(house.engine) as session:
        (row,) = session.query(LedgerRow).filter(LedgerRow.kind == Kind.RECORD_EXPORTED)
        assert (row.content["report"], row.content["rows"], b"payroll" in row.leaf) == ("cardholders", 3, False)
        assert str(openings_of(session, row.sequence)["purpose"].value) == '"compare with payroll"'
    assert looked(client, b"number,name\n9001,Zoe\n").status_code == 403


def test_ten_thousand_new_people_are_shown_and_their_plan_fits_a_form(client: FlaskClient, house: House) -> None:
    signed_in(client, "kim")
    rows = "".join(f"n{number},山田 太郎{number},ヤマダ タロウ,2031-03-31\n" for number in range(10_000))
    page = looked(client, f"number,name,name_kana,leaves\n{rows}".encode()).get_data(as_text=True)
    assert len(plan_of(page)) < 1_000_000
    with reading(house.engine) as session:
        assert session.query(Cardholder).count() == 3


def test_the_api_shows_and_applies_the_same(client: FlaskClient, house: House) -> None:
    kim, path = token(house, "kim"), "/api/v1/cardholders/import"
    sent = {"csv": "number,name,leaves\n9001,Zoe,2099-03-31\n1e00000002,Benjamin,\n1e00000001,Ada,\nx\n"}
    shown = client.post(path, json=sent, base_url=BASE, headers=kim).get_json()
    assert [(each["line"], each["verdict"], each["why"]) for each in shown["items"]] == [
        (2, "new", None),
        (3, "changed", None),
        (4, "same", None),
        (5, "refused", "row-ragged"),
    ]
    assert shown["items"][0]["after"]["leaves_at"] == "2099-03-31T15:00:00.000Z"
    assert names(house) == ["Ada", "Ben", "Eve"]
    told = {"plan": shown["plan"], "reason": "list of November"}
    assert client.post(f"{path}/apply", json=told, base_url=BASE, headers=token(house, "mia")).status_code == 409
    done = client.post(f"{path}/apply", json=told, base_url=BASE, headers=kim).get_json()
    assert [each["verdict"] for each in done["items"]] == ["new", "changed"]
    assert names(house) == ["Ada", "Benjamin", "Eve", "Zoe"]
    answer = client.post(
        "/api/v1/cardholders/export", json={"purpose": "compare"}, base_url=BASE, headers=token(house, "olu")
    )
    again = {"csv": answer.data.decode("utf-8-sig")}
    shown = client.post(path, json=again, base_url=BASE, headers=kim).get_json()
    assert {each["verdict"] for each in shown["items"]} == {"same"}
    for body in ({"csv": "name\nZoe\n"}, {"csv": "\ud800,\x00"}):
        assert client.post(path, json=body, base_url=BASE, headers=kim).status_code == 409
    assert client.post(path, json={"csv": 1}, base_url=BASE, headers=kim).status_code == 422
