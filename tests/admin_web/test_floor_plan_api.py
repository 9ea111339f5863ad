"""Floor plans over the API: the same rules, permissions and words as on the pages."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.admin_web.conftest import BASE, token
from tests.controller.conftest import House
from tests.controller.test_picture import SVG, drawn

PLANS = "/api/v1/floor-plans"


def as_text(sent: bytes) -> str:
    return base64.b64encode(sent).decode()


def added(client: FlaskClient, headers: dict[str, str]) -> dict[str, Any]:
    body = {"name": "3F", "name_ja": "3階", "picture": as_text(drawn("JPEG", (600, 300)))}
    answer = client.post(PLANS, json=body, base_url=BASE, headers=headers)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return dict(answer.get_json())


def test_a_plan_is_added_placed_on_undone_changed_removed_and_put_back(client: FlaskClient, house: House) -> None:
    kim = token(house, "kim")
    made = added(client, kim)
    assert (made["name"], made["width"], made["height"], made["marks"]) == ("3F", 600, 300, [])
    one = f"{PLANS}/{made['id']}"

    def post(verb: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = client.post(f"{one}/{verb}", json=body, base_url=BASE, headers=kim)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return dict(answer.get_json())

    placed = post("place", {"marks": [{"door": 1, "x": 10, "y": 20}, {"area": 3, "x": 0, "y": 1000}]})
    assert placed["marks"] == [
        {"door": None, "area": 3, "x": 0, "y": 1000},
        {"door": 1, "area": None, "x": 10, "y": 20},
    ]
    assert post("place", {"marks": [{"door": 1, "x": None, "y": None}]})["marks"] == placed["marks"][:1]
    assert post("place", {"marks": [{"door": 1, "x": None, "y": None}]})["sequence"] is None
    assert client.post(
        f"{one}/undo", json={"sequence": placed["sequence"]}, base_url=BASE, headers=kim
    ).status_code == 409  # fmt: skip
    assert post("change", {"name": "Third"})["name_ja"] == "Third"
    assert post("change", {"picture": as_text(drawn("PNG", (90, 90)))})["width"] == 90
    shown = client.get(f"{one}/picture", base_url=BASE, headers=kim)
    assert (shown.mimetype, shown.data[:4]) == ("image/webp", b"RIFF")
    assert post("remove", {})["removed_at"] is not None
    assert client.get(one, base_url=BASE, headers=kim).status_code == 404
    assert client.get(PLANS, base_url=BASE, headers=kim).get_json()["items"] == []
    assert post("restore", {})["marks"] == placed["marks"][:1]


def test_an_auditor_reads_plans_and_changes_none(client: FlaskClient, house: House) -> None:
    one = f"{PLANS}/{added(client, token(house, 'kim'))['id']}"
    olu = token(house, "olu")
    assert client.get(PLANS, base_url=BASE, headers=olu).get_json()["items"][0]["name"] == "3F"
    assert client.get(f"{one}/picture", base_url=BASE, headers=olu).status_code == 200
    for verb in ("place", "undo", "change", "remove", "restore"):
        assert client.post(f"{one}/{verb}", json={}, base_url=BASE, headers=olu).status_code == 403
    assert client.get(f"{one}/picture", base_url=BASE).status_code == 401


@pytest.mark.parametrize(
    ("picture", "status", "code"),
    [
        (as_text(SVG), 409, "picture-kind"),
        (as_text(b""), 409, "picture-missing"),
        ("no base64!", 422, "unprocessable"),
        (7, 422, "unprocessable"),
        (None, 422, "unprocessable"),
    ],
)
def test_what_is_no_picture_is_refused_by_its_code(
    client: FlaskClient, house: House, picture: object, status: int, code: str
) -> None:
    body = {"name": "3F", "picture": picture}
    answer = client.post(PLANS, json=body, base_url=BASE, headers=token(house, "kim"))
    assert answer.status_code == status
    assert answer.get_json()["type"].endswith(code)


@pytest.mark.parametrize(
    "mark",
    [
        {"door": 1, "area": 3, "x": 1, "y": 1},
        {"x": 1, "y": 1},
        {"door": 1, "x": 1},
        {"door": 1, "x": 1, "y": None},
        {"door": 1, "x": 1001, "y": 1},
        {"door": 1, "x": True, "y": 1},
        {"door": "1", "x": 1, "y": 1},
        {"door": 0, "x": 1, "y": 1},
        {"door": 1, "x": 1, "y": 1, "z": 1},
        "door 1",
    ],
)
def test_a_wrong_mark_is_refused(client: FlaskClient, house: House, mark: object) -> None:
    kim = token(house, "kim")
    one = f"{PLANS}/{added(client, kim)['id']}"
    assert client.post(f"{one}/place", json={"marks": [mark]}, base_url=BASE, headers=kim).status_code == 422
    beyond = {"marks": [{"door": 999, "x": 1, "y": 1}]}
    assert client.post(f"{one}/place", json=beyond, base_url=BASE, headers=kim).status_code == 409
