"""What is refused leaves a trace: a row where somebody is known, else a counted line, and never what was sent."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from admin_web import confirming
from admin_web.turned_away import COUNTED_FOR, TurnedAway, Why
from controller.database import reading
from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow, OpeningRow
from controller.people import operator_session
from process import logs
from tests.admin_web.conftest import BASE, field, signed_in, submit, token
from tests.admin_web.test_account import aged
from tests.controller.conftest import NOW, PASSWORD, House


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the process writes down meanwhile."""
    heard = io.StringIO()
    logs.configure("web", stream=heard)
    yield heard
    logs.configure("tests")


def told(lines: io.StringIO) -> list[tuple[str, int]]:
    found = [json.loads(line) for line in lines.getvalue().splitlines()]
    return [(each["why"], each["count"]) for each in found if each["event"] == "turned_away"]


def rows(house: House, kind: Kind) -> list[dict[str, Any]]:
    with reading(house.engine) as session:
        found = session.query(LedgerRow).filter(LedgerRow.kind == kind).order_by(LedgerRow.sequence)
        return [{**row.subjects, **row.content, "commitments": None} for row in found]


def test_what_a_role_may_not_is_refused_and_recorded(client: FlaskClient, house: House) -> None:
    signed_in(client, "olu")
    for _ in range(4):
        assert submit(client, "/operators/invite", role="auditor") == 403
    found = [(each["permission"], each["count"]) for each in rows(house, Kind.ACT_REFUSED)]
    assert found == [("manage-operators", 1), ("manage-operators", 2), ("manage-operators", 4)]


def test_the_api_records_what_a_tokens_role_may_not(client: FlaskClient, house: House) -> None:
    headers = token(house, "olu")
    for _ in range(2):
        answer = client.post("/api/v1/cardholders", json={"name": "typed"}, base_url=BASE, headers=headers)
        assert answer.status_code == 403
    found = rows(house, Kind.ACT_REFUSED)
    assert [(each["permission"], each["count"]) for each in found] == [("change-people", 1), ("change-people", 2)]


def test_an_ended_token_is_recorded_and_an_unknown_one_is_a_line(
    client: FlaskClient, house: House, lines: io.StringIO
) -> None:
    headers = token(house, "olu")
    mine = client.get("/api/v1/tokens", base_url=BASE, headers=headers).get_json()["items"][0]["id"]
    assert client.post(f"/api/v1/tokens/{mine}/revoke", json={}, base_url=BASE, headers=headers).status_code == 200
    for _ in range(3):
        assert client.get("/api/v1/tokens", base_url=BASE, headers=headers).status_code == 401
    assert [(each["token"], each["count"]) for each in rows(house, Kind.TOKEN_REFUSED)] == [(mine, 1), (mine, 2)]
    before = len(rows(house, Kind.TOKEN_REFUSED))
    for number in range(5):
        typed = {"Authorization": f"Bearer typed-{number}"}
        assert client.get("/api/v1/tokens", base_url=BASE, headers=typed).status_code == 401
    assert told(lines) == [("token-unknown", 1), ("token-unknown", 2), ("token-unknown", 4)]
    assert "typed" not in lines.getvalue()
    assert len(rows(house, Kind.TOKEN_REFUSED)) == before


def test_a_confirmation_is_recorded_and_so_is_one_that_fails(client: FlaskClient, house: House) -> None:
    signed_in(client, "kim")
    aged(house)
    assert submit(client, "/account/confirm", confirm_password="not the password") == 401
    assert submit(client, "/account/confirm", confirm_password=PASSWORD) == 303
    assert [(each["step"], each["count"]) for each in rows(house, Kind.CONFIRMATION_FAILED)] == [("password", 1)]
    assert [each["proof"] for each in rows(house, Kind.CONFIRMED)] == [operator_session.Proof.PASSWORD]


def test_forged_forms_foreign_sites_and_hosts_are_lines_without_what_was_sent(
    client: FlaskClient, lines: io.StringIO
) -> None:
    for _ in range(2):
        assert client.post("/sign-in", data={"name": "typed"}, base_url=BASE).status_code == 400
    foreign = {"Sec-Fetch-Site": "cross-site"}
    proof = field(client.get("/sign-in", base_url=BASE).get_data(as_text=True))
    data = {"name": "typed", "csrf_token": proof}
    assert client.post("/sign-in", data=data, base_url=BASE, headers=foreign).status_code == 403
    assert client.get("/sign-in", base_url="http://typed.example").status_code == 400
    answer = client.post("/sign-in/passkey", data={"passkey": "typed", "csrf_token": proof}, base_url=BASE)
    assert answer.status_code == 401
    assert told(lines) == [
        ("form-forged", 1), ("form-forged", 2), ("site-foreign", 1), ("host-unknown", 1), ("passkey-unasked", 1),
    ]  # fmt: skip
    assert "typed" not in lines.getvalue()


def test_fields_that_the_api_does_not_take_are_a_line(client: FlaskClient, house: House, lines: io.StringIO) -> None:
    headers = token(house, "kim")
    answer = client.post("/api/v1/cardholders", json={"typed": "typed"}, base_url=BASE, headers=headers)
    assert answer.status_code == 422
    assert told(lines) == [("fields-wrong", 1)]
    assert "typed" not in lines.getvalue()


def test_full_seats_are_a_line_and_a_metric(app: Flask, client: FlaskClient, lines: io.StringIO) -> None:
    signed_in(client, "kim")
    seats = app.extensions["sekisho-seats"]
    for _ in range(seats.count):
        assert seats.take()
    assert client.get("/live/stream", base_url=BASE).status_code == 503
    assert told(lines) == [("seats-full", 1)]
    assert "\nsekisho_turned_away 1\n" in client.get("/metrics", base_url=BASE).get_data(as_text=True)


def test_too_many_passwords_at_once_are_a_line(client: FlaskClient, lines: io.StringIO) -> None:
    proof = field(client.get("/sign-in", base_url=BASE).get_data(as_text=True))
    data = {"name": "typed", "password": "typed", "csrf_token": proof}
    with contextlib.ExitStack() as places:
        for _ in range(confirming.AT_ONCE):
            places.enter_context(confirming.judging)
        assert client.post("/sign-in", data=data, base_url=BASE).status_code == 503
    assert told(lines) == [("busy", 1)]
    assert "typed" not in lines.getvalue()


def test_a_thousand_refusals_are_ten_lines_and_a_new_day_begins_anew(lines: io.StringIO) -> None:
    moment = NOW

    def clock() -> datetime:
        return moment

    counted = TurnedAway(clock)
    for _ in range(1000):
        counted.note(Why.TOKEN_UNKNOWN)
    moment += COUNTED_FOR - timedelta(seconds=1)
    counted.note(Why.TOKEN_UNKNOWN)
    assert told(lines) == [("token-unknown", 2**power) for power in range(10)]
    moment += timedelta(seconds=1)
    counted.note(Why.TOKEN_UNKNOWN)
    assert told(lines)[10:] == [("token-unknown", 1)]
    assert counted.total == 1002


def test_the_report_of_acts_says_what_was_refused_and_from_where(client: FlaskClient, house: House) -> None:
    browser = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}
    page = client.get("/sign-in", base_url=BASE).get_data(as_text=True)
    data = {"name": "olu", "password": PASSWORD, "csrf_token": field(page)}
    assert client.post("/sign-in", data=data, base_url=BASE, headers=browser).status_code == 303
    assert submit(client, "/operators/invite", role="auditor") == 403
    report = client.get("/reports/acts", base_url=BASE).get_data(as_text=True)
    for text in ("Refused: not permitted to the role", "From where", "Firefox, Linux; 127.0.0.0/24"):
        assert text in report
    client.set_cookie("sekisho_language", "ja", domain="127.0.0.1")
    assert "役割に権限がない操作" in client.get("/reports/acts", base_url=BASE).get_data(as_text=True)
    with reading(house.engine) as session:
        assert {row.name for row in session.query(OpeningRow)} >= {"device", "network"}
