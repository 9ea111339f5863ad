"""The rules of a room as forms: first what a change would do, then the change itself, with its reason.

No change is sent from the form with the settings: its button shows the preview, and the preview has the button.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from admin_web import guard
from admin_web.centre import centre, now
from admin_web.pages import forms
from admin_web.pages.rooms import room
from contract.canonical import Value
from contract.policy import Direction
from controller.delivery import rooms, trial
from controller.delivery.compiling import point_must_fit
from controller.delivery.preview import Touch, preview
from controller.delivery.trial import Change
from controller.people.access import Permission
from controller.premises import door as doors
from controller.premises import pin_rule, presets, room_rules, rule_words, sign_off
from controller.premises import schedule as schedules
from controller.premises.area import Area
from controller.premises.door import AccessPoint, Door
from controller.premises.presets import Preset
from controller.premises.rule_words import Of, Setting
from controller.premises.rules import settings_of
from controller.premises.sign_off import Confirmed, Failsafe
from controller.refusal import Refused

blueprint = Blueprint("rules", __name__, url_prefix="/rooms")
Ruled = Area | Door | AccessPoint
Told: TypeAlias = tuple[Setting, Value, Value]
_SIGNED_BY = (Failsafe.FAIL_SAFE_LOCK, Failsafe.MECHANICAL_EGRESS)


@blueprint.get("/<key>/rules")
@guard.requires(Permission.CHANGE_ROOMS)
def form(key: str) -> str:
    with centre().read() as session:
        area = room(session, key)
        site = centre().site(session)
        guarding = doors.of_area(session, area)
        fitted = doors.access_points_of_each(session, [door.id for door in guarding])
        points = [each for door in guarding for each in fitted.get(door.id, ()) if each.guarded_area_id == area.id]
        entries = [each for each in points if each.direction == Direction.ENTRY]
        exits = [each for each in points if each.direction == Direction.EXIT]
        asking = pin_rule.of_each(session, [each.id for each in entries])
        signed = sign_off.newest_of_each(session, [each.id for each in exits])
        return render_template(
            "rooms/rules.html",
            area=area,
            findings=rooms.findings(session, site, area, now()),
            doors=guarding,
            points=points,
            pins={each.key: pin_rule.settings_of(asking.get(each.id)) for each in entries},
            exits=[(each, signed.get(each.id)) for each in exits],
            presets=[(each, presets.NAMES[each], presets.TELLS[each]) for each in Preset],
            schedules=schedules.of_site(session, site),
            settings=settings_of,
            of=Of,
            now=now(),
        )


@blueprint.post("/<key>/rules/preview")
@guard.requires(Permission.CHANGE_ROOMS)
def look(key: str) -> str:
    with centre().trying() as session:
        area, preset = room(session, key), _preset()
        row = area if preset else _row(session, area)
        changes = {} if preset else _changes(settings_of(row.rules))
        moment = now()
        change = trial.choosing(moment, area, preset) if preset else trial.ruling(moment, row, changes)
        return _preview(session, area, moment, change, _told(settings_of(row.rules), changes), preset)


@blueprint.post("/<key>/rules")
@guard.requires(Permission.CHANGE_ROOMS)
def change(key: str) -> Response:
    with centre().write() as session:
        area, actor, reason, preset = room(session, key), guard.operator().actor, forms.text("reason"), _preset()
        if preset is not None:
            room_rules.apply_preset(session, actor, now(), area, preset, reason)
            return _back(key)
        row = _row(session, area)
        changes = _changes(settings_of(row.rules))
        if isinstance(row, Area):
            room_rules.change_area(session, actor, now(), row, changes, reason)
        elif isinstance(row, Door):
            room_rules.change_door(session, actor, now(), row, changes, reason)
        else:
            room_rules.change_access_point(session, actor, now(), row, changes, reason)
    return _back(key)


@blueprint.post("/<key>/pin/preview")
@guard.requires(Permission.CHANGE_PIN_RULES)
def look_at_pin(key: str) -> str:
    with centre().trying() as session:
        area = room(session, key)
        point = _point(session, area)
        before = _pin(session, point)
        after = pin_rule.with_settings(before, _changes(before))
        changes = {name: value for name, value in after.items() if value != before[name]}
        moment, address = now(), url_for("rules.change_pin", key=key)
        change = trial.ruling(moment, point, changes)
        return _preview(session, area, moment, change, _told(before, changes), address=address)


@blueprint.post("/<key>/pin")
@guard.requires(Permission.CHANGE_PIN_RULES)
def change_pin(key: str) -> Response:
    with centre().write() as session:
        point = _point(session, room(session, key))
        changes, reason = _changes(_pin(session, point)), forms.text("reason")
        room_rules.change_pin_rule(session, guard.operator().actor, now(), point, changes, reason, point_must_fit)
    return _back(key)


@blueprint.post("/<key>/sign-off")
@guard.requires(Permission.CHANGE_ROOMS)
def sign(key: str) -> Response:
    with centre().write() as session:
        point = _point(session, room(session, key))
        failsafe = forms.text("failsafe")
        if failsafe not in _SIGNED_BY:
            abort(400)
        tested = (forms.text("break_glass") == "yes", forms.text("fire") == "yes")
        said = Confirmed(forms.text("signed_by", 120), *tested, Failsafe(failsafe), forms.text("note"))
        sign_off.sign(session, guard.operator().actor, now(), point, said)
    return redirect(url_for("rules.form", key=key), 303)


def _back(key: str) -> Response:
    return redirect(url_for("rooms.page", key=key, _anchor="rules"), 303)


def _preset() -> Preset | None:
    found = forms.text("preset")
    if found and found not in set(Preset):
        abort(400)
    return Preset(found) if found else None


def _row(session: Session, area: Area) -> Ruled:
    """What the form is of: the area, one of its doors, or one of its access points."""
    of = forms.text("of")
    if of == Of.AREA:
        return area
    if of == Of.ACCESS_POINT:
        return _point(session, area)
    door = forms.row(session, Door, forms.row_id("id") or 0)
    if of != Of.DOOR or door.id not in {each.id for each in doors.of_area(session, area)}:
        abort(404)
    return door


def _point(session: Session, area: Area) -> AccessPoint:
    found = forms.row(session, AccessPoint, forms.row_id("id") or 0)
    if found.guarded_area_id != area.id:
        abort(404)
    return found


def _pin(session: Session, point: AccessPoint) -> dict[str, Value]:
    return pin_rule.settings_of(pin_rule.of(session, point))


def _changes(current: Mapping[str, Value]) -> dict[str, Value]:
    """The settings of the form that differ from those in force; Refused setting-wrong."""
    found: dict[str, Value] = {}
    for name, value in current.items():
        setting = rule_words.by_name(name)
        if setting is None or name not in request.form:
            continue
        try:
            told = rule_words.read(setting, forms.text(name))
        except ValueError as flaw:
            raise Refused("setting-wrong", setting=name, why=flaw) from flaw
        if told != value:
            found[name] = told
    return found


def _told(before: Mapping[str, Value], changes: Mapping[str, Value]) -> list[Told]:
    """Each setting that changes, with its value before and after, in the order of the form."""
    changed = [each for each in rule_words.SETTINGS if each.name in changes]
    return [(each, before[each.name], changes[each.name]) for each in changed]


def _preview(
    session: Session,
    area: Area,
    moment: datetime,
    change: Change,
    changes: Sequence[Told],
    preset: Preset | None = None,
    address: str = "",
) -> str:
    site = centre().site(session)
    found = preview(session, site, moment, change)
    return render_template(
        "rooms/preview.html",
        area=area,
        preset=preset and presets.NAMES[preset],
        changes=changes,
        sent=[(name, value) for name, value in request.form.items() if name != "csrf_token"],
        address=address or url_for("rules.change", key=area.key),
        schedules=schedules.of_site(session, site),
        touches=[(each, found.of(each)) for each in Touch],
        found=found,
    )
