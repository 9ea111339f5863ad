"""What the API says of card formats, and what the page offers to who gives a card."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from contract.canonical import Object
from contract.fact import Clock, Fact, FactKind
from contract.formats import FORMATS
from controller.database import transaction
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.record.fact import FactRow
from tests.admin_web.conftest import BASE, signed_in, token
from tests.controller.conftest import NOW, House

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


def test_a_room_says_what_its_readers_are_worth_in_both_languages(client: FlaskClient, house: House) -> None:
    with transaction(house.engine) as session:
        agent = house.agent(session)
        readers: Object = {"cedar-in": "wiegand", "cedar-out": "osdp", "x": 5}
        body: Object = {"reason": "first", "presence": "whole", "readers": readers}
        made = Fact("tokyo", "cedar", 1, bytes(32), bytes(16), FactKind.STARTED, NOW, 1, Clock.TRUSTED, body)
        place = append(session, Kind.FACT, "agent:tokyo/cedar", NOW, {"agent": agent.id}, {})
        session.add(
            FactRow(
                agent_id=agent.id, sequence=1, ledger_sequence=place, received_at=NOW, at=NOW, trusted=True,
                kind=FactKind.STARTED, encoded=made.encoded(), fact_hash=bytes(32),
            )
        )  # fmt: skip
    signed_in(client, "kim")
    page = client.get("/rooms/cedar-room", base_url=BASE).get_data(as_text=True)
    assert "Yes: Secure Channel (AES-128), with a key of its own for each reader." in page
    assert "Weak: two wires behind the reader record and repeat any card." in page
    assert "The door has not said yet which reader it has." in page  # the back door
    japanese = client.get("/rooms/cedar-room", base_url=BASE, headers={"Accept-Language": "ja"})
    assert "あり：セキュアチャネル" in japanese.get_data(as_text=True)
