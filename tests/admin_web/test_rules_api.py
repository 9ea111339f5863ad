"""Rules, sign-offs, posture and previews over the API and on the pages: who may, what is shown, what is refused."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from controller.database import reading, transaction
from controller.ledger.ledger import head
from controller.people.operator_session import OperatorSession
from controller.premises import area as areas
from controller.premises import door as doors
from tests.admin_web.conftest import BASE, field, signed_in, submit, token
from tests.admin_web.conftest import web_now as now
from tests.controller.conftest import PASSWORD, House

V1 = f"{BASE}/api/v1"


@pytest.fixture
def ids(house: House) -> dict[str, int]:
    with reading(house.engine) as session:
        site = house.site(session)
        found = {each.key: each.id for each in areas.of_site(session, site)}
        found |= {f"door:{each.key}": each.id for each in doors.of_site(session, site)}
        return found | {each.key: each.id for each in doors.points_of_site(session, site)}


def _post(client: FlaskClient, house: House, who: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    answer = client.post(f"{V1}{path}", json=body, headers=token(house, who))
    return answer.status_code, answer.get_json()


def test_a_room_is_shown_in_plain_words_of_both_languages_and_changed_with_a_reason(
    client: FlaskClient, house: House, ids: dict[str, int]
) -> None:
    path = f"/areas/{ids['cedar-room']}"
    shown = client.get(f"{V1}{path}", headers=token(house, "olu")).get_json()
    assert shown["rules"]["passback.entry"] == "soft"
    assert {"en": "Coming in twice", "ja": "二重入室"} in [each["title"] for each in shown["settings"]]
    change = {"set": {"passback.entry": "hard"}, "reason": "cards were lent"}
    assert _post(client, house, "olu", f"{path}/rules", change)[0] == 403
    status, told = _post(client, house, "kim", f"{path}/rules", change)
    assert (status, told["rules"]["passback.entry"]) == (200, "hard")
    status, told = _post(client, house, "kim", f"{path}/rules", {"set": {"clockless": "everybody"}, "reason": "x"})
    assert (status, told["type"]) == (409, "urn:sekisho:problem:rules-dangerous")
    assert "private-clockless" in told["title"]
    assert _post(client, house, "kim", f"{path}/rules", {"set": {"door": 1}, "reason": "x"})[0] == 422
    assert _post(client, house, "kim", f"{path}/rules", {"set": {"fresh_s": "soon"}, "reason": "x"})[0] == 409
    status, told = _post(client, house, "kim", f"{path}/preset", {"preset": "ordinary-room", "reason": "as before"})
    assert (status, told["rules"]["passback.entry"]) == (200, "soft")


def test_doors_and_exits_are_changed_and_a_controlled_exit_needs_its_sign_off(
    client: FlaskClient, house: House, ids: dict[str, int]
) -> None:
    door, out = f"/doors/{ids['door:main']}", f"/access-points/{ids['main-out']}"
    assert _post(client, house, "kim", f"{door}/rules", {"set": {"tailgate_s": 9}, "reason": "x"})[0] == 200
    assert client.get(f"{V1}{door}", headers=token(house, "olu")).get_json()["rules"]["tailgate_s"] == 9
    change = {"set": {"exit_mode": "controlled"}, "reason": "the authority agreed"}
    status, told = _post(client, house, "kim", f"{out}/rules", change)
    assert (status, told["type"]) == (409, "urn:sekisho:problem:sign-off-missing")
    signed = {"signed_by": "S. Mori", "break_glass": True, "fire": True, "failsafe": "fail-safe-lock"}
    assert _post(client, house, "kim", f"{out}/sign-off", {**signed, "fire": False})[0] == 409
    assert _post(client, house, "kim", f"{out}/sign-off", signed)[1]["sign_off"]["signed_by"] == "S. Mori"
    assert _post(client, house, "kim", f"{out}/rules", change)[1]["runs_as"] == "controlled"
    listed = client.get(f"{V1}/access-points", headers=token(house, "olu")).get_json()["items"]
    assert [each["exit_mode"] for each in listed if each["key"] == "main-out"] == ["controlled"]


def test_posture_is_ordered_by_admins_seen_by_auditors_and_told_door_by_door(
    client: FlaskClient, house: House, ids: dict[str, int]
) -> None:
    wanted = {"area": ids["cedar-room"], "lockdown": True, "reason": "drill"}
    assert _post(client, house, "olu", "/posture", wanted)[0] == 403
    status, told = _post(client, house, "kim", "/posture", wanted)
    assert (status, told["number"], told["in_force"]["concerned"]) == (200, 1, 2)
    assert _post(client, house, "kim", "/posture", {"threat": 3, "reason": "storm"})[1]["in_force"]["concerned"] == 4
    found = client.get(f"{V1}/posture", headers=token(house, "olu")).get_json()
    assert found["areas"]["cedar-room"] == {"lockdown": True, "evacuation": False, "threat": 3, "forgiven": 0}
    assert found["areas"]["hallway"]["lockdown"] is False
    for wrong in ({}, {"lockdown": True, "threat": 1}, {"threat": 10}, {"lockdown": 1}):
        assert _post(client, house, "kim", "/posture", {**wrong, "reason": "x"})[0] == 422
    page = client.get(f"{V1}/posture/changes?limit=1", headers=token(house, "olu")).get_json()
    assert [each["number"] for each in page["items"]] == [2]
    rest = client.get(f"{V1}/posture/changes?cursor={page['next']}", headers=token(house, "olu")).get_json()
    assert [each["reason"] for each in rest["items"]] == ["drill"]


def test_previews_answer_and_record_nothing(client: FlaskClient, house: House, ids: dict[str, int]) -> None:
    headers = token(house, "olu")
    with transaction(house.engine) as session:
        before, ada = head(session), house.holder(session, "Ada").id
    answers = [
        client.post(f"{V1}/preview/{path}", json=body, headers=headers)
        for path, body in (
            ("grant", {"cardholder": ada, "area": ids["cedar-room"]}),
            ("rules", {"area": ids["cedar-room"], "set": {"company.supervisor": "soft"}}),
            ("rules", {"area": ids["cedar-room"], "preset": "private-information-room"}),
            ("posture", {"lockdown": True}),
        )
    ]
    assert [each.status_code for each in answers] == [200] * 4
    assert [each["cardholder_name"] for each in answers[0].get_json()["gains"]] == ["Ada"]
    assert [each["finding"] for each in answers[1].get_json()["findings"]] == ["supervisor-nobody"]
    assert client.post(f"{V1}/preview/revoke", json={"grant": 99}, headers=headers).status_code == 404
    assert client.post(f"{V1}/preview/rules", json={"area": 1}, headers=headers).status_code == 422
    with reading(house.engine) as session:
        assert head(session) == before


def test_the_page_shows_rules_previews_a_change_and_makes_it_with_a_reason(client: FlaskClient, house: House) -> None:
    signed_in(client, "kim")
    page = client.get("/rooms/cedar-room/rules", base_url=BASE).get_data(as_text=True)
    assert "Coming in twice" in page
    csrf = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert csrf is not None
    wish = {"of": "area", "passback.entry": "hard", "csrf_token": csrf[1]}
    seen = client.post("/rooms/cedar-room/rules/preview", data=wish, base_url=BASE).get_data(as_text=True)
    assert "These people lose" in seen
    assert 'name="passback.entry" value="hard"' in seen
    assert submit(client, "/rooms/cedar-room/rules", **{"of": "area", "passback.entry": "hard"}) == 409
    change = {"of": "area", "passback.entry": "hard", "reason": "cards were lent"}
    assert submit(client, "/rooms/cedar-room/rules", **change) == 303
    assert "hard: refused on the way in" in client.get("/rooms/cedar-room", base_url=BASE).get_data(as_text=True)
    danger = client.post("/rooms/cedar-room/rules/preview", data={**wish, "clockless": "everybody"}, base_url=BASE)
    assert danger.status_code == 409
    assert "expired permissions too" in danger.get_data(as_text=True)


def test_the_page_locks_down_and_signs_off_and_an_auditor_only_looks(client: FlaskClient, house: House) -> None:
    signed_in(client, "kim")
    order = {"act": "lockdown", "value": "1", "area": "cedar-room", "reason": "drill"}
    assert submit(client, "/posture/order", **order) == 303
    assert submit(client, "/posture/order", **order) == 409
    page = client.get("/rooms/cedar-room", base_url=BASE).get_data(as_text=True)
    assert "Nobody enters but who may override" in page
    assert "End lockdown" in page
    with reading(house.engine) as session:
        point = doors.access_point_by_key(session, house.site(session), "cedar-out")
        assert point is not None
        said = {"id": str(point.id), "signed_by": "S. Mori", "break_glass": "yes", "failsafe": "fail-safe-lock"}
    assert submit(client, "/rooms/cedar-room/sign-off", **said) == 409
    assert submit(client, "/rooms/cedar-room/sign-off", **said, fire="yes") == 303
    auditor = client.application.test_client()
    signed_in(auditor, "olu")
    page = auditor.get("/rooms/cedar-room", base_url=BASE).get_data(as_text=True)
    assert "Coming in twice" in page
    assert "End lockdown" not in page
    assert auditor.get("/rooms/cedar-room/rules", base_url=BASE).status_code == 403


def test_the_page_asks_for_a_pin_at_an_entry_after_a_preview_and_says_how_far_it_has_come(
    client: FlaskClient, house: House, ids: dict[str, int]
) -> None:
    signed_in(client, "kim")
    page = client.get("/rooms/cedar-room/rules", base_url=BASE).get_data(as_text=True)
    assert page.count("Card and PIN at the entry") == 2  # of either entry, and of no exit
    wish = {"id": str(ids["cedar-in"]), "pin.asked": "yes", "pin.card_alone": "1", "pin.within_s": "20"}
    with_proof = {**wish, "csrf_token": field(page)}
    seen = client.post("/rooms/cedar-room/pin/preview", data=with_proof, base_url=BASE).get_data(as_text=True)
    assert 'action="/rooms/cedar-room/pin"' in seen
    assert "In some hours the card alone opens a room with personal information." in seen
    assert submit(client, "/rooms/cedar-room/pin", **wish) == 409  # without a reason
    assert submit(client, "/rooms/cedar-room/pin", **wish, reason="nobody is there at night") == 303
    page = client.get("/rooms/cedar-room", base_url=BASE).get_data(as_text=True)
    assert "nobody is there at night" in page
    assert "in force at 0 of 2 doors" in page
    assert "A PIN after the card · The card is enough during · Time to type the PIN" in page
    for wrong in ({"id": str(ids["cedar-out"])}, {"pin.within_s": "2"}, {"pin.within_s": "soon"}):
        assert submit(client, "/rooms/cedar-room/pin", **{**wish, "reason": "x", **wrong}) == 409
    assert submit(client, "/rooms/cedar-room/pin", **{**wish, "id": str(ids["main-in"])}, reason="x") == 404
    assert submit(client, "/rooms/cedar-room/pin", id=wish["id"], **{"pin.asked": "no"}, reason="broken") == 303
    assert client.get("/rooms/cedar-room", base_url=BASE).get_data(as_text=True).count("A PIN after the card</th>") == 2


def test_an_auditor_reads_what_an_entry_asks_for_and_an_old_sign_in_confirms_before_it_changes(
    client: FlaskClient, house: House, ids: dict[str, int]
) -> None:
    signed_in(client, "kim")
    with transaction(house.engine) as session:
        for each in session.scalars(select(OperatorSession)):
            each.confirmed_at = now() - timedelta(minutes=30)
    wish = {"id": str(ids["cedar-in"]), "pin.asked": "yes", "reason": "lent cards"}
    assert submit(client, "/rooms/cedar-room/pin", **wish) == 401
    assert submit(client, "/rooms/cedar-room/pin", **wish, confirm_password=PASSWORD) == 303
    auditor = client.application.test_client()
    signed_in(auditor, "olu")
    page = auditor.get("/rooms/cedar-room", base_url=BASE).get_data(as_text=True)
    assert "Wrong PINs until it is locked" in page
    assert submit(auditor, "/rooms/cedar-room/pin", **wish) == 403


def test_previews_of_the_api_take_what_an_entry_asks_for_as_settings(
    client: FlaskClient, house: House, ids: dict[str, int]
) -> None:
    body = {"access_point": ids["cedar-in"], "set": {"pin.asked": True, "pin.card_alone": 1, "door_again_s": 5}}
    answer = client.post(f"{V1}/preview/rules", json=body, headers=token(house, "olu"))
    assert [each["finding"] for each in answer.get_json()["findings"]] == ["pin-not-always"]
