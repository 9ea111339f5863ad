"""Floor plans on pages: added as a picture, placed by typing and by clicking, shown live with every state in words."""

from __future__ import annotations

import io
import re

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from controller import picture
from controller.database import reading, transaction
from controller.premises import door as doors
from controller.premises import floor_plan
from controller.premises.floor_plan import Of, Spot, Thing
from controller.record.alarm import raise_alarm
from tests.admin_web.conftest import BASE, field, signed_in, submit, web_now
from tests.controller.conftest import House
from tests.controller.doorway import visited
from tests.controller.test_floor_plans import place
from tests.controller.test_picture import SVG, archive, drawn


def upload(client: FlaskClient, path: str, sent: bytes, **fields: str) -> TestResponse:
    proof = field(client.get("/plans", base_url=BASE).get_data(as_text=True))
    file = FileStorage(io.BytesIO(sent), "plan.png")
    boundary, body = encode_multipart({**fields, "csrf_token": proof, "picture": file})
    kind = f"multipart/form-data; boundary={boundary}"
    return client.post(path, data=body, base_url=BASE, content_type=kind)


def page(client: FlaskClient, path: str, language: str = "en") -> str:
    answer = client.get(path, base_url=BASE, headers={"Accept-Language": language})
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True)


def spots(house: House) -> dict[Thing, Spot]:
    with reading(house.engine) as session:
        return {mark.thing: mark.spot for mark in floor_plan.marks(session, house.site(session))}


def door(house: House, key: str = "cedar") -> Thing:
    with reading(house.engine) as session:
        found = doors.by_key(session, house.site(session), key)
        assert found is not None
        return Thing(Of.DOOR, found.id)


def test_a_plan_is_added_and_its_picture_served_under_a_policy_of_its_own(client: FlaskClient, house: House) -> None:
    signed_in(client, "kim")
    assert "No floor plan yet" in page(client, "/plans")
    assert "No floor plan yet" in page(client, "/live")
    added = upload(client, "/plans", drawn("JPEG", (800, 400)), name="3F", name_ja="3階")
    assert (added.status_code, added.headers["Location"]) == (303, "/plans/1")
    answer = client.get("/plans/1/picture", base_url=BASE)
    assert (answer.status_code, answer.mimetype, answer.data[:4]) == (200, "image/webp", b"RIFF")
    assert answer.headers["Content-Security-Policy"] == (
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; sandbox"
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<bdi>3階</bdi>" in page(client, "/plans", "ja")


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"", "Choose a picture first."),
        (SVG, "SVG and other kinds can hold more than a picture."),
        (drawn("PNG") + archive(), "The file holds something besides the picture."),
        (drawn("PNG")[:60], "cannot be read"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * picture.LONGEST, "at most 10 MB"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(client: FlaskClient, house: House, sent: bytes, told: str) -> None:
    signed_in(client, "kim")
    answer = upload(client, "/plans", sent, name="3F")
    assert answer.status_code == 409
    assert told in answer.get_data(as_text=True)
    assert "No floor plan yet" in page(client, "/plans")


def test_doors_are_placed_by_typing_and_by_clicking_and_that_is_undone(client: FlaskClient, house: House) -> None:
    signed_in(client, "kim")
    upload(client, "/plans", drawn("PNG", (600, 300)), name="3F")
    cedar, back = door(house), door(house, "cedar-back")
    form = page(client, "/plans/1")
    assert 'type="image"' in form
    assert f'name="x-door-{cedar.id}"' in form
    typed = {f"x-door-{cedar.id}": "250", f"y-door-{cedar.id}": "500"}
    assert submit(client, "/plans/1/places", **typed) == 303
    assert spots(house) == {cedar: Spot(1, 250, 500)}
    # A plan of 600 by 300 points is drawn 1200 by 600 large: a click in the middle of it.
    clicked = {"mark": f"door-{back.id}", "at.x": "600", "at.y": "300"}
    assert submit(client, "/plans/1/places", **typed, **clicked) == 303
    assert spots(house) == {cedar: Spot(1, 250, 500), back: Spot(1, 500, 500)}
    told = page(client, "/plans/1")
    assert "<bdi>Cedar room, back door</bdi>: <bdi>on no plan</bdi> → <bdi>500 · 500</bdi>" in told
    sequence = re.findall(r'name="sequence" value="(\d+)"', told)[0]
    assert submit(client, "/plans/1/undo", sequence=sequence) == 303
    assert spots(house) == {cedar: Spot(1, 250, 500)}
    assert submit(client, "/plans/1/undo", sequence=sequence) == 409
    assert submit(client, "/plans/1/places", **{f"x-door-{cedar.id}": "", f"y-door-{cedar.id}": ""}) == 303
    assert spots(house) == {}


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"x-door-1": "5", "y-door-1": ""}, 409),
        ({"x-door-1": "1001", "y-door-1": "1"}, 409),
        ({"x-door-1": "-1", "y-door-1": "1"}, 400),
        ({"x-door-1": "x", "y-door-1": "1"}, 400),
        ({"at.x": "1", "at.y": "1"}, 409),
        ({"at.x": "1", "at.y": "1", "mark": "door-999"}, 409),
        ({"x-door-999": "1", "y-door-999": "1"}, 303),  # no door: nothing is asked
        ({"at.x": "99999999", "at.y": "99999999", "mark": "door-1"}, 303),  # bounded to the plan
    ],
)
def test_a_wrong_place_is_refused(client: FlaskClient, house: House, fields: dict[str, str], status: int) -> None:
    signed_in(client, "kim")
    upload(client, "/plans", drawn("PNG"), name="3F")
    assert submit(client, "/plans/1/places", **fields) == status
    assert all(max(each.x, each.y) <= 1000 for each in spots(house).values())


@pytest.mark.parametrize(("language", "word", "alarm"), [("en", "Secured", "alarm"), ("ja", "施錠", "警報")])
def test_the_live_page_shows_each_door_at_its_place_and_says_the_same_in_a_list(
    client: FlaskClient, house: House, language: str, word: str, alarm: str
) -> None:
    visited(house)
    signed_in(client, "kim")
    upload(client, "/plans", drawn("PNG", (600, 300)), name="3F", name_ja="3階")
    upload(client, "/plans", drawn("PNG", (600, 300)), name="4F", name_ja="4階")
    cedar = door(house)
    with transaction(house.engine) as session:
        plan = session.get_one(floor_plan.FloorPlan, 1)
        place(session, plan, {cedar: (500, 500), Thing(Of.AREA, house.cedar(session).id): (100, 100)})
        house.agent(session).last_heard_at = web_now()
    for path in ("/live", "/live/doors", "/live?plan=1", "/live?plan=77"):
        told = page(client, path, language)
        drawing = told[told.index("<svg id=") : told.index("</svg>")]
        assert f'<span class="door-state door-secured">{word}</span>' in drawing
        assert 'cx="600" cy="300"' in drawing
        assert 'aria-hidden="true"' in drawing
        listed = told[told.index('id="floor-list"') : told.index('id="floor-unplaced"')]
        assert f'<span class="door-state door-secured">{word}</span>' in listed
        assert told[told.index('id="floor-unplaced"') :].split("</p>")[0].count("<bdi>") == 3
    assert "<svg id=" in page(client, "/live?plan=2")
    assert f'id="at-door-{cedar.id}"' not in page(client, "/live?plan=2")
    with transaction(house.engine) as session:
        raise_alarm(session, "FORCED_OPEN", web_now(), 1, house.agent(session).id, cedar.id)
    told = page(client, "/live?plan=2", language)
    assert told[told.index('id="floor-every"') :].split("</nav>")[0].count("mark-alarm") == 1  # seen from another floor
    told = page(client, "/live", language)
    assert "plan-label plan-alarm" in told
    assert f", {alarm}</li>" in told


def test_a_plan_is_renamed_drawn_anew_removed_and_put_back(client: FlaskClient, house: House) -> None:
    signed_in(client, "kim")
    upload(client, "/plans", drawn("PNG"), name="3F")
    before = client.get("/plans/1/picture", base_url=BASE).data
    assert submit(client, "/plans/1/name", name="Third", name_ja="三階") == 303
    assert upload(client, "/plans/1/picture", drawn("PNG", (90, 90))).status_code == 303
    assert upload(client, "/plans/1/picture", SVG).status_code == 409
    assert client.get("/plans/1/picture", base_url=BASE).data != before
    assert submit(client, "/plans/1/remove") == 303
    assert client.get("/plans/1/picture", base_url=BASE).status_code == 404
    assert client.get("/plans/1", base_url=BASE).status_code == 404
    assert "Put back" in page(client, "/plans")
    assert submit(client, "/plans/1/restore") == 303
    assert "<bdi>Third</bdi>" in page(client, "/plans/1")


def test_an_auditor_sees_plans_and_changes_none(client: FlaskClient, house: House) -> None:
    signed_in(client, "kim")
    upload(client, "/plans", drawn("PNG"), name="3F")
    client.post("/sign-out", base_url=BASE)
    signed_in(client, "olu")
    assert client.get("/plans/1/picture", base_url=BASE).status_code == 200
    assert client.get("/plans/1", base_url=BASE).status_code == 403
    assert "Place doors" not in page(client, "/live")
    assert "<form" not in page(client, "/plans").split("<main")[1]
