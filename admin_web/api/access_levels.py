"""Access levels: named sets of rooms, each with hours. What adds to one waits for another person."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin_web import guard
from admin_web.api import shapes
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import LARGEST_ID, PAGE, asks, one_of, row_id, rows, takes, text
from admin_web.api.paging import cut, limit, listed
from admin_web.approving import approved_change
from admin_web.centre import centre, now
from admin_web.pages import forms
from controller.delivery import granted
from controller.delivery.compiling import all_must_fit
from controller.people import access_level as levels
from controller.people import level_change
from controller.people import permission as permissions
from controller.people.access import Permission
from controller.people.access_level import AccessLevel, LevelPlan
from controller.people.level_change import AccessLevelChange, ChangeState
from controller.premises.area import Area
from controller.premises.schedule import Schedule

_REASON = text(400, required=True)
_ID = {"type": "integer", "minimum": 1, "maximum": LARGEST_ID}
_ROOM = {
    "type": "object",
    "required": ["area"],
    "additionalProperties": False,
    "properties": {"area": _ID, "schedule": {"anyOf": [_ID, {"type": "null"}]}},
}


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("names areas and schedules by their ids")
    return value


def _rooms(told: list[Any]) -> dict[int, int | None]:
    if not all(isinstance(each, dict) and {"area"} <= each.keys() <= {"area", "schedule"} for each in told):
        raise ValueError("holds {area, schedule}")
    hours = [(_whole(each["area"]), each.get("schedule")) for each in told]
    found = {area: None if schedule is None else _whole(schedule) for area, schedule in hours}
    if len(found) != len(told):
        raise ValueError("names an area twice")
    return found


PLAN = {"name": text(120, required=True), "name_ja": text(120), "rooms": rows(_ROOM, _rooms)}


def plan(session: Session, given: dict[str, Any]) -> LevelPlan:
    """What was sent; 404 for a room or a schedule that does not exist."""
    for area, schedule in given["rooms"].items():
        forms.row(session, Area, area)
        if schedule is not None:
            forms.row(session, Schedule, schedule)
    return LevelPlan(given["name"], given["name_ja"], given["rooms"])


@blueprint.get(f"{V1}/access-levels")
@guard.requires(Permission.SEE_PEOPLE)
@asks(**PAGE)
def list_access_levels(asked: dict[str, Any]) -> Response:
    """Named sets of rooms that a cardholder may be given; retired ones open nothing."""
    with centre().read() as session:
        found = cut(levels.of_site(session, centre().site(session)), asked)
        plans = levels.plans(session, [each.id for each in found])
        holders = permissions.counts_by_level(session, now())
        return listed(found, asked, lambda row: shapes.access_level(row, plans[row.id], holders.get(row.id, 0)))


@blueprint.post(f"{V1}/access-levels")
@guard.requires(Permission.CHANGE_LEVELS)
@takes(**PLAN, reason=_REASON)
def add_access_level(given: dict[str, Any]) -> tuple[Response, int]:
    """A new access level; it opens nothing before somebody is given it."""
    with centre().write() as session:
        wanted, site = plan(session, given), centre().site(session)
        made = level_change.make(session, guard.operator(), now(), site, wanted, given["reason"])
        return jsonify(_shown(session, made)), 201


@blueprint.get(f"{V1}/access-levels/<int:level_id>")
@guard.requires(Permission.SEE_PEOPLE)
def get_access_level(level_id: int) -> Response:
    """One access level, and at how many doors its last change is in force; its holders are its grants."""
    with centre().read() as session:
        row = forms.row(session, AccessLevel, level_id)
        state = granted.level_in_force(session, row, row.ledger_sequence)
        return jsonify({**_shown(session, row), "in_force": shapes.in_force(state)})


@blueprint.post(f"{V1}/access-levels/<int:level_id>/change")
@guard.requires(Permission.CHANGE_LEVELS)
@takes(**PLAN, reason=_REASON)
def change_access_level(level_id: int, given: dict[str, Any]) -> Response:
    """Let it say this: at once (`approved`), or once another operator has approved it (`requested`)."""
    with centre().write() as session:
        row, wanted = forms.row(session, AccessLevel, level_id), plan(session, given)
        by, why = guard.operator(), given["reason"]
        return jsonify(shapes.level_change(level_change.change(session, by, now(), row, wanted, why, all_must_fit)))


@blueprint.post(f"{V1}/access-levels/<int:level_id>/retire")
@guard.requires(Permission.CHANGE_LEVELS)
@takes(reason=_REASON)
def retire_access_level(level_id: int, given: dict[str, Any]) -> Response:
    """No longer offer it, and end every permission by it, at once."""
    with centre().write() as session:
        row = forms.row(session, AccessLevel, level_id)
        level_change.retire(session, guard.operator(), now(), row, given["reason"])
        return jsonify(_shown(session, row))


@blueprint.get(f"{V1}/access-level-changes")
@guard.requires(Permission.SEE_PEOPLE)
@asks(access_level=row_id(), state=one_of(*ChangeState), **PAGE)
def list_access_level_changes(asked: dict[str, Any]) -> Response:
    """Changes of access levels that wait or were decided, the oldest first."""
    statement = select(AccessLevelChange).where(AccessLevelChange.id > asked["cursor"]).order_by(AccessLevelChange.id)
    if asked["access_level"] is not None:
        statement = statement.where(AccessLevelChange.access_level_id == asked["access_level"])
    if asked["state"] is not None:
        statement = statement.where(AccessLevelChange.state == asked["state"])
    with centre().read() as session:
        return listed(session.scalars(statement.limit(limit(asked) + 1)).all(), asked, shapes.level_change)


@blueprint.get(f"{V1}/access-level-changes/<int:change_id>")
@guard.requires(Permission.SEE_PEOPLE)
def get_access_level_change(change_id: int) -> Response:
    """One change, and at how many doors it is in force."""
    with centre().read() as session:
        row = forms.row(session, AccessLevelChange, change_id)
        level = session.get_one(AccessLevel, row.access_level_id)
        state = granted.level_in_force(session, level, row.ledger_sequence)
        return jsonify({**shapes.level_change(row), "in_force": shapes.in_force(state)})


@blueprint.post(f"{V1}/access-level-changes/<int:change_id>/approve")
@guard.requires(Permission.DECIDE_ACCESS)
@takes(note=text(400))
def approve_access_level_change(change_id: int, given: dict[str, Any]) -> Response:
    """Put a change in force; the operator who asked may not."""
    return jsonify(shapes.level_change(approved_change(change_id, given["note"])))


@blueprint.post(f"{V1}/access-level-changes/<int:change_id>/decline")
@guard.requires(Permission.DECIDE_ACCESS)
@takes(note=_REASON)
def decline_access_level_change(change_id: int, given: dict[str, Any]) -> Response:
    """Leave the access level as it is, with a reason; the operator who asked withdraws it so."""
    with centre().write() as session:
        row = forms.row(session, AccessLevelChange, change_id)
        level_change.decline(session, guard.operator(), now(), row, given["note"])
        return jsonify(shapes.level_change(row))


def _shown(session: Session, row: AccessLevel) -> dict[str, Any]:
    holders = len(permissions.of_level(session, row, now()))
    return shapes.access_level(row, levels.plan_of(session, row), holders)
