"""Moving a door to another agent: what the installer does and in which order, begun, and how far it has come."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from admin_web import guard
from admin_web.centre import centre, now
from admin_web.pages import forms
from controller.delivery import moving
from controller.people.access import Permission
from controller.premises import door as doors
from controller.premises.agent import Agent
from controller.premises.door import Door

blueprint = Blueprint("door_moving", __name__, url_prefix="/premises/doors/<int:door_id>")


@blueprint.get("/move")
@guard.requires(Permission.CHANGE_ROOMS)
def look(door_id: int) -> str:
    with centre().read() as session:
        door, to = forms.row(session, Door, door_id), forms.row(session, Agent, forms.row_id("agent") or 0)
        return render_template(
            "premises/door_move.html",
            door=door,
            points=doors.access_points(session, door),
            former=session.get_one(Agent, door.agent_id),
            to=to,
            now=now(),
        )


@blueprint.post("/move")
@guard.requires(Permission.CHANGE_ROOMS)
def move(door_id: int) -> Response:
    with centre().write() as session:
        door, to = forms.row(session, Door, door_id), forms.row(session, Agent, forms.row_id("agent") or 0)
        actor, cut = guard.operator().actor, forms.text("disconnected") == "yes"
        moving.begin(session, actor, now(), door, to, forms.text("reason"), disconnected=cut)
    return redirect(url_for("door_setup.page", door_id=door_id), 303)


@blueprint.post("/let-go")
@guard.requires(Permission.CHANGE_ROOMS)
def let_go(door_id: int) -> Response:
    with centre().write() as session:
        door = forms.row(session, Door, door_id)
        moving.let_go(session, guard.operator().actor, now(), door, forms.text("reason"))
    return redirect(url_for("door_setup.page", door_id=door_id), 303)
