"""The matrix of people and rooms: how permissions stand, what marks would change, and that exactly that is done."""

from __future__ import annotations

import html
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from admin_web import words
from admin_web.pages import permissions as page
from controller.database import reading, transaction, trying
from controller.delivery.compiling import must_fit
from controller.delivery.preview import Touch
from controller.people import access, bundle, cardholder, leaver, matrix
from controller.people import permission as permissions
from controller.people.access import Permission, Role
from controller.people.access_level import AccessLevel, AccessLevelArea
from controller.people.matrix import Stands
from controller.people.permission import Grant, GrantState, Wish
from controller.premises import area as areas
from controller.premises import schedule as schedules
from controller.premises.schedule import Schedule
from controller.refusal import Refused
from tests.admin_web.conftest import BASE, field, signed_in, web_now
from tests.controller.conftest import NOW, House
from tests.controller.statements import counted

ROOMS = ("cedar-room", "maple-room", "hallway")


def shown(client: FlaskClient, path: str = "/permissions", language: str = "en") -> str:
    answer = client.get(path, base_url=BASE, headers={"Accept-Language": language})
    assert answer.status_code == 200
    return " ".join(answer.get_data(as_text=True).split())


def sent(client: FlaskClient, path: str, status: int = 200, **data: Any) -> str:
    proof = field(client.get("/permissions", base_url=BASE).get_data(as_text=True))
    answer = client.post(path, data={**data, "csrf_token": proof}, base_url=BASE)
    assert answer.status_code == status, answer.get_data(as_text=True)[-600:]
    return " ".join(answer.get_data(as_text=True).split())


def cell(house: House, name: str, key: str = "cedar-room") -> str:
    with reading(house.engine) as session:
        room = areas.by_key(session, house.site(session), key)
        assert room is not None
        return f"{house.holder(session, name).id}.{room.id}"


def give(
    house: House,
    name: str,
    key: str = "cedar-room",
    *,
    begins: datetime = NOW,
    ends: datetime | None = NOW + timedelta(days=200),
    hours: bool = False,
    essential: bool = False,
    approved: bool = True,
) -> int:
    """A permission asked for by kim and approved by mia; its id."""
    with transaction(house.engine) as session:
        room = areas.by_key(session, house.site(session), key)
        assert room is not None
        schedule = schedules.offered(session, house.site(session))[0] if hours else None
        wish = Wish(house.holder(session, name), room, begins, ends, "shift", schedule, essential)
        made = permissions.request(session, house.operator(session, "kim"), NOW, wish)
        if approved:
            permissions.approve(session, house.operator(session, "mia"), NOW, made, must_fit)
        return made.id


def grants(house: House) -> list[Grant]:
    with reading(house.engine) as session:
        return list(session.scalars(select(Grant).order_by(Grant.id)))


def plan(text: str) -> str:
    found = re.search(r'name="plan" value="([^"]+)"', text)
    assert found is not None
    return html.unescape(found[1])


@pytest.mark.parametrize("language", ["en", "ja"])
def test_each_cell_says_in_words_how_its_permissions_stand(client: FlaskClient, house: House, language: str) -> None:
    at = web_now()
    give(house, "Ada", essential=True)
    give(house, "Ada", "maple-room", ends=at + timedelta(days=20))
    give(house, "Ben", hours=True)
    give(house, "Ben", "maple-room", approved=False)
    give(house, "Eve", begins=at + timedelta(days=3))
    signed_in(client, "olu")
    text = shown(client, language=language)
    for stands in Stands:
        with client.application.test_request_context(headers={"Accept-Language": language}):
            word = words.phrase(words.STANDS, stands)
        assert text.count(f'<span class="mark-{stands}">{word}</span>') == 1
    assert text.count('class="mark-essential"') == 1
    assert text.count('class="mark-none"') == 3 * 3 - 5
    assert 'type="checkbox" name="re' not in text  # an auditor looks


def test_a_permission_by_an_access_level_ends_only_where_that_is_said(client: FlaskClient, house: House) -> None:
    with transaction(house.engine) as session:
        level = AccessLevel(site_id=house.site(session).id, name="cleaning")
        session.add(level)
        session.flush()
        for each in areas.guarded_of_site(session, house.site(session)):
            session.add(AccessLevelArea(access_level_id=level.id, area_id=each.id))
    number = give(house, "Ben", "maple-room")
    with transaction(house.engine) as session:
        given = session.get_one(Grant, number)
        given.area_id, given.access_level_id = None, level.id
    signed_in(client, "kim")
    text = shown(client)
    assert "by the access level <bdi>cleaning</bdi>" in text
    assert 'name="revoke"' not in text
    assert text.count('name="revoke-level"') == len(ROOMS)
    text = sent(client, "/permissions/preview", revoke=cell(house, "Ben"), reason="gone")
    assert "This permission is not in force." in text
    assert "There is nothing to change." in text
    both = [cell(house, "Ben"), cell(house, "Ben", "maple-room")]
    marked: dict[str, Any] = {"revoke-level": both, "reason": "gone"}
    text = sent(client, "/permissions/preview", **marked)
    assert "Takes effect at once (1)" in text
    sent(client, "/permissions", 303, plan=plan(text))
    assert [each.state for each in grants(house)] == [GrantState.REVOKED]


def test_the_preview_says_who_gains_loses_and_waits_and_changes_nothing(client: FlaskClient, house: House) -> None:
    give(house, "Ada")
    before = [each.state for each in grants(house)]
    signed_in(client, "kim")
    text = sent(
        client,
        "/permissions/preview",
        request=[cell(house, "Ben"), cell(house, "Eve", "maple-room")],
        revoke=cell(house, "Ada"),
        reason="shift change",
    )
    assert "Waits for another person (2)" in text
    assert "Takes effect at once (1)" in text
    assert "Revocations at 2 doors." in text
    gains, loses, alarms = (str(words.TOUCHES[each]) for each in Touch)
    parts = re.split("|".join(map(re.escape, (gains, loses, alarms))), text)
    assert "Ben" in parts[1]
    assert "Ada" not in parts[1]
    assert "Ada" in parts[2]
    assert "Make these changes (3)" in text
    assert [each.state for each in grants(house)] == before


def test_exactly_what_was_shown_is_done_once(app: Flask, house: House) -> None:
    lost = give(house, "Ada")
    waiting = give(house, "Eve", approved=False)
    kim, mia = app.test_client(), app.test_client()
    signed_in(kim, "kim")
    signed_in(mia, "mia")
    with reading(house.engine) as session:
        hours = schedules.offered(session, house.site(session))[0].id
    text = sent(
        kim,
        "/permissions/preview",
        request=cell(house, "Ben"),
        revoke=[cell(house, "Ada"), cell(house, "Eve")],
        reason="shift change",
        schedule=str(hours),
        valid_until="2026-12-24T18:00",
    )
    made = plan(text)
    sent(mia, "/permissions", 409, plan=made)  # shown to somebody else
    sent(kim, "/permissions", 303, plan=made)
    found = {each.id: each for each in grants(house)}
    assert found[lost].state == found[waiting].state == GrantState.REVOKED
    assert found[lost].revoke_reason == "shift change"
    asked = found[max(found)]
    assert (asked.state, asked.schedule_id, asked.reason) == (GrantState.REQUESTED, hours, "shift change")
    assert asked.valid_until == datetime.fromisoformat("2026-12-24T18:00+09:00")
    assert "was changed after they were shown" in sent(kim, "/permissions", 409, plan=made)
    assert len(grants(house)) == 3
    sent(kim, f"/requests/{asked.id}/approve", 409)
    sent(mia, f"/requests/{asked.id}/approve", 303)


def test_nothing_is_done_when_something_changed_in_between(client: FlaskClient, house: House) -> None:
    give(house, "Ada")
    signed_in(client, "kim")
    marks: dict[str, Any] = {"request": cell(house, "Ben"), "revoke": cell(house, "Ada"), "reason": "shift change"}
    made = plan(sent(client, "/permissions/preview", **marks))
    give(house, "Eve", "maple-room", approved=False)
    assert "was changed after they were shown" in sent(client, "/permissions", 409, plan=made)
    assert [each.state for each in grants(house)] == [GrantState.APPROVED, GrantState.REQUESTED]
    sent(client, "/permissions", 303, plan=plan(sent(client, "/permissions/preview", **marks)))


def test_what_is_shown_holds_for_an_hour(app: Flask, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    client = app.test_client()
    signed_in(client, "kim")
    made = plan(sent(client, "/permissions/preview", request=cell(house, "Ben"), reason="shift"))
    monkeypatch.setattr("admin_web.bundles._LIFE_S", -1)
    assert "more than an hour old" in sent(client, "/permissions", 409, plan=made)
    assert "more than an hour old" in sent(client, "/permissions", 409, plan=f"{made}x")
    assert grants(house) == []


def test_cells_that_the_verbs_refuse_are_told_and_left_out(client: FlaskClient, house: House) -> None:
    give(house, "Ada", ends=None)
    signed_in(client, "kim")
    marks = [cell(house, "Ada"), cell(house, "Ben"), cell(house, "Ben", "hallway")]
    text = sent(client, "/permissions/preview", request=marks, reason="shift", valid_until="2028-12-24T18:00")
    assert "These cannot be done, and are left out (2)" in text
    assert "lasts 366 days at most" in text
    assert "Waits for another person (1)" in text
    text = sent(client, "/permissions/preview", request=marks, reason="shift")
    assert "already requested or granted" in text
    assert "Waits for another person (2)" in text


def test_a_cell_revoked_and_requested_is_given_other_terms(client: FlaskClient, house: House) -> None:
    give(house, "Ada")
    signed_in(client, "kim")
    both = cell(house, "Ada")
    text = sent(client, "/permissions/preview", request=both, revoke=both, reason="renewed")
    assert "left out" not in text
    sent(client, "/permissions", 303, plan=plan(text))
    assert [each.state for each in grants(house)] == [GrantState.REVOKED, GrantState.REQUESTED]


@pytest.mark.parametrize(
    ("marks", "status"),
    [({}, 409), ({"request": "1"}, 400), ({"request": "1.x"}, 400), ({"revoke": "１.2"}, 400),
     ({"request": "1.1 "}, 400), ({"request": "-1.1"}, 400),
     ({"request": "9999999999.3"}, 404), ({"revoke": "1.9999999999"}, 404), ({"request": "1.0"}, 404),
     ({"request": [f"1.{n}" for n in range(101)]}, 409), ({"request": "CELL", "reason": " "}, 409),
     ({"request": "CELL", "valid_until": "9999-12-31T23:59"}, 409), ({"request": "CELL", "valid_until": "x"}, 409),
     ({"request": "CELL", "schedule": "99"}, 404), ({"request": "CELL", "schedule": "x"}, 400),
     ({"request": "CELL", "reason": "a\x00b"}, 400)],
)  # fmt: skip
def test_odd_marks_are_refused(client: FlaskClient, house: House, marks: dict[str, Any], status: int) -> None:
    signed_in(client, "kim")
    real = {name: cell(house, "Ben") if value == "CELL" else value for name, value in marks.items()}
    sent(client, "/permissions/preview", status, **{"reason": "x", **real})


def test_who_may_only_request_revokes_nothing(
    client: FlaskClient, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(house, "Ada")
    monkeypatch.setitem(access.TABLE, Role.AUDITOR, access.TABLE[Role.AUDITOR] | {Permission.REQUEST_ACCESS})
    signed_in(client, "olu")
    sent(client, "/permissions/preview", request=cell(house, "Ben"), reason="shift")
    sent(client, "/permissions/preview", 403, revoke=cell(house, "Ada"), reason="shift")


def test_only_who_is_here_is_shown_page_by_page(
    client: FlaskClient, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction(house.engine) as session:
        leaver.deactivate(session, "operator:1", NOW, house.holder(session, "Eve"), "left")
        cardholder.enrol(session, "operator:1", NOW, house.site(session), "Benno", "77")
    monkeypatch.setattr(page, "_PAGE", 2)
    signed_in(client, "kim")
    first = shown(client)
    assert ("Ada" in first, ">Ben<" in first, "Eve" in first, "Benno" in first) == (True, True, False, False)
    more = re.search(r'<a class="button" href="([^"]+)">More</a>', first)
    assert more is not None
    assert "Benno" in shown(client, html.unescape(more[1]))
    found = sent(client, "/permissions/search", q="ben")
    assert ("Ada" in found, "Benno" in found) == (False, True)


def test_rooms_are_chosen_in_the_address_and_stay_chosen(client: FlaskClient, house: House) -> None:
    signed_in(client, "kim")
    room = cell(house, "Ada", "maple-room").partition(".")[2]
    assert shown(client).count('<th scope="col">') == 1 + len(ROOMS)
    narrowed = shown(client, f"/permissions?room={room}")
    assert narrowed.count('<th scope="col">') == 2
    assert f'<input type="hidden" name="room" value="{room}">' in narrowed
    assert sent(client, "/permissions/search", q="ada", room=room).count('<th scope="col">') == 2
    assert client.get("/permissions?room=x", base_url=BASE).status_code == 400
    assert shown(client, "/permissions?room=9999999999").count('<th scope="col">') == 1


def test_the_table_reads_no_more_often_for_more_people(house: House) -> None:
    def reads() -> int:
        with reading(house.engine) as session:
            people = cardholder.of_site(session, house.site(session))
            rooms = areas.of_site(session, house.site(session))
            with counted(house.engine) as statements:
                matrix.cells(session, people, rooms, NOW)
            return len(statements)

    before = reads()
    with transaction(house.engine) as session:
        for number in range(20):
            cardholder.enrol(session, "operator:1", NOW, house.site(session), f"Person {number}", f"8{number}")
    assert reads() == before == 2


def test_a_bundle_survives_being_written_down(house: House) -> None:
    number = give(house, "Ada")
    with transaction(house.engine) as session:
        hours: Schedule = schedules.offered(session, house.site(session))[0]
        terms = bundle.Terms(web_now(), NOW + timedelta(days=90), hours, "shift")
        mark = bundle.Mark(bundle.Act.REQUEST, house.holder(session, "Ben"), house.cedar(session))
        made = bundle.Bundle(7, terms, (terms.wish(mark),), (session.get_one(Grant, number),))
        assert bundle.from_values(session, bundle.as_values(made)) == made


def test_what_another_is_just_writing_is_waited_for_and_makes_a_bundle_outdated(house: House) -> None:
    with trying(house.engine) as session:
        terms = bundle.Terms(web_now(), None, None, "shift")
        marks = [bundle.Mark(bundle.Act.REQUEST, house.holder(session, "Ben"), house.cedar(session))]
        judged = bundle.judge(session, house.operator(session, "kim"), web_now(), marks, terms)
        told = bundle.as_values(judged.bundle)

    def confirmed() -> int:
        with transaction(house.engine) as session:
            by = house.operator(session, "kim")
            return len(bundle.apply(session, by, web_now(), bundle.from_values(session, told)))

    with ThreadPoolExecutor(1) as other:
        with transaction(house.engine) as session:
            wish = Wish(house.holder(session, "Eve"), house.cedar(session), NOW, None, "shift")
            permissions.request(session, house.operator(session, "mia"), NOW, wish)
            waiting = other.submit(confirmed)
        with pytest.raises(Refused, match="changed after they were shown"):
            waiting.result(30)
    assert [each.reason for each in grants(house)] == ["shift"]
