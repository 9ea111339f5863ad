"""The first-run path: room, door, card, grant. What is done is ticked; what comes next has its link."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from admin_web import guard
from admin_web.centre import centre
from controller.people import first_steps
from controller.people.access import Permission
from controller.people.first_steps import TWO

blueprint = Blueprint("start", __name__)


@blueprint.get("/")
@guard.requires(Permission.OWN_ACCOUNT)
def home() -> Response:
    """Where the work is: the live page, or the way there while somebody who may go it has not come to its end; the
    feeds for whoever looks after nothing else."""
    if not guard.permitted(Permission.SEE_DOORS):
        return redirect(url_for("feeds.listed"), 303)
    with centre().read() as session:
        ended = first_steps.of_site(session, centre().site(session)).next is None
    return redirect(
        url_for("live.page" if ended or not guard.permitted(Permission.CHANGE_ROOMS) else "start.page"), 303
    )


@blueprint.get("/start")
@guard.requires(Permission.SEE_DOORS)
def page() -> str:
    with centre().read() as session:
        return render_template("start/page.html", way=first_steps.of_site(session, centre().site(session)), two=TWO)
