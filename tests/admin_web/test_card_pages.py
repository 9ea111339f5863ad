"""Cards on their pages and by the API: handed out, called back, counted, lost with its doors, replaced, enrolled."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from controller.database import reading, transaction
from controller.people import access_level as levels
from controller.people import credential, custody, leaver, level_change, permission
from controller.people.access_level import LevelPlan
from controller.people.card_state import Act
from controller.people.credential import Credential
from controller.people.custody import Due
from controller.people.permission import Wish
from tests.admin_web.conftest import BASE, signed_in, submit
from tests.admin_web.test_people_api import get, ids, post
from tests.controller.conftest import NOW, House
from tests.controller.doorway import Site, joined


def seen(client: FlaskClient, path: str) -> str:
    answer = client.get(path, base_url=BASE)
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True)


def permitted(house: House, name: str = "Ada") -> None:
    """They may enter the Cedar room, from long ago."""
    with transaction(house.engine) as session:
        wish = Wish(house.holder(session, name), house.cedar(session), NOW, None, "works there")
        asked = permission.request(session, house.operator(session, "kim"), NOW, wish)
        permission.approve(session, house.operator(session, "mia"), NOW, asked, lambda *_: None)


def test_a_card_is_handed_out_on_its_page_and_called_back_from_the_list(client: FlaskClient, house: House) -> None:
    holder, card = ids(house)
    signed_in(client, "kim")
    assert "cannot be handed out" in seen(client, f"/cards/{card}")
    assert submit(client, f"/cards/{card}/hand-out", acknowledged="yes") == 409
    permitted(house)
    assert f"/cards/{card}/hand-out" in seen(client, "/cards?due=hand-out")
    assert submit(client, f"/cards/{card}/hand-out") == 409
    assert submit(client, f"/cards/{card}/hand-out", acknowledged="yes") == 303
    assert "mark-holder" in seen(client, f"/cardholders/{holder}")
    with transaction(house.engine) as session:
        leaver.deactivate(session, "operator:1", NOW, house.holder(session, "Ada"), "left")
    assert f"/cards/{card}/return" in seen(client, "/cards")
    assert submit(client, f"/cards/{card}/return", reason="brought back") == 303
    assert f"/cards/{card}/return" not in seen(client, "/cards")


def test_the_api_hands_out_lists_and_counts(client: FlaskClient, house: House) -> None:
    _, card = ids(house)
    path = f"/credentials/{card}/hand-out"
    assert post(client, house, path, {"acknowledged": True})[1]["type"].endswith(":permission-missing")
    permitted(house)
    assert post(client, house, path, {"acknowledged": False})[1]["type"].endswith(":acknowledgement-missing")
    assert card in [each["id"] for each in get(client, house, "/custody?due=hand-out")["items"]]
    assert post(client, house, path, {"acknowledged": True}, "olu")[0] == 403
    status, shown = post(client, house, path, {"acknowledged": True})
    assert (status, shown["place"]) == (200, "holder")
    assert card not in [each["id"] for each in get(client, house, "/custody?due=hand-out")["items"]]
    others = [ids(house, name)[1] for name in ("Ben", "Eve")]
    assert post(client, house, "/custody/count", {"seen": [others[0]]})[1] == {"missed": [others[1]]}
    assert post(client, house, "/custody/count", {"seen": [card]})[1]["type"].endswith(":count-wrong")
    for wrong in ([], [True], ["1"], [0], [2**40]):
        assert post(client, house, "/custody/count", {"seen": wrong})[0] in (400, 422)
    assert client.get("/api/v1/custody", base_url=BASE).status_code == 401


def test_what_a_count_did_not_see_is_told_on_its_page(client: FlaskClient, house: House) -> None:
    cards = {name: ids(house, name)[1] for name in ("Ada", "Ben", "Eve")}
    signed_in(client, "kim")
    page = seen(client, "/cards/count")
    assert set(re.findall(r'name="seen" value="(\d+)"', page)) == {str(each) for each in cards.values()}
    proof = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert proof is not None
    told = {"seen": [str(cards["Ada"]), str(cards["Ben"])], "csrf_token": proof[1]}
    answer = client.post("/cards/count", data=told, base_url=BASE)
    assert answer.status_code == 200
    assert f'href="/cards/{cards["Eve"]}"' in answer.get_data(as_text=True)
    assert f'href="/cards/{cards["Ada"]}"' not in answer.get_data(as_text=True)
    counted_on = re.search(r'href="(/cards/count\?begun=[^"]+)"', answer.get_data(as_text=True))
    assert counted_on is not None
    left = re.findall(r'name="seen" value="(\d+)"', seen(client, counted_on[1]))
    assert left == [str(cards["Eve"])], "what this count has seen is not asked for again"
    assert submit(client, "/cards/count", seen="1e3") == 400
    assert submit(client, "/cards/count?begun=soon", seen="1") == 400


def test_a_lost_card_has_a_tick_at_each_door_that_knows(house: House, client: FlaskClient) -> None:
    """From one click on the person's page to the doors' own lists."""
    site: Site = joined(house)
    site.grant("Ada")
    site.talk()
    holder, card = ids(house)
    signed_in(client, "kim")
    assert f"/cards/{card}/lost" in seen(client, f"/cardholders/{holder}")
    assert submit(client, f"/cards/{card}/lost", reason="Reported lost") == 303
    assert "not yet" in seen(client, f"/cards/{card}")
    site.talk()
    page = seen(client, f"/cards/{card}/doors")
    assert "not yet" not in page
    assert "in-force good" in page


@pytest.mark.parametrize("name", ["kim", "olu"])
def test_only_who_may_change_people_sees_the_acts(client: FlaskClient, house: House, name: str) -> None:
    _, card = ids(house)
    signed_in(client, name)
    assert (f"/cards/{card}/lost" in seen(client, f"/cards/{card}")) == (name == "kim")
    assert client.get("/cards/count", base_url=BASE).status_code == (200 if name == "kim" else 403)


def test_a_card_is_replaced_by_one_that_was_just_presented(client: FlaskClient, house: House) -> None:
    _, card = ids(house)
    signed_in(client, "kim")
    told = {"typed": "serial-hex:40:1e000000aa", "reason": "worn", "label": ""}
    assert submit(client, f"/cards/{card}/replace", **told) == 303
    assert submit(client, f"/cards/{card}/replace", **told) == 409
    with reading(house.engine) as session:
        old = session.get_one(credential.Credential, card)
        new = credential.replacement(session, old)
        assert new is not None
        assert new.label == old.label
    page = seen(client, f"/cards/{card}")
    assert f'href="/cards/{new.id}"' in page
    assert "mark-superseded" in page


def test_counts_name_no_more_than_there_is(house: House) -> None:
    with reading(house.engine) as session:
        counts = custody.due_counts(session, house.site(session), NOW)
        assert counts == {Due.CALL_BACK: 0, Due.HAND_OUT: 0, Due.WAIT: 3}


def test_a_card_names_the_doors_that_its_holder_may_pass_by_an_access_level(client: FlaskClient, house: House) -> None:
    _, card = ids(house)
    with transaction(house.engine) as session:
        kim, mia, site = house.operator(session, "kim"), house.operator(session, "mia"), house.site(session)
        plan = LevelPlan("Cleaning", "清掃", {house.cedar(session).id: None})
        opening = levels.opening(session, level_change.make(session, kim, NOW, site, plan, "cleaners"))
        asked = permission.request(session, kim, NOW, Wish(house.holder(session, "Ada"), opening, NOW, None, "cleans"))
        permission.approve(session, mia, NOW, asked, lambda *_: None)
        row = session.get_one(Credential, card)
        credential.turn(session, "operator:1", NOW, row, Act.SUSPEND, "left at home", lambda *_: None)
    signed_in(client, "olu")
    assert seen(client, f"/cards/{card}/doors").count('class="in-force"') == 2
