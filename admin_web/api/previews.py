"""Previews: who would gain, who would lose, who could no longer leave without an alarm. Nothing is changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Response, jsonify
from sqlalchemy.orm import Session

from admin_web import guard
from admin_web.api import access_levels, posture, schedules
from admin_web.api.access import wished
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import members, moment, one_of, takes, text, whole
from admin_web.api.problems import Unprocessable
from admin_web.centre import centre, now
from admin_web.pages import forms
from controller.delivery import trial
from controller.delivery.preview import preview
from controller.people.access import Permission
from controller.people.access_level import AccessLevel
from controller.people.cardholder import Cardholder
from controller.people.permission import Grant, Wish
from controller.premises import rule_words
from controller.premises.area import Area
from controller.premises.door import AccessPoint, Door
from controller.premises.presets import Preset
from controller.premises.schedule import Schedule

_ROWS: dict[str, type[Area] | type[Door] | type[AccessPoint]] = {
    "area": Area,
    "door": Door,
    "access_point": AccessPoint,
}


@blueprint.post(f"{V1}/preview/grant")
@guard.requires(Permission.SEE_PEOPLE)
@takes(
    cardholder=whole(required=True),
    area=whole(),
    access_level=whole(),
    schedule=whole(),
    valid_from=moment(),
    valid_until=moment(),
    at=moment(),
)
def preview_grant(given: dict[str, Any]) -> Response:
    """If a cardholder were granted an area or an access level."""
    with centre().trying() as session:
        at = given["at"] or now()
        wish = Wish(
            forms.row(session, Cardholder, given["cardholder"]),
            wished(session, given),
            given["valid_from"] or at,
            given["valid_until"],
            "preview",
            forms.row(session, Schedule, given["schedule"]) if given["schedule"] else None,
        )
        return _told(session, given, trial.granting(guard.operator(), at, wish))


@blueprint.post(f"{V1}/preview/revoke")
@guard.requires(Permission.SEE_PEOPLE)
@takes(grant=whole(required=True), at=moment())
def preview_revoke(given: dict[str, Any]) -> Response:
    """If a grant were revoked."""
    with centre().trying() as session:
        row = forms.row(session, Grant, given["grant"])
        return _told(session, given, trial.revoking(guard.operator(), given["at"] or now(), row))


@blueprint.post(f"{V1}/preview/rules")
@guard.requires(Permission.SEE_PEOPLE)
@takes(
    area=whole(),
    door=whole(),
    access_point=whole(),
    set=members([each.name for each in rule_words.SETTINGS]),
    preset=one_of(*Preset),
    at=moment(),
)
def preview_rules(given: dict[str, Any]) -> Response:
    """If settings of an area, a door or an access point were made, or an area had a preset."""
    named = [name for name in _ROWS if given[name] is not None]
    if len(named) != 1 or (given["set"] is None) == (given["preset"] is None):
        raise Unprocessable({"": "say one of area, door and access_point, and either set or preset"})
    with centre().trying() as session:
        at, kind = given["at"] or now(), _ROWS[named[0]]
        row: Area | Door | AccessPoint = forms.row(session, kind, given[named[0]])
        if given["preset"] is None:
            return _told(session, given, trial.ruling(at, row, given["set"]))
        if not isinstance(row, Area):
            raise Unprocessable({"preset": "is of an area"})
        return _told(session, given, trial.choosing(at, row, Preset(given["preset"])))


@blueprint.post(f"{V1}/preview/posture")
@guard.requires(Permission.SEE_PEOPLE)
@takes(**posture.ORDER, at=moment())
def preview_posture(given: dict[str, Any]) -> Response:
    """If a posture were ordered or ended."""
    with centre().trying() as session:
        wanted = posture.order(session, given)
        return _told(session, given, trial.posing(given["at"] or now(), centre().site(session), wanted))


@blueprint.post(f"{V1}/preview/access-level")
@guard.requires(Permission.SEE_PEOPLE)
@takes(
    access_level=whole(required=True),
    name=text(120),
    name_ja=text(120),
    rooms=replace(access_levels.PLAN["rooms"], required=False),
    at=moment(),
)
def preview_access_level(given: dict[str, Any]) -> Response:
    """If an access level opened these rooms and whoever must had approved it; without any, if it were retired."""
    with centre().trying() as session:
        row, at = forms.row(session, AccessLevel, given["access_level"]), given["at"] or now()
        if given["rooms"] is None:
            return _told(session, given, trial.retiring(guard.operator(), at, row))
        named = given | {"name": given["name"] or row.name, "name_ja": given["name_ja"] or row.name_ja}
        plan = access_levels.plan(session, named)
        return _told(session, given, trial.leveling(guard.operator(), at, row, plan))


@blueprint.post(f"{V1}/preview/schedule")
@guard.requires(Permission.SEE_PEOPLE)
@takes(schedule=whole(required=True), **schedules.PLAN, at=moment())
def preview_schedule(given: dict[str, Any]) -> Response:
    """If a schedule said this and nothing else."""
    with centre().trying() as session:
        row, at = forms.row(session, Schedule, given["schedule"]), given["at"] or now()
        plan = schedules.plan(session, given)
        return _told(session, given, trial.scheduling(at, row, plan))


def _told(session: Session, given: dict[str, Any], change: trial.Change) -> Response:
    return jsonify(preview(session, centre().site(session), given["at"] or now(), change).as_object())
