"""Doors out of service on the pages and over the API: what it would mean first, then done, then undone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from cli.demo.building import DOORS
from controller.database import reading
from controller.premises import door as doors
from tests.admin_web.conftest import BASE, signed_in, submit, token
from tests.controller import doorway
from tests.controller.conftest import House
from tests.controller.doorway import visited


@pytest.fixture
def ids(house: House) -> dict[str, int]:
    with reading(house.engine) as session:
        return {each.key: each.id for each in doors.ever_of_site(session, house.site(session))}


def shown(client: FlaskClient, path: str, language: str = "en") -> str:
    answer = client.get(path, base_url=BASE, headers={"Accept-Language": language})
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True)


def api(client: FlaskClient, house: House, path: str, body: dict[str, Any], who: str = "kim") -> tuple[int, Any]:
    answer = client.post(f"/api/v1{path}", json=body, base_url=BASE, headers=token(house, who))
    return answer.status_code, answer.get_json()


def test_the_preview_says_what_a_retired_door_means(client: FlaskClient, house: House, ids: dict[str, int]) -> None:
    visited(house)
    signed_in(client, "kim")
    page = shown(client, f"/premises/doors/{ids['cedar-back']}/retire")
    assert "It is still entered by:" in page
    assert "People who lose this way in: 1." in page
    assert "Ada" in page
    assert 'name="empty"' not in page
    assert "影響" in shown(client, f"/premises/doors/{ids['cedar-back']}", "ja")
    assert "引き続き次の扉から入室できます" in shown(client, f"/premises/doors/{ids['cedar-back']}/retire", "ja")


def test_a_door_is_retired_shown_as_such_and_brought_back(
    client: FlaskClient, house: House, ids: dict[str, int]
) -> None:
    site, back = visited(house), ids["cedar-back"]
    signed_in(client, "kim")
    assert submit(client, f"/premises/doors/{back}/retire") == 409  # no reason
    assert submit(client, f"/premises/doors/{back}/retire", reason="bricked up") == 303
    page = shown(client, f"/premises/doors/{back}")
    assert "Out of service since" in page
    assert "bricked up" in page
    assert "has not got the list without it yet" in page
    assert "Add a reader" not in page
    site.talk()
    assert "Its agent has the list without it." in shown(client, f"/premises/doors/{back}")
    for path in ("/live", "/readers", "/agents", "/rooms/cedar-room", "/plans"):
        assert f'/premises/doors/{back}"' not in shown(client, path), path
        assert "back door" not in shown(client, path), path
    for path in ("/log", "/reports/refusals", "/findings"):
        assert "Cedar room, back door (retired)" in shown(client, path), path
    assert "杉の間 裏口（廃止）" in shown(client, "/log", "ja")
    assert "Cedar room, back door" in shown(client, "/reports/doors")
    assert "Door retired" in shown(client, "/reports/acts")
    assert submit(client, f"/premises/doors/{back}/restore", reason="opened again") == 303
    assert "Out of service since" in shown(client, f"/premises/doors/{back}"), "Ada may enter: it waits for a second"
    assert "A door comes back into service" in shown(client, "/requests/wider-entry/1")
    signed_in(client, "mia")
    assert submit(client, "/requests/wider-entry/1/approve") == 303
    assert "Add a reader" in shown(client, f"/premises/doors/{back}")


def test_the_last_exit_asks_whether_somebody_looked(client: FlaskClient, house: House, ids: dict[str, int]) -> None:
    visited(house)  # Ada is inside
    signed_in(client, "kim")
    assert submit(client, f"/premises/doors/{ids['cedar-back']}/retire", reason="bricked up") == 303
    page = shown(client, f"/premises/doors/{ids['cedar']}/retire")
    assert 'name="empty" value="yes" required' in page
    assert "Nobody can enter it any more." in page
    assert submit(client, f"/premises/doors/{ids['cedar']}/retire", reason="moved out") == 409
    assert submit(client, f"/premises/doors/{ids['cedar']}/retire", reason="moved out", empty="yes") == 303
    assert "No door leads into this room yet." in shown(client, "/rooms/cedar-room")


def test_who_may_not_change_rooms_retires_nothing(client: FlaskClient, house: House, ids: dict[str, int]) -> None:
    signed_in(client, "olu")
    for act in ("retire", "restore", "move", "let-go"):
        assert submit(client, f"/premises/doors/{ids['maple']}/{act}", reason="x") == 403
    assert client.get(f"/premises/doors/{ids['maple']}/retire", base_url=BASE).status_code == 403
    assert api(client, house, f"/doors/{ids['maple']}/retire", {"reason": "x", "empty": False}, "olu")[0] == 403
    assert "See what it means" not in shown(client, f"/premises/doors/{ids['maple']}")


def test_the_api_previews_retires_and_restores(client: FlaskClient, house: House, ids: dict[str, int]) -> None:
    visited(house)
    maple = ids["maple"]
    status, told = api(client, house, "/preview/retire-door", {"door": maple})
    assert status == 200
    assert (told["door"], told["doors_left_at_agent"], told["lockdown"]) == (maple, 1, False)
    [room] = told["rooms"]
    assert (room["entries_left"], room["exits_left"], room["must_be_empty"], room["people"]) == ([], [], False, [])
    assert api(client, house, f"/doors/{maple}/retire", {"reason": "x"})[0] == 422
    status, told = api(client, house, f"/doors/{maple}/retire", {"reason": "bricked up", "empty": False})
    assert status == 200
    assert told["retired_at"] is not None
    listed = client.get("/api/v1/doors", base_url=BASE, headers=token(house, "kim")).get_json()["items"]
    assert maple not in [each["id"] for each in listed]
    status, told = api(client, house, "/preview/retire-door", {"door": maple})
    assert (status, told["type"].rpartition("/")[2].rpartition(":")[2]) == (409, "door-retired")
    status, told = api(client, house, f"/doors/{maple}/restore", {"reason": "opened again"})
    assert (status, told["retired_at"]) == (200, None)
    assert api(client, house, f"/doors/{maple}/restore", {"reason": "again"})[0] == 409
    assert api(client, house, "/doors/999999/retire", {"reason": "x", "empty": False})[0] == 404


def test_a_room_is_retired_after_its_doors_and_brought_back(
    client: FlaskClient, house: House, ids: dict[str, int]
) -> None:
    signed_in(client, "kim")
    page = shown(client, "/premises/rooms/maple-room/retire")
    assert "This is refused while doors in service lead into the room" in page
    assert submit(client, "/premises/rooms/maple-room/retire", reason="no more") == 409
    assert submit(client, f"/premises/doors/{ids['maple']}/retire", reason="no more") == 303
    page = shown(client, "/premises/rooms/maple-room/retire")
    assert "Permissions for this room that end: 0." in page
    assert submit(client, "/premises/rooms/maple-room/retire", reason="no more") == 303
    assert "Out of service since" in shown(client, "/premises/rooms/maple-room")
    assert "廃止" in shown(client, "/rooms/maple-room", "ja")
    assert "Request access</a>" not in shown(client, "/rooms/maple-room")
    for path in ("/rooms", "/live", "/permissions", "/premises/doors/new", "/access-levels/new", "/muster", "/plans"):
        assert "Maple" not in shown(client, path), path
    assert "Maple room (retired)" in shown(client, "/log")
    assert "Maple room (retired)" in shown(client, "/stays")
    assert submit(client, "/premises/rooms/maple-room/restore", reason="again") == 303
    assert "Maple" in shown(client, "/rooms")


def test_the_api_retires_and_restores_rooms(client: FlaskClient, house: House, ids: dict[str, int]) -> None:
    with reading(house.engine) as session:
        cedar = house.cedar(session).id
    status, told = api(client, house, "/preview/retire-area", {"area": cedar})
    assert (status, told["must_be_empty"], told["doors"]) == (200, False, [ids["cedar"], ids["cedar-back"]])
    status, told = api(client, house, f"/areas/{cedar}/retire", {"reason": "no more", "empty": True})
    assert (status, told["type"].rpartition("/")[2].rpartition(":")[2]) == (409, "doors-in-service")
    for key in ("cedar", "cedar-back"):
        assert api(client, house, f"/doors/{ids[key]}/retire", {"reason": "no more", "empty": True})[0] in (200, 409)
    status, told = api(client, house, f"/areas/{cedar}/retire", {"reason": "no more", "empty": True})
    assert (status, told["key"], told["retired_at"] is not None) == (200, "cedar-room", True)
    for asked, count in (("", 0), ("&at=2026-11-24T03:00:00Z", 1)):  # who was inside before is still answered
        path = f"/api/v1/occupancy?area={cedar}{asked}"
        assert len(client.get(path, base_url=BASE, headers=token(house, "kim")).get_json()["items"]) == count
    status, told = api(client, house, f"/areas/{cedar}/restore", {"reason": "again"})
    assert (status, told["retired_at"]) == (200, None)


def test_an_agent_is_retired_after_its_doors(client: FlaskClient, house: House, ids: dict[str, int]) -> None:
    visited(house)
    with reading(house.engine) as session:
        back = house.agent(session, "cedar-back").id
    signed_in(client, "kim")
    page = shown(client, f"/agents/{back}/retire")
    assert "This is refused while it drives doors that are in service" in page
    assert submit(client, f"/agents/{back}/retire", reason="replaced") == 409
    for key in ("cedar-back", "maple"):
        assert submit(client, f"/premises/doors/{ids[key]}/retire", reason="replaced", empty="yes") == 303
    assert "許可リストも送られません" in shown(client, f"/agents/{back}/retire", "ja")
    assert submit(client, f"/agents/{back}/retire", reason="replaced") == 303
    page = shown(client, f"/agents/{back}")
    assert "Nothing it sends is taken" in page
    assert "See what it means" not in page
    assert submit(client, f"/premises/doors/{ids['maple']}/restore", reason="again") == 409  # nobody would drive it


def test_the_api_retires_an_agent(client: FlaskClient, house: House, ids: dict[str, int]) -> None:
    with reading(house.engine) as session:
        back = house.agent(session, "cedar-back").id
    status, told = api(client, house, "/preview/retire-agent", {"agent": back}, "olu")
    assert (status, told) == (200, {"agent": back, "doors": [ids["cedar-back"], ids["maple"]], "alarms": 0})
    assert api(client, house, f"/agents/{back}/retire", {"reason": "replaced"}, "olu")[0] == 403
    assert api(client, house, f"/agents/{back}/retire", {"reason": "replaced"})[0] == 409
    for key in ("cedar-back", "maple"):
        assert api(client, house, f"/doors/{ids[key]}/retire", {"reason": "replaced", "empty": True})[0] == 200
    status, told = api(client, house, f"/agents/{back}/retire", {"reason": "replaced"})
    assert (status, told["state"]) == (200, "revoked")


def test_a_door_is_moved_and_its_page_says_how_far_it_has_come(
    client: FlaskClient, house: House, ids: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    wired = next(each for each in DOORS if each.id == "cedar-back")
    monkeypatch.setattr(doorway, "DOORS", (*DOORS, replace(wired, agent="cedar")))
    site, back = visited(house), ids["cedar-back"]
    with reading(house.engine) as session:
        front = house.agent(session).id
    signed_in(client, "kim")
    path = f"/premises/doors/{back}/move"
    assert "<code>cedar-back-in</code>" in shown(client, f"{path}?agent={front}")
    assert client.get(path, base_url=BASE).status_code == 404  # to no agent
    assert submit(client, path, agent=str(front)) == 409  # no reason
    assert submit(client, path, agent="999999", reason="replaced") == 404
    assert submit(client, path, agent=str(front), reason="replaced") == 303
    assert "moved: the former agent has not let go yet" in shown(client, f"/premises/doors/{back}")
    assert "moved: the former agent has not let go yet" in shown(client, "/live")
    assert submit(client, f"/premises/doors/{back}/let-go", reason="it is dead") == 303
    assert "移動済み: 新しいエージェントが未応答" in shown(client, f"/premises/doors/{back}", "ja")
    assert "移動済み: 新しいエージェントが未応答" in shown(client, "/live", "ja")
    for _ in range(3):
        site.talk()
    assert "moved: " not in shown(client, f"/premises/doors/{back}")
    assert "Door handed over to its new agent" in shown(client, "/reports/acts")


def test_the_api_moves_a_door(client: FlaskClient, house: House, ids: dict[str, int]) -> None:
    visited(house)
    with reading(house.engine) as session:
        front, back = house.agent(session).id, house.agent(session, "cedar-back").id
    path = f"/doors/{ids['cedar-back']}"
    wanted = {"agent": front, "reason": "replaced", "disconnected": False}
    assert api(client, house, f"{path}/move", wanted, "olu")[0] == 403
    assert api(client, house, f"{path}/move", {**wanted, "agent": back})[0] == 409
    assert api(client, house, f"{path}/move", {"agent": front, "reason": "replaced"})[0] == 422
    status, told = api(client, house, f"{path}/move", wanted)
    assert (status, told["agent"], told["moving"]) == (200, front, "leaving")
    status, told = api(client, house, f"{path}/let-go", {"reason": "it is dead"})
    assert (status, told["moving"]) == (200, "arriving")
    assert api(client, house, f"{path}/let-go", {"reason": "again"})[0] == 409
