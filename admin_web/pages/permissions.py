"""The table of people and rooms: who has which room; and many requests and revocations at once, shown before they are
made.

No change is sent from the table: its button shows what would happen, and that page has the button that does it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from admin_web import bundles, guard
from admin_web.centre import centre, now
from admin_web.pages import forms
from controller.delivery import granted, trial
from controller.delivery.preview import Touch, preview
from controller.people import access_level as levels
from controller.people import bundle as bundling
from controller.people import search as searching
from controller.people.access import Permission
from controller.people.bundle import Act, Bundle, Mark, Terms
from controller.people.cardholder import Cardholder
from controller.people.matrix import cells
from controller.people.permission import GrantState
from controller.premises import area as areas
from controller.premises import schedule as schedules
from controller.premises.area import Area
from controller.premises.schedule import Schedule
from controller.premises.site import Site
from controller.refusal import Refused

blueprint = Blueprint("permissions", __name__, url_prefix="/permissions")
_PAGE: Final = 50
_MOST_ROOMS: Final = 12
"""As many columns as a screen shows; which ones is chosen in the address."""
_CELL: Final = re.compile(r"([0-9]{1,10})\.([0-9]{1,10})")


@blueprint.get("")
@guard.requires(Permission.SEE_PEOPLE)
def table() -> str:
    return _table("", forms.row_id("after") or 0, request.args.getlist("room"))


@blueprint.post("/search")
@guard.requires(Permission.SEE_PEOPLE)
def search() -> str:
    """By POST only: what is typed must stand in no address, history or log of a server."""
    return _table(forms.text("q", 100), forms.row_id("after") or 0, request.form.getlist("room"))


@blueprint.post("/preview")
@guard.requires(Permission.REQUEST_ACCESS)
def look() -> str:
    with centre().trying() as session:
        site, moment = centre().site(session), now()
        judged = bundling.judge(session, guard.operator(), moment, _marks(session, site), _terms(session))
        bundle = judged.bundle
        found = preview(session, site, moment, trial.bundling(guard.operator(), moment, bundle))
        return render_template(
            "permissions/preview.html",
            bundle=bundle,
            refused=judged.refused,
            touches=[(each, found.of(each)) for each in Touch],
            found=found,
            plan=bundles.sealed(bundle) if bundle.wishes or bundle.ended else None,
            **_ends(session, site, bundle),
        )


@blueprint.post("")
@guard.requires(Permission.REQUEST_ACCESS)
def apply() -> Response:
    bundles.applied(forms.text("plan", 16 * 1024))
    return redirect(url_for("requests.listed"), 303)


def _table(wanted: str, after: int, chosen: Sequence[str]) -> str:
    with centre().read() as session:
        site, at = centre().site(session), now()
        found = searching.find(session, site, wanted, after, _PAGE + 1, at)
        people, rooms = found[:_PAGE], areas.guarded_of_site(session, site)
        columns = _columns(rooms, chosen)
        return render_template(
            "permissions/table.html",
            people=people,
            rooms=rooms,
            columns=columns,
            narrowed=columns != rooms,
            cells=cells(session, people, columns, at),
            opened={each.id: each for each in levels.of_site(session, site)},
            schedules={each.id: each for each in schedules.of_site(session, site)},
            offered=schedules.offered(session, site),
            wanted=wanted,
            more=found[_PAGE - 1].id if len(found) > _PAGE else None,
            most_rooms=_MOST_ROOMS,
            at=at,
        )


def _columns(rooms: Sequence[Area], chosen: Sequence[str]) -> list[Area]:
    """The rooms that were asked for, or the first ones; 400 for what is no id."""
    if not all(each.isascii() and each.isdigit() and len(each) <= 10 for each in chosen):
        abort(400)
    ids = {int(each) for each in chosen}
    return [area for area in rooms if not ids or area.id in ids][:_MOST_ROOMS]


def _marks(session: Session, site: Site) -> list[Mark]:
    """The marked cells; 400 for what is no cell, 404 for nobody and for no guarded room of this site."""
    rooms = {area.id: area for area in areas.guarded_of_site(session, site)}
    people: dict[int, Cardholder] = {}
    found: list[Mark] = []
    told = [(act, each) for act in (Act.REVOKE, Act.REVOKE_LEVEL, Act.REQUEST) for each in request.form.getlist(act)]
    if len(told) > bundling.MOST:
        raise Refused("marks-many")
    for act, each in told:
        read = _CELL.fullmatch(each)
        if read is None:
            abort(400)
        holder_id, area_id = int(read[1]), int(read[2])
        if area_id not in rooms:
            abort(404)
        if holder_id not in people:
            people[holder_id] = forms.row(session, Cardholder, holder_id)
        found.append(Mark(act, people[holder_id], rooms[area_id]))
    return found


def _terms(session: Session) -> Terms:
    _begins, until = forms.validity()
    chosen = forms.row_id("schedule")
    return Terms(now(), until, forms.row(session, Schedule, chosen) if chosen else None, forms.text("reason"))


def _ends(session: Session, site: Site, bundle: Bundle) -> dict[str, object]:
    """What is ended, told apart: permissions in force, with the number of doors that must hear of it, and requests."""
    withdrawn = [each for each in bundle.ended if each.state == GrantState.REQUESTED]
    revoked = [each for each in bundle.ended if each.state == GrantState.APPROVED]
    return {
        "revoked": revoked,
        "withdrawn": withdrawn,
        "people": {each.cardholder_id: session.get_one(Cardholder, each.cardholder_id) for each in bundle.ended},
        "rooms": {area.id: area for area in areas.guarded_of_site(session, site)},
        "opened": {each.id: each for each in levels.of_site(session, site)},
        "inside": levels.plans(session, {each.access_level_id for each in bundle.ended}),
        "doors": {each.id: len(granted.doors_of(session, [each])) for each in revoked},
        "reached": len(granted.doors_of(session, revoked)),
        "schedules": {each.id: each for each in schedules.of_site(session, site)},
    }
