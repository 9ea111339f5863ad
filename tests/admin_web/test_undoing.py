"""Undo on the page of requests: an approval is revoked, a revocation is asked for anew and waits for another person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from controller.database import reading, transaction
from controller.delivery.compiling import must_fit
from controller.people import permission as permissions
from controller.people import undoing
from controller.people.permission import Grant, GrantState, Wish
from controller.people.undoing import Undo
from controller.premises import schedule as schedules
from controller.refusal import Refused
from tests.admin_web.conftest import BASE, signed_in, submit, web_now
from tests.controller.conftest import NOW, House

SOON = NOW + timedelta(days=4)


def approved(house: House, days: int = 60, *, essential: bool = True) -> int:
    """Ben's permission for the Cedar room by hours, asked for by kim and approved by mia a day ago; its id."""
    with transaction(house.engine) as session:
        hours = schedules.offered(session, house.site(session))[0]
        ends = NOW + timedelta(days=days)
        wish = Wish(house.holder(session, "Ben"), house.cedar(session), NOW, ends, "shift", hours, essential)
        made = permissions.request(session, house.operator(session, "kim"), NOW, wish)
        permissions.approve(session, house.operator(session, "mia"), SOON, made, must_fit)
        return made.id


def revoked(house: House, grant_id: int) -> None:
    with transaction(house.engine) as session:
        given = session.get_one(Grant, grant_id)
        permissions.revoke(session, house.operator(session, "mia"), SOON, given, "wrong person")


def grants(house: House) -> list[Grant]:
    with reading(house.engine) as session:
        return list(session.scalars(select(Grant).order_by(Grant.id)))


def requests(client: FlaskClient, language: str = "en") -> str:
    return client.get("/requests", base_url=BASE, headers={"Accept-Language": language}).get_data(as_text=True)


def test_undoing_an_approval_revokes_it_and_says_so(client: FlaskClient, house: House) -> None:
    number = approved(house)
    signed_in(client, "kim")
    assert f'action="/grants/{number}/undo-approval"' in requests(client)
    assert submit(client, f"/grants/{number}/undo-approval", reason="wrong Ben") == 303
    (found,) = grants(house)
    assert found.state == GrantState.REVOKED
    assert found.revoke_reason == f"Undoes the approval of permission {number}: wrong Ben"
    assert submit(client, f"/grants/{number}/undo-approval") == 409


def test_undoing_a_revocation_asks_for_the_same_anew_and_waits_for_another(app: Flask, house: House) -> None:
    number = approved(house)
    revoked(house, number)
    kim, mia = app.test_client(), app.test_client()
    signed_in(kim, "kim")
    signed_in(mia, "mia")
    assert f'action="/grants/{number}/undo-revocation"' in requests(kim)
    assert submit(kim, f"/grants/{number}/undo-revocation") == 303
    before, anew = grants(house)
    same = ("cardholder_id", "area_id", "schedule_id", "essential", "valid_until")
    assert [getattr(anew, each) for each in same] == [getattr(before, each) for each in same]
    assert (anew.state, anew.essential) == (GrantState.REQUESTED, True)
    assert anew.valid_from > before.valid_from
    assert anew.reason == f"Undoes the revocation of permission {number}"
    assert before.state == GrantState.REVOKED
    assert submit(kim, f"/grants/{number}/undo-revocation") == 409  # it waits already
    assert submit(kim, f"/requests/{anew.id}/approve") == 409
    assert submit(mia, f"/requests/{anew.id}/approve") == 303


def test_an_auditor_is_offered_no_undo(client: FlaskClient, house: House) -> None:
    number = approved(house)
    signed_in(client, "olu")
    assert f"/grants/{number}/undo" not in requests(client)


@pytest.mark.parametrize(("language", "word"), [("en", "Undo"), ("ja", "取り消す")])
def test_undo_is_offered_in_both_languages(client: FlaskClient, house: House, language: str, word: str) -> None:
    approved(house)
    signed_in(client, "kim")
    assert f'class="button quiet">{word}</summary>' in requests(client, language)


def test_what_is_long_past_or_was_never_in_force_is_not_undone(client: FlaskClient, house: House) -> None:
    number = approved(house)
    with transaction(house.engine) as session:
        kim, given = house.operator(session, "kim"), session.get_one(Grant, number)
        assert undoing.undoable(given, SOON + undoing.WITHIN) is Undo.APPROVAL
        late = SOON + undoing.WITHIN + timedelta(seconds=1)
        assert undoing.undoable(given, late) is None
        with pytest.raises(Refused, match="last seven days"):
            undoing.undo_approval(session, kim, late, given, "too late")
        wish = Wish(house.holder(session, "Ada"), house.cedar(session), NOW, None, "shift")
        asked = permissions.request(session, kim, SOON, wish)
        permissions.revoke(session, kim, SOON, asked, "withdrawn")
        with pytest.raises(Refused, match="last seven days"):
            undoing.undo_revocation(session, kim, SOON, asked, "again")
    signed_in(client, "kim")
    assert submit(client, "/grants/99999999999/undo-approval") == 404


def test_what_has_ended_meanwhile_is_not_asked_for_anew(house: House) -> None:
    number = approved(house, days=5)
    revoked(house, number)
    with transaction(house.engine) as session:
        ended, late = session.get_one(Grant, number), web_now()
        assert undoing.undoable(ended, SOON) is Undo.REVOCATION
        with pytest.raises(Refused, match="while its time lasts"):
            undoing.undo_revocation(session, house.operator(session, "kim"), late, ended, "again")
