"""Setting up rooms, doors and readers on the pages and over the API: previewed, with a reason, refused in words."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from controller.database import reading
from controller.ledger.ledger import head
from controller.premises import area as areas
from controller.premises import door as doors
from tests.admin_web.conftest import BASE, field, signed_in, submit, token
from tests.controller.conftest import House
from tests.controller.doorway import visited

ROOM = {"name": "Server room", "name_ja": "サーバー室", "key": "server-room", "kind": "private"}


@pytest.fixture
def ids(house: House) -> dict[str, int]:
    with reading(house.engine) as session:
        site = house.site(session)
        found = {each.key: each.id for each in areas.of_site(session, site)}
        found |= {f"door:{each.key}": each.id for each in doors.of_site(session, site)}
        return found | {each.key: each.id for each in doors.points_of_site(session, site)}


def asked(client: FlaskClient, path: str, data: dict[str, Any]) -> tuple[int, str]:
    """Post a form and read the page that answers."""
    proof = field(client.get("/operators", base_url=BASE).get_data(as_text=True))
    answer = client.post(path, data={**data, "csrf_token": proof}, base_url=BASE)
    return answer.status_code, answer.get_data(as_text=True)


def recorded(house: House) -> int:
    with reading(house.engine) as session:
        return head(session)


def door(ids: dict[str, int], **others: Any) -> dict[str, Any]:
    ends = {"from_area": str(ids["outside"]), "to_area": str(ids["maple-room"])}
    names = {"name": "Side door", "name_ja": "", "key": "side", "agent": "1"}
    return {**names, **ends, "entry_formats": ["H10301", "uid-7"], **others}


def api(client: FlaskClient, house: House, path: str, body: dict[str, Any], who: str = "kim") -> tuple[int, Any]:
    answer = client.post(f"/api/v1{path}", json=body, base_url=BASE, headers=token(house, who))
    return answer.status_code, answer.get_json()


def test_a_room_is_previewed_made_renamed_and_marked(client: FlaskClient, house: House) -> None:
    signed_in(client, "kim")
    before = recorded(house)
    status, page = asked(client, "/premises/rooms/preview", ROOM)
    assert (status, recorded(house)) == (200, before)
    assert "It has no door yet" in page
    assert 'name="kind" value="private"' in page
    assert submit(client, "/premises/rooms", **ROOM) == 409  # no reason
    assert submit(client, "/premises/rooms", **ROOM, reason="new wing") == 303
    page = client.get("/rooms/server-room", base_url=BASE).get_data(as_text=True)
    assert "No door leads into this room yet." in page
    edit = client.get("/premises/rooms/server-room", base_url=BASE).get_data(as_text=True)
    assert "Personal information is handled here." in edit
    assert submit(client, "/premises/rooms/server-room/rename", name="Racks", name_ja="", reason="shorter") == 303
    assert "Racks" in client.get("/rooms", base_url=BASE).get_data(as_text=True)
    status, page = asked(client, "/premises/rooms/server-room/private/preview", {"private": "no"})
    assert "It is no longer marked" in page
    assert submit(client, "/premises/rooms/server-room/private", private="no", reason="moved out") == 303
    assert submit(client, "/premises/rooms/server-room/private", private="maybe", reason="x") == 400
    assert submit(client, "/premises/rooms", **{**ROOM, "kind": "castle"}, reason="x") == 400
    status, page = asked(client, "/premises/rooms/preview", ROOM)
    assert (status, "This key is already used." in page) == (409, True)


def test_a_door_is_previewed_with_who_may_enter_by_it_and_made(
    client: FlaskClient, house: House, ids: dict[str, int]
) -> None:
    visited(house)
    signed_in(client, "kim")
    before = recorded(house)
    into_cedar = door(ids, to_area=str(ids["cedar-room"]), exit_formats=["H10301"], exit_mode="free")
    status, page = asked(client, "/premises/doors/preview", into_cedar)
    assert (status, recorded(house)) == (200, before)
    assert "Who has a permission already (1)" in page
    assert "It waits until another person approves it" in page
    assert "Ada" in page
    assert "<code>side-in</code>, H10301, uid-7" in page
    assert 'class="finding"' in page  # a private room that is left without a card
    status, page = asked(client, "/premises/doors", {**into_cedar, "reason": "fire plan"})
    assert status == 303
    with reading(house.engine) as session:
        assert doors.by_key(session, house.site(session), "side") is None, "a further way in takes two people"
    assert api(client, house, "/widenings/1/approve", {}, "mia")[0] == 200
    with reading(house.engine) as session:
        made = doors.by_key(session, house.site(session), "side")
        assert made is not None
        number = made.id
    shown = client.get(f"/premises/doors/{number}", base_url=BASE, headers={"Accept-Language": "ja"})
    assert "最近の使用なし" in shown.get_data(as_text=True)
    assert "Side door" in client.get("/readers", base_url=BASE).get_data(as_text=True)
    status, page = asked(client, "/premises/doors/preview", door(ids, entry_formats=[]))
    assert (status, "by an entry, an exit or both" in page) == (409, True)
    assert asked(client, "/premises/doors/preview", door(ids, agent="99"))[0] == 404
    assert asked(client, "/premises/doors/preview", door(ids, exit_mode="controlled"))[0] == 400


def test_a_door_gets_a_further_reader_other_formats_and_another_name(
    client: FlaskClient, house: House, ids: dict[str, int]
) -> None:
    signed_in(client, "kim")
    path, back = f"/premises/doors/{ids['door:maple']}", {"from_area": str(ids["maple-room"])}
    wanted = {**back, "to_area": str(ids["cedar-room"]), "direction": "entry", "formats": "uid-7", "key": "maple-on"}
    status, page = asked(client, f"{path}/readers/preview", wanted)
    assert (status, "<code>maple-on</code>" in page) == (200, True)
    assert submit(client, f"{path}/readers", **wanted, reason="way through") == 303
    assert asked(client, f"{path}/readers/preview", {**wanted, "direction": "up"})[0] == 400
    reader = f"/premises/readers/{ids['maple-in']}/formats"
    assert submit(client, reader, formats="H10301", reason="new cards") == 303
    assert submit(client, reader, formats="nobody", reason="x") == 409
    assert submit(client, f"{path}/rename", name="Maple, side", name_ja="楓の間 側面", reason="two doors now") == 303
    page = client.get(path, base_url=BASE).get_data(as_text=True)
    assert "Maple, side" in page
    assert "<dd>H10301</dd>" in page


def test_readers_say_when_they_were_used_last(client: FlaskClient, house: House, ids: dict[str, int]) -> None:
    visited(house)
    signed_in(client, "olu")
    one = client.get(f"/api/v1/access-points/{ids['cedar-in']}", base_url=BASE, headers=token(house, "olu")).get_json()
    assert one["reader"]["word"] == "stx-etx-hex"
    assert one["last_used_at"] is not None
    page = client.get(f"/premises/doors/{ids['door:cedar']}", base_url=BASE).get_data(as_text=True)
    assert page.count("not lately") == 1  # Ada came in and has not left
    assert 'method="post" action="/premises' not in page
    assert client.get("/premises/doors/new", base_url=BASE).status_code == 403


def test_the_api_sets_up_the_same(client: FlaskClient, house: House, ids: dict[str, int]) -> None:
    room = {"key": "lab", "name": "Laboratory", "private": True, "reason": "new wing"}
    assert api(client, house, "/areas", room, "olu")[0] == 403
    status, made = api(client, house, "/areas", room)
    assert (status, made["private"], made["name_ja"]) == (201, True, "Laboratory")
    assert api(client, house, "/areas", room)[0] == 409
    lab = f"/areas/{made['id']}"
    assert api(client, house, f"{lab}/rename", {"name": "Lab", "reason": "shorter"})[1]["name"] == "Lab"
    found = api(client, house, "/preview/private", {"area": made["id"], "private": False}, "olu")
    assert (found[0], found[1]["gains"]) == (200, [])
    assert api(client, house, f"{lab}/private", {"private": False, "reason": "x"})[1]["private"] is False
    wanted = {"key": "lab", "name": "Lab door", "agent": 1, "from_area": ids["outside"], "to_area": made["id"]}
    wanted |= {"entry_formats": ["H10301"], "exit_formats": ["H10301"]}
    assert api(client, house, "/preview/door", wanted, "olu")[0] == 200
    status, told = api(client, house, "/doors", {**wanted, "reason": "new wing"})
    assert (status, [each["key"] for each in told["access_points"]]) == (201, ["lab-in", "lab-out"])
    assert told["access_points"][1]["exit_mode"] == "recorded"
    path, further = f"/doors/{told['id']}", {"from_area": made["id"], "to_area": ids["cedar-room"]}
    further |= {"direction": "entry", "formats": ["uid-7"], "key": "lab-on"}
    assert api(client, house, "/preview/access-point", {"door": told["id"], **further}, "olu")[0] == 200
    status, point = api(client, house, f"{path}/access-points", {**further, "reason": "way through"})
    assert (status, point["key"]) == (201, "lab-on")
    changed = api(client, house, f"/access-points/{point['id']}/formats", {"formats": ["uid-4"], "reason": "x"})
    assert changed[1]["formats"] == ["uid-4"]
    assert api(client, house, f"{path}/rename", {"name": "Lab", "name_ja": "実験室", "reason": "x"})[1]["name"] == "Lab"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/areas", {"key": "a b", "name": "x", "reason": "x"}, 409),
        ("/areas", {"key": "ok", "name": "x", "private": True, "open": True, "reason": "x"}, 409),
        ("/areas", {"key": "ok", "name": "x", "private": 1, "reason": "x"}, 422),
        ("/areas", {"key": "ok", "name": "x"}, 422),
        ("/areas/99/rename", {"name": "x", "reason": "x"}, 404),
        ("/doors", {"key": "ok", "name": "x", "agent": 9, "from_area": 1, "to_area": 2, "reason": "x"}, 404),
        ("/access-points/1/formats", {"formats": [], "reason": "x"}, 422),
        ("/access-points/1/formats", {"formats": [7], "reason": "x"}, 422),
        ("/access-points/1/formats", {"formats": ["nobody"], "reason": "x"}, 409),
    ],
)
def test_the_api_refuses_what_cannot_be_set_up(
    client: FlaskClient, house: House, path: str, body: dict[str, Any], status: int
) -> None:
    assert api(client, house, path, body)[0] == status
