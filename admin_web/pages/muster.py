"""The muster: who is inside now, large enough for a phone in the car park and for paper."""

from __future__ import annotations

from flask import Blueprint, abort, render_template

from admin_web import guard
from admin_web.centre import centre, now
from admin_web.pages import forms
from controller.people import photo
from controller.people.access import Permission
from controller.record import muster

blueprint = Blueprint("muster", __name__, url_prefix="/muster")


@blueprint.get("")
@guard.requires(Permission.SEE_PEOPLE)
def page() -> str:
    area = forms.row_id("area")
    with centre().read() as session:
        every = muster.of_rooms(session, centre().site(session))
        rooms = [each for each in every if area in (None, each.area.id)]
        if not rooms and area is not None:
            abort(404)
        photos = photo.of_many(session, (each.cardholder.id for room in rooms for each in room.people))
        return render_template("muster/page.html", every=every, rooms=rooms, wanted=area, photos=photos, at=now())
