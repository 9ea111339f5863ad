"""The API against whoever sends it anything: every refusal is a problem, and nothing mistyped means "everything"."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from admin_web.centre import Centre
from controller.database import reading, transaction
from controller.people.permission import Grant, GrantState
from controller.record.alarm import Alarm, raise_alarm
from tests.admin_web.conftest import BASE, signed_in, submit, token, web_now
from tests.controller.conftest import NOW, House

PEOPLE = "/api/v1/cardholders"
LISTS = (
    "passages",
    "changes",
    "cardholders",
    "credentials",
    "areas",
    "doors",
    "schedules",
    "calendars",
    "agents",
    "grants",
    "requests",
    "events",
)
MORE_LISTS = ("passages", "occupancy", "alarms", "operators", "tokens")


def asked(house: House, session: Session) -> dict[str, Any]:
    return {"cardholder": house.holder(session, "Ben").id, "area": house.cedar(session).id, "reason": "shift"}


@pytest.fixture
def wish(house: House) -> dict[str, Any]:
    with reading(house.engine) as session:
        return asked(house, session)


def is_problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.mimetype == "application/problem+json"
    told: dict[str, Any] = answer.get_json()
    assert told["status"] == status
    assert told["type"].startswith("urn:sekisho:problem:")
    assert told["title"]
    assert told["detail"]
    return told


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"\x00", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"a":' * 40_000, "application/json", 400),
        (b'{"name": ' + b"9" * 5000 + b"}", "application/json", 400),
        (b"[]", "application/json", 422),
        (b"null", "application/json", 422),
        (b"{}", "application/json", 422),
        (b'{"name": "Zoe", "number": "9"}', "text/plain", 415),
        (b"name=Zoe&number=9", "application/x-www-form-urlencoded", 415),
        (b'{"name": "Zoe", "number": 9}', "application/json", 422),
        (b'{"name": "   ", "number": "9"}', "application/json", 409),
        (b'{"name": "Zo\\u0000e", "number": "9"}', "application/json", 422),
        (b'{"name": "Zo\\ud800e", "number": "9"}', "application/json", 422),
        (b'{"name": "Zo\\u001b[31me", "number": "9"}', "application/json", 422),
        (b'{"name": "Zoe", "number": "9", "nmae_kana": "x"}', "application/json", 422),
        (b'{"name": "' + b"Z" * 10_000 + b'", "number": "9"}', "application/json", 422),
        (b'{"name": "Zoe", "number": "' + b"9" * 41 + b'"}', "application/json", 422),
        (b'{"name": "' + b"Z" * 300_000 + b'"}', "application/json", 413),
    ],
)
def test_a_body_that_is_wrong_is_refused_with_its_own_status(
    client: FlaskClient, house: House, body: bytes, kind: str, status: int
) -> None:
    headers = {**token(house, "kim"), "Content-Type": kind}
    is_problem(client.post(PEOPLE, data=body, base_url=BASE, headers=headers), status)
    assert len(client.get(PEOPLE, base_url=BASE, headers=headers).get_json()["items"]) == 3


def test_a_problem_names_the_fields_and_repeats_nothing_of_what_was_sent(client: FlaskClient, house: House) -> None:
    secret = "Z" * 200
    sent = {"name": secret, "colour": "red"}
    told = is_problem(client.post(PEOPLE, json=sent, base_url=BASE, headers=token(house, "kim")), 422)
    assert {each["field"] for each in told["errors"]} == {"name", "number", "colour"}
    assert secret not in json.dumps(told)


@pytest.mark.parametrize(
    "flaw",
    [
        {"valid_until": "2026-12-01T00:00:00"},
        {"valid_until": "tomorrow"},
        {"valid_until": 7},
        {"valid_until": "9999-12-31T23:59:59Z"},
        {"valid_from": "0001-01-01T00:00:00+14:00"},
        {"valid_until": "2026-12-01"},
        {"valid_untill": "2026-12-01T00:00:00Z"},
        {"schedule": "1"},
        {"schedule": True},
        {"cardholder": True},
        {"cardholder": 1.0},
        {"cardholder": -1},
        {"cardholder": 10**30},
        {"area": None},
        {"reason": ""},
    ],
)
def test_a_mistyped_wish_never_becomes_a_wider_one(
    client: FlaskClient, house: House, wish: dict[str, Any], flaw: dict[str, Any]
) -> None:
    answer = client.post("/api/v1/grants", json={**wish, **flaw}, base_url=BASE, headers=token(house, "kim"))
    assert answer.status_code in (409, 422)
    is_problem(answer, answer.status_code)
    with reading(house.engine) as session:
        assert session.query(Grant).count() == 0


@pytest.mark.parametrize(
    ("begins", "ends", "code"),
    [(2, 1, "validity-wrong"), (1, 1, "validity-wrong"), (-9, -1, "validity-past"), (0, 365 * 90, "validity-absurd")],
)
def test_a_validity_that_makes_no_sense_is_refused(
    client: FlaskClient, house: House, wish: dict[str, Any], begins: int, ends: int, code: str
) -> None:
    at = web_now().replace(microsecond=0)
    days = {"valid_from": at + timedelta(days=begins), "valid_until": at + timedelta(days=ends)}
    body = {**wish, **{name: moment.isoformat() for name, moment in days.items()}}
    answer = client.post("/api/v1/grants", json=body, base_url=BASE, headers=token(house, "kim"))
    assert answer.status_code in (409, 422)
    if answer.status_code == 409:
        assert answer.get_json()["type"].endswith(code)


@pytest.mark.parametrize("name", ["cardholder", "area", "schedule"])
def test_a_wish_for_what_does_not_exist_is_not_found(
    client: FlaskClient, house: House, wish: dict[str, Any], name: str
) -> None:
    for unknown in (99, 2**31, 2**63 - 1):
        body = {**wish, name: unknown}
        is_problem(client.post("/api/v1/grants", json=body, base_url=BASE, headers=token(house, "kim")), 404)


@pytest.mark.parametrize("name", LISTS + MORE_LISTS)
def test_every_list_pages_and_refuses_odd_pages(client: FlaskClient, house: House, name: str) -> None:
    headers, path = token(house, "kim"), f"/api/v1/{name}"
    with transaction(house.engine) as session:
        raise_alarm(session, "FIRE", NOW, 1, house.agent(session).id, None)
    whole = client.get(path, base_url=BASE, headers=headers).get_json()
    assert whole["next"] is None
    page = client.get(f"{path}?limit=1", base_url=BASE, headers=headers).get_json()
    assert page["items"] == whole["items"][:1]
    assert (page["next"] is None) == (len(whole["items"]) < 2)
    assert client.get(f"{path}?limit=1000000000", base_url=BASE, headers=headers).get_json() == whole
    for odd in ("limit=0", "limit=-1", "limit=1e9", "limit=ten", "cursor=x", "cursor=-1", f"cursor={'9' * 400}"):
        is_problem(client.get(f"{path}?{odd}", base_url=BASE, headers=headers), 422)
    is_problem(client.get(f"{path}?pages=all", base_url=BASE, headers=headers), 422)
    beyond = client.get(f"{path}?cursor={2**63 - 1}", base_url=BASE, headers=headers)
    assert beyond.get_json()["next"] is None


@pytest.mark.parametrize(
    "query",
    ["outcome=MAYBE", "kind=PASSAGES", "kind=PASSAGE&kind=x", "since=yesterday", "since=2026-11-24T00:00:00", "area=x"],
)
def test_a_mistyped_filter_does_not_show_everything(client: FlaskClient, house: House, query: str) -> None:
    is_problem(client.get(f"/api/v1/events?{query}", base_url=BASE, headers=token(house, "olu")), 422)


@pytest.mark.parametrize("query", ["area=", "outcome=", "kind=", "kind=PASSAGE&kind=", "since=", "limit="])
def test_a_parameter_that_is_empty_does_not_show_everything(client: FlaskClient, house: House, query: str) -> None:
    """As a script sends it whose variable was never set."""
    is_problem(client.get(f"/api/v1/events?{query}", base_url=BASE, headers=token(house, "olu")), 422)


def test_what_may_be_left_out_of_a_body_may_be_null_and_the_document_says_so(client: FlaskClient, house: House) -> None:
    paths = client.get("/api/openapi.json", base_url=BASE).get_json()["paths"]
    members = paths[PEOPLE]["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert members["name_kana"]["anyOf"][-1] == {"type": "null"}
    assert members["name"]["type"] == "string"
    kim, sent = token(house, "kim"), {"name": "Zoe", "number": "9", "name_kana": None}
    assert client.post(PEOPLE, json=sent, base_url=BASE, headers=kim).get_json()["name_kana"] == ""
    is_problem(client.post(PEOPLE, json={**sent, "name": None}, base_url=BASE, headers=kim), 422)


def test_addresses_and_verbs_that_are_not_there_are_problems(client: FlaskClient, house: House) -> None:
    headers = token(house, "kim")
    is_problem(client.get("/api/v1/nothing", base_url=BASE, headers=headers), 404)
    is_problem(client.get("/api/", base_url=BASE), 404)
    is_problem(client.get(f"{PEOPLE}/999", base_url=BASE, headers=headers), 404)
    refused = client.delete(PEOPLE, base_url=BASE, headers=headers)
    is_problem(refused, 405)
    assert {each.strip() for each in refused.headers["Allow"].split(",")} >= {"GET", "POST"}
    unknown = client.get(PEOPLE, base_url=BASE, headers={"Authorization": "Bearer nobody"})
    is_problem(unknown, 401)
    assert unknown.headers["WWW-Authenticate"] == "Bearer"
    is_problem(client.post(PEOPLE, json={}, base_url=BASE, headers=token(house, "olu")), 403)


def test_head_is_get_without_a_body_and_options_says_what_is_allowed(client: FlaskClient, house: House) -> None:
    headers = token(house, "kim")
    head = client.head(PEOPLE, base_url=BASE, headers=headers)
    assert (head.status_code, head.data) == (200, b"")
    assert (
        head.headers["Content-Length"] == client.get(PEOPLE, base_url=BASE, headers=headers).headers["Content-Length"]
    )
    assert client.head(PEOPLE, base_url=BASE).status_code == 401
    options = client.options(PEOPLE, base_url=BASE)
    assert options.status_code == 200
    assert options.data == b""
    seats = client.application.extensions["sekisho-seats"]
    with client.head("/api/v1/events/stream", base_url=BASE, headers=headers) as looked:
        assert looked.status_code == 200
    assert seats.taken == 0


def test_an_unexpected_error_is_a_problem_that_says_nothing_of_its_cause(
    app: Flask, house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app.testing = False
    headers = token(house, "kim")

    def broken(_centre: Centre, _session: Session) -> None:
        raise RuntimeError("the card 1e00000001 of Ada")

    monkeypatch.setattr(Centre, "site", broken)
    is_problem(app.test_client().get(PEOPLE, base_url=BASE, headers=headers), 500)
    page = app.test_client()
    assert page.get("/sign-in", base_url=BASE).status_code == 200
    told = "".join(f"{record.msg}{getattr(record, 'sekisho_fields', '')}" for record in caplog.records)
    assert "RuntimeError" in told
    assert "1e00000001" not in told + caplog.text
    assert "Ada" not in told


def test_without_its_database_the_service_lives_but_is_not_ready(
    app: Flask, client: FlaskClient, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/readyz", base_url=BASE).get_json() == {"status": "ready"}
    headers = token(house, "kim")
    signed_in(client, "kim")

    def away(_engine: Engine) -> None:
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr("controller.database.reading", away)
    assert client.get("/healthz", base_url=BASE).status_code == 200
    for path in ("/readyz", "/metrics", PEOPLE):
        told = client.get(path, base_url=BASE, headers=headers)
        assert is_problem(told, 503)["type"].endswith("not-ready")
        assert told.headers["Retry-After"]
    page = client.get("/live", base_url=BASE)
    assert page.status_code == 503
    assert "database does not answer" in page.get_data(as_text=True)


def test_a_site_that_was_never_founded_is_not_ready(app: Flask, client: FlaskClient) -> None:
    app.extensions["sekisho"]._site = "elsewhere"
    for path in ("/readyz", "/metrics"):
        is_problem(client.get(path, base_url=BASE), 503)


def test_metrics_are_numbers_that_name_nobody(client: FlaskClient) -> None:
    answer = client.get("/metrics", base_url=BASE)
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    values = dict(line.split() for line in answer.text.splitlines() if not line.startswith("#"))
    assert values["sekisho_agents"] == "2"
    assert values["sekisho_viewers_most"] == "4"
    assert all(re.fullmatch(r"sekisho_[a-z_]+", name) and float(value) >= 0 for name, value in values.items())


def test_what_a_page_can_do_the_api_can_do(client: FlaskClient, house: House) -> None:
    kim = token(house, "kim")
    with transaction(house.engine) as session:
        raise_alarm(session, "FIRE", NOW, 1, house.agent(session).id, None)
    waiting = client.get("/api/v1/alarms?waiting=true", base_url=BASE, headers=kim).get_json()["items"]
    path = f"/api/v1/alarms/{waiting[0]['id']}/acknowledge"
    assert client.post(path, base_url=BASE, headers=kim).get_json()["acknowledged_by"]
    assert client.post(path, base_url=BASE, headers=kim).status_code == 409
    assert client.get("/api/v1/alarms?waiting=true", base_url=BASE, headers=kim).get_json()["items"] == []
    made = client.post("/api/v1/operators/invite", json={"role": "auditor"}, base_url=BASE, headers=kim)
    assert made.get_json()["link"].startswith(f"{BASE}/set-up/")
    is_problem(client.post("/api/v1/operators/invite", json={"role": "god"}, base_url=BASE, headers=kim), 422)
    people = client.get("/api/v1/operators", base_url=BASE, headers=kim).get_json()["items"]
    olu = next(each["id"] for each in people if each["name"] == "olu")
    assert client.post(f"/api/v1/operators/{olu}/close", base_url=BASE, headers=kim).get_json()["active"] is False
    assert client.post(f"/api/v1/operators/{olu}/open", base_url=BASE, headers=kim).get_json()["active"] is True
    own = client.post("/api/v1/tokens", json={"label": "cron"}, base_url=BASE, headers=kim).get_json()["token"]
    other = {"Authorization": f"Bearer {own}"}
    tokens = client.get("/api/v1/tokens", base_url=BASE, headers=other).get_json()["items"]
    newest = next(each["id"] for each in tokens if each["label"] == "cron")
    assert client.post(f"/api/v1/tokens/{newest}/revoke", base_url=BASE, headers=other).status_code == 200
    is_problem(client.get("/api/v1/tokens", base_url=BASE, headers=other), 401)


def test_the_openapi_document_is_whole(app: Flask, client: FlaskClient) -> None:
    document = client.get("/api/openapi.json", base_url=BASE).get_json()
    names = list[str]()
    for path, verbs in document["paths"].items():
        for verb, operation in verbs.items():
            names.append(operation["operationId"])
            view = app.view_functions[f"api.{operation['operationId']}"]
            in_path = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
            in_query = {each["name"] for each in operation["parameters"] if each["in"] == "query"}
            assert in_path == set(re.findall(r"{(\w+)}", path))
            assert in_query == set(getattr(view, "asks", {}))
            assert ("requestBody" in operation) == (verb in ("post", "put"))
            assert operation["summary"].endswith((".", ";"))
            assert any(status.startswith("2") for status in operation["responses"])
            assert "default" in operation["responses"]
    assert len(names) == len(set(names))
    for found in re.findall(r'"\$ref": "#/components/schemas/(\w+)"', json.dumps(document)):
        assert found in document["components"]["schemas"]


def test_two_who_decide_at_once_leave_one_decision(app: Flask, house: House, wish: dict[str, Any]) -> None:
    """The one who asked cannot approve either, by API or by form, however the moments fall."""
    kim, mia = token(house, "kim"), token(house, "mia")
    path = app.test_client().post("/api/v1/grants", json=wish, base_url=BASE, headers=kim).get_json()["id"]
    codes = list[tuple[str, int]]()

    def decide(name: str, headers: dict[str, str], verb: str, body: dict[str, str]) -> Callable[[], None]:
        def run() -> None:
            answer = app.test_client().post(f"/api/v1/grants/{path}/{verb}", json=body, base_url=BASE, headers=headers)
            codes.append((name, answer.status_code))

        return run

    deeds = [decide("kim", kim, "approve", {}), decide("mia", mia, "approve", {}), decide("mia", mia, "approve", {})]
    deeds.append(decide("mia", mia, "decline", {"note": "no"}))
    threads = [threading.Thread(target=deed) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(codes) == 4
    assert [name for name, code in codes if code == 200] == ["mia"]
    assert all(code in (200, 409) for _, code in codes)
    with reading(house.engine) as session:
        row = session.get_one(Grant, path)
        assert row.state in (GrantState.APPROVED, GrantState.DECLINED)
        assert row.decided_by == house.operator(session, "mia").id


def test_whoever_asked_cannot_approve_by_form_either(client: FlaskClient, house: House, wish: dict[str, Any]) -> None:
    signed_in(client, "kim")
    asked = client.post("/api/v1/grants", json=wish, base_url=BASE, headers=token(house, "kim")).get_json()["id"]
    assert submit(client, f"/requests/{asked}/approve") == 409
    with reading(house.engine) as session:
        assert session.get_one(Grant, asked).state == GrantState.REQUESTED
        assert session.query(Alarm).count() == 0
