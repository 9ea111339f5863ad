"""Grants: asked for by one operator, decided by another, revoked by anyone who may."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from sqlalchemy import select

from admin_web import guard
from admin_web.api import shapes
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import PAGE, asks, moment, one_of, row_id, takes, text, whole
from admin_web.api.paging import limit, listed
from admin_web.approving import approved
from admin_web.centre import centre, now
from admin_web.pages import forms
from controller.delivery import distribution
from controller.people import permission as permissions
from controller.people.access import Permission
from controller.people.cardholder import Cardholder
from controller.people.permission import Grant, GrantState, Wish
from controller.premises.area import Area
from controller.premises.schedule import Schedule

_REASON = text(400, required=True)


@blueprint.get(f"{V1}/grants")
@guard.requires(Permission.SEE_PEOPLE)
@asks(cardholder=row_id(), area=row_id(), state=one_of(*GrantState), **PAGE)
def list_grants(asked: dict[str, Any]) -> Response:
    """Requests and permissions, the oldest first."""
    statement = select(Grant).where(Grant.id > asked["cursor"]).order_by(Grant.id)
    for name, column in (("cardholder", Grant.cardholder_id), ("area", Grant.area_id), ("state", Grant.state)):
        if asked[name] is not None:
            statement = statement.where(column == asked[name])
    with centre().read() as session:
        return listed(session.scalars(statement.limit(limit(asked) + 1)).all(), asked, shapes.grant)


@blueprint.post(f"{V1}/requests", endpoint="request_access")
@blueprint.post(f"{V1}/grants")
@guard.requires(Permission.REQUEST_ACCESS)
@takes(
    cardholder=whole(required=True),
    area=whole(required=True),
    reason=_REASON,
    valid_from=moment(),
    valid_until=moment(),
    schedule=whole(),
)
def request_grant(given: dict[str, Any]) -> tuple[Response, int]:
    """Ask for access; another operator must approve it."""
    with centre().write() as session:
        wish = Wish(
            forms.row(session, Cardholder, given["cardholder"]),
            forms.row(session, Area, given["area"]),
            given["valid_from"] or now(),
            given["valid_until"],
            given["reason"],
            forms.row(session, Schedule, given["schedule"]) if given["schedule"] else None,
        )
        return jsonify(shapes.grant(permissions.request(session, guard.operator(), now(), wish))), 201


@blueprint.get(f"{V1}/grants/<int:grant_id>")
@guard.requires(Permission.SEE_PEOPLE)
def get_grant(grant_id: int) -> Response:
    """One grant, and at how many doors its last change is in force."""
    with centre().read() as session:
        row = forms.row(session, Grant, grant_id)
        area = session.get(Area, row.area_id) if row.area_id else None
        state = distribution.in_force(session, area, row.ledger_sequence) if area else None
        shown: dict[str, Any] = {**shapes.grant(row), "in_force": None}
        if state is not None:
            after = state.after.total_seconds() if state.after is not None else None
            shown["in_force"] = {"doors": state.doors, "concerned": state.concerned, "after_s": after}
        return jsonify(shown)


@blueprint.post(f"{V1}/requests/<int:grant_id>/approve", endpoint="approve_request")
@blueprint.post(f"{V1}/grants/<int:grant_id>/approve")
@guard.requires(Permission.DECIDE_ACCESS)
@takes(note=text(400))
def approve_grant(grant_id: int, given: dict[str, Any]) -> Response:
    """Put a request in force; the operator who asked may not."""
    return jsonify(shapes.grant(approved(grant_id, given["note"])))


@blueprint.post(f"{V1}/requests/<int:grant_id>/decline", endpoint="decline_request")
@blueprint.post(f"{V1}/grants/<int:grant_id>/decline")
@guard.requires(Permission.DECIDE_ACCESS)
@takes(note=_REASON)
def decline_grant(grant_id: int, given: dict[str, Any]) -> Response:
    """Refuse a request, with a reason."""
    with centre().write() as session:
        row = forms.row(session, Grant, grant_id)
        permissions.decline(session, guard.operator(), now(), row, given["note"])
        return jsonify(shapes.grant(row))


@blueprint.post(f"{V1}/grants/<int:grant_id>/revoke")
@guard.requires(Permission.REVOKE_ACCESS)
@takes(reason=_REASON)
def revoke_grant(grant_id: int, given: dict[str, Any]) -> Response:
    """End a permission or withdraw a request, at once."""
    with centre().write() as session:
        row = forms.row(session, Grant, grant_id)
        permissions.revoke(session, guard.operator(), now(), row, given["reason"])
        return jsonify(shapes.grant(row))
