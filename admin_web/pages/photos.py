"""Photos of cardholders: set, shown to who may see people, and removed."""

from __future__ import annotations

from flask import Blueprint, Response, abort, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from admin_web import guard, pictures
from admin_web.centre import centre, now
from admin_web.pages import forms
from controller.people import photo
from controller.people.access import Permission
from controller.people.cardholder import Cardholder
from controller.picture import redrawn

blueprint = Blueprint("photos", __name__, url_prefix="/cardholders/<int:holder_id>/photo")


@blueprint.get("")
@guard.requires(Permission.SEE_PEOPLE)
def shown(holder_id: int) -> Response:
    with centre().read() as session:
        found = photo.of(session, forms.row(session, Cardholder, holder_id))
        if found is None:
            abort(404)
        return pictures.served(found.picture)


@blueprint.post("")
@guard.requires(Permission.CHANGE_PEOPLE)
@guard.takes_up_to(pictures.LONGEST_FORM)
def give(holder_id: int) -> BaseResponse:
    drawn = redrawn(pictures.sent(), photo.SIDE)
    with centre().write() as session:
        holder = forms.row(session, Cardholder, holder_id)
        photo.give(session, guard.operator().actor, now(), holder, drawn)
    return redirect(url_for("cardholders.page", holder_id=holder_id), 303)


@blueprint.post("/remove")
@guard.requires(Permission.CHANGE_PEOPLE)
def remove(holder_id: int) -> BaseResponse:
    with centre().write() as session:
        holder = forms.row(session, Cardholder, holder_id)
        photo.remove(session, guard.operator().actor, now(), holder)
    return redirect(url_for("cardholders.page", holder_id=holder_id), 303)
