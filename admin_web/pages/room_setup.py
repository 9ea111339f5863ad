"""Setting up rooms: a new one, what it is called, and whether personal information is handled in it.

As with rules, nothing is made from the first form: its button shows what would happen, and that page has the button.
"""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from admin_web import guard
from admin_web.centre import centre, now
from admin_web.keeping import done_or_kept, would_widen
from admin_web.pages import forms
from admin_web.pages.widenings import to_what_waits
from controller.delivery import trial
from controller.delivery.preview import Touch, preview
from controller.people import levers
from controller.people import permission as permissions
from controller.people.access import Permission
from controller.premises import area as areas
from controller.premises import setting_up
from controller.premises.area import Area, AreaPlan

blueprint = Blueprint("room_setup", __name__, url_prefix="/premises/rooms")
_KINDS = {"private": (True, False), "room": (False, False), "open": (False, True)}
"""What a room may be: whether it is private, and whether it is open."""
_TRIED = "preview"


@blueprint.get("/new")
@guard.requires(Permission.CHANGE_ROOMS)
def form() -> str:
    with centre().read() as session:
        present = areas.of_site(session, centre().site(session))
        return render_template("premises/room_new.html", outside=any(each.open for each in present))


@blueprint.post("/preview")
@guard.requires(Permission.CHANGE_ROOMS)
def look() -> str:
    with centre().trying() as session:
        made = _make(session, _TRIED)
        return render_template("premises/room_look.html", area=made, sent=sent())


@blueprint.post("")
@guard.requires(Permission.CHANGE_ROOMS)
def make() -> Response:
    with centre().write() as session:
        made = _make(session, forms.text("reason"))
        key, is_open = made.key, made.open
    return redirect(url_for("rooms.listed") if is_open else url_for("rooms.page", key=key), 303)


@blueprint.get("/<key>")
@guard.requires(Permission.CHANGE_ROOMS)
def edit(key: str) -> str:
    with centre().read() as session:
        return render_template("premises/room_edit.html", area=any_area(session, key))


@blueprint.post("/<key>/rename")
@guard.requires(Permission.CHANGE_ROOMS)
def rename(key: str) -> Response:
    with centre().write() as session:
        row, (name, name_ja) = any_area(session, key), names()
        reason = forms.text("reason")
        setting_up.rename_area(session, guard.operator().actor, now(), row, name, name_ja, reason)
        is_open = row.open
    return redirect(url_for("rooms.listed") if is_open else url_for("rooms.page", key=key), 303)


@blueprint.post("/<key>/private/preview")
@guard.requires(Permission.CHANGE_ROOMS)
def look_at_private(key: str) -> str:
    with centre().trying() as session:
        area, private, site = any_area(session, key), _private(), centre().site(session)
        wanted = levers.of_private(area, private=private)
        wider = would_widen(session, wanted)
        found = preview(session, site, now(), trial.pulling(now(), wanted))
        grants = permissions.in_force(session, area, now())
        return render_template(
            "premises/room_private.html",
            area=area,
            private=private,
            areas={area.id: area},
            wider=wider,
            found=found,
            touches=[(each, found.of(each)) for each in Touch],
            endless=sum(each.valid_until is None for each in grants),
        )


@blueprint.post("/<key>/private")
@guard.requires(Permission.CHANGE_ROOMS)
def mark(key: str) -> Response:
    with centre().write() as session:
        row, reason = any_area(session, key), forms.text("reason")
        asked = done_or_kept(session, levers.of_private(row, private=_private()), reason)
        if asked is not None:
            return to_what_waits(asked)
    return redirect(url_for("rooms.page", key=key), 303)


def names() -> tuple[str, str]:
    """The English and the Japanese name in the form."""
    return forms.text("name", 120), forms.text("name_ja", 120)


def sent() -> list[tuple[str, str]]:
    """The fields of the first form, which the second one carries."""
    return [(name, value) for name, value in request.form.items(multi=True) if name not in ("csrf_token", "reason")]


def any_area(session: Session, key: str) -> Area:
    """The area of this key, open or not; 404 when there is none."""
    found = areas.by_key(session, centre().site(session), key[:40])
    if found is None:
        abort(404)
    return found


def _private() -> bool:
    if forms.text("private") not in ("yes", "no"):
        abort(400)
    return forms.text("private") == "yes"


def _make(session: Session, reason: str) -> Area:
    kind = _KINDS.get(forms.text("kind"))
    if kind is None:
        abort(400)
    plan = AreaPlan(forms.text("key", 40), *names(), *kind)
    return setting_up.add_area(session, guard.operator().actor, now(), centre().site(session), plan, reason)
