"""What widens entry into a private room: what waits for a second person, and deciding it after seeing what it does."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from admin_web import guard, hours
from admin_web.approving import approved_widening
from admin_web.centre import centre, now
from admin_web.keeping import would_widen
from admin_web.pages import forms
from admin_web.widening_words import ABOUT, change_of
from controller.delivery import trial
from controller.delivery.preview import Touch, preview
from controller.people import permission as permissions
from controller.people import widening
from controller.people.access import Permission
from controller.people.operator import Operator
from controller.people.private_entry import Widened
from controller.people.widening import Widening, WideningState
from controller.premises import area as areas
from controller.premises import calendar as calendars
from controller.premises import schedule as schedules
from controller.refusal import Refused

blueprint = Blueprint("widenings", __name__, url_prefix="/requests/wider-entry")
_LATEST = 20


@blueprint.get("")
@guard.requires(Permission.SEE_PEOPLE)
def listed() -> str:
    with centre().read() as session:
        site = centre().site(session)
        waiting = widening.waiting(session, site, now())
        latest = widening.latest(session, site, now(), _LATEST)
        return render_template(
            "widenings/list.html",
            waiting=[(each, change_of(session, each.wanted)) for each in waiting],
            latest=[(each, each.became(now()), change_of(session, each.wanted)) for each in latest],
            **_named(session),
        )


@blueprint.get("/<int:widening_id>")
@guard.requires(Permission.SEE_PEOPLE)
def page(widening_id: int) -> str:
    """A change as whoever decides it sees it: what it says, and whose entry would be wider now."""
    with centre().trying() as session:
        asked, site, moment = forms.row(session, Widening, widening_id), centre().site(session), now()
        told: dict[str, Any] = {"asked": asked, "state": asked.became(moment), **_named(session)}
        change = change_of(session, asked.wanted)
        if told["state"] is not WideningState.REQUESTED or widening.is_outdated(session, asked):
            return render_template("widenings/page.html", change=change, found=None, **told)
        try:
            wider = would_widen(session, asked.wanted)
            found = preview(session, site, moment, trial.pulling(moment, asked.wanted))
        except Refused as refused:
            return render_template("widenings/page.html", change=change, found=None, refused=refused, **told)
        return render_template(
            "widenings/page.html",
            change=change,
            wider=wider,
            holders=_holders(session, wider),
            found=found,
            touches=[(each, found.of(each)) for each in Touch],
            **told,
        )


@blueprint.post("/<int:widening_id>/approve")
@guard.requires(Permission.DECIDE_ACCESS)
def approve(widening_id: int) -> Response:
    return to_what_waits(approved_widening(widening_id, forms.text("note")))


@blueprint.post("/<int:widening_id>/decline")
@guard.requires(Permission.DECIDE_ACCESS)
def decline(widening_id: int) -> Response:
    with centre().write() as session:
        asked = forms.row(session, Widening, widening_id)
        widening.decline(session, guard.operator(), now(), asked, forms.text("note"))
        return to_what_waits(asked)


def to_what_waits(asked: Widening) -> Response:
    """To its page, from the form of any change that had to be kept."""
    return redirect(url_for("widenings.page", widening_id=asked.id), 303)


def _holders(session: Session, wider: Widened | None) -> int:
    """How many permissions are in force for the rooms that would be wider."""
    counts = permissions.counts_in_force(session, now())
    return sum(counts.get(room, 0) for room in wider.rooms) if wider else 0


def _named(session: Session) -> dict[str, Any]:
    """What pages need to call things by their names."""
    site = centre().site(session)
    return {
        "about": ABOUT,
        "areas": {each.id: each for each in areas.of_site(session, site)},
        "schedules": schedules.of_site(session, site),
        "operators": {each.id: each for each in session.query(Operator)},
        "hours": hours,
        "calendars": {each.id: each for each in calendars.of_site(session, site)},
    }
