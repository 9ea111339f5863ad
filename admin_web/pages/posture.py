"""Posture from the pages: what an order would do, the order with its reason, and at which doors it is in force.

The law: no button orders anything at once. It leads to a page that says what will happen, and that page has the button.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from admin_web import guard
from admin_web.centre import centre, now
from admin_web.pages import forms
from admin_web.pages.at_doors import at_doors
from admin_web.pages.rooms import room
from contract.room_rules import Posture
from controller.delivery import posture as postures
from controller.delivery import reach
from controller.delivery.posture import Act, Order, PostureChange, Standing
from controller.people import cardholder as cardholders
from controller.people.access import Permission
from controller.people.cardholder import Cardholder
from controller.people.operator import Operator
from controller.premises import area as areas
from controller.premises import door as doors
from controller.premises.area import Area
from controller.premises.door import Door
from controller.premises.site import Site

blueprint = Blueprint("posture", __name__, url_prefix="/posture")
_HISTORY = 20


@blueprint.get("")
@guard.requires(Permission.SEE_DOORS)
def page() -> str:
    with centre().read() as session:
        site = centre().site(session)
        stands = postures.standing(session, site)
        guarded = areas.guarded_of_site(session, site)
        found = postures.changes(session, site, forms.number("before"), _HISTORY + 1)
        return render_template(
            "posture/page.html",
            places=[(area, stands.ordered(area), _under(stands, area)) for area in (None, *guarded)],
            changes=_placed(session, found[:_HISTORY]),
            older=found[_HISTORY - 1].number if len(found) > _HISTORY else None,
            operators=_operators(session),
        )


@blueprint.get("/order")
@guard.requires(Permission.SET_POSTURE)
def ask() -> str:
    """What the order would do."""
    with centre().read() as session:
        wanted, site = _order(session), centre().site(session)
        return render_template(
            "posture/order.html",
            wanted=wanted,
            reach=reach.before(session, site, now(), wanted),
            stands_already=postures.unchanged(postures.standing(session, site), wanted),
        )


@blueprint.post("/order")
@guard.requires(Permission.SET_POSTURE)
def order() -> Response:
    with centre().write() as session:
        wanted, site = _order(session), centre().site(session)
        made = postures.change(session, guard.operator().actor, now(), site, wanted, forms.text("reason"))
    return redirect(url_for("posture.change", number=made.number), 303)


@blueprint.get("/<int:number>")
@guard.requires(Permission.SEE_DOORS)
def change(number: int) -> str:
    """One order: who, when, why, and what it did at each door."""
    with centre().read() as session:
        site = centre().site(session)
        row = _change(session, site, number)
        return render_template(
            "posture/change.html",
            row=row,
            place=_placed(session, [row])[0][1],
            operators=_operators(session),
            stands=postures.standing(session, site).order(Act(row.act), row.area_id, row.door_id) is row,
            **at_doors(session, reach.after(session, site, now(), row), _where(number)),
        )


@blueprint.get("/<int:number>/doors")
@guard.requires(Permission.SEE_DOORS)
def change_at_doors(number: int) -> str:
    with centre().read() as session:
        site = centre().site(session)
        found = reach.after(session, site, now(), _change(session, site, number))
        return render_template("posture/doors.html", **at_doors(session, found, _where(number)))


@blueprint.get("/person/<int:holder_id>")
@guard.requires(Permission.FORGIVE_PRESENCE)
def ask_person(holder_id: int) -> str:
    """What forgiving one person's presence would do."""
    with centre().read() as session:
        holder = forms.row(session, Cardholder, holder_id)
        return render_template("posture/person.html", holder=holder)


@blueprint.post("/person/<int:holder_id>")
@guard.requires(Permission.FORGIVE_PRESENCE)
def forgive_person(holder_id: int) -> Response:
    with centre().write() as session:
        holder = forms.row(session, Cardholder, holder_id)
        place = cardholders.forgive(session, guard.operator().actor, now(), holder, forms.text("reason"))
    return redirect(url_for("posture.person_forgiven", holder_id=holder_id, sequence=place), 303)


@blueprint.get("/person/<int:holder_id>/<int:sequence>")
@guard.requires(Permission.FORGIVE_PRESENCE)
def person_forgiven(holder_id: int, sequence: int) -> str:
    """At which doors it is in force that this person's presence was forgiven."""
    with centre().read() as session:
        holder = forms.row(session, Cardholder, holder_id)
        return render_template("posture/forgiven.html", holder=holder, **_forgiven(session, holder_id, sequence))


@blueprint.get("/person/<int:holder_id>/<int:sequence>/doors")
@guard.requires(Permission.FORGIVE_PRESENCE)
def person_at_doors(holder_id: int, sequence: int) -> str:
    with centre().read() as session:
        return render_template("posture/doors.html", **_forgiven(session, holder_id, sequence))


def _order(session: Session) -> Order:
    """What the form or the address asks for: 400 for what is no act, 404 for what is no room."""
    act, key = forms.asked("act"), forms.asked("area")
    if act not in set(Act):
        abort(400)
    value = forms.number("value")
    return Order(Act(act), 1 if value is None else min(value, 99), room(session, key) if key else None)


def _change(session: Session, site: Site, number: int) -> PostureChange:
    found = session.get(PostureChange, (site.id, min(number, 2**62)))
    if found is None:
        abort(404)
    return found


def _placed(session: Session, rows: Sequence[PostureChange]) -> list[tuple[PostureChange, Area | Door | None]]:
    """Each change with the room or door that it is of; None: the whole site."""
    named = doors.by_ids(session, (row.door_id for row in rows if row.door_id is not None))
    rooms = areas.by_ids(session, (row.area_id for row in rows if row.area_id is not None))
    return [(row, named.get(row.door_id or 0) or rooms.get(row.area_id or 0)) for row in rows]


def _operators(session: Session) -> dict[int, Operator]:
    return {each.id: each for each in session.query(Operator)}


def _forgiven(session: Session, holder_id: int, sequence: int) -> dict[str, Any]:
    """Every door of the site is concerned: where somebody was last seen counts wherever they go."""
    site = centre().site(session)
    concerned = {door.id: door for found in doors.guarding(session, site).values() for door in found}
    found = reach.told(session, site, now(), list(concerned.values()), min(sequence, 2**62))
    return at_doors(session, found, url_for("posture.person_at_doors", holder_id=holder_id, sequence=sequence))


def _where(number: int) -> str:
    return url_for("posture.change_at_doors", number=number)


def _under(stands: Standing, area: Area | None) -> Posture:
    """What holds there, whoever ordered it for this room or for the whole site."""
    return stands.ordered() if area is None else stands.of_area(area)
