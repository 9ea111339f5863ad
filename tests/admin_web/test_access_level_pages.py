"""Access levels on their pages: made, requested, widened by two people after a preview, narrowed, retired."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from controller.database import reading, transaction
from controller.people import access_level as levels
from controller.people import level_change
from controller.people.permission import Grant
from controller.premises import area as areas
from tests.admin_web.conftest import signed_in, submit, web_now
from tests.admin_web.test_permission_matrix import grants, sent, shown
from tests.controller.conftest import House


def rooms(house: House) -> dict[str, str]:
    """The name of each room's field in the form, by its key."""
    with reading(house.engine) as session:
        return {each.key: f"room-{each.id}" for each in areas.guarded_of_site(session, house.site(session))}


def made(client: FlaskClient, house: House) -> int:
    told = {"name": "Cleaning", "name_ja": "清掃", rooms(house)["maple-room"]: "0", "reason": "cleaners"}
    assert submit(client, "/access-levels", **told) == 303
    with reading(house.engine) as session:
        return levels.of_site(session, house.site(session))[0].id


def given(kim: FlaskClient, mia: FlaskClient, house: House, level: int) -> Grant:
    ends = (web_now() + timedelta(days=90)).strftime("%Y-%m-%dT%H:%M")
    with reading(house.engine) as session:
        ben = house.holder(session, "Ben").id
    wish = {"cardholder": str(ben), "valid_until": ends, "reason": "cleans"}
    assert submit(kim, f"/access-levels/{level}/request", **wish) == 303
    (grant,) = grants(house)
    assert submit(mia, f"/requests/{grant.id}/approve") == 303
    return grant


def hidden(text: str) -> dict[str, Any]:
    """What the preview would send, but for the reason and the proof."""
    return dict(re.findall(r'type="hidden" name="(name\w*|room-\d+)" value="([^"]*)"', text))


def test_a_level_lives_on_its_pages_and_another_person_widens_it(app: Flask, house: House) -> None:
    kim, mia = app.test_client(), app.test_client()
    signed_in(kim, "kim")
    signed_in(mia, "mia")
    assert "No access level yet" in shown(kim, "/access-levels")
    level, field = made(kim, house), rooms(house)
    grant = given(kim, mia, house, level)
    assert "Who has it (1)" in shown(kim, f"/access-levels/{level}")
    assert "in force at 0 of 1 doors" in shown(kim, f"/grants/{grant.id}/in-force")
    wider: dict[str, Any] = {"name": "Cleaning", "name_ja": "清掃", field["maple-room"]: "0", field["cedar-room"]: "0"}
    text = sent(kim, f"/access-levels/{level}/preview", **wider)
    assert "it waits until another person approves it" in text
    assert "These people gain (1)" in text
    assert hidden(text) == wider
    assert submit(kim, f"/access-levels/{level}/change", **wider) == 409  # no reason
    assert submit(kim, f"/access-levels/{level}/change", **wider, reason="more rooms") == 303
    with reading(house.engine) as session:
        change = level_change.waiting(session)[0].id
    assert submit(kim, f"/access-levels/changes/{change}/approve") == 409
    assert "(1 waiting)" in shown(mia, "/requests")
    assert "These people gain (1)" in shown(mia, f"/access-levels/changes/{change}")
    assert submit(mia, f"/access-levels/changes/{change}/approve") == 303
    assert "has been decided" in shown(mia, f"/access-levels/changes/{change}")
    assert "in force at 0 of 3 doors" in shown(mia, f"/access-levels/{level}")


def test_what_takes_away_is_done_at_once_and_retiring_ends_everything(app: Flask, house: House) -> None:
    kim, mia = app.test_client(), app.test_client()
    signed_in(kim, "kim")
    signed_in(mia, "mia")
    level = made(kim, house)
    given(kim, mia, house, level)
    other: dict[str, Any] = {"name": "Sweeping", rooms(house)["maple-room"]: "1"}
    text = sent(kim, f"/access-levels/{level}/preview", **other)
    assert "It is done at once" in text
    assert submit(kim, f"/access-levels/{level}/change", **hidden(text), reason="hours") == 303
    assert "Sweeping" in shown(kim, f"/access-levels/{level}")
    text = sent(kim, f"/access-levels/{level}/retire/preview")
    assert "1 permissions and requests by it end" in text
    assert "These people lose (1)" in text
    assert submit(kim, f"/access-levels/{level}/retire") == 409
    assert submit(kim, f"/access-levels/{level}/retire", reason="over") == 303
    assert "It opens nothing any more." in shown(kim, f"/access-levels/{level}")
    assert submit(kim, f"/access-levels/{level}/preview", name="x", **{rooms(house)["maple-room"]: "0"}) == 409


def test_an_auditor_looks_and_is_offered_no_change(client: FlaskClient, house: House) -> None:
    signed_in(client, "kim")
    level = made(client, house)
    client.delete_cookie("sekisho_session")
    signed_in(client, "olu")
    text = shown(client, f"/access-levels/{level}")
    assert "/change" not in text
    assert "retire" not in text
    acts = [f"/{level}/{act}" for act in ("preview", "change", "retire", "retire/preview", "request")]
    for path in ("", *acts, "/changes/1/approve", "/changes/1/decline"):
        assert submit(client, f"/access-levels{path}", reason="x") == 403


@pytest.mark.parametrize("told", ["x", "-1", "1.5", "99999999999999999999"])
def test_a_room_at_hours_that_do_not_exist_is_refused(client: FlaskClient, house: House, told: str) -> None:
    signed_in(client, "kim")
    assert submit(client, "/access-levels", name="A", reason="x", **{rooms(house)["maple-room"]: told}) == 400
    assert submit(client, "/access-levels", name="A", reason="x", **{rooms(house)["maple-room"]: "2147483647"}) == 409


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_pages_of_levels_are_drawn_in_both_languages(client: FlaskClient, house: House, language: str) -> None:
    signed_in(client, "kim")
    level = made(client, house)
    for path in ("", "/new", f"/{level}", f"/{level}/change", f"/{level}/request", f"/{level}/in-force/1"):
        assert "style=" not in shown(client, f"/access-levels{path}", language)
    with transaction(house.engine) as session:
        assert levels.offered(session, house.site(session))
