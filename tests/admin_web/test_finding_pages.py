"""Refusals and anomalies are judged on a page and by the API, several at once, by whoever may."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from controller.record.finding import What
from door_agent.events import Level
from tests.admin_web.conftest import BASE, signed_in, submit, token
from tests.controller.conftest import House
from tests.controller.doorway import Site, visited

SINCE = "since=2026-11-01"


@pytest.fixture
def site(house: House) -> Site:
    """After Ben was refused, Eve too, and a door was forced."""
    made = visited(house)
    made.doors["cedar"].card("cedar-in", "Eve")
    made.doors["cedar"].mono += 60
    made.doors["cedar"].feed(Level("cedar", "contact", True))
    made.doors["cedar"].feed(Level("cedar", "contact", False))
    made.talk()
    return made


def text(client: FlaskClient, path: str, language: str = "en") -> str:
    answer = client.get(path, base_url=BASE, headers={"Accept-Language": language})
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True)


def ticked(page: str) -> list[int]:
    return [int(each) for each in re.findall(r'name="finding" value="(\d+)"', page)]


def posted(client: FlaskClient, path: str, data: dict[str, Any]) -> Any:
    page = text(client, "/findings")
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return client.post(path, data={**data, "csrf_token": found[1]}, base_url=BASE)


def test_several_are_judged_at_once_and_the_list_says_what_was_done(client: FlaskClient, site: Site) -> None:
    signed_in(client, "olu")
    page = text(client, f"/findings?{SINCE}")
    places = ticked(page)
    assert len(places) == 2
    answer = posted(client, f"/findings/judge?{SINCE}", {"finding": places, "as": "follow-up", "note": "ask them"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/findings?{SINCE}&judged=2"
    shown = text(client, answer.headers["Location"])
    assert "2 judged" in shown
    assert ticked(shown) == []  # nothing is open any more
    shown = text(client, f"/findings?{SINCE}&disposition=follow-up")
    assert ticked(shown) == places
    assert shown.count("ask them") == 2
    assert "要確認" in text(client, f"/findings?{SINCE}&disposition=all", "ja")
    report = text(client, f"/reports/refusals?{SINCE}&disposition=follow-up")
    assert report.count('class="mark-follow-up"') == 2
    assert 'class="mark-' not in text(client, f"/reports/refusals?{SINCE}&disposition=breach")
    assert "ask them" in text(client, "/reports/acts?act=findings-judged")


def test_one_is_judged_on_its_own_page_which_keeps_what_was_said_before(client: FlaskClient, site: Site) -> None:
    signed_in(client, "kim")
    place = ticked(text(client, f"/findings?{SINCE}"))[0]
    for said in ("mistake", "explained"):
        data = {"finding": place, "as": said, "note": f"it was a {said}", "back": "one"}
        answer = posted(client, "/findings/judge", data)
        assert answer.headers["Location"] == f"/log/{place}#judged"
    page = text(client, f"/log/{place}")
    assert page.index("it was a explained") < page.index("it was a mistake") < page.index("(replaced)")


def test_alarms_and_inferred_stays_are_listed_with_what_they_are(client: FlaskClient, site: Site) -> None:
    signed_in(client, "olu")
    assert "Door forced open" in text(client, f"/findings?what=alarm&{SINCE}")
    assert text(client, f"/reports/alarms?{SINCE}").count('class="mark-open"') >= 1
    assert "Inferred stays" in text(client, f"/findings?what=inferred&{SINCE}")


def test_a_malformed_judgement_is_refused(client: FlaskClient, site: Site) -> None:
    signed_in(client, "olu")
    place = ticked(text(client, f"/findings?{SINCE}"))[0]
    for data, status in (
        ({"finding": place, "as": "fine", "note": "x"}, 400),
        ({"finding": "x", "as": "mistake", "note": "x"}, 400),
        ({"finding": place, "as": "mistake", "note": " "}, 409),
        ({"finding": 1, "as": "mistake", "note": "x"}, 409),
        ({"as": "mistake", "note": "x"}, 409),
        ({"finding": list(range(1, 300)), "as": "mistake", "note": "x"}, 409),
        ({"finding": place, "as": "mistake", "note": "a\x1b[31m"}, 400),
    ):
        assert posted(client, "/findings/judge", data).status_code == status, data
    assert len(ticked(text(client, f"/findings?{SINCE}"))) == 2


def test_the_api_lists_and_judges_as_the_page_does(client: FlaskClient, house: House, site: Site) -> None:
    olu, kim = token(house, "olu"), token(house, "kim")
    found = client.get("/api/v1/findings?limit=1", base_url=BASE, headers=olu).get_json()
    [first] = found["items"]
    assert (first["event"]["cardholder_name"], first["disposition"], first["judged"]) == ("Eve", "open", None)
    rest = client.get(f"/api/v1/findings?cursor={found['next']}", base_url=BASE, headers=olu).get_json()
    assert [each["event"]["cardholder_name"] for each in rest["items"]] == ["Ben"]
    body = {"findings": [first["id"]], "disposition": "breach", "note": "she knew"}
    answer = client.post("/api/v1/findings/judge", json=body, base_url=BASE, headers=olu)
    assert (answer.status_code, answer.get_json()["judged"]) == (200, [first["id"]])
    refused = client.post("/api/v1/findings/judge", json=body, base_url=BASE, headers=kim)
    assert (refused.status_code, refused.get_json()["type"]) == (409, "urn:sekisho:problem:auditor-said")
    [again] = client.get("/api/v1/findings?disposition=breach", base_url=BASE, headers=kim).get_json()["items"]
    assert (again["judged"]["note"], again["judged"]["by_auditor"]) == ("she knew", True)
    for what in What:
        answer = client.get(f"/api/v1/findings?what={what}&area=3&door=1&cardholder=1", base_url=BASE, headers=olu)
        assert answer.status_code == 200
    for flawed in ({**body, "findings": [0]}, {**body, "findings": ["1"]}, {**body, "findings": []},
                   {**body, "disposition": "fine"}, {**body, "note": ""} | {"note": None}):  # fmt: skip
        assert client.post("/api/v1/findings/judge", json=flawed, base_url=BASE, headers=olu).status_code == 422


def test_a_judgement_asks_for_its_permission(client: FlaskClient, site: Site) -> None:
    assert client.post("/api/v1/findings/judge", json={}, base_url=BASE).status_code == 401
    signed_in(client, "kim")
    assert submit(client, "/findings/judge", finding="1") == 400
