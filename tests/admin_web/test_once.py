"""What may come once and comes twice is refused, by the API and by the pages, wherever it stands."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

import admin_web
from admin_web.once import MANY
from controller.database import reading
from controller.people import cardholder
from tests.admin_web.conftest import BASE, field, signed_in, token
from tests.controller.conftest import PASSWORD, House

PEOPLE = "/api/v1/cardholders"


def count(house: House) -> int:
    with reading(house.engine) as session:
        return len(cardholder.of_site(session, house.site(session)))


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=1", 200),
        ("limit=1&limit=1", 400),
        ("limit=1&limit=200", 400),
        ("limit=1&%6Cimit=2", 400),
        ("limit=&limit=", 400),
    ],
)
def test_a_parameter_of_the_api_comes_once(client: FlaskClient, house: House, query: str, status: int) -> None:
    answer = client.get(f"{PEOPLE}?{query}", base_url=BASE, headers=token(house, "kim"))
    assert answer.status_code == status
    if status == 400:
        assert answer.mimetype == "application/problem+json"
        assert "twice" in answer.get_json()["detail"]


def test_a_parameter_that_may_come_several_times_does(client: FlaskClient, house: House) -> None:
    path = "/api/v1/events?kind=PASSAGE&kind=DECISION"
    assert client.get(path, base_url=BASE, headers=token(house, "olu")).status_code == 200
    signed_in(client, "olu")
    assert client.get("/log?kind=PASSAGE&kind=DECISION", base_url=BASE).status_code == 200
    assert client.get("/log?door=1&door=2", base_url=BASE).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        '{"name": "Zoe", "number": "9", "name": "Zoe"}',
        '{"name": "Zoe", "number": "9", "n\\u0061me": "Yan"}',
        '{"name": "Zoe", "number": "9", "nothing": {"a": 1, "a": 2}}',
    ],
)
def test_a_member_of_a_body_comes_once_at_any_depth(client: FlaskClient, house: House, body: str) -> None:
    headers = {**token(house, "kim"), "Content-Type": "application/json"}
    before = count(house)
    answer = client.post(PEOPLE, data=body, base_url=BASE, headers=headers)
    assert (answer.status_code, count(house)) == (400, before)
    assert client.post(PEOPLE, json={"name": "Zoe", "number": "9"}, base_url=BASE, headers=headers).status_code == 201


@pytest.mark.parametrize(
    ("address", "more"),
    [("/cardholders", [("name", "Yan")]), ("/cardholders?name=Yan", []), ("/cardholders?a=1&a=2", [])],
)
def test_a_field_of_a_form_comes_once_be_it_in_the_form_or_the_address(
    client: FlaskClient, house: House, address: str, more: list[tuple[str, str]]
) -> None:
    signed_in(client, "kim")
    proof = field(client.get("/operators", base_url=BASE).get_data(as_text=True))
    sent = [("csrf_token", proof), ("name", "Zoe"), ("number", "9")]
    before = count(house)
    answer = client.post(address, data=MultiDict([*sent, *more]), base_url=BASE)
    assert (answer.status_code, count(house)) == (400, before)
    assert "field holds what it cannot hold" in answer.get_data(as_text=True)
    assert client.post("/cardholders", data=MultiDict(sent), base_url=BASE).status_code == 303


def test_a_password_or_a_file_comes_once(client: FlaskClient) -> None:
    proof = field(client.get("/sign-in", base_url=BASE).get_data(as_text=True))
    sent = [("csrf_token", proof), ("name", "kim"), ("password", PASSWORD), ("password", "not the password")]
    assert client.post("/sign-in", data=MultiDict(sent), base_url=BASE).status_code == 400
    signed_in(client, "kim")
    proof = field(client.get("/operators", base_url=BASE).get_data(as_text=True))
    files = [("file", (io.BytesIO(b"number,name\n"), "a.csv")), ("file", (io.BytesIO(b"number,name\n"), "b.csv"))]
    data = MultiDict([("csrf_token", proof), *files])
    assert client.post("/cardholders/files/look", data=data, base_url=BASE).status_code == 400


def test_whatever_pages_read_several_of_is_named() -> None:
    folder = Path(admin_web.__file__).parent
    read = re.compile(r'(?:getlist|_chosen)\("([^"]+)"\)')
    found = {name for path in folder.rglob("*.py") for name in read.findall(path.read_text(encoding="utf-8"))}
    assert len(found) > 8
    assert found <= MANY
