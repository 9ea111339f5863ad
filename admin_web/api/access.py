"""Grants: asked for by one operator, decided by another, revoked by anyone who may."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from admin_web import guard
from admin_web.api import shapes
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import PAGE, asks, moment, one_of, row_id, takes, text, whole
from admin_web.api.paging import limit, listed
from admin_web.api.problems import Unprocessable
from admin_web.approving import approved
from admin_web.centre import centre, now
from admin_web.pages import forms
from controller.delivery import granted
from controller.people import access_level as levels
from controller.people import permission as permissions
from controller.people.access import Permission
from controller.people.access_level import AccessLevel, Opening
from controller.people.cardholder import Cardholder
from controller.people.permission import Grant, GrantState, Wish
from controller.premises.area import Area
from controller.premises.schedule import Schedule

_REASON = text(400, required=True)
_ASKED: dict[str, InstrumentedAttribute[Any]] = {
    "cardholder": Grant.cardholder_id,
    "area": Grant.area_id,
    "access_level": Grant.access_level_id,
    "state": Grant.state,
}


@blueprint.get(f"{V1}/grants")
@guard.requires(Permission.SEE_PEOPLE)
@asks(cardholder=row_id(), area=row_id(), access_level=row_id(), state=one_of(*GrantState), **PAGE)
def list_grants(asked: dict[str, Any]) -> Response:
    """Requests and permissions, the oldest first."""
    statement = select(Grant).where(Grant.id > asked["cursor"]).order_by(Grant.id)
    for name, column in _ASKED.items():
        if asked[name] is not None:
            statement = statement.where(column == asked[name])
    with centre().read() as session:
        return listed(session.scalars(statement.limit(limit(asked) + 1)).all(), asked, shapes.grant)


@blueprint.post(f"{V1}/requests", endpoint="request_access")
@blueprint.post(f"{V1}/grants")
@guard.requires(Permission.REQUEST_ACCESS)
@takes(
    cardholder=whole(required=True),
    area=whole(),
    access_level=whole(),
    reason=_REASON,
    valid_from=moment(),
    valid_until=moment(),
    schedule=whole(),
)
def request_grant(given: dict[str, Any]) -> tuple[Response, int]:
    """Ask for an area or an access level; another operator must approve it."""
    with centre().write() as session:
        wish = Wish(
            forms.row(session, Cardholder, given["cardholder"]),
            wished(session, given),
            given["valid_from"] or now(),
            given["valid_until"],
            given["reason"],
            forms.row(session, Schedule, given["schedule"]) if given["schedule"] else None,
        )
        return jsonify(shapes.grant(permissions.request(session, guard.operator(), now(), wish))), 201


def wished(session: Session, given: dict[str, Any]) -> Area | Opening:
    """What is asked for; 422 unless it is one area or one access level, which has hours of its own."""
    if (given["area"] is None) == (given["access_level"] is None):
        raise Unprocessable({"": "say either area or access_level"})
    if given["area"] is not None:
        return forms.row(session, Area, given["area"])
    return levels.opening(session, forms.row(session, AccessLevel, given["access_level"]))


@blueprint.get(f"{V1}/grants/<int:grant_id>")
@guard.requires(Permission.SEE_PEOPLE)
def get_grant(grant_id: int) -> Response:
    """One grant, and at how many doors its last change is in force."""
    with centre().read() as session:
        row = forms.row(session, Grant, grant_id)
        return jsonify({**shapes.grant(row), "in_force": shapes.in_force(granted.in_force(session, row))})


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
