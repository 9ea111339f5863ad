"""Every reader of the house: where it is, what kind it is and what that is worth, what it reads, and its last use."""

from __future__ import annotations

from flask import Blueprint, render_template, url_for

from admin_web import guard
from admin_web.centre import centre
from admin_web.pages import forms
from controller.people.access import Permission
from controller.premises import door as doors
from controller.record import enquiry, reader_use

blueprint = Blueprint("readers", __name__, url_prefix="/readers")
_DOORS = 50
"""Of one page."""


@blueprint.get("")
@guard.requires(Permission.SEE_DOORS)
def listed() -> str:
    with centre().read() as session:
        site, after = centre().site(session), forms.number("after") or 0
        every = doors.of_site(session, site)
        shown = every[after : after + _DOORS]
        points = doors.access_points_of_each(session, [door.id for door in shown])
        return render_template(
            "premises/readers.html",
            doors=[(door, points.get(door.id, ())) for door in shown],
            readers=enquiry.readers(session, {door.agent_id for door in shown}),
            uses=reader_use.last_uses(session, [door.id for door in shown]),
            more=url_for("readers.listed", after=after + _DOORS) if len(every) > after + _DOORS else "",
        )
