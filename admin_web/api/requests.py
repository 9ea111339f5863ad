"""Requests for access: listed by what became of them, and withdrawn. Making and deciding them stands with the grants
that they become (`access`)."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from admin_web import guard
from admin_web.api import shapes
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import PAGE, asks, one_of, row_id, takes, text
from admin_web.api.paging import limit, listed
from admin_web.centre import centre, now
from admin_web.pages import forms
from controller.people import asking
from controller.people import permission as permissions
from controller.people.access import Permission
from controller.people.asking import Asked, Became
from controller.people.permission import Grant


@blueprint.get(f"{V1}/requests")
@guard.requires(Permission.SEE_PEOPLE)
@asks(
    cardholder=row_id(),
    area=row_id(),
    access_level=row_id(),
    requested_by=row_id(),
    became=one_of(*Became),
    **PAGE,
)
def list_requests(asked: dict[str, Any]) -> Response:
    """Requests, the oldest first, whatever became of them."""
    wanted = Asked(
        asked["cardholder"],
        asked["area"],
        asked["access_level"],
        asked["requested_by"],
        Became(asked["became"]) if asked["became"] else None,
    )
    with centre().read() as session:
        return listed(asking.listed(session, wanted, asked["cursor"], limit(asked) + 1), asked, shapes.grant)


@blueprint.get(f"{V1}/requests/<int:grant_id>")
@guard.requires(Permission.SEE_PEOPLE)
def get_request(grant_id: int) -> Response:
    """One request, and what became of it."""
    with centre().read() as session:
        return jsonify(shapes.grant(forms.row(session, Grant, grant_id)))


@blueprint.post(f"{V1}/requests/<int:grant_id>/withdraw")
@guard.requires(Permission.REVOKE_ACCESS)
@takes(reason=text(400, required=True))
def withdraw_request(grant_id: int, given: dict[str, Any]) -> Response:
    """End a request that nobody has decided; a permission is revoked as a grant."""
    with centre().write() as session:
        asked = forms.row(session, Grant, grant_id)
        permissions.withdraw(session, guard.operator(), now(), asked, given["reason"])
        return jsonify(shapes.grant(asked))
