"""What the API says of card formats, and what the page offers to who gives a card."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from contract.formats import FORMATS
from tests.admin_web.conftest import BASE, signed_in, token
from tests.controller.conftest import House

BADGE: dict[str, Any] = {
    "name": "Tokyo28",
    "length": 28,
    "sources": ["wiegand", "osdp"],
    "fields": {"facility": "1-8", "number": "9-26"},
    "parity": [{"bit": 0, "kind": "even", "covers": "1-13"}, {"bit": 27, "kind": "odd", "covers": "14-26"}],
}


def ask(client: FlaskClient, house: House, path: str, body: dict[str, Any], name: str = "kim") -> tuple[int, Any]:
    answer = client.post(f"/api/v1/formats/{path}", json=body, base_url=BASE, headers=token(house, name))
    return answer.status_code, answer.get_json()


def test_every_published_format_is_listed(client: FlaskClient, house: House) -> None:
    answer = client.get("/api/v1/formats", base_url=BASE, headers=token(house, "olu"))
    assert {each["name"] for each in answer.get_json()["items"]} == set(FORMATS)
    assert not any(each["own"] for each in answer.get_json()["items"])


def test_a_format_is_previewed_and_not_kept(client: FlaskClient, house: House) -> None:
    status, found = ask(client, house, "preview", {"formats": [BADGE]})
    assert (status, found["items"][0]["name"]) == (200, "Tokyo28")
    assert found["items"][0]["drawn"]
    listed = client.get("/api/v1/formats", base_url=BASE, headers=token(house, "kim")).get_json()["items"]
    assert "Tokyo28" not in {each["name"] for each in listed}


@pytest.mark.parametrize(
    "wrong", [{**BADGE, "length": 27}, {**BADGE, "name": "H10301"}, {"name": "x"}, 7, {**BADGE, "fields": None}]
)
def test_a_format_that_contradicts_itself_is_told_why(client: FlaskClient, house: House, wrong: object) -> None:
    status, told = ask(client, house, "preview", {"formats": [wrong]})
    assert status == 422
    assert "formats" in str(told["errors"])


def test_the_bits_of_a_card_have_their_readings_and_cautions(client: FlaskClient, house: House) -> None:
    status, found = ask(client, house, "readings", {"identity": "wiegand:26:09a66bc"})
    assert status == 200
    assert "H10301" in {each["format"] for each in found["readings"]}
    assert all(each["printed"] for each in found["readings"] if each["format"] == "H10301")
    status, found = ask(client, house, "readings", {"identity": "osdp:32:08a1b2c3"})
    assert "random" in {each["why"] for each in found["cautions"]}


def test_bits_that_are_none_and_who_may_not_ask(client: FlaskClient, house: House) -> None:
    assert ask(client, house, "readings", {"identity": "wiegand:26:zz"})[0] == 422
    assert ask(client, house, "readings", {"identity": "wiegand:26:09a66bc"}, "olu")[0] == 403


def test_the_page_of_a_cardholder_can_give_and_take_more_time(client: FlaskClient, house: House) -> None:
    signed_in(client, "kim")
    page = client.get("/cardholders/1", base_url=BASE).get_data(as_text=True)
    assert 'name="extended" value="yes"' in page
    headers = token(house, "kim")
    given = client.post("/api/v1/cardholders/1/time", json={"extended": True}, base_url=BASE, headers=headers)
    assert given.get_json()["extended"] is True
    page = client.get("/cardholders/1", base_url=BASE).get_data(as_text=True)
    assert 'name="extended" value="no"' in page
    refused = client.post("/api/v1/cardholders/1/time", json={"extended": 1}, base_url=BASE, headers=headers)
    assert refused.status_code == 422
