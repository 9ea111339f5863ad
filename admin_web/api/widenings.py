"""What would widen entry into a private room and waits for a second person, or was decided."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from admin_web import guard
from admin_web.api import shapes
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import PAGE, asks, one_of, takes, text
from admin_web.api.paging import limit, listed
from admin_web.approving import approved_widening
from admin_web.centre import centre, now
from admin_web.pages import forms
from controller.people import widening
from controller.people.access import Permission
from controller.people.widening import Widening, WideningState


@blueprint.get(f"{V1}/widenings")
@guard.requires(Permission.SEE_PEOPLE)
@asks(state=one_of(*WideningState), **PAGE)
def list_widenings(asked: dict[str, Any]) -> Response:
    """Changes that widen entry into a private room, waiting or decided, the oldest first."""
    state = WideningState(asked["state"]) if asked["state"] else None
    with centre().read() as session:
        site, most = centre().site(session), limit(asked) + 1
        found = widening.listed(session, site, now(), state, asked["cursor"], most)
        return listed(found, asked, lambda row: shapes.widening(row, now()))


@blueprint.get(f"{V1}/widenings/<int:widening_id>")
@guard.requires(Permission.SEE_PEOPLE)
def get_widening(widening_id: int) -> Response:
    """One of them, and whether anything that it was judged against was changed since."""
    with centre().read() as session:
        row = forms.row(session, Widening, widening_id)
        waits = row.became(now()) is WideningState.REQUESTED
        outdated = waits and widening.is_outdated(session, row)
        return jsonify({**shapes.widening(row, now()), "outdated": outdated})


@blueprint.post(f"{V1}/widenings/<int:widening_id>/approve")
@guard.requires(Permission.DECIDE_ACCESS)
@takes(note=text(400))
def approve_widening(widening_id: int, given: dict[str, Any]) -> Response:
    """Do what was asked for; the operator who asked may not."""
    return jsonify(shapes.widening(approved_widening(widening_id, given["note"]), now()))


@blueprint.post(f"{V1}/widenings/<int:widening_id>/decline")
@guard.requires(Permission.DECIDE_ACCESS)
@takes(note=text(400, required=True))
def decline_widening(widening_id: int, given: dict[str, Any]) -> Response:
    """Leave things as they are, with a reason; the operator who asked withdraws it so."""
    with centre().write() as session:
        row = forms.row(session, Widening, widening_id)
        widening.decline(session, guard.operator(), now(), row, given["note"])
        return jsonify(shapes.widening(row, now()))
