"""Cards, attributes, trainings and the report of exemptions, by the API and on the cardholder's page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from admin_web import words
from controller.database import reading, transaction
from controller.people import credential
from controller.people.attribute import Attribute
from controller.people.card_state import Act, State
from controller.people.credential import Credential
from tests.admin_web.conftest import BASE, signed_in, submit, token, web_now
from tests.controller.conftest import House

V1 = "/api/v1"


def post(client: FlaskClient, house: House, path: str, body: dict[str, Any], name: str = "kim") -> tuple[int, Any]:
    answer = client.post(V1 + path, json=body, base_url=BASE, headers=token(house, name))
    return answer.status_code, answer.get_json()


def get(client: FlaskClient, house: House, path: str, name: str = "olu") -> Any:
    answer = client.get(V1 + path, base_url=BASE, headers=token(house, name))
    assert answer.status_code == 200
    return answer.get_json()


def ids(house: House, name: str = "Ada") -> tuple[int, int]:
    """The cardholder and their first card."""
    with reading(house.engine) as session:
        holder = house.holder(session, name)
        return holder.id, credential.of_cardholder(session, holder)[0].id


@pytest.mark.parametrize(
    ("first", "act", "state"),
    [
        (None, "suspend", "suspended"),
        ("suspend", "resume", "active"),
        (None, "lost", "lost"),
        (None, "stolen", "stolen"),
        (None, "damaged", "damaged"),
        (None, "return", "returned"),
        (None, "destroy", "destroyed"),
        ("return", "restore", "active"),
    ],
)
def test_every_act_on_a_card_has_its_route(
    client: FlaskClient, house: House, first: str | None, act: str, state: str
) -> None:
    _, card = ids(house)
    if first:
        assert post(client, house, f"/credentials/{card}/{first}", {"reason": "first"})[0] == 200
    status, shown = post(client, house, f"/credentials/{card}/{act}", {"reason": "because"})
    assert (status, shown["state"], shown["said"], shown["reason"]) == (200, state, state, "because")
    assert get(client, house, f"/credentials/{card}")["state"] == state


def test_an_act_that_is_impossible_or_without_reason_is_refused(client: FlaskClient, house: House) -> None:
    _, card = ids(house)
    status, problem = post(client, house, f"/credentials/{card}/restore", {"reason": "why not"})
    assert (status, problem["type"]) == (409, "urn:sekisho:problem:act-impossible")
    assert post(client, house, f"/credentials/{card}/suspend", {})[0] == 422
    assert post(client, house, f"/credentials/{card}/suspend", {"reason": "x"}, "olu")[0] == 403
    assert post(client, house, "/credentials/9999/suspend", {"reason": "x"})[0] == 404


def test_limits_are_said_in_whole_and_a_card_is_issued_again(client: FlaskClient, house: House) -> None:
    _, card = ids(house)
    until = (web_now() + timedelta(days=30)).isoformat(timespec="seconds")
    body = {"reason": "temporary", "valid_until": until, "max_uses": 20, "unused_days": 14}
    status, shown = post(client, house, f"/credentials/{card}/limits", body)
    assert (status, shown["max_uses"], shown["max_days"], shown["unused_days"]) == (200, 20, None, 14)
    assert (shown["uses"], shown["last_used"]) == (0, None)
    assert post(client, house, f"/credentials/{card}/limits", {**body, "max_uses": 0})[0] == 422
    assert post(client, house, f"/credentials/{card}/limits", {**body, "max_uses": True})[0] == 422
    identities = [{"source": "serial-hex", "bits": f"{77:040b}"}]
    status, new = post(client, house, f"/credentials/{card}/reissue", {"identities": identities, "reason": "worn"})
    assert (status, new["issue_level"], new["replaces"], new["max_uses"]) == (201, 2, card, 20)
    assert get(client, house, f"/credentials/{card}")["state"] == "superseded"
    status, cleared = post(client, house, f"/credentials/{new['id']}/limits", {"reason": "permanent now"})
    assert (status, cleared["valid_until"], cleared["max_uses"]) == (200, None, None)


def test_attributes_stand_on_the_cardholder_and_exemptions_on_the_report(client: FlaskClient, house: House) -> None:
    holder, _ = ids(house)
    body = {"attribute": "passback-exempt", "value": 1, "reason": "carries the post"}
    status, shown = post(client, house, f"/cardholders/{holder}/attributes", body)
    assert (status, shown["attributes"]["passback-exempt"]) == (200, 1)
    assert shown["attributes"].keys() == set(Attribute)
    (found,) = get(client, house, "/reports/exemptions")["items"]
    assert (found["cardholder"], found["cardholder_name"]) == (holder, "Ada")
    (lifted,) = found["lifted"]
    assert (lifted["exemption"], lifted["reason"]) == ("passback-exempt", "carries the post")
    assert lifted["given_by"].startswith("operator:")
    assert post(client, house, f"/cardholders/{holder}/attributes", {**body, "value": 0})[0] == 200
    assert get(client, house, "/reports/exemptions")["items"] == []
    for wrong in ({"attribute": "king"}, {"value": 10}, {"value": -1}, {"value": None}, {"reason": ""}):
        assert post(client, house, f"/cardholders/{holder}/attributes", {**body, **wrong})[0] in (409, 422), wrong
    assert post(client, house, f"/cardholders/{holder}/attributes", body, "olu")[0] == 403


def test_presence_is_forgiven_for_a_reason(client: FlaskClient, house: House) -> None:
    holder, _ = ids(house)
    status, shown = post(client, house, f"/cardholders/{holder}/forgive", {"reason": "left by the fire exit"})
    assert (status, shown["forgiven"]) == (200, 1)
    assert post(client, house, f"/cardholders/{holder}/forgive", {})[0] == 422
    assert post(client, house, f"/cardholders/{holder}/forgive", {"reason": "x"}, "olu")[0] == 403


def test_a_training_is_made_asked_for_completed_and_withdrawn(client: FlaskClient, house: House) -> None:
    holder, _ = ids(house)
    with reading(house.engine) as session:
        area = house.cedar(session).id
    status, made = post(client, house, "/trainings", {"name": "Privacy", "name_ja": "個人情報", "valid_days": 365})
    assert (status, made["areas"]) == (201, [])
    require = {"area": area, "required": True, "reason": "the privacy officer says so"}
    assert post(client, house, f"/trainings/{made['id']}/require", require)[1]["areas"] == [area]
    status, done = post(client, house, "/completions", {"cardholder": holder, "training": made["id"]})
    assert (status, done["withdrawn_at"]) == (201, None)
    assert [each["id"] for each in get(client, house, f"/completions?cardholder={holder}")["items"]] == [done["id"]]
    status, withdrawn = post(client, house, f"/completions/{done['id']}/withdraw", {"reason": "somebody else's"})
    assert status == 200
    assert withdrawn["withdrawn_at"] is not None
    assert [each["areas"] for each in get(client, house, "/trainings")["items"]] == [[area]]
    assert post(client, house, "/trainings", {"name": "x", "valid_days": 9}, "olu")[0] == 403


def test_every_state_act_and_attribute_has_its_phrase() -> None:
    assert words.STATES.keys() >= set(State)
    assert words.ACTS.keys() == set(Act)
    assert words.ATTRIBUTES.keys() == set(Attribute)


def test_the_page_shows_what_a_card_is_and_does_what_may_be_done(client: FlaskClient, house: House) -> None:
    holder, card = ids(house)
    signed_in(client, "kim")
    assert submit(client, f"/cards/{card}/stolen", reason="out of a bag") == 303
    page = client.get(f"/cardholders/{holder}", base_url=BASE).get_data(as_text=True)
    assert "mark-stolen" in page
    offered = {act for act in Act if f"/cards/{card}/{act}" in client.get(f"/cards/{card}", base_url=BASE).text}
    assert offered == {Act.DAMAGE, Act.RETURN, Act.DESTROY, Act.RESTORE}
    assert submit(client, f"/cards/{card}/eat", reason="hungry") == 404
    with transaction(house.engine) as session:
        row = session.get_one(Credential, card)
        row.state, row.unused_days, row.active_since = State.ACTIVE, 1, datetime(2026, 1, 1, tzinfo=UTC)
    page = client.get(f"/cardholders/{holder}", base_url=BASE).get_data(as_text=True)
    assert "mark-inactive" in page
    assert "mark-inactive" in client.get("/cardholders", base_url=BASE).get_data(as_text=True)
