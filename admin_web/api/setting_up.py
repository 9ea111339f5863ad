"""Setting up rooms and doors: made, renamed and marked, each with a reason; and what it would do before it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Response, jsonify
from sqlalchemy.orm import Session

from admin_web import doorways, guard
from admin_web.api import ruled, rules
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import Field, maybe, moment, one_of, rows, takes, text, truth, whole
from admin_web.api.kept import done_or_kept, may_wait
from admin_web.api.rules import REASON
from admin_web.centre import centre, now
from admin_web.pages import forms
from contract.policy import Direction
from controller.delivery import trial
from controller.delivery.preview import preview
from controller.people import levers
from controller.people.access import Permission
from controller.people.levers import Wanted
from controller.premises import door as doors
from controller.premises import setting_up
from controller.premises.area import Area, AreaPlan
from controller.premises.door import AccessPoint, Door


def _names(value: list[Any]) -> tuple[str, ...]:
    if not all(isinstance(each, str) and 0 < len(each) <= 40 for each in value):
        raise ValueError("is a list of names of card formats")
    return tuple(value)


def _formats(*, required: bool) -> Field:
    return replace(rows({"type": "string", "minLength": 1, "maxLength": 40}, _names), required=required, absent=())


_NAMES = {"name": text(120, required=True), "name_ja": text(120)}
_KEY = text(32, required=True)
_ENDS = {"from_area": whole(required=True), "to_area": whole(required=True)}
_EXIT_MODE = one_of(*doorways.EXIT_MODES)
_DOOR = {
    "key": _KEY,
    **_NAMES,
    "agent": whole(required=True),
    **_ENDS,
    "entry_formats": _formats(required=False),
    "entry_key": text(32),
    "exit_formats": _formats(required=False),
    "exit_mode": _EXIT_MODE,
    "exit_key": text(32),
}
_READER = {
    **_ENDS,
    "direction": one_of(*Direction, required=True),
    "formats": _formats(required=True),
    "exit_mode": _EXIT_MODE,
    "key": text(32),
}


@blueprint.post(f"{V1}/areas")
@guard.requires(Permission.CHANGE_ROOMS)
@takes(key=_KEY, **_NAMES, private=maybe(), open=maybe(), reason=REASON)
def add_area(given: dict[str, Any]) -> tuple[Response, int]:
    """A new room, or an open area, for which nobody needs permission."""
    with centre().write() as session:
        site = centre().site(session)
        plan = AreaPlan(given["key"], given["name"], given["name_ja"], bool(given["private"]), bool(given["open"]))
        made = setting_up.add_area(session, guard.operator().actor, now(), site, plan, given["reason"])
        return jsonify(ruled.area(made)), 201


@blueprint.post(f"{V1}/areas/<int:area_id>/rename")
@guard.requires(Permission.CHANGE_ROOMS)
@takes(**_NAMES, reason=REASON)
def rename_area(area_id: int, given: dict[str, Any]) -> Response:
    """Call an area otherwise; its key stays."""
    with centre().write() as session:
        row = forms.row(session, Area, area_id)
        setting_up.rename_area(session, guard.operator().actor, now(), row, **given)
        return jsonify(ruled.area(row))


@blueprint.post(f"{V1}/areas/<int:area_id>/private")
@guard.requires(Permission.CHANGE_ROOMS)
@takes(private=truth(), reason=REASON)
@may_wait
def mark_area_private(area_id: int, given: dict[str, Any]) -> tuple[Response, int]:
    """Say that personal information is handled in a room, or is no longer."""
    with centre().write() as session:
        row = forms.row(session, Area, area_id)
        wanted = levers.of_private(row, private=given["private"])
        return done_or_kept(session, wanted, given["reason"], lambda: ruled.area(row))


@blueprint.post(f"{V1}/doors")
@guard.requires(Permission.CHANGE_ROOMS)
@takes(**_DOOR, reason=REASON)
@may_wait
def add_door(given: dict[str, Any]) -> tuple[Response, int]:
    """A new door from one area into another, with its entry, its exit or both."""
    with centre().write() as session:
        wanted = doorways.wanted(session, given)

        def shown() -> dict[str, Any]:
            made = doors.by_key(session, centre().site(session), given["key"])
            return {} if made is None else rules.door_told(session, made)

        return done_or_kept(session, levers.of_doorway(wanted), given["reason"], shown, 201)


@blueprint.post(f"{V1}/doors/<int:door_id>/rename")
@guard.requires(Permission.CHANGE_ROOMS)
@takes(**_NAMES, reason=REASON)
def rename_door(door_id: int, given: dict[str, Any]) -> Response:
    """Call a door otherwise; its key stays."""
    with centre().write() as session:
        row = forms.row(session, Door, door_id)
        setting_up.rename_door(session, guard.operator().actor, now(), row, **given)
        return jsonify(rules.door_told(session, row))


@blueprint.post(f"{V1}/doors/<int:door_id>/access-points")
@guard.requires(Permission.CHANGE_ROOMS)
@takes(**_READER, reason=REASON)
@may_wait
def add_access_point(door_id: int, given: dict[str, Any]) -> tuple[Response, int]:
    """A further access point of a door."""
    with centre().write() as session:
        wanted, door = _reader_lever(session, door_id, given), forms.row(session, Door, door_id)

        def shown() -> dict[str, Any]:
            return ruled.access_point(max(doors.access_points(session, door), key=lambda each: each.id))

        return done_or_kept(session, wanted, given["reason"], shown, 201)


@blueprint.post(f"{V1}/access-points/<int:point_id>/formats")
@guard.requires(Permission.CHANGE_ROOMS)
@takes(formats=_formats(required=True), reason=REASON)
@may_wait
def change_access_point_formats(point_id: int, given: dict[str, Any]) -> tuple[Response, int]:
    """Let an access point read cards of these formats and of no others."""
    with centre().write() as session:
        row = forms.row(session, AccessPoint, point_id)
        wanted = levers.of_formats(row, given["formats"])
        return done_or_kept(session, wanted, given["reason"], lambda: ruled.access_point(row))


@blueprint.post(f"{V1}/preview/private")
@guard.requires(Permission.SEE_PEOPLE)
@takes(area=whole(required=True), private=truth(), at=moment())
def preview_private(given: dict[str, Any]) -> Response:
    """If a room were marked."""

    def wanted(session: Session) -> Wanted:
        return levers.of_private(forms.row(session, Area, given["area"]), private=given["private"])

    return _previewed(given, wanted)


@blueprint.post(f"{V1}/preview/door")
@guard.requires(Permission.SEE_PEOPLE)
@takes(**_DOOR, at=moment())
def preview_door(given: dict[str, Any]) -> Response:
    """If a door were made."""
    return _previewed(given, lambda session: levers.of_doorway(doorways.wanted(session, given)))


@blueprint.post(f"{V1}/preview/access-point")
@guard.requires(Permission.SEE_PEOPLE)
@takes(door=whole(required=True), **_READER, at=moment())
def preview_access_point(given: dict[str, Any]) -> Response:
    """If a door had a further access point."""
    return _previewed(given, lambda session: _reader_lever(session, given["door"], given))


def _previewed(given: dict[str, Any], wanted: Callable[[Session], Wanted]) -> Response:
    with centre().trying() as session:
        change = trial.pulling(now(), wanted(session))
        return jsonify(preview(session, centre().site(session), given["at"] or now(), change).as_object())


def _reader_lever(session: Session, door_id: int, given: dict[str, Any]) -> Wanted:
    door, ends = forms.row(session, Door, door_id), doorways.between(session, given)
    return levers.of_reader(door, ends, doorways.reader(given))
