"""Photos of cardholders: what goes in is drawn anew."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, jsonify

from admin_web import guard, pictures
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import base64, takes
from admin_web.centre import centre, now
from admin_web.pages import forms
from admin_web.shown import utc
from controller.people import photo
from controller.people.access import Permission
from controller.people.cardholder import Cardholder
from controller.picture import redrawn


@blueprint.get(f"{V1}/cardholders/<int:cardholder_id>/photo")
@guard.requires(Permission.SEE_PEOPLE)
def get_photo(cardholder_id: int) -> Response:
    """The photo of a cardholder."""
    with centre().read() as session:
        found = photo.of(session, forms.row(session, Cardholder, cardholder_id))
        if found is None:
            abort(404)
        return pictures.served(found.picture)


@blueprint.put(f"{V1}/cardholders/<int:cardholder_id>/photo")
@guard.requires(Permission.CHANGE_PEOPLE)
@guard.takes_up_to(pictures.LONGEST_BODY)
@takes(picture=base64(required=True))
def put_photo(cardholder_id: int, given: dict[str, Any]) -> Response:
    """Set or replace a cardholder's photo."""
    drawn = redrawn(given["picture"], photo.SIDE)
    with centre().write() as session:
        holder = forms.row(session, Cardholder, cardholder_id)
        row = photo.give(session, guard.operator().actor, now(), holder, drawn)
        return jsonify({"cardholder": holder.id, "set_at": utc(row.set_at)})


@blueprint.delete(f"{V1}/cardholders/<int:cardholder_id>/photo")
@guard.requires(Permission.CHANGE_PEOPLE)
def delete_photo(cardholder_id: int) -> Response:
    """Take a cardholder's photo away."""
    with centre().write() as session:
        holder = forms.row(session, Cardholder, cardholder_id)
        photo.remove(session, guard.operator().actor, now(), holder)
        return jsonify({"cardholder": holder.id})
