"""Wider entry into a private room, on pages and over the API: shown beforehand, kept, decided by another, told."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from admin_web import keeping, widening_words
from controller.database import reading, transaction
from controller.people import widening
from controller.people.levers import Lever
from controller.people.widening import Widening
from controller.premises import schedule as schedules
from controller.premises.calendar import HolidayRow
from tests.admin_web.conftest import BASE, field, signed_in, submit, token, web_now
from tests.admin_web.test_schedules_api import Call, call
from tests.controller import test_widening as cases
from tests.controller.conftest import House

__all__ = ["call"]
OFFICE = [[day, 540, 1020] for day in range(5)]
LONGER = [*OFFICE, [5, 540, 720]]
SAYS: dict[str, Any] = {"name": "Office", "name_ja": "Office"}


@pytest.fixture
def office(house: House) -> int:
    """A schedule by which Ben may enter the private room."""
    with transaction(house.engine) as session:
        schedule = cases.hours(house, session)
        cases.given(house, session, schedule)
        return schedule.id


def asked(call: Call, office: int, **more: Any) -> dict[str, Any]:
    """What kim asked for."""
    status, told = call(f"schedules/{office}/change", {**SAYS, "intervals": LONGER, "reason": "shift", **more})
    assert status == 202
    return dict(told)


def shown(client: FlaskClient, path: str, language: str = "en") -> str:
    answer = client.get(path, base_url=BASE, headers={"Accept-Language": language})
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_the_api_keeps_more_hours_and_puts_less_in_force(call: Call, office: int) -> None:
    kept = asked(call, office)
    assert (kept["lever"], kept["subject"], kept["state"], kept["told"]["intervals"]) == (
        "schedule", office, "requested", LONGER,
    )  # fmt: skip
    assert call(f"schedules/{office}")[1]["intervals"] == OFFICE
    assert call("widenings?state=requested", name="olu")[1]["items"] == [kept]
    assert call(f"widenings/{kept['id']}", name="olu")[1] == {**kept, "outdated": False}
    for name, status, problem in (("kim", 409, "same-person"), ("olu", 403, None)):
        answered, told = call(f"widenings/{kept['id']}/approve", {}, name=name)
        assert answered == status
        assert problem is None or told["type"] == f"urn:sekisho:problem:{problem}"
    (refused,) = (each for each in call("changes")[1]["items"] if each["kind"] == "approval-refused")
    assert refused["subjects"]["widening"] == kept["id"]
    status, done = call(f"widenings/{kept['id']}/approve", {"note": "seen"}, name="mia")
    assert (status, done["state"], done["note"]) == (200, "approved", "seen")
    assert call(f"schedules/{office}")[1]["intervals"] == LONGER
    assert call(f"schedules/{office}/change", {**SAYS, "intervals": OFFICE[:1]})[0] == 200
    assert call("widenings?state=expired")[1]["items"] == []


def test_the_api_refuses_what_is_outdated_decided_or_without_a_reason(call: Call, office: int) -> None:
    status, told = call(f"schedules/{office}/change", {**SAYS, "intervals": LONGER})
    assert (status, told["type"]) == (409, "urn:sekisho:problem:reason-missing")
    kept, withdrawn = asked(call, office), asked(call, office, intervals=[*LONGER, [6, 0, 60]])
    assert call(f"widenings/{withdrawn['id']}/decline", {"note": "a slip"})[1]["state"] == "withdrawn"
    assert call(f"schedules/{office}/change", {**SAYS, "intervals": OFFICE[1:]})[0] == 200
    assert call(f"widenings/{kept['id']}")[1]["outdated"] is True
    status, told = call(f"widenings/{kept['id']}/approve", {}, name="mia")
    assert (status, told["type"]) == (409, "urn:sekisho:problem:widening-outdated")
    assert call(f"widenings/{kept['id']}/decline", {"note": "old"}, name="mia")[1]["state"] == "declined"
    assert call(f"widenings/{kept['id']}/approve", {}, name="mia")[0] == 409
    assert call("widenings/999999")[0] == 404


def test_the_api_keeps_a_day_that_opens(call: Call, house: House) -> None:
    with transaction(house.engine) as session:
        calendar, _ = cases.days_of(house, session)
        number = calendar.id
    day = {"day": "2026-12-30", "name": "Closed"}
    status, made = call("holidays", {"calendar": number, **day})
    assert (status, made["day"]) == (201, "2026-12-30")
    status, kept = call(f"holidays/{made['id']}/remove", {"reason": "open after all"})
    assert (status, kept["lever"]) == (202, "day-removed")
    status, kept = call(f"holidays/{made['id']}/change", {**day, "day": "2027-01-02", "reason": "moved"})
    assert (status, kept["lever"], kept["told"]["day"]) == (202, "day-changed", "2027-01-02")
    assert call(f"holidays/{made['id']}/remove", {})[0] == 409
    assert call(f"holidays/{made['id']}")[1]["day"] == "2026-12-30"


def test_openapi_says_where_a_change_may_wait(client: FlaskClient) -> None:
    paths = client.get("/api/openapi.json", base_url=BASE).get_json()["paths"]
    waits = {path for path, verbs in paths.items() for each in verbs.values() if "202" in each["responses"]}
    assert {"/api/v1/schedules/{schedule_id}/change", "/api/v1/holidays/{holiday_id}/remove"} <= waits


def test_the_page_says_beforehand_that_it_waits_and_another_approves_it(
    client: FlaskClient, house: House, office: int
) -> None:
    signed_in(client, "kim")
    form = {"name": "Office", "name_ja": "", **{f"day-{day}": "09:00-17:00" for day in range(5)}}
    more = {**form, "day-5": "09:00-12:00"}
    proof = field(shown(client, f"/schedules/{office}"))
    told = client.post(f"/schedules/{office}/preview", data={**more, "csrf_token": proof}, base_url=BASE)
    page = told.get_data(as_text=True)
    assert "It waits until another person approves it" in page
    assert "Cedar room" in page
    assert "Request this change" in page
    less = client.post(f"/schedules/{office}/preview", data={**form, "day-4": "", "csrf_token": proof}, base_url=BASE)
    assert "It is done at once." in less.get_data(as_text=True)
    sent = client.post(
        f"/schedules/{office}/change", data={**more, "reason": "shift", "csrf_token": proof}, base_url=BASE
    )
    address = sent.headers["Location"]
    assert re.fullmatch(r"/requests/wider-entry/\d+", address)
    assert "You asked for this; another person decides." in shown(client, address)
    assert submit(client, f"{address}/approve") == 409
    assert "Waiting for approval (1)" in shown(client, f"/schedules/{office}")
    assert "Waiting for approval" not in shown(client, "/schedules/1")
    assert "Wider entry (1 waiting)" in re.sub(r"\s+", " ", shown(client, "/requests"))
    signed_in(client, "mia")
    text = shown(client, address)
    for part in ("09:00-12:00", "more hours", "Permissions in force for these rooms: 1", "Ben", "Approve"):
        assert part in text
    assert "入室範囲の拡大" in shown(client, "/requests/wider-entry", "ja")
    assert submit(client, f"{address}/approve") == 303
    assert "Approved" in shown(client, address)
    with reading(house.engine) as session:
        row = session.get_one(schedules.Schedule, office)
        assert len(schedules.plan_of(session, row).intervals) == 6


def test_the_pages_tell_what_is_outdated_expired_or_withdrawn(
    client: FlaskClient, call: Call, office: int, house: House
) -> None:
    old, late = asked(call, office), asked(call, office)
    assert call(f"schedules/{office}/change", {**SAYS, "intervals": OFFICE[1:]})[0] == 200
    with transaction(house.engine) as session:
        session.get_one(Widening, late["id"]).requested_at = web_now() - widening.WAITS_FOR - timedelta(minutes=1)
    signed_in(client, "mia")
    text = shown(client, f"/requests/wider-entry/{old['id']}")
    assert "was changed since" in text
    assert "Approve<" not in text
    assert "within fourteen days" in shown(client, f"/requests/wider-entry/{late['id']}")
    assert submit(client, f"/requests/wider-entry/{old['id']}/decline", note="too late") == 303
    assert "too late" in shown(client, "/requests/wider-entry")
    assert client.get("/requests/wider-entry/99999", base_url=BASE).status_code == 404


def test_a_day_of_a_calendar_waits_on_its_page(client: FlaskClient, house: House) -> None:
    with transaction(house.engine) as session:
        calendar, _ = cases.days_of(house, session)
        number = calendar.id
    signed_in(client, "kim")
    assert "Where it widens entry into a room with personal information" in shown(client, f"/calendars/{number}")
    assert submit(client, f"/calendars/{number}/days", day="2026-12-30", name="Closed") == 303
    with reading(house.engine) as session:
        day = session.scalars(select(HolidayRow)).one().id
    assert submit(client, f"/calendars/days/{day}/remove") == 409
    assert submit(client, f"/calendars/days/{day}/remove", reason="open after all") == 303
    assert "2026-12-30 Closed" in shown(client, "/requests/wider-entry")
    assert "Waiting for approval (1)" in shown(client, f"/calendars/{number}")
    assert "Closed" in shown(client, f"/calendars/{number}?year=2026")


@pytest.fixture
def strict(house: House) -> tuple[int, int]:
    """A private room with strict rules that Ben may enter: its id, and that of its entry."""
    with transaction(house.engine) as session:
        cases.rules_of(house, session)
        return house.cedar(session).id, cases.entry(house, session).id


EASED: dict[str, tuple[str, dict[str, Any], str]] = {
    "rules of the room": ("areas/{area}/rules", {"set": {"company.size": 1}}, "area"),
    "ready-made rules": ("areas/{area}/preset", {"preset": "ordinary-room"}, "preset"),
    "rules of an entry": ("access-points/{point}/rules", {"set": {"card_again_s": 0}}, "access-point"),
    "no longer private": ("areas/{area}/private", {"private": False}, "private"),
    "other cards": ("access-points/{point}/formats", {"formats": ["serial-40", "H10301"]}, "formats"),
    "no training": ("trainings/1/require", {"area": "{area}", "required": False}, "training"),
}


@pytest.mark.parametrize("name", EASED)
def test_the_api_keeps_every_lever_of_a_private_room(call: Call, strict: tuple[int, int], name: str) -> None:
    path, body, lever = EASED[name]
    area, point = strict
    body = {key: area if value == "{area}" else value for key, value in body.items()}
    status, kept = call(path.format(area=area, point=point), {**body, "reason": "asked for"})
    assert (status, kept["lever"], kept["state"]) == (202, lever, "requested")
    assert call(f"widenings/{kept['id']}/approve", {}, name="mia")[1]["state"] == "approved"
    again, told = call(path.format(area=area, point=point), {**body, "reason": "asked for"})
    assert again == 200
    assert "lever" not in told


def test_the_api_keeps_a_pin_that_is_no_longer_asked_for(
    client: FlaskClient, house: House, strict: tuple[int, int]
) -> None:
    headers, path = token(house, "kim"), f"/api/v1/access-points/{strict[1]}/pin"
    kept = client.delete(path, base_url=BASE, headers=headers)
    assert (kept.status_code, kept.get_json()["lever"]) == (202, "pin-rule")
    less = client.put(path, json={"tries": 9}, base_url=BASE, headers=headers)
    assert less.get_json()["type"] == "urn:sekisho:problem:reason-missing"
    less = client.put(path, json={"tries": 9, "reason": "old fingers"}, base_url=BASE, headers=headers)
    assert (less.status_code, less.get_json()["told"]["rule"]["tries"]) == (202, 9)
    more = client.put(path, json={"tries": 2}, base_url=BASE, headers=headers)
    assert (more.status_code, more.get_json()["tries"]) == (200, 2)


def test_the_pages_of_rules_say_beforehand_that_it_waits(
    client: FlaskClient, house: House, strict: tuple[int, int]
) -> None:
    signed_in(client, "kim")
    area, point = strict
    for path, data, says in (
        ("/rooms/cedar-room/rules", {"of": "area", "id": str(area), "company.size": "1"}, "People needed to enter"),
        ("/rooms/cedar-room/rules", {"preset": "ordinary-room"}, "Most people inside"),
        ("/rooms/cedar-room/pin", {"of": "pin", "id": str(point), "pin.asked": "no"}, "The card alone"),
        ("/premises/rooms/cedar-room/private", {"private": "no"}, "no longer a room with personal information"),
    ):
        proof = field(shown(client, "/rooms/cedar-room/rules"))
        look = client.post(f"{path}/preview", data={**data, "csrf_token": proof}, base_url=BASE)
        text = look.get_data(as_text=True)
        assert "It waits until another person approves it" in text, path
        assert "Request this change" in text
        sent = client.post(path, data={**data, "reason": "asked for", "csrf_token": proof}, base_url=BASE)
        page = shown(client, sent.headers["Location"])
        assert "You asked for this; another person decides." in page
        assert says in page or path.endswith("pin"), path
    strict_too = {"of": "area", "id": str(area), "company.size": "3"}
    proof = field(shown(client, "/rooms/cedar-room/rules"))
    look = client.post("/rooms/cedar-room/rules/preview", data={**strict_too, "csrf_token": proof}, base_url=BASE)
    assert "It is done at once." in look.get_data(as_text=True)
    assert submit(client, f"/premises/readers/{point}/formats", formats="H10301", reason="new cards") == 303
    text = shown(client, "/requests/wider-entry")
    assert text.count('class="request"') == 5
    assert "Waiting for approval (5)" in shown(client, "/rooms/cedar-room/rules")
    assert "暗証番号の求め方の変更" in shown(client, "/requests/wider-entry", "ja")


def test_the_api_and_pages_keep_what_frees_somebody_who_may_enter(
    client: FlaskClient, call: Call, house: House, strict: tuple[int, int]
) -> None:
    del strict
    with reading(house.engine) as session:
        ben, ada = house.holder(session, "Ben").id, house.holder(session, "Ada").id
    freed = {"attribute": "override", "value": 1, "reason": "fire warden"}
    assert call(f"cardholders/{ada}/attributes", freed)[0] == 200
    status, kept = call(f"cardholders/{ben}/attributes", freed)
    assert (status, kept["lever"], kept["told"]) == (202, "attribute", {"attribute": "override", "value": 1})
    assert call(f"cardholders/{ben}/leave", {"at": "2027-03-31T08:00:00Z", "reason": "moves"})[0] == 200
    signed_in(client, "kim")
    assert submit(client, f"/cardholders/{ben}/leave", at="2027-04-30T17:00", reason="stays a month") == 303
    signed_in(client, "mia")
    text = shown(client, "/requests/wider-entry")
    for part in ("Enters in lockdown: 1", "Somebody stays longer", "2027-04-30 17:00", "Ben"):
        assert part in text
    assert "Ben" in shown(client, f"/requests/wider-entry/{kept['id']}", "ja")
    (row,) = (each for each in call("changes")[1]["items"] if each["subjects"].get("widening") == kept["id"])
    assert (row["subjects"]["cardholder"], row["reason"]) == (ben, "fire warden")
    assert "override" not in str(row["content"])


def test_every_lever_is_told_in_both_languages() -> None:
    assert widening_words.ABOUT.keys() == set(Lever)


PULLED = (
    "schedules.change(", "calendars.add_day(", "calendars.change_day(", "calendars.remove_day(",
    "room_rules.change_", "room_rules.apply_preset(", "room_rules.mark_private(", "pin_rule.ask",
    "doors.change_formats(", "trainings.require(",
    "trainings.complete(",
    "attribution.change(", "leaver.leave(", "setting_up.add_door(", "setting_up.add_reader(",
)  # fmt: skip


def test_no_page_or_route_gets_round_the_second_person() -> None:
    for file in Path(keeping.__file__).parent.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        assert [verb for verb in PULLED if verb in text] == [], file
