"""Schedules and calendars on their pages: drawn, made, changed after a preview, kept while something rests on them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from admin_web import hours
from contract.schedule import Interval
from controller.database import reading, transaction
from controller.people import hours_use
from controller.premises import calendar as calendars
from controller.premises import hours_changes, week_view
from controller.premises import schedule as schedules
from controller.premises.schedule import SchedulePlan
from controller.refusal import Refused
from tests.admin_web.conftest import BASE, signed_in, submit, web_now
from tests.admin_web.test_permission_matrix import give, sent, shown
from tests.admin_web.test_schedules_api import LAB, Call, call
from tests.controller.conftest import NOW, House

__all__ = ["call"]
LATE: dict[str, Any] = {
    "name": "Late",
    "name_ja": "遅番",
    "day-0": "22:00-06:00",
    "day-5": "00:00-24:00",
    "reason": "x",
}


def numbered(house: House, name: str) -> int:
    with reading(house.engine) as session:
        found = schedules.by_name(session, house.site(session), name)
        assert found is not None
        return found.id


def said(house: House, number: int) -> SchedulePlan:
    with reading(house.engine) as session:
        return schedules.plan_of(session, session.get_one(schedules.Schedule, number))


def test_a_schedule_is_made_and_shown_as_bars_and_in_words(client: FlaskClient, house: House) -> None:
    signed_in(client, "kim")
    dated = {"date": ["2026-12-31", ""], "date-hours": ["9:00〜12:00", "nonsense of a line without a date"]}
    sent(client, "/schedules", 303, **LATE, **{"calendar-1": "yes", "calendar-1-hours": ""}, **dated)
    number = numbered(house, "Late")
    assert said(house, number).as_object() == {
        "name": "Late",
        "name_ja": "遅番",
        "intervals": [[0, 1320, 1800], [5, 0, 1440]],
        "exceptions": {"2026-12-31": [[0, 540, 720]]},
        "calendars": [[1, []]],
    }
    text = shown(client, f"/schedules/{number}")
    assert '<rect class="day-open" x="1320" width="120" height="10"/>' in text
    assert "22:00–24:00" in text
    assert "00:00–06:00" in text
    assert "all day" in text
    assert "2026-12-31" in text
    assert "Asia/Tokyo" in text
    assert "遅番" in shown(client, "/schedules", "ja")


def test_a_change_says_whom_it_concerns_and_then_at_how_many_doors_it_is(client: FlaskClient, house: House) -> None:
    give(house, "Ben", "maple-room", hours=True)
    signed_in(client, "kim")
    with reading(house.engine) as session:
        number = schedules.offered(session, house.site(session))[0].id
    before = said(house, number)
    wanted: dict[str, Any] = {"name": "Office", "day-0": "09:00-09:15", "calendar-1": "yes", "calendar-1-hours": ""}
    text = sent(client, f"/schedules/{number}/preview", **wanted)
    assert "These people lose (1)" in text
    assert "permissions and requests: 1" in text
    assert said(house, number) == before
    data = dict(re.findall(r'type="hidden" name="((?:name|day|calendar)[\w-]*)" value="([^"]*)"', text))
    assert submit(client, f"/schedules/{number}/change", **data) == 409  # no reason
    assert submit(client, f"/schedules/{number}/change", **data, reason="less") == 303
    assert said(house, number).intervals == [Interval(0, 540, 555)]
    text = shown(client, f"/schedules/{number}")
    assert "in force at 0 of 1 doors" in text
    assert "Schedule changed" in text
    assert "less" in text


def test_a_schedule_in_use_is_not_retired_and_says_by_what(client: FlaskClient, call: Call, house: House) -> None:
    grant = give(house, "Ben", "maple-room", hours=True)
    signed_in(client, "kim")
    with reading(house.engine) as session:
        number = schedules.offered(session, house.site(session))[0].id
    text = shown(client, f"/schedules/{number}")
    assert "It cannot be retired while something rests on it: permissions and requests: 1" in text
    assert submit(client, f"/schedules/{number}/retire", reason="x") == 409
    status, told = call(f"schedules/{number}/retire", {})
    assert (status, told["type"]) == (409, "urn:sekisho:problem:schedule-in-use")
    assert "permissions: 1" in told["title"]
    uses = call(f"schedules/{number}/uses", name="olu")[1]
    assert (uses["grants"], uses["access_levels"], uses["doors"]) == ([grant], [], [])
    assert submit(client, f"/grants/{grant}/revoke", reason="gone") == 303
    assert submit(client, f"/schedules/{number}/retire", reason="no more") == 303
    assert "retired" in shown(client, f"/schedules/{number}")


def test_rules_of_rooms_and_access_levels_rest_on_schedules(call: Call, house: House) -> None:
    made = call("schedules", LAB)[1]["id"]
    room = next(each for each in call("areas")[1]["items"] if each["key"] == "maple-room")["id"]
    level = {"name": "Lab", "reason": "x", "rooms": [{"area": room, "schedule": made}]}
    number = call("access-levels", level)[1]["id"]
    assert call(f"schedules/{made}/uses")[1]["access_levels"] == [{"access_level": number, "area": room}]
    with transaction(house.engine) as session:
        row = session.get_one(schedules.Schedule, made)
        found = hours_use.uses(session, row, web_now())
        assert len(hours_use.doors_of(session, found)) == 1
        with pytest.raises(Refused, match="access_levels: 1"):
            hours_use.retire(session, "operator:1", web_now(), row)
    assert call(f"access-levels/{number}/retire", {"reason": "x"})[0] == 200
    assert call(f"schedules/{made}/retire", {"reason": "x"})[0] == 200


@pytest.mark.parametrize(
    "flaw",
    [
        {"day-0": "8-18"}, {"day-0": "08:00-18:07"}, {"day-0": "25:00-26:00"}, {"day-0": "08:00"},
        {"day-0": "24:00-08:00"},
        {"name": ""}, {"reason": ""}, {"date": "2026-13-01"}, {"date": "1999-01-01"},
        {"date": ["2026-12-31", "2026-12-31"], "date-hours": ["", ""]},
        {"calendar-1": "yes", "calendar-1-hours": "x"},
    ],
)  # fmt: skip
def test_a_form_that_means_nothing_makes_no_schedule(client: FlaskClient, house: House, flaw: dict[str, Any]) -> None:
    signed_in(client, "kim")
    sent(client, "/schedules", 409, **{**LATE, "date-hours": "", **flaw})
    with reading(house.engine) as session:
        assert schedules.by_name(session, house.site(session), "Late") is None


@pytest.mark.parametrize("text", ["08:00-18:00", "22:00-06:00, 12:00-13:15", "00:00-24:00", "06:00-06:00", ""])
def test_hours_are_typed_as_they_are_read(text: str) -> None:
    assert hours.typed(hours.read(text)) == text


def test_a_year_shows_japans_holidays_and_what_they_change(client: FlaskClient, house: House) -> None:
    signed_in(client, "olu")
    text = shown(client, "/calendars/1?year=2026")
    assert text.count('class="holiday"') == 18
    assert "憲法記念日" in shown(client, "/calendars/1?year=2026", "ja")
    assert 'method="post" action="/calendars' not in text
    for year in ("1", "2100", "99999"):
        shown(client, f"/calendars/1?year={year}")
    assert submit(client, "/calendars", name="x") == 403
    assert submit(client, "/calendars/1/days", name="x", day="2027-01-04") == 403


def test_a_calendar_of_the_sites_own_lives_on_its_page(client: FlaskClient, house: House) -> None:
    signed_in(client, "kim")
    assert submit(client, "/calendars/1/days", name="x", day="2027-01-04") == 409  # built in
    assert submit(client, "/calendars", name="Company days", name_ja="会社の休日") == 303
    with reading(house.engine) as session:
        own = calendars.of_site(session, house.site(session))[-1].id
    assert "No day in this year yet." in shown(client, f"/calendars/{own}")
    assert submit(client, f"/calendars/{own}/days", name="Founding", day="2027-13-01") == 409
    assert submit(client, f"/calendars/{own}/days", name="Founding", day="2027-01-04") == 303
    assert submit(client, "/calendars/days/1/change", name="Founding", day="2027-01-05") == 303
    sent(client, "/schedules", 303, **LATE, **{f"calendar-{own}": "yes", f"calendar-{own}-hours": ""})
    text = shown(client, f"/calendars/{own}?year=2027")
    assert "2027-01-05" in text
    assert "Late" in text
    assert submit(client, f"/calendars/{own}/remove") == 409
    with transaction(house.engine) as session:
        row = session.get_one(schedules.Schedule, numbered(house, "Late"))
        kinds = [each.kind for each in hours_changes.latest(session, row, 9)]
        assert kinds == ["schedule-made", "holiday-changed", "holiday-added"]
    assert submit(client, "/calendars/days/1/remove") == 303
    assert submit(client, f"/calendars/{own}/rename", name="Ours") == 303
    assert submit(client, f"/schedules/{numbered(house, 'Late')}/change", name="Late", reason="x") == 303
    assert submit(client, f"/calendars/{own}/remove") == 303
    assert "Ours" not in shown(client, "/calendars")


def test_days_ahead_that_differ_are_told_with_their_hours(house: House) -> None:
    with transaction(house.engine) as session:
        plan = SchedulePlan("A", "", [Interval(day, 540, 1080) for day in range(7)], {}, {1: []})
        row = schedules.make(session, "operator:1", NOW, house.site(session), plan)
        compiled = schedules.compiled(session, row, range(2026, 2028))
        today = (NOW + timedelta(days=30)).date()
        ((first, spans),) = week_view.special_days(compiled, today, 1)
        assert (first.isoformat(), spans) == ("2027-01-01", [])
        assert week_view.days(compiled)[0] == [(540, 1080)]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_pages_of_hours_are_drawn_in_both_languages(client: FlaskClient, house: House, language: str) -> None:
    signed_in(client, "kim")
    paths = ("/schedules", "/schedules/new", "/schedules/1", "/schedules/1/change", "/calendars", "/calendars/1")
    for path in paths:
        text = shown(client, path, language)
        assert "style=" not in text
    for path in ("/schedules/99", "/calendars/99", "/schedules/99/change"):
        assert client.get(path, base_url="http://127.0.0.1").status_code == 404


def test_a_schedule_that_concerns_no_door_says_nothing_of_doors(client: FlaskClient, house: House) -> None:
    signed_in(client, "kim")
    with reading(house.engine) as session:
        numbers = [each.id for each in schedules.offered(session, house.site(session))]
    for number in numbers:
        answer = client.get(f"/schedules/{number}/doors", base_url=BASE)
        assert (answer.status_code, answer.get_data(as_text=True)) == (200, "")
