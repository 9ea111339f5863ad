"""The rules of a room as forms: first what a change would do, then the change itself, with its reason.

No change is sent from the form with the settings: its button shows the preview, and the preview has the button.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from admin_web import guard
from admin_web.centre import centre, now
from admin_web.keeping import done_or_kept, waiting_at, would_widen
from admin_web.pages import forms
from admin_web.pages.rooms import room
from admin_web.pages.widenings import to_what_waits
from contract.canonical import Value
from contract.policy import Direction
from controller.delivery import rooms, trial
from controller.delivery.preview import Touch, preview
from controller.people import levers
from controller.people.access import Permission
from controller.people.levers import Wanted
from controller.premises import area as areas
from controller.premises import door as doors
from controller.premises import pin_rule, presets, rule_words, sign_off
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
            kept=waiting_at(session, areas=(area.id,)),
            now=now(),
        )


@blueprint.post("/<key>/rules/preview")
@guard.requires(Permission.CHANGE_ROOMS)
def look(key: str) -> str:
    with centre().trying() as session:
        area, preset = room(session, key), _preset()
        if preset is not None:
            return _preview(session, area, levers.of_preset(area, preset), (), preset)
        row = _row(session, area)
        before = settings_of(row.rules)
        changes = _changes(before)
        return _preview(session, area, levers.of_settings(row, changes), _told(before, changes))


@blueprint.post("/<key>/rules")
@guard.requires(Permission.CHANGE_ROOMS)
def change(key: str) -> Response:
    with centre().write() as session:
        area, preset = room(session, key), _preset()
        if preset is not None:
            return _done_or_kept(session, key, levers.of_preset(area, preset))
        row = _row(session, area)
        return _done_or_kept(session, key, levers.of_settings(row, _changes(settings_of(row.rules))))


@blueprint.post("/<key>/pin/preview")
@guard.requires(Permission.CHANGE_PIN_RULES)
def look_at_pin(key: str) -> str:
    with centre().trying() as session:
        area = room(session, key)
        point = _point(session, area)
        before = _pin(session, point)
        after = pin_rule.with_settings(before, _changes(before))
        changes = {name: value for name, value in after.items() if value != before[name]}
        address = url_for("rules.change_pin", key=key)
        return _preview(session, area, levers.of_pin(point, changes), _told(before, changes), address=address)


@blueprint.post("/<key>/pin")
@guard.requires(Permission.CHANGE_PIN_RULES)
def change_pin(key: str) -> Response:
    with centre().write() as session:
        point = _point(session, room(session, key))
        return _done_or_kept(session, key, levers.of_pin(point, _changes(_pin(session, point))))


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


def _done_or_kept(session: Session, key: str, wanted: Wanted) -> Response:
    asked = done_or_kept(session, wanted, forms.text("reason"))
    return _back(key) if asked is None else to_what_waits(asked)


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
    wanted: Wanted,
    changes: Sequence[Told],
    preset: Preset | None = None,
    address: str = "",
) -> str:
    site, moment = centre().site(session), now()
    wider = would_widen(session, wanted)
    found = preview(session, site, moment, trial.pulling(moment, wanted))
    return render_template(
        "rooms/preview.html",
        area=area,
        preset=preset and presets.NAMES[preset],
        changes=changes,
        sent=[(name, value) for name, value in request.form.items() if name != "csrf_token"],
        address=address or url_for("rules.change", key=area.key),
        schedules=schedules.of_site(session, site),
        areas={each.id: each for each in areas.of_site(session, site)},
        touches=[(each, found.of(each)) for each in Touch],
        wider=wider,
        found=found,
    )
