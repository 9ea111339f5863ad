"""The API explains decisions and answers who was inside and who can enter, for any moment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from controller.database import reading, transaction
from controller.ledger.ledger import OpeningRow
from controller.people import permission, signing_in
from controller.people.operator_session import Proof, Whence
from controller.people.permission import Grant
from controller.people.sign_in_failure import Origin
from controller.record.fact import FactRow
from tests.admin_web.conftest import BASE, signed_in, token
from tests.controller.conftest import NOW, House
from tests.controller.doorway import Site, joined, visited

BEFORE = "2026-11-24T02:00:00Z"


@pytest.fixture
def site(house: House) -> Site:
    return visited(house)


@pytest.fixture
def get(client: FlaskClient, house: House, site: Site) -> Any:
    headers = token(house, "olu")

    def asked(path: str, status: int = 200, **query: str) -> Any:
        answer = client.get(f"/api/v1/{path}", base_url=BASE, headers=headers, query_string=query)
        assert answer.status_code == status, answer.get_data(as_text=True)
        return answer.get_json()

    return asked


def places(house: House, kind: str) -> list[int]:
    with reading(house.engine) as session:
        wanted = select(FactRow.ledger_sequence).where(FactRow.kind == kind).order_by(FactRow.ledger_sequence)
        return list(session.scalars(wanted))


def area(house: House) -> int:
    with reading(house.engine) as session:
        return house.cedar(session).id


def test_a_decision_is_explained_in_words(get: Any, house: House) -> None:
    granted, refused = places(house, "DECISION")
    found = get(f"events/{refused}/explanation")
    assert (found["verdict"], found["agrees"], found["reason"]) == ("agrees", True, "NOT_ON_LIST")
    assert found["reasons"][0]["reason"] == "NOT_ON_LIST"
    assert found["reasons"][0]["advice"].keys() == {"en", "ja"}
    assert found["reasons"][0]["bacnet"] == {"event": "deniedUnknownCredential", "number": 129}
    assert get(f"events/{granted}/explanation")["grant"]["approved_by"] == "Mia"
    assert get(f"events/{granted}")["why"]["verdict"] == "agrees"


def test_what_is_no_decision_has_no_explanation(get: Any, house: House) -> None:
    get(f"events/{places(house, 'PASSAGE')[0]}/explanation", 404)
    get("events/999999999999999999/explanation", 404)


def test_an_erased_decision_is_answered_as_erased(get: Any, house: House, client: FlaskClient) -> None:
    place = places(house, "DECISION")[0]
    with transaction(house.engine) as session:
        for each in session.scalars(select(OpeningRow)):
            each.salt = each.value = None
    found = get(f"events/{place}/explanation")
    assert (found["verdict"], found["erased"], found["given"]) == ("erased", True, None)
    signed_in(client, "olu")
    page = client.get(f"/log/{place}", base_url=BASE).get_data(as_text=True)
    assert "The recorded input was erased; the proof is intact." in page


@pytest.mark.parametrize(("language", "says"), [("en", "Request access if it is needed"), ("ja", "権限を申請する")])
def test_the_page_of_a_refusal_says_what_to_do_next(
    client: FlaskClient, house: House, site: Site, language: str, says: str
) -> None:
    signed_in(client, "olu")
    place = places(house, "DECISION")[1]
    page = client.get(f"/log/{place}", base_url=BASE, headers={"Accept-Language": language}).get_data(as_text=True)
    assert says in page
    assert "deniedUnknownCredential" in page


def test_who_was_inside_is_answered_for_a_past_moment(get: Any, house: House) -> None:
    mine = str(area(house))
    assert get("occupancy", area=mine)["items"][0]["inside"][0]["cardholder_name"] == "Ada"
    then = get("occupancy", area=mine, at=BEFORE)["items"][0]
    assert (then["inside"], then["certain"], then["at"]) == ([], True, "2026-11-24T02:00:00.000Z")
    at = (NOW + timedelta(minutes=3)).isoformat()
    found = get("occupancy", area=mine, at=at)["items"][0]["inside"]
    assert [(each["cardholder_name"], each["how"], each["certain"]) for each in found] == [("Ada", "measured", True)]
    assert {item["key"] for item in get("occupancy", at=at)["items"]} == {"hallway", "cedar-room", "maple-room"}
    assert get("occupancy", area="999", at=at)["items"] == []
    assert get("occupancy", 422, at="2099-01-01T00:00:00Z")["errors"][0]["field"] == "at"
    get("occupancy", 422, at="2026-11-24")


def test_stays_are_listed_with_how_they_are_known(get: Any, house: House) -> None:
    found = get("stays", area=str(area(house)))["items"]
    assert [(each["how"], each["left_at"]) for each in found] == [("open", None)]
    assert found[0]["entry_event"] == places(house, "PASSAGE")[0]
    assert get("stays", until=BEFORE)["items"] == []
    assert get("stays", since=BEFORE, cardholder=str(found[0]["cardholder"]), limit="1")["next"] is not None
    inferred = [each for each in get("stays")["items"] if each["how"] == "inferred"]
    assert [each["entered_at"] for each in inferred] == [None]


def test_who_can_enter_is_answered_for_now_and_for_any_moment(get: Any, house: House) -> None:
    path = f"areas/{area(house)}/who-can"
    found = get(path)
    assert [(each["cardholder_name"], each["alike"]) for each in found["people"]] == [("Ada", True)]
    assert get(path, at=BEFORE)["people"] == []
    assert {each["source"] for each in get(path, at=BEFORE)["bases"]} == {"none"}
    get("areas/99999999999/who-can", 404)
    get(path, 422, at="then")


def page_of(client: FlaskClient, place: int, language: str = "en") -> str:
    answer = client.get(f"/log/{place}", base_url=BASE, headers={"Accept-Language": language})
    assert answer.status_code == 200
    return " ".join(answer.get_data(as_text=True).split())


def test_why_names_grant_card_list_and_how_fresh_everything_was(client: FlaskClient, house: House, site: Site) -> None:
    signed_in(client, "olu")
    granted = places(house, "DECISION")[0]
    page = page_of(client, granted)
    with reading(house.engine) as session:
        told = session.scalars(select(FactRow).where(FactRow.ledger_sequence == granted)).one().fact().body["list"]
        holder = house.holder(session, "Ada").id
    assert f'<a href="/cardholders/{holder}#grant-1">permission 1</a>: <bdi>works there</bdi>' in page
    assert "<dt>Card</dt><dd><bdi>Ada&#39;s card</bdi></dd>" in page
    assert isinstance(told, dict)
    assert str(told["hash"]) in page
    for ground in ("List confirmed by the centre", "Knowledge of who is inside", "believed, exact to 0 s"):
        assert ground in page
    assert 'id="grant-1"' in client.get(f"/cardholders/{holder}", base_url=BASE).get_data(as_text=True)
    assert "センターによるリストの確認" in page_of(client, granted, "ja")


def test_a_passage_leads_to_its_decision(client: FlaskClient, house: House, site: Site) -> None:
    signed_in(client, "olu")
    assert f'<a href="/log/{places(house, "DECISION")[0]}">its decision' in page_of(client, places(house, "PASSAGE")[0])


def test_what_was_erased_is_called_so_wherever_it_stood(client: FlaskClient, house: House, site: Site) -> None:
    granted = places(house, "DECISION")[0]
    with transaction(house.engine) as session:
        for each in session.scalars(select(OpeningRow)):
            each.salt = each.value = None
        session.execute(update(FactRow).values(cardholder_id=None))
    signed_in(client, "olu")
    page = page_of(client, granted)
    for title in ("Person", "Permission", "How fresh its knowledge was"):
        assert f"<dt>{title}</dt><dd>erased</dd>" in page
    assert "<dt>Card</dt><dd>erased, or no longer known here</dd>" in page


def test_hindsight_names_card_and_reason_in_the_log_and_on_the_page_of_the_fact(
    client: FlaskClient, house: House
) -> None:
    site = joined(house)
    grant = site.grant("Ada")
    site.talk()
    with transaction(house.engine) as session:
        permission.revoke(session, house.operator(session, "kim"), NOW, session.get_one(Grant, grant), "moved on")
    site.link.follow(NOW)
    site.doors["cedar"].mono += 10
    site.doors["cedar"].card("cedar-in", "Ada")
    site.doors["cedar"].report()
    site.hear(NOW + timedelta(minutes=10))
    signed_in(client, "olu")
    listed = client.get("/log", base_url=BASE).get_data(as_text=True)
    assert "the rules in force would have refused:" in listed
    assert "(card: <bdi>Ada&#39;s card</bdi>)" in listed
    page = page_of(client, places(house, "DECISION")[0])
    assert '<section class="card alarms" id="hindsight">' in page
    assert "Not certain" not in page
    told = client.get(f"/api/v1/events/{places(house, 'DECISION')[0]}", base_url=BASE, headers=token(house, "olu"))
    assert told.get_json()["overruled"]["credential"] == 1


def test_passages_are_the_events_of_people_who_went_through(get: Any, house: House) -> None:
    found = get("passages")
    assert [each["id"] for each in found["items"]] == places(house, "PASSAGE")[::-1]
    assert found["items"] == get("events", kind="PASSAGE")["items"]
    assert (found["items"][0]["cardholder_name"], found["next"]) == ("Ada", None)
    assert get("passages", cardholder="2")["items"] == []
    get("passages", 422, kind="DECISION")


def test_changes_say_who_did_what_and_why_page_by_page(get: Any, house: House) -> None:
    grant = next(each for each in get("changes")["items"] if each["kind"] == "grant-requested")
    with reading(house.engine) as session:
        kim = house.operator(session, "kim").id
    assert (grant["actor"], grant["reason"]) == (f"operator:{kim}", "works there")
    assert grant["subjects"]["cardholder"] == 1
    seen = list[int]()
    cursor: Any = ""
    while cursor is not None:
        page = get("changes", cursor=cursor, limit="7")
        seen += [each["id"] for each in page["items"]]
        cursor = page["next"]
    assert seen == sorted(set(seen), reverse=True)
    assert seen == [each["id"] for each in get("changes", limit="200")["items"]]
    assert {each["kind"] for each in get("changes", kind="grant-approved")["items"]} == {"grant-approved"}
    assert {each["actor"] for each in get("changes", operator=str(kim))["items"]} == {f"operator:{kim}"}
    assert get("changes", until="2020-01-01T00:00:00Z")["items"] == []
    for odd in ({"kind": "fact"}, {"limit": "0"}, {"cursor": "x"}, {"operator": ""}):
        get("changes", 422, **odd)
    assert get("changes", cursor="0")["items"] == []


def test_changes_say_coarsely_from_where_somebody_signed_in(get: Any, house: House) -> None:
    with transaction(house.engine) as session:
        here = Origin("192.0.2.7/32", whence=Whence("Firefox, Linux", "192.0.2.0/24"))
        signing_in.enter(session, NOW, house.operator(session, "kim"), Proof.PASSWORD, here)
    assert get("changes", kind="sign-in")["items"][0]["whence"] == "Firefox, Linux; 192.0.2.0/24"
    assert get("changes", kind="grant-requested")["items"][0]["whence"] is None


def test_the_reason_of_a_change_that_was_erased_is_null(get: Any, house: House) -> None:
    place = get("changes", kind="grant-requested")["items"][0]["id"]
    with transaction(house.engine) as session:
        for each in session.scalars(select(OpeningRow).where(OpeningRow.sequence == place)):
            each.salt = each.value = None
    assert get("changes", kind="grant-requested")["items"][0]["reason"] is None
