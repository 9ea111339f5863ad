"""How fast somebody may ask: counted for each session and token by itself, told when to come again, and forgotten."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient

from admin_web import pace
from admin_web.pace import Pace
from tests.admin_web.conftest import BASE, field, signed_in, token
from tests.controller.conftest import House

PEOPLE = "/api/v1/cardholders"


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(app: Flask) -> Clock:
    made = Clock()
    app.extensions["sekisho-pace"] = Pace(4, 0.5, made)
    return made


def test_a_token_that_asks_too_fast_is_told_when_to_come_again(client: FlaskClient, house: House, clock: Clock) -> None:
    kim, other = token(house, "kim"), token(house, "kim")

    def asked(headers: dict[str, str] = kim) -> int:
        return client.get(PEOPLE, base_url=BASE, headers=headers).status_code

    assert [asked() for _ in range(6)] == [200, 200, 200, 200, 429, 429]
    told = client.get(PEOPLE, base_url=BASE, headers=kim)
    assert told.mimetype == "application/problem+json"
    assert told.get_json()["type"].endswith("too-many-requests")
    assert told.headers["Retry-After"] == "2"
    assert asked(other) == 200
    clock.now = 1.9
    assert asked() == 429
    clock.now = 2.0
    assert [asked(), asked()] == [200, 429]
    clock.now = 1000.0
    assert [asked() for _ in range(5)] == [200, 200, 200, 200, 429]


@pytest.mark.usefixtures("clock")
def test_a_session_that_asks_too_fast_holds_up_no_other_of_its_owner_and_may_leave(
    app: Flask, client: FlaskClient
) -> None:
    owner = app.test_client()
    signed_in(client, "kim")
    proof = field(client.get("/operators", base_url=BASE).get_data(as_text=True))
    assert [client.get("/cardholders", base_url=BASE).status_code for _ in range(3)] == [200] * 3
    answer = client.get("/cardholders", base_url=BASE)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "2"
    assert "faster than anybody reads" in answer.get_data(as_text=True)
    assert client.get("/static/style.css", base_url=BASE).status_code != 429
    assert client.get("/healthz", base_url=BASE).status_code == 200
    signed_in(owner, "kim")
    assert owner.get("/account", base_url=BASE).status_code == 200
    assert client.post("/sign-out", data={"csrf_token": proof}, base_url=BASE).status_code == 303
    assert client.get("/sign-in", base_url=BASE).status_code == 200


@pytest.mark.usefixtures("clock")
def test_who_is_not_signed_in_is_not_counted(app: Flask, client: FlaskClient) -> None:
    for number in range(8):
        wrong = {"Authorization": f"Bearer {number}"}
        assert client.get(PEOPLE, base_url=BASE, headers=wrong).status_code == 401
        assert client.get("/sign-in", base_url=BASE).status_code == 200
    assert app.extensions["sekisho-pace"]._used == {}


def test_what_is_free_again_is_forgotten() -> None:
    clock = Clock()
    made = Pace(10, 1.0, clock)
    for number in range(pace._KEPT + 1):
        assert made.wait_s(str(number)) == 0
    clock.now = 2.0
    assert made.wait_s("another") == 0
    assert len(made._used) == 1
