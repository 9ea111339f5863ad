"""The rules of rooms: shown in plain words with what is dangerous about them, and changed with a reason."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from sqlalchemy.orm import Session

from admin_web import guard
from admin_web.api import ruled
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import Field, members, moment, one_of, takes, text, truth
from admin_web.api.kept import done_or_kept, may_wait
from admin_web.centre import centre, now
from admin_web.pages import forms
from admin_web.shown import utc
from controller.delivery import overview, rooms
from controller.delivery import posture as postures
from controller.people import levers
from controller.people.access import Permission
from controller.premises import door as doors
from controller.premises import rule_words, sign_off
from controller.premises.area import Area
from controller.premises.door import AccessPoint, Door
from controller.premises.presets import Preset
from controller.premises.rule_words import Of
from controller.premises.sign_off import Confirmed, Failsafe
from controller.record import enquiry, reader_use

REASON = text(400, required=True)


def settings(of: Of, *, required: bool = True) -> Field:
    """Some settings of this kind of thing, by name."""
    return members([each.name for each in rule_words.settings_for(of)], required=required)


@blueprint.get(f"{V1}/areas/<int:area_id>")
@guard.requires(Permission.SEE_DOORS)
def get_area(area_id: int) -> Response:
    """One room: its rules in plain words, what is dangerous about them, and its posture."""
    with centre().read() as session:
        return jsonify(_area(session, forms.row(session, Area, area_id)))


@blueprint.post(f"{V1}/areas/<int:area_id>/rules")
@guard.requires(Permission.CHANGE_ROOMS)
@takes(set=settings(Of.AREA), reason=REASON)
@may_wait
def change_area_rules(area_id: int, given: dict[str, Any]) -> tuple[Response, int]:
    """Make settings of a room, at once or when it is approved; a dangerous combination is refused."""
    with centre().write() as session:
        row = forms.row(session, Area, area_id)
        wanted = levers.of_settings(row, given["set"])
        return done_or_kept(session, wanted, given["reason"], lambda: _area(session, row))


@blueprint.post(f"{V1}/areas/<int:area_id>/preset")
@guard.requires(Permission.CHANGE_ROOMS)
@takes(preset=one_of(*Preset, required=True), reason=REASON)
@may_wait
def apply_preset(area_id: int, given: dict[str, Any]) -> tuple[Response, int]:
    """Give a room and its doors ready-made rules."""
    with centre().write() as session:
        row = forms.row(session, Area, area_id)
        wanted = levers.of_preset(row, Preset(given["preset"]))
        return done_or_kept(session, wanted, given["reason"], lambda: _area(session, row))


@blueprint.get(f"{V1}/doors/<int:door_id>")
@guard.requires(Permission.SEE_DOORS)
def get_door(door_id: int) -> Response:
    """One door, with its rules in plain words."""
    with centre().read() as session:
        return jsonify(door_told(session, forms.row(session, Door, door_id)))


@blueprint.post(f"{V1}/doors/<int:door_id>/rules")
@guard.requires(Permission.CHANGE_ROOMS)
@takes(set=settings(Of.DOOR), reason=REASON)
@may_wait
def change_door_rules(door_id: int, given: dict[str, Any]) -> tuple[Response, int]:
    """Make settings of a door; a dangerous combination is refused."""
    with centre().write() as session:
        row = forms.row(session, Door, door_id)
        wanted = levers.of_settings(row, given["set"])
        return done_or_kept(session, wanted, given["reason"], lambda: door_told(session, row))


@blueprint.get(f"{V1}/access-points/<int:point_id>")
@guard.requires(Permission.SEE_DOORS)
def get_access_point(point_id: int) -> Response:
    """One access point, with its rules in plain words and the sign-off of an exit."""
    with centre().read() as session:
        return jsonify(_point(session, forms.row(session, AccessPoint, point_id)))


@blueprint.post(f"{V1}/access-points/<int:point_id>/rules")
@guard.requires(Permission.CHANGE_ROOMS)
@takes(set=settings(Of.ACCESS_POINT), reason=REASON)
@may_wait
def change_access_point_rules(point_id: int, given: dict[str, Any]) -> tuple[Response, int]:
    """Make settings of an access point; an exit is controlled only with a valid sign-off."""
    with centre().write() as session:
        row = forms.row(session, AccessPoint, point_id)
        wanted = levers.of_settings(row, given["set"])
        return done_or_kept(session, wanted, given["reason"], lambda: _point(session, row))


@blueprint.post(f"{V1}/access-points/<int:point_id>/sign-off")
@guard.requires(Permission.CHANGE_ROOMS)
@takes(
    signed_by=text(120, required=True),
    break_glass=truth(),
    fire=truth(),
    failsafe=one_of(Failsafe.FAIL_SAFE_LOCK, Failsafe.MECHANICAL_EGRESS, required=True),
    note=text(400),
    valid_until=moment(),
)
def sign_off_exit(point_id: int, given: dict[str, Any]) -> Response:
    """Record who confirms that people get out by this exit when everything else fails."""
    with centre().write() as session:
        row = forms.row(session, AccessPoint, point_id)
        tested = (given["break_glass"], given["fire"])
        said = Confirmed(given["signed_by"], *tested, Failsafe(given["failsafe"]), given["note"])
        sign_off.sign(session, guard.operator().actor, now(), row, said, given["valid_until"])
        return jsonify(_point(session, row))


def _area(session: Session, row: Area) -> dict[str, Any]:
    site = centre().site(session)
    return {
        **ruled.area(row),
        "settings": ruled.in_words(Of.AREA, row.rules),
        "findings": [ruled.finding(each) for each in rooms.findings(session, site, row, now())],
        "posture": ruled.posture(postures.standing(session, site).of_area(row)),
    }


def door_told(session: Session, row: Door) -> dict[str, Any]:
    """A door with its rules in plain words and how it stands."""
    site = centre().site(session)
    stands, standing = postures.standing(session, site), overview.doors(session, site, now())
    return {
        **ruled.door(row, doors.access_points(session, row), stands, standing.get(row.id)),
        "settings": ruled.in_words(Of.DOOR, row.rules),
    }


def _point(session: Session, row: AccessPoint) -> dict[str, Any]:
    signed = sign_off.newest(session, row)
    kind = enquiry.readers(session, [session.get_one(Door, row.door_id).agent_id]).get(row.key)
    used = reader_use.last_uses(session, [row.door_id]).get(row.id)
    return {
        **ruled.access_point(row),
        "settings": ruled.in_words(Of.ACCESS_POINT, row.rules),
        "sign_off": ruled.sign_off(signed) if signed else None,
        "runs_as": sign_off.in_force_mode(session, row, now()),
        "reader": ruled.reader(kind) if kind else None,
        "last_used_at": utc(used) if used else None,
    }
