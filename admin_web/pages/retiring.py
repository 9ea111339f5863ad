"""Taking doors and rooms out of service: what it would mean, done with a reason, and undone.

Nothing is done from the page of a door or room: its link shows what would happen, and that page has the button.
"""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from admin_web import guard
from admin_web.centre import centre, now
from admin_web.keeping import done_or_kept
from admin_web.pages import forms
from admin_web.pages.room_setup import any_area
from admin_web.pages.widenings import to_what_waits
from controller.delivery import retirement
from controller.delivery.compiling import all_must_fit
from controller.people import levers
from controller.people.access import Permission
from controller.premises.door import Door
from controller.record import retiring, retiring_rooms

blueprint = Blueprint("retiring", __name__, url_prefix="/premises")


@blueprint.get("/doors/<int:door_id>/retire")
@guard.requires(Permission.CHANGE_ROOMS)
def look_at_door(door_id: int) -> str:
    with centre().read() as session:
        ends = retirement.of_door(session, centre().site(session), now(), forms.row(session, Door, door_id))
        return render_template("premises/door_retire.html", ends=ends)


@blueprint.post("/doors/<int:door_id>/retire")
@guard.requires(Permission.CHANGE_ROOMS)
def retire_door(door_id: int) -> Response:
    with centre().write() as session:
        row, empty = forms.row(session, Door, door_id), forms.text("empty") == "yes"
        retiring.retire_door(session, guard.operator(), now(), row, forms.text("reason"), empty=empty)
    return redirect(url_for("door_setup.page", door_id=door_id), 303)


@blueprint.post("/doors/<int:door_id>/restore")
@guard.requires(Permission.CHANGE_ROOMS)
def restore_door(door_id: int) -> Response:
    with centre().write() as session:
        asked = done_or_kept(session, levers.of_return(forms.row(session, Door, door_id)), forms.text("reason"))
        if asked is not None:
            return to_what_waits(asked)
    return redirect(url_for("door_setup.page", door_id=door_id), 303)


@blueprint.get("/rooms/<key>/retire")
@guard.requires(Permission.CHANGE_ROOMS)
def look_at_room(key: str) -> str:
    with centre().read() as session:
        return render_template(
            "premises/room_retire.html", ends=retiring_rooms.without_room(session, any_area(session, key), now())
        )


@blueprint.post("/rooms/<key>/retire")
@guard.requires(Permission.CHANGE_ROOMS)
def retire_room(key: str) -> Response:
    with centre().write() as session:
        row, empty = any_area(session, key), forms.text("empty") == "yes"
        reason = forms.text("reason")
        retiring_rooms.retire_room(session, guard.operator(), now(), row, reason, all_must_fit, empty=empty)
    return redirect(url_for("room_setup.edit", key=key), 303)


@blueprint.post("/rooms/<key>/restore")
@guard.requires(Permission.CHANGE_ROOMS)
def restore_room(key: str) -> Response:
    with centre().write() as session:
        retiring_rooms.restore_room(session, guard.operator(), now(), any_area(session, key), forms.text("reason"))
    return redirect(url_for("room_setup.edit", key=key), 303)
