"""Looking for people on the page and by the API: by POST only, the whole page or the rows alone."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

from controller.database import reading, transaction
from controller.people import cardholder, leaver
from controller.people.cardholder import Cardholder
from tests.admin_web.conftest import BASE, field, signed_in, submit, token
from tests.controller.conftest import NOW, House


def searched(client: FlaskClient, text: str, after: str = "", *, part: bool = False) -> str:
    proof = field(client.get("/cardholders", base_url=BASE).get_data(as_text=True))
    answer = client.post(
        "/cardholders/search",
        data={"q": text, "after": after, "csrf_token": proof},
        base_url=BASE,
        headers={"HX-Request": "true"} if part else {},
    )
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def names(page: str) -> list[str]:
    return re.findall(r'<a href="/cardholders/\d+"><bdi>([^<]+)</bdi>', page)


def test_what_is_typed_is_found_by_post_and_stands_in_no_address(client: FlaskClient) -> None:
    signed_in(client, "olu")
    page = searched(client, "ben")
    assert names(page) == ["Ben"]
    assert 'value="ben"' in page
    assert not re.search(r'(?:href|action)="[^"]*[?&]q=', page)
    assert names(client.get("/cardholders?q=ben", base_url=BASE).get_data(as_text=True)) == ["Ada", "Ben", "Eve"]


def test_while_typing_the_rows_alone_are_sent(client: FlaskClient) -> None:
    signed_in(client, "kim")
    part = searched(client, "1e00000003", part=True)
    assert names(part) == ["Eve"]
    assert "<html" not in part
    assert "<h1" not in part


def test_more_than_a_page_of_finds_goes_on_by_post(client: FlaskClient, house: House) -> None:
    with transaction(house.engine) as session:
        for number in range(60):
            cardholder.enrol(session, "operator:1", NOW, house.site(session), f"山田 {number}", f"y{number}", "ヤマダ")
    signed_in(client, "kim")
    first = searched(client, "yamada")
    after = re.search(r'<button name="after" value="(\d+)"', first)
    assert after is not None
    assert len(names(first)) == 50
    assert names(searched(client, "yamada", after[1])) == [f"山田 {number}" for number in range(50, 60)]


def test_a_stranger_and_a_foreign_form_find_nobody(client: FlaskClient) -> None:
    assert client.post("/cardholders/search", data={"q": "Ada"}, base_url=BASE).status_code == 400
    signed_in(client, "kim")
    assert client.post("/cardholders/search", data={"q": "Ada"}, base_url=BASE).status_code == 400


def test_the_api_searches_in_the_body_and_pages(client: FlaskClient, house: House) -> None:
    olu, path = token(house, "olu"), "/api/v1/cardholders"
    found = client.post(f"{path}/search", json={"text": "1e", "limit": 2}, base_url=BASE, headers=olu).get_json()
    assert [each["name"] for each in found["items"]] == ["Ada", "Ben"]
    body = {"text": "1e", "limit": 2, "cursor": int(found["next"])}
    found = client.post(f"{path}/search", json=body, base_url=BASE, headers=olu).get_json()
    assert ([each["name"] for each in found["items"]], found["next"]) == (["Eve"], None)
    assert client.get(f"{path}?q=Ada", base_url=BASE, headers=olu).status_code == 422


def test_a_name_is_corrected_and_a_leaving_date_said_on_the_page_and_by_the_api(
    client: FlaskClient, house: House
) -> None:
    with reading(house.engine) as session:
        ben = house.holder(session, "Ben").id
    signed_in(client, "kim")
    assert submit(client, f"/cardholders/{ben}/rename", name="高木 勉", name_kana="タカギ ベン") == 303
    assert submit(client, f"/cardholders/{ben}/leave", at="2099-03-31T17:30", reason="contract ends") == 303
    page = client.get(f"/cardholders/{ben}", base_url=BASE).get_data(as_text=True)
    assert "高木 勉" in page
    assert "2099-03-31 17:30" in page
    kim, path = token(house, "kim"), f"/api/v1/cardholders/{ben}"
    assert client.get(path, base_url=BASE, headers=kim).get_json()["leaves_at"] == "2099-03-31T08:30:00.000Z"
    assert client.post(f"{path}/leave", json={"reason": "stays"}, base_url=BASE, headers=kim).status_code == 200
    answer = client.post(f"{path}/rename", json={"name": "Ben"}, base_url=BASE, headers=kim).get_json()
    assert (answer["name"], answer["name_kana"], answer["leaves_at"]) == ("Ben", "", None)
    assert submit(client, f"/cardholders/{ben}/leave", at="1999-01-01T00:00", reason="typo") == 409
    with reading(house.engine) as session:
        assert session.get_one(Cardholder, ben).active


def candidates(page: str) -> list[str]:
    return re.findall(r'name="cardholder" value="\d+" required[^>]*> <bdi>([^<]+)</bdi>', page)


def test_the_form_of_a_request_offers_few_people_and_finds_the_others_by_post(
    client: FlaskClient, house: House
) -> None:
    with transaction(house.engine) as session:
        for number in range(1000):
            cardholder.enrol(session, "operator:1", NOW, house.site(session), f"山田 {number}", f"y{number}", "ヤマダ")
    signed_in(client, "kim")
    path = "/rooms/cedar-room/request"
    page = client.get(path, base_url=BASE).get_data(as_text=True)
    assert len(candidates(page)) == 20
    assert "Only the first 20 are shown" in page
    proof = field(page)

    def found(q: str, **more: str) -> str:
        answer = client.post(f"{path}/search", data={"q": q, "csrf_token": proof, **more}, base_url=BASE)
        return answer.get_data(as_text=True)

    assert candidates(found("yamada 999")) == ["山田 999"]
    assert candidates(found("y12")) == ["山田 12", *(f"山田 {number}" for number in range(120, 130))]
    with reading(house.engine) as session:
        ada = house.holder(session, "Ada").id
    chosen = client.get(f"{path}?cardholder={ada}", base_url=BASE).get_data(as_text=True)
    assert candidates(chosen) == ["Ada"]
    assert " checked" in chosen
    assert candidates(found("ben", cardholder=str(ada))) == ["Ada", "Ben"]  # nobody who was chosen goes away by typing
    assert "Nobody found" in found("nobody at all")


def test_nobody_who_has_left_is_offered_for_a_request(client: FlaskClient, house: House) -> None:
    with transaction(house.engine) as session:
        leaver.deactivate(session, "operator:1", NOW, house.holder(session, "Ben"), "left")
    signed_in(client, "kim")
    assert candidates(client.get("/rooms/cedar-room/request", base_url=BASE).get_data(as_text=True)) == ["Ada", "Eve"]


def test_odd_searches_for_a_request_are_refused(client: FlaskClient) -> None:
    signed_in(client, "kim")
    for path, status in (("cedar-room", 200), ("nowhere", 404), ("outside", 404)):
        assert submit(client, f"/rooms/{path}/request/search", q="ben", cardholder="99") == status
    assert submit(client, "/rooms/cedar-room/request/search", q="x" * 101) == 400
    assert submit(client, "/rooms/cedar-room/request/search", cardholder="x") == 400
    assert client.get("/rooms/cedar-room/request?cardholder=99", base_url=BASE).status_code == 404
