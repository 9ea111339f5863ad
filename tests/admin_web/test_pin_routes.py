"""PINs by API: set, drawn and shown once, taken away, and asked for at entries; never told again."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from controller.database import reading
from controller.premises.door import AccessPoint
from tests.admin_web.conftest import BASE, token
from tests.controller.conftest import House


@pytest.fixture
def kim(client: FlaskClient, house: House) -> Any:
    """Send as kim, who may; the answer and its status."""
    headers = token(house, "kim")

    def send(verb: str, path: str, **body: object) -> tuple[int, dict[str, Any]]:
        told = body if verb == "PUT" else None
        answer = client.open(f"/api/v1/{path}", method=verb, base_url=BASE, headers=headers, json=told)
        return answer.status_code, answer.get_json()

    return send


def point_id(house: House, key: str) -> int:
    with reading(house.engine) as session:
        return session.scalars(select(AccessPoint.id).where(AccessPoint.key == key)).one()


def test_a_typed_pin_is_set_and_never_told(kim: Any) -> None:
    assert kim("GET", "cardholders/1/pin")[0] == 404
    status, made = kim("PUT", "cardholders/1/pin", pin="4831", duress="9906")
    assert status == 200
    assert made.keys() == {"cardholder", "duress", "set_at"}
    assert kim("GET", "cardholders/1/pin") == (200, made)
    assert made["duress"] is True
    assert kim("DELETE", "cardholders/1/pin") == (200, {"cardholder": 1})
    assert kim("DELETE", "cardholders/1/pin")[0] == 409


def test_a_drawn_pin_is_told_once(kim: Any) -> None:
    status, made = kim("PUT", "cardholders/1/pin", draw="pin-and-duress")
    assert status == 200
    assert len(made["pin"]) == len(made["duress_pin"]) == 6
    assert kim("GET", "cardholders/1/pin")[1].keys() == {"cardholder", "duress", "set_at"}
    assert kim("PUT", "cardholders/1/pin", draw="pin")[1]["duress_pin"] is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "pin-wrong"),
        ({"pin": "987"}, "pin-wrong"),
        ({"pin": "1234"}, "pin-trivial"),
        ({"pin": "4831", "duress": "4830"}, "pin-near"),
        ({"pin": "4831", "draw": "pin"}, "pin-typed-and-drawn"),
    ],
)
def test_what_cannot_be_a_pin_is_refused_without_being_repeated(kim: Any, body: dict[str, str], code: str) -> None:
    status, problem = kim("PUT", "cardholders/1/pin", **body)
    assert (status, problem["type"]) == (409, f"urn:sekisho:problem:{code}")
    assert not [each for each in body.values() if each.isdigit() and each in str(problem)]


def test_an_entry_asks_for_a_pin_until_it_asks_no_more(kim: Any, house: House) -> None:
    path = f"access-points/{point_id(house, 'cedar-in')}/pin"
    assert kim("GET", path)[0] == 404
    status, made = kim("PUT", path, card_alone=1, tries=3, duress="refuse")
    assert status == 200
    assert (made["card_alone"], made["within_s"], made["tries"], made["duress"]) == (1, 15, 3, "refuse")
    assert kim("GET", path) == (200, made)
    assert kim("DELETE", path)[0] == 200
    assert kim("DELETE", path)[0] == 409


def test_an_exit_never_asks_for_a_pin(kim: Any, house: House) -> None:
    status, problem = kim("PUT", f"access-points/{point_id(house, 'cedar-out')}/pin")
    assert (status, problem["type"]) == (409, "urn:sekisho:problem:pin-on-exit")


@pytest.mark.parametrize(
    ("body", "status"),
    [({"within_s": 2**62}, 409), ({"card_alone": 2**62}, 409), ({"duress": "laugh"}, 422), ({"pin_only": 1}, 422)],
)
def test_a_rule_that_cannot_be_is_refused(kim: Any, house: House, body: dict[str, object], status: int) -> None:
    assert kim("PUT", f"access-points/{point_id(house, 'cedar-in')}/pin", **body)[0] == status


def test_an_auditor_sees_that_there_is_a_pin_and_changes_none(client: FlaskClient, house: House, kim: Any) -> None:
    kim("PUT", "cardholders/1/pin", pin="4831")
    headers = token(house, "olu")
    for verb, status in (("GET", 200), ("PUT", 403), ("DELETE", 403)):
        answer = client.open("/api/v1/cardholders/1/pin", method=verb, base_url=BASE, headers=headers, json={})
        assert answer.status_code == status
