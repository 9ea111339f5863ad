"""Wider entry into a private room, on pages and over the API: shown beforehand, kept, decided by another, told."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from controller.database import reading, transaction
from controller.people import widening
from controller.people.widening import Widening
from controller.premises import schedule as schedules
from controller.premises.calendar import HolidayRow
from tests.admin_web.conftest import BASE, field, signed_in, submit, web_now
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
    assert "Closed" in shown(client, f"/calendars/{number}?year=2026")
