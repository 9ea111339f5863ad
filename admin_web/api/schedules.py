"""Schedules: the hours that a grant may be limited to, with what is different on the days of calendars and on dates."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Response, jsonify
from sqlalchemy.orm import Session

from admin_web import guard
from admin_web.api import shapes
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import LARGEST_ID, PAGE, Field, asks, takes, text
from admin_web.api.kept import done_or_kept, may_wait
from admin_web.api.paging import cut, listed
from admin_web.centre import centre, now
from admin_web.pages import forms
from contract.schedule import Interval
from controller.delivery import distribution
from controller.people import hours_use, levers
from controller.people.access import Permission
from controller.premises import hours_changes
from controller.premises import schedule as schedules
from controller.premises.calendar import Calendar
from controller.premises.schedule import MOST_CALENDARS, MOST_EXCEPTIONS, MOST_INTERVALS, Schedule, SchedulePlan

_MINUTE: dict[str, Any] = {"type": "integer", "minimum": 0, "maximum": 2880}
_SPAN = {"type": "array", "items": _MINUTE, "minItems": 2, "maxItems": 2}
_HOURS = {"type": "array", "items": _SPAN, "maxItems": MOST_INTERVALS}
_WEEKLY = {"type": "array", "items": {"type": "array", "items": _MINUTE, "minItems": 3, "maxItems": 3}}


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("holds something that is not a whole number")
    return value


def _listed(value: Any, length: int) -> list[list[int]]:
    if not isinstance(value, list) or len(value) > MOST_INTERVALS:
        raise ValueError(f"is a list of at most {MOST_INTERVALS}")
    if not all(isinstance(each, list) and len(each) == length for each in value):
        raise ValueError("holds [weekday, start, end]" if length == 3 else "holds [start, end]")
    return [[_whole(number) for number in each] for each in value]


def _intervals(value: Any) -> list[Interval]:
    return [Interval(*each) for each in _listed(value, 3)]


def _hours(value: Any) -> list[Interval]:
    return [Interval(0, *each) for each in _listed(value, 2)]


def _exceptions(value: Any) -> dict[date, list[Interval]]:
    if not isinstance(value, dict) or len(value) > MOST_EXCEPTIONS:
        raise ValueError(f"is an object of at most {MOST_EXCEPTIONS} dates")
    return {shapes.read_day(day): _hours(hours) for day, hours in value.items()}


def _calendars(value: Any) -> dict[int, list[Interval]]:
    if not isinstance(value, list) or len(value) > MOST_CALENDARS:
        raise ValueError(f"is a list of at most {MOST_CALENDARS}")
    if not all(isinstance(each, dict) and each.keys() == {"calendar", "hours"} for each in value):
        raise ValueError("holds {calendar, hours}")
    found = {_whole(each["calendar"]): _hours(each["hours"]) for each in value}
    if len(found) != len(value):
        raise ValueError("names a calendar twice")
    return found


_ON_CALENDAR = {
    "type": "object",
    "required": ["calendar", "hours"],
    "additionalProperties": False,
    "properties": {"calendar": {"type": "integer", "minimum": 1, "maximum": LARGEST_ID}, "hours": _HOURS},
}
PLAN = {
    "name": text(120, required=True),
    "name_ja": text(120),
    "intervals": Field(_intervals, {**_WEEKLY, "maxItems": MOST_INTERVALS}, required=True),
    "exceptions": Field(_exceptions, {"type": "object", "additionalProperties": _HOURS}, absent={}),
    "calendars": Field(_calendars, {"type": "array", "items": _ON_CALENDAR, "maxItems": MOST_CALENDARS}, absent={}),
}


@blueprint.get(f"{V1}/schedules")
@guard.requires(Permission.SEE_DOORS)
@asks(**PAGE)
def list_schedules(asked: dict[str, Any]) -> Response:
    """The hours that a grant may be limited to; retired ones are no longer offered."""
    with centre().read() as session:
        found = cut(schedules.of_site(session, centre().site(session)), asked)
        plans = schedules.plans(session, found)
        return listed(found, asked, lambda row: shapes.schedule(row, plans[row.id]))


@blueprint.post(f"{V1}/schedules")
@guard.requires(Permission.CHANGE_SCHEDULES)
@takes(**PLAN, reason=text(400))
def add_schedule(given: dict[str, Any]) -> tuple[Response, int]:
    """A new schedule."""
    with centre().write() as session:
        wanted = plan(session, given)
        by, site = guard.operator().actor, centre().site(session)
        made = schedules.make(session, by, now(), site, wanted, given["reason"])
        return jsonify(_shown(session, made)), 201


@blueprint.get(f"{V1}/schedules/<int:schedule_id>")
@guard.requires(Permission.SEE_DOORS)
def get_schedule(schedule_id: int) -> Response:
    """One schedule."""
    with centre().read() as session:
        return jsonify(_shown(session, forms.row(session, Schedule, schedule_id)))


@blueprint.get(f"{V1}/schedules/<int:schedule_id>/uses")
@guard.requires(Permission.SEE_PEOPLE)
def list_uses(schedule_id: int) -> Response:
    """What rests on it, and at how many of the doors concerned its last change is in force (null: none on record)."""
    with centre().read() as session:
        row = forms.row(session, Schedule, schedule_id)
        found, last = hours_use.uses(session, row, now()), hours_changes.latest(session, row, 1)
        concerned = hours_use.doors_of(session, found)
        state = distribution.in_force_at(session, concerned, last[0].ledger_sequence) if last else None
        return jsonify({**shapes.uses(found), "in_force": shapes.in_force(state) if state else None})


@blueprint.post(f"{V1}/schedules/<int:schedule_id>/change")
@guard.requires(Permission.CHANGE_SCHEDULES)
@takes(**PLAN, reason=text(400))
@may_wait
def change_schedule(schedule_id: int, given: dict[str, Any]) -> tuple[Response, int]:
    """Let it say this and nothing else, at every door that carries it: at once, or when it is approved."""
    with centre().write() as session:
        row = forms.row(session, Schedule, schedule_id)
        wanted = levers.of_schedule(row, plan(session, given))
        return done_or_kept(session, wanted, given["reason"], lambda: _shown(session, row))


@blueprint.post(f"{V1}/schedules/<int:schedule_id>/retire")
@guard.requires(Permission.CHANGE_SCHEDULES)
@takes(reason=text(400))
def retire_schedule(schedule_id: int, given: dict[str, Any]) -> Response:
    """No longer offer it; 409 while anything rests on it."""
    with centre().write() as session:
        row = forms.row(session, Schedule, schedule_id)
        hours_use.retire(session, guard.operator().actor, now(), row, given["reason"])
        return jsonify(_shown(session, row))


def plan(session: Session, given: dict[str, Any]) -> SchedulePlan:
    """What was sent; 404 for a calendar that does not exist."""
    for key in given["calendars"]:
        forms.row(session, Calendar, key)
    return SchedulePlan(**{name: given[name] for name in PLAN})


def _shown(session: Session, row: Schedule) -> dict[str, Any]:
    return shapes.schedule(row, schedules.plan_of(session, row))
