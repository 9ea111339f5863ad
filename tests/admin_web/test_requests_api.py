"""The resource `requests`: made, found by what became of them, decided by another person, withdrawn before that."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from controller.database import reading, transaction
from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow
from controller.people import operator
from controller.people.access import Role
from controller.people.operator import NewOperator
from controller.people.permission import Grant, GrantState
from tests.admin_web.conftest import BASE, signed_in, submit, token
from tests.controller.conftest import CHEAP, NOW, PASSWORD, House

PATH = "/api/v1/requests"


@pytest.fixture
def hands(client: FlaskClient, house: House) -> Any:
    """Ask the API as somebody; what it answers with."""
    headers = {name: token(house, name) for name in ("kim", "mia", "olu")}

    def done(name: str, path: str, body: dict[str, Any] | None = None, status: int = 200) -> Any:
        verb = "GET" if body is None else "POST"
        answer = client.open(f"{PATH}{path}", method=verb, json=body, base_url=BASE, headers=headers[name])
        assert answer.status_code == status, answer.get_data(as_text=True)
        return answer.get_json()

    return done


def made(hands: Any, house: House, holder: str = "Ben", by: str = "kim") -> int:
    with reading(house.engine) as session:
        body = {"cardholder": house.holder(session, holder).id, "area": house.cedar(session).id, "reason": "shift"}
    answer = hands(by, "", body, 201)
    assert (answer["became"], answer["state"], answer["access_level"]) == ("waiting", "requested", None)
    return int(answer["id"])


def found(hands: Any, query: str) -> list[tuple[int, str]]:
    return [(each["id"], each["became"]) for each in hands("olu", f"?{query}")["items"]]


def test_requests_are_found_by_what_became_of_them_whatever_became_of_the_permission(hands: Any, house: House) -> None:
    one, two, three = (made(hands, house, name) for name in ("Ada", "Ben", "Eve"))
    hands("mia", f"/{one}/approve", {"note": "seen"})
    hands("mia", f"/{two}/decline", {"note": "not hers"})
    hands("kim", f"/{three}/withdraw", {"reason": "mistaken"})
    four = made(hands, house, "Eve", "mia")
    with transaction(house.engine) as session:
        session.get_one(Grant, one).state = GrantState.REVOKED
    told = {one: "approved", two: "declined", three: "withdrawn", four: "waiting"}
    assert found(hands, "") == list(told.items())
    for number, became in told.items():
        assert found(hands, f"became={became}") == [(number, became)]
        assert hands("olu", f"/{number}")["became"] == became
    with reading(house.engine) as session:
        eve, mia = house.holder(session, "Eve").id, house.operator(session, "mia").id
        cedar = house.cedar(session).id
    assert [number for number, _ in found(hands, f"cardholder={eve}")] == [three, four]
    assert [number for number, _ in found(hands, f"requested_by={mia}")] == [four]
    assert len(found(hands, f"area={cedar}")) == 4
    assert found(hands, "access_level=1") == []
    page = hands("olu", "?limit=3")
    assert [number for number, _ in found(hands, f"limit=3&cursor={page['next']}")] == [four]


def test_nobody_decides_what_they_asked_for_and_what_is_decided_stays(hands: Any, house: House) -> None:
    asked = made(hands, house)
    for verb, body in (("approve", {}), ("decline", {"note": "no"})):
        assert hands("kim", f"/{asked}/{verb}", body, 409)["type"].endswith(":same-person")
        hands("olu", f"/{asked}/{verb}", body, 403)
    hands("mia", f"/{asked}/approve", {})
    for verb, body in (("approve", {}), ("decline", {"note": "no"}), ("withdraw", {"reason": "late"})):
        assert hands("mia", f"/{asked}/{verb}", body, 409)["type"].endswith(":already-decided")
    with reading(house.engine) as session:
        assert session.get_one(Grant, asked).state == GrantState.APPROVED
        assert session.query(LedgerRow).filter_by(kind=Kind.APPROVAL_REFUSED).count() == 1


def test_an_account_that_the_asker_made_is_no_second_person(client: FlaskClient, hands: Any, house: House) -> None:
    asked = made(hands, house)
    with transaction(house.engine) as session:
        link = operator.invite(session, house.operator(session, "kim"), NOW, house.site(session), Role.SECURITY_ADMIN)
        operator.set_up(session, NOW, link, NewOperator("ann", "Ann", PASSWORD), CHEAP)
    headers = token(house, "ann")
    answer = client.post(f"{PATH}/{asked}/approve", json={}, base_url=BASE, headers=headers)
    assert (answer.status_code, answer.get_json()["type"][-15:]) == (409, "not-independent")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("?became=asked", None, 422), ("?became=", None, 422), ("?cardholder=-1", None, 422), ("?who=1", None, 422),
        ("?requested_by=x", None, 422), ("/99", None, 404), ("/99/withdraw", {"reason": "x"}, 404),
        ("/1/withdraw", {}, 422), ("/1/withdraw", {"reason": ""}, 409), ("/1/withdraw", {"note": "x"}, 422),
        ("", {"cardholder": 1, "area": 3}, 422), ("", {"cardholder": 99, "area": 3, "reason": "x"}, 404),
    ],
)  # fmt: skip
def test_odd_requests_are_refused_in_words(hands: Any, house: House, path: str, body: Any, status: int) -> None:
    made(hands, house)
    answer = hands("kim", path, body, status)
    assert answer["title"]
    assert answer["detail"]


def test_the_page_withdraws_a_request_and_never_a_permission(client: FlaskClient, hands: Any, house: House) -> None:
    first, second = made(hands, house, "Ada"), made(hands, house, "Ben")
    hands("mia", f"/{second}/approve", {})
    signed_in(client, "kim")
    assert submit(client, f"/requests/{first}/withdraw", reason="mistaken") == 303
    assert submit(client, f"/requests/{second}/withdraw", reason="mistaken") == 409
    with reading(house.engine) as session:
        states = [session.get_one(Grant, each).state for each in (first, second)]
    assert states == [GrantState.REVOKED, GrantState.APPROVED]
