"""Cardholders and their credentials."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin_web import guard
from admin_web.api import shapes
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import PAGE, asks, row_id, rows, takes, text, truth, whole
from admin_web.api.paging import limit, listed
from admin_web.centre import centre, now
from admin_web.pages import forms
from contract.credential import Identity, Source
from controller.delivery.compiling import card_must_fit
from controller.people import cardholder as cardholders
from controller.people import credential as credentials
from controller.people.access import Permission
from controller.people.cardholder import Cardholder
from controller.people.credential import Credential, State

_REASON = text(400, required=True)


def _identities(given: list[Any]) -> list[Identity]:
    try:
        return [Identity(Source(each["source"]), each["bits"]) for each in given]
    except (ValueError, TypeError, KeyError, AttributeError) as flaw:
        raise ValueError("names a source and its bits, as 0 and 1") from flaw


_IDENTITY = {
    "type": "object",
    "required": ["source", "bits"],
    "properties": {
        "source": {"type": "string", "enum": [str(each) for each in Source]},
        "bits": {"type": "string", "pattern": "^[01]+$"},
    },
}


@blueprint.get(f"{V1}/cardholders")
@guard.requires(Permission.SEE_PEOPLE)
@asks(q=text(100), **PAGE)
def list_cardholders(asked: dict[str, Any]) -> Response:
    """Cardholders whose name, reading or staff number contains `q`."""
    with centre().read() as session:
        site = centre().site(session)
        found = cardholders.find(session, site, asked["q"], asked["cursor"], limit(asked) + 1)
        return listed(found, asked, shapes.cardholder)


@blueprint.post(f"{V1}/cardholders")
@guard.requires(Permission.CHANGE_PEOPLE)
@takes(name=text(120, required=True), number=text(40, required=True), name_kana=text(120))
def add_cardholder(given: dict[str, Any]) -> tuple[Response, int]:
    """A new cardholder."""
    with centre().write() as session:
        actor, site = guard.operator().actor, centre().site(session)
        made = cardholders.enrol(session, actor, now(), site, given["name"], given["number"], given["name_kana"])
        return jsonify(shapes.cardholder(made)), 201


@blueprint.get(f"{V1}/cardholders/<int:cardholder_id>")
@guard.requires(Permission.SEE_PEOPLE)
def get_cardholder(cardholder_id: int) -> Response:
    """One cardholder."""
    with centre().read() as session:
        return jsonify(shapes.cardholder(forms.row(session, Cardholder, cardholder_id)))


@blueprint.post(f"{V1}/cardholders/<int:cardholder_id>/end")
@guard.requires(Permission.CHANGE_PEOPLE)
@takes(reason=_REASON)
def end_cardholder(cardholder_id: int, given: dict[str, Any]) -> Response:
    """End everything this cardholder may do."""
    with centre().write() as session:
        holder = forms.row(session, Cardholder, cardholder_id)
        cardholders.deactivate(session, guard.operator().actor, now(), holder, given["reason"])
        return jsonify(shapes.cardholder(holder))


@blueprint.post(f"{V1}/cardholders/<int:cardholder_id>/time")
@guard.requires(Permission.CHANGE_PEOPLE)
@takes(extended=truth())
def give_time(cardholder_id: int, given: dict[str, Any]) -> Response:
    """Say whether this cardholder needs more time at doors."""
    with centre().write() as session:
        holder = forms.row(session, Cardholder, cardholder_id)
        cardholders.give_time(session, guard.operator().actor, now(), holder, extended=given["extended"])
        return jsonify(shapes.cardholder(holder))


@blueprint.get(f"{V1}/credentials")
@guard.requires(Permission.SEE_PEOPLE)
@asks(cardholder=row_id(), **PAGE)
def list_credentials(asked: dict[str, Any]) -> Response:
    """Cards, of one cardholder or of all."""
    with centre().read() as session:
        statement = select(Credential).where(Credential.id > asked["cursor"]).order_by(Credential.id)
        if asked["cardholder"] is not None:
            statement = statement.where(Credential.cardholder_id == asked["cardholder"])
        found = session.scalars(statement.limit(limit(asked) + 1)).all()
        return listed(found, asked, lambda row: _shown(session, row))


@blueprint.post(f"{V1}/credentials")
@guard.requires(Permission.CHANGE_PEOPLE)
@takes(cardholder=whole(required=True), label=text(120), identities=rows(_IDENTITY, _identities))
def issue_credential(given: dict[str, Any]) -> tuple[Response, int]:
    """Give a cardholder a card."""
    with centre().write() as session:
        holder = forms.row(session, Cardholder, given["cardholder"])
        actor = guard.operator().actor
        made = credentials.issue(session, actor, now(), holder, given["label"], given["identities"], card_must_fit)
        return jsonify(_shown(session, made)), 201


@blueprint.post(f"{V1}/credentials/<int:credential_id>/lost")
@guard.requires(Permission.CHANGE_PEOPLE)
@takes(reason=_REASON)
def lose_credential(credential_id: int, given: dict[str, Any]) -> Response:
    """Report a card lost: from now on it may only leave."""
    with centre().write() as session:
        card = forms.row(session, Credential, credential_id)
        credentials.end(session, guard.operator().actor, now(), card, State.LOST, given["reason"])
        return jsonify(_shown(session, card))


@blueprint.post(f"{V1}/credentials/<int:credential_id>/restore")
@guard.requires(Permission.CHANGE_PEOPLE)
@takes(reason=_REASON)
def restore_credential(credential_id: int, given: dict[str, Any]) -> Response:
    """A card that was lost has been found."""
    with centre().write() as session:
        card = forms.row(session, Credential, credential_id)
        credentials.restore(session, guard.operator().actor, now(), card, given["reason"], card_must_fit)
        return jsonify(_shown(session, card))


def _shown(session: Session, row: Credential) -> dict[str, Any]:
    return shapes.credential(row, credentials.identities_of(session, row))
