"""Access levels over the API: their whole life, previews, who may, and at how many doors."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from admin_web.shown import utc
from tests.admin_web.conftest import web_now
from tests.admin_web.test_schedules_api import Call, call
from tests.controller.conftest import House

__all__ = ["call"]
CLEANING: dict[str, Any] = {"name": "Cleaning", "name_ja": "清掃", "reason": "cleaners"}


def ids(call: Call) -> dict[str, int]:
    return {each["key"]: each["id"] for each in call("areas")[1]["items"]}


def rooms(call: Call, *keys: str, schedule: int | None = None) -> list[dict[str, Any]]:
    known = ids(call)
    return sorted(({"area": known[key], "schedule": schedule} for key in keys), key=lambda each: each["area"])


def given(call: Call, level: int) -> dict[str, Any]:
    """The level for Ben, in force."""
    ends = utc(web_now() + timedelta(days=100))
    wish = {"cardholder": 2, "access_level": level, "reason": "cleans", "valid_until": ends}
    status, asked = call("grants", wish)
    assert (status, asked["area"], asked["access_level"]) == (201, None, level)
    status, approved = call(f"grants/{asked['id']}/approve", {"note": ""}, name="mia")
    assert (status, approved["state"]) == (200, "approved")
    return dict(approved)


def test_a_level_is_made_given_widened_by_two_people_and_retired(call: Call) -> None:
    hours = call("schedules")[1]["items"][0]["id"]
    status, made = call("access-levels", {**CLEANING, "rooms": rooms(call, "maple-room", schedule=hours)})
    assert (status, made["name_ja"], made["holders"]) == (201, "清掃", 0)
    grant = given(call, made["id"])
    assert call(f"grants?access_level={made['id']}")[1]["items"] == [grant]
    wider = {**CLEANING, "rooms": rooms(call, "maple-room", "cedar-room", schedule=hours)}
    status, asked = call(f"access-levels/{made['id']}/change", wider)
    assert (status, asked["state"], asked["rooms"]) == (200, "requested", wider["rooms"])
    assert call("access-level-changes?state=requested", name="olu")[1]["items"] == [asked]
    status, told = call(f"access-level-changes/{asked['id']}/approve", {"note": ""})
    assert (status, told["type"]) == (409, "urn:sekisho:problem:same-person")
    (refused,) = (each for each in call("changes")[1]["items"] if each["kind"] == "approval-refused")
    assert refused["subjects"]["access_level_change"] == asked["id"]
    status, approved = call(f"access-level-changes/{asked['id']}/approve", {"note": "seen"}, name="mia")
    assert (status, approved["state"]) == (200, "approved")
    shown = call(f"access-levels/{made['id']}")[1]
    assert (shown["rooms"], shown["holders"]) == (wider["rooms"], 1)
    assert shown["in_force"] == {"doors": 0, "concerned": 3, "after_s": None}
    assert call(f"grants/{grant['id']}")[1]["in_force"]["concerned"] == 3
    status, retired = call(f"access-levels/{made['id']}/retire", {"reason": "over"})
    assert (status, retired["retired_at"] is None, retired["holders"]) == (200, False, 0)
    assert call(f"grants/{grant['id']}")[1]["state"] == "revoked"
    assert call("grants", {"cardholder": 1, "access_level": made["id"], "reason": "x"})[0] == 409


def test_previews_of_a_level_say_who_gains_and_who_loses(call: Call) -> None:
    made = call("access-levels", {**CLEANING, "rooms": rooms(call, "maple-room")})[1]["id"]
    ask = {"cardholder": 2, "access_level": made}
    assert [each["area"] for each in call("preview/grant", ask, name="olu")[1]["gains"]] == ["maple-room"]
    given(call, made)
    other = call("preview/access-level", {"access_level": made, "rooms": rooms(call, "cedar-room")}, name="olu")[1]
    assert [each["area"] for each in other["gains"]] == ["cedar-room"]
    assert [each["area"] for each in other["loses"]] == ["maple-room"]
    over = call("preview/access-level", {"access_level": made}, name="olu")[1]
    assert [each["cardholder_name"] for each in over["loses"]] == ["Ben"]
    assert call("access-level-changes")[1]["items"] == []


def test_a_change_is_declined_or_withdrawn_with_a_reason(call: Call) -> None:
    made = call("access-levels", {**CLEANING, "rooms": rooms(call, "maple-room")})[1]["id"]
    given(call, made)
    wider = {**CLEANING, "rooms": rooms(call, "maple-room", "cedar-room")}
    for name, state in (("mia", "declined"), ("kim", "withdrawn")):
        asked = call(f"access-levels/{made}/change", wider)[1]["id"]
        assert call(f"access-level-changes/{asked}/decline", {}, name=name)[0] == 422
        assert call(f"access-level-changes/{asked}/decline", {"note": "no"}, name=name)[1]["state"] == state
        assert call(f"access-level-changes/{asked}")[1]["in_force"]["doors"] == 0


def test_an_auditor_sees_levels_and_changes_none(call: Call) -> None:
    made = call("access-levels", {**CLEANING, "rooms": rooms(call, "maple-room")})[1]["id"]
    assert call("access-levels", name="olu")[1]["items"][0]["id"] == made
    body = {**CLEANING, "rooms": rooms(call, "cedar-room")}
    for path in ("access-levels", f"access-levels/{made}/change"):
        assert call(path, body, name="olu")[0] == 403
    for path in (f"access-levels/{made}/retire", "access-level-changes/1/approve", "access-level-changes/1/decline"):
        assert call(path, {"reason": "x"}, name="olu")[0] == 403


@pytest.mark.parametrize(
    "told",
    [
        None, [], {}, [7], [{}], [{"area": 3, "hours": 1}], [{"area": "3"}], [{"area": True}], [{"area": 3.0}],
        [{"area": 3, "schedule": "1"}], [{"area": 3}, {"area": 3}], [{"area": 3}] * 201,
    ],
)  # fmt: skip
def test_rooms_that_mean_nothing_are_refused_with_the_field(call: Call, told: object) -> None:
    status, answer = call("access-levels", {**CLEANING, "rooms": told})
    assert (status, [each["field"] for each in answer["errors"]]) == (422, ["rooms"])


@pytest.mark.parametrize("told", [{"area": 0}, {"area": -1}, {"area": 2**70}, {"area": 3, "schedule": 2**40}])
def test_a_room_or_schedule_that_does_not_exist_is_not_found(call: Call, told: dict[str, int]) -> None:
    assert call("access-levels", {**CLEANING, "rooms": [told]})[0] == 404


@pytest.mark.parametrize("which", [{}, {"area": 3, "access_level": 1}])
def test_a_grant_names_one_room_or_one_level(call: Call, which: dict[str, int]) -> None:
    assert call("grants", {"cardholder": 2, "reason": "x", **which})[0] == 422
    assert call("preview/grant", {"cardholder": 2, **which})[0] == 422


def test_the_preview_of_a_schedule_says_who_loses(call: Call, client: FlaskClient, house: House) -> None:
    hours = call("schedules")[1]["items"][0]
    made = call("access-levels", {**CLEANING, "rooms": rooms(call, "maple-room", schedule=hours["id"])})[1]["id"]
    given(call, made)
    body = {"schedule": hours["id"], "name": hours["name"], "intervals": []}
    told = call("preview/schedule", body, name="olu")[1]
    assert [each["cardholder_name"] for each in told["loses"]] == ["Ben"]
    assert call(f"schedules/{hours['id']}")[1] == hours
