"""The live page: doors by room, alarms that wait, posture from the pages; no slower however many doors there are."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from controller.database import reading, transaction
from controller.delivery import posture
from controller.delivery.posture import Act, Order
from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow, openings_of
from controller.premises import door as doors
from controller.record.alarm import Alarm, raise_alarm
from controller.record.door_state import DoorState, Leaf
from tests.admin_web.conftest import BASE, field, signed_in, submit, token, web_now
from tests.controller.conftest import PASSWORD, House
from tests.controller.doorway import visited
from tests.controller.many_doors import add_many
from tests.controller.statements import counted

NOTE = "a cleaner with a trolley"


def _page(client: FlaskClient, path: str, language: str = "en") -> str:
    answer = client.get(path, base_url=BASE, headers={"Accept-Language": language})
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def _alarm(house: House, minutes: float, kind: str = "FORCED_OPEN") -> int:
    """An alarm at the Cedar room's door that has waited for so long; its id."""
    raised = web_now() - timedelta(minutes=minutes)
    with transaction(house.engine) as session:
        door = doors.by_key(session, house.site(session), "cedar")
        assert door is not None
        raise_alarm(session, kind, raised, 1, door.agent_id, door.id)
        session.flush()
        return session.scalars(select(Alarm.id).order_by(Alarm.id.desc())).first() or 0


@pytest.mark.parametrize(("language", "word", "way"), [("en", "Secured", "Entry"), ("ja", "施錠", "入室")])
def test_a_tile_says_state_mode_health_list_and_who_passed_last(
    client: FlaskClient, house: House, language: str, word: str, way: str
) -> None:
    visited(house)
    with transaction(house.engine) as session:
        house.agent(session).last_heard_at = web_now()
    signed_in(client, "olu")
    page = _page(client, "/live", language)
    room = page[page.index('id="room-') :]
    door = next(each for each in re.findall(r'<section id="door-.*?</section>', room, re.DOTALL) if "Ada" in each)
    assert f'<span class="door-state door-secured">{word}</span>' in door
    assert 'class="state mode-normal"' in door
    assert 'class="state health-well"' in door
    assert 'class="list-newest"' in door
    assert f'<span class="way way-entry">{way}</span>' in door
    assert page.count("door-unknown") == 3  # one has never been used, the agent of the others is not heard


def test_the_api_says_how_each_door_stands(client: FlaskClient, house: House) -> None:
    visited(house)
    with transaction(house.engine) as session:
        house.agent(session).last_heard_at = web_now()
        ada = house.holder(session, "Ada").id
    headers = token(house, "olu")
    found = client.get("/api/v1/doors", base_url=BASE, headers=headers).get_json()["items"]
    stands = {each["key"]: each["now"] for each in found}
    assert {key: each["state"] for key, each in stands.items()} == {
        "cedar": "secured",
        "cedar-back": "unknown",
        "main": "unknown",
        "maple": "unknown",
    }
    cedar = stands["cedar"]
    assert (cedar["posture"], cedar["health"], cedar["newest"]) == ("normal", "well", True)
    assert (cedar["passed"]["cardholder"], cedar["passed"]["direction"]) == (ada, "entry")
    assert stands["maple"]["passed"] is None
    one = next(each["id"] for each in found if each["key"] == "cedar")
    assert client.get(f"/api/v1/doors/{one}", base_url=BASE, headers=headers).get_json()["now"]["state"] == "secured"


def test_the_api_takes_a_note_and_says_what_escalated(client: FlaskClient, house: House) -> None:
    number, headers = _alarm(house, 6), token(house, "kim")
    waiting = client.get("/api/v1/alarms?waiting=true", base_url=BASE, headers=headers).get_json()["items"]
    assert [(each["id"], each["escalated"]) for each in waiting] == [(number, True)]
    path = f"/api/v1/alarms/{number}/acknowledge"
    done = client.post(path, json={"note": NOTE}, base_url=BASE, headers=headers).get_json()
    assert (done["note"], done["escalated"]) == (NOTE, False)


@pytest.mark.parametrize("held_by", ["schedule", "break-glass fire"])
def test_an_unlocked_door_says_what_holds_it(client: FlaskClient, house: House, held_by: str) -> None:
    with transaction(house.engine) as session:
        house.agent(session).last_heard_at = web_now()
        door = doors.by_key(session, house.site(session), "cedar")
        assert door is not None
        session.add(DoorState(door_id=door.id, leaf=Leaf.CLOSED, held_by=held_by, faults="reader:cedar-in"))
    signed_in(client, "kim")
    page = _page(client, "/live")
    told = {"schedule": "by its hours", "break-glass fire": "by break-glass, by the fire alarm"}[held_by]
    assert f"Unlocked</span> <small>{told}</small>" in page
    assert "Reader lost: cedar-in" in page
    assert 'class="state health-fault"' in page


def test_the_live_page_asks_as_many_questions_of_500_doors_as_of_four(client: FlaskClient, house: House) -> None:
    signed_in(client, "kim")
    _alarm(house, 1)

    def asked(path: str) -> int:
        with counted(house.engine) as statements:
            _page(client, path)
        return len(statements)

    paths = ("/live", "/live/doors", "/alarms", "/posture", "/posture/order?act=lockdown")
    few = {path: asked(path) for path in paths}
    with transaction(house.engine) as session:
        add_many(house, session, web_now(), rooms=50, doors_each=10)
    assert {path: asked(path) for path in paths} == few
    assert _page(client, "/live").count('class="card tile"') == 504


def test_an_alarm_is_acknowledged_with_a_note_that_the_ledger_commits_to(client: FlaskClient, house: House) -> None:
    number = _alarm(house, 1)
    signed_in(client, "kim")
    assert f'id="alarm-{number}"' in _page(client, "/live")
    assert submit(client, f"/alarms/{number}/acknowledge", note=NOTE) == 303
    assert submit(client, f"/alarms/{number}/acknowledge", note=NOTE) == 409
    assert submit(client, f"/alarms/{number}/acknowledge", note="x" * 401) == 400
    assert f'id="alarm-{number}"' not in _page(client, "/live")
    listed = _page(client, "/alarms")
    assert NOTE in listed
    assert "<bdi>Kim</bdi>" in listed
    with reading(house.engine) as session:
        row = session.scalars(select(LedgerRow).where(LedgerRow.kind == Kind.ALARM_ACKNOWLEDGED)).one()
        assert NOTE.encode() not in row.leaf
        opening = openings_of(session, row.sequence)["note"].opening()
        assert opening is not None
        assert (opening.value, row.subjects["alarm"]) == (NOTE, number)
        assert session.get_one(Alarm, number).note == NOTE


def test_an_alarm_that_nobody_looks_at_escalates_and_is_counted_in_title_and_heading(
    client: FlaskClient, app: Flask, house: House
) -> None:
    late, fresh = _alarm(house, 5.1), _alarm(house, 4.5, "HELD_OPEN")
    signed_in(client, "kim")
    page = _page(client, "/live")
    assert "<title>(1) Live" in page
    assert "1 escalated" in page
    assert re.search(rf'id="alarm-{late}" data-is="escalated"', page)
    assert re.search(rf'id="alarm-{fresh}" data-is="waiting"', page)
    app.config["ESCALATE_MINUTES"] = 30
    assert "<title>Live" in _page(client, "/live")


def test_an_auditor_sees_alarms_and_posture_and_can_change_neither(client: FlaskClient, house: House) -> None:
    number = _alarm(house, 1)
    with transaction(house.engine) as session:
        order = Order(Act.LOCKDOWN)
        posture.change(session, "operator:1", web_now(), house.site(session), order, "drill")
    signed_in(client, "olu")
    for path in ("/live", "/alarms", "/posture", "/posture/1", "/rooms/cedar-room"):
        page = _page(client, path)
        assert "/acknowledge" not in page
        assert "/posture/order" not in page
        assert "/posture/person" not in page
    assert client.get("/posture/order?act=lockdown", base_url=BASE).status_code == 403
    assert client.get("/posture/person/1", base_url=BASE).status_code == 403
    assert client.post(f"/alarms/{number}/acknowledge", base_url=BASE).status_code == 400  # no form token at all


def test_an_order_says_first_what_it_does_and_then_at_which_doors_it_did(client: FlaskClient, house: House) -> None:
    site = visited(house)
    signed_in(client, "kim")
    before = _page(client, "/posture/order?act=lockdown&value=1")
    for told in ("Locks 3 rooms at 4 doors.", "1 person is believed inside and can leave.", "Leaving always works"):
        assert told in before
    one = _page(client, "/posture/order?act=lockdown&value=1&area=cedar-room")
    assert "Locks 1 room at 2 doors." in one
    assert submit(client, "/posture/order", act="lockdown", value="1", area="cedar-room") == 409  # no reason
    assert submit(client, "/posture/order", act="lockdown", value="1", area="cedar-room", reason="drill") == 303
    assert "in force at 0 of 2 doors" in _page(client, "/posture/1")
    site.link.overtake(web_now())
    site.talk()
    told = _page(client, "/posture/1/doors")
    assert "in force at 2 of 2 doors" in told
    assert told.count('<span class="in-force good">in force</span>') == 2
    assert "data-hx-get" not in told  # nothing more to wait for
    assert len(re.findall(r'class="door-state door-\w+"', told)) == 2  # an order in force closes no door
    assert "This is so already." in _page(client, "/posture/order?act=lockdown&value=1&area=cedar-room")
    assert submit(client, "/posture/order", act="lockdown", value="1", reason="drill") == 303
    rooms = _page(client, "/posture").split("What was ordered")[0]
    assert rooms.count("mode-lockdown") == 4  # the site and each of its rooms, whoever it was ordered for
    assert rooms.count("ordered for the whole site") == 2
    assert "Nobody enters but who may override." in _page(client, "/posture/2")
    ending = _page(client, "/posture/order?act=lockdown&value=0")
    assert re.search(r"Stays so by an order of its own:\s+<bdi>Cedar room", ending)
    assert "mode-lockdown" in _page(client, "/live")


@pytest.mark.parametrize("act", ["lockdown", "evacuation", "forgive", "threat"])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_order_and_its_end_is_told_in_both_languages(
    client: FlaskClient, house: House, act: str, language: str
) -> None:
    signed_in(client, "kim")
    for value in ("1", "0"):
        for area in ("", "cedar-room"):
            page = _page(client, f"/posture/order?act={act}&value={value}&area={area}", language)
            assert "%(" not in page


def test_one_persons_presence_is_forgiven_with_a_reason_and_told_door_by_door(
    client: FlaskClient, house: House
) -> None:
    site = visited(house)
    with reading(house.engine) as session:
        ada = house.holder(session, "Ada").id
    signed_in(client, "kim")
    assert f"/posture/person/{ada}" in _page(client, "/rooms/cedar-room")
    assert "no reason any more to refuse them" in _page(client, f"/posture/person/{ada}")
    assert submit(client, f"/posture/person/{ada}") == 409
    assert submit(client, f"/posture/person/{ada}", reason="left by the fire exit") == 303
    site.talk()
    with reading(house.engine) as session:
        assert house.holder(session, "Ada").forgiven == 1
        place = session.scalars(select(LedgerRow.sequence).where(LedgerRow.kind == Kind.PRESENCE_FORGIVEN)).one()
    assert "in force at 4 of 4 doors" in _page(client, f"/posture/person/{ada}/{place}")


def test_an_order_asks_for_a_proof_and_is_done_by_the_request_that_gives_it(
    client: FlaskClient, app: Flask, house: House
) -> None:
    signed_in(client, "kim")
    app.config["CONFIRM_MINUTES"] = 0
    proof = field(_page(client, "/posture/order?act=evacuation&value=1"))
    order = {"act": "evacuation", "value": "1", "reason": "smoke", "csrf_token": proof}
    asked = client.post("/posture/order", data=order, base_url=BASE)
    assert asked.status_code == 401
    text = asked.get_data(as_text=True)
    carried = dict(re.findall(r'<input type="hidden" name="(act|value|reason)" value="([^"]*)"', text))
    assert carried == {"act": "evacuation", "value": "1", "reason": "smoke"}
    with reading(house.engine) as session:
        assert posture.number(session, house.site(session)) == 0
    given = {**carried, "confirm_password": PASSWORD, "csrf_token": field(text)}
    done = client.post("/posture/order", data=given, base_url=BASE)
    assert (done.status_code, done.headers["Location"]) == (303, "/posture/1")
