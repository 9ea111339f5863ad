"""Schedules, calendars and holidays over the API: made, changed, ended, and refused when they mean nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.admin_web.conftest import BASE, token
from tests.controller.conftest import House

Call = Callable[..., tuple[int, Any]]
LAB: dict[str, Any] = {"name": "Lab", "intervals": [[4, 1320, 1800]], "exceptions": {"2026-12-31": [[600, 720]]}}


@pytest.fixture
def call(client: FlaskClient, house: House) -> Call:
    """Ask as kim, a security admin, unless told otherwise; the status and what was answered."""
    known: dict[str, dict[str, str]] = {}

    def ask(path: str, body: object = None, name: str = "kim") -> tuple[int, Any]:
        headers = known.setdefault(name, token(house, name))
        url = f"/api/v1/{path}"
        if body is None:
            answer = client.get(url, base_url=BASE, headers=headers)
        else:
            answer = client.post(url, json=body, base_url=BASE, headers=headers)
        return answer.status_code, answer.get_json()

    return ask


def test_a_schedule_over_midnight_with_calendars_is_made_read_changed_and_retired(call: Call) -> None:
    _status, calendars = call("calendars")
    japan = calendars["items"][0]["id"]
    on_holidays = [{"calendar": japan, "hours": [[600, 960]]}]
    status, made = call("schedules", {**LAB, "calendars": on_holidays})
    assert status == 201
    assert made == {"id": made["id"], "name_ja": "Lab", "calendars": on_holidays, "retired_at": None, **LAB}
    assert call(f"schedules/{made['id']}") == (200, made)
    assert made in call("schedules", name="olu")[1]["items"]
    status, changed = call(f"schedules/{made['id']}/change", {"name": "Lab", "name_ja": "研究室", "intervals": []})
    assert (status, changed["name_ja"], changed["exceptions"], changed["calendars"]) == (200, "研究室", {}, [])
    status, retired = call(f"schedules/{made['id']}/retire", {})
    assert (status, retired["retired_at"] is None) == (200, False)
    assert call(f"schedules/{made['id']}/retire", {})[0] == 409


def test_the_public_holidays_of_a_year_are_listed_in_both_languages(call: Call) -> None:
    _status, found = call("holidays?calendar=1&year=2026&limit=10", name="olu")
    _status, rest = call(f"holidays?calendar=1&year=2026&limit=10&cursor={found['next']}", name="olu")
    days = {each["day"]: (each["id"], each["name"], each["name_ja"]) for each in (*found["items"], *rest["items"])}
    assert (len(days), rest["next"]) == (18, None)
    assert days["2026-05-06"] == (None, "Substitute holiday for Constitution Day", "憲法記念日 振替休日")
    assert days["2026-09-22"] == (None, "Citizens' Holiday", "国民の休日")


def test_without_a_year_the_days_are_those_that_the_doors_know(call: Call) -> None:
    _status, found = call("holidays?calendar=1&limit=200")
    assert len({each["day"][:4] for each in found["items"]}) == 4


@pytest.mark.parametrize("year", ["1999", "2100", "2026.0", "x", "99999999999999999999"])
def test_a_year_that_is_none_is_refused_or_empty(call: Call, year: str) -> None:
    status, found = call(f"holidays?calendar=1&year={year}")
    assert status == 422 or found["items"] == []


def test_a_calendar_of_the_sites_own_is_kept_day_by_day(call: Call) -> None:
    status, own = call("calendars", {"name": "Company days", "name_ja": "会社の休日"})
    assert (status, own["built_in"]) == (201, None)
    status, day = call("holidays", {"calendar": own["id"], "day": "2026-12-29", "name": "Closed"})
    assert (status, day["day"], day["name_ja"]) == (201, "2026-12-29", "Closed")
    assert call("holidays", {"calendar": own["id"], "day": "2026-12-29", "name": "Twice"})[0] == 409
    status, moved = call(f"holidays/{day['id']}/change", {"day": "2026-12-30", "name": "Closed"})
    assert (status, moved["day"]) == (200, "2026-12-30")
    assert call(f"holidays/{day['id']}") == (200, moved)
    assert call(f"holidays?calendar={own['id']}")[1]["items"] == [moved]
    assert call(f"holidays/{day['id']}/remove", {})[0] == 200
    assert call(f"holidays/{day['id']}")[0] == 404
    assert call(f"calendars/{own['id']}/change", {"name": "Ours"})[1]["name"] == "Ours"
    assert call(f"calendars/{own['id']}/remove", {})[0] == 200
    assert call(f"calendars/{own['id']}")[0] == 404


def test_the_built_in_calendar_and_one_in_use_stay(call: Call) -> None:
    _status, own = call("calendars", {"name": "Company days"})
    call("schedules", {**LAB, "calendars": [{"calendar": own["id"], "hours": []}]})
    for path, body, kind in (
        ("calendars/1/remove", {}, "calendar-fixed"),
        ("calendars/1/change", {"name": "Ours"}, "calendar-fixed"),
        ("holidays", {"calendar": 1, "day": "2026-12-29", "name": "x"}, "calendar-fixed"),
        (f"calendars/{own['id']}/remove", {}, "calendar-in-use"),
    ):
        status, told = call(path, body)
        assert (status, told["type"]) == (409, f"urn:sekisho:problem:{kind}")


def test_an_auditor_sees_schedules_and_changes_none(call: Call) -> None:
    for path in ("schedules", "schedules/1/change", "schedules/1/retire", "calendars", "calendars/1/change"):
        assert call(path, LAB, name="olu")[0] == 403
    for path in ("calendars/1/remove", "holidays", "holidays/1/change", "holidays/1/remove"):
        assert call(path, {}, name="olu")[0] == 403


@pytest.mark.parametrize(
    "change",
    [
        {"intervals": None},
        {"intervals": {}},
        {"intervals": [[0, 540]]},
        {"intervals": [[0, 540, 541]]},
        {"intervals": [[7, 0, 15]]},
        {"intervals": [[0, 0, 1455]]},
        {"intervals": [[0, 1440, 1455]]},
        {"intervals": [[0, "540", 600]]},
        {"intervals": [[0, True, 600]]},
        {"intervals": [[0, 540.0, 600]]},
        {"intervals": [[0, 0, 15]] * 201},
        {"exceptions": []},
        {"exceptions": {"2026-02-30": []}},
        {"exceptions": {"20261231": []}},
        {"exceptions": {"2026-12-31": [[0, 540, 600]]}},
        {"exceptions": {"2026-12-31": None}},
        {"calendars": {"1": []}},
        {"calendars": [{"calendar": 1}]},
        {"calendars": [{"calendar": 1, "hours": [], "open": True}]},
        {"calendars": [{"calendar": True, "hours": []}]},
        {"calendars": [{"calendar": 1, "hours": []}, {"calendar": 1, "hours": []}]},
        {"calendars": [7]},
        {"name": 7},
        {"holidays": []},
    ],
)
def test_a_schedule_that_means_nothing_is_refused_with_the_field(call: Call, change: dict[str, Any]) -> None:
    status, told = call("schedules", {**LAB, **change})
    assert status == 422
    assert [each["field"] for each in told["errors"]] == list(change)


@pytest.mark.parametrize("calendar", [0, -1, 999, 2**40, 2**70])
def test_a_calendar_that_does_not_exist_is_not_found(call: Call, calendar: int) -> None:
    assert call("schedules", {**LAB, "calendars": [{"calendar": calendar, "hours": []}]})[0] == 404


@pytest.mark.parametrize("day", ["2026-02-30", "20261231", "31.12.2026", "", None, 7, "2026-W53-4"])
def test_a_day_that_is_none_is_refused(call: Call, day: object) -> None:
    assert call("holidays", {"calendar": 1, "day": day, "name": "x"})[0] == 422
