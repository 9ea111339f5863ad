"""Credentials: giving and replacing cards, saying how long they are good, and what is done with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import Response, jsonify
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin_web import guard
from admin_web.api import shapes
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import PAGE, asks, count, moment, row_id, rows, takes, text, whole
from admin_web.api.paging import limit, listed
from admin_web.centre import centre, now
from admin_web.pages import forms
from contract.credential import Identity, Source
from controller.delivery.compiling import card_must_fit
from controller.people import credential as credentials
from controller.people.access import Permission
from controller.people.card_state import MOST_DAYS, MOST_USES, UNUSED, Act, Limits
from controller.people.cardholder import Cardholder
from controller.people.credential import Credential, NewCard

_REASON = text(400, required=True)
_LIMITS = {
    "valid_from": moment(),
    "valid_until": moment(),
    "max_uses": count(MOST_USES),
    "max_days": count(MOST_DAYS),
    "unused_days": count(MOST_DAYS),
}
_IDENTITY = {
    "type": "object",
    "required": ["source", "bits"],
    "properties": {
        "source": {"type": "string", "enum": [str(each) for each in Source]},
        "bits": {"type": "string", "pattern": "^[01]+$"},
    },
}
_DONE = {
    Act.SUSPEND: "Take a card out of use for a while.",
    Act.RESUME: "Put a card back into use that was suspended, or lay unused for too long.",
    Act.LOSE: "Report a card lost: from now on it may only leave.",
    Act.STEAL: "Report a card stolen: from now on it may only leave.",
    Act.DAMAGE: "Report a card damaged: from now on it may only leave.",
    Act.RETURN: "Take a card back.",
    Act.DESTROY: "A card was destroyed, for ever.",
    Act.RESTORE: "A card that was lost, stolen, damaged or returned is in use again.",
}


def _identities(given: list[Any]) -> list[Identity]:
    try:
        return [Identity(Source(each["source"]), each["bits"]) for each in given]
    except (ValueError, TypeError, KeyError, AttributeError) as flaw:
        raise ValueError("names a source and its bits, as 0 and 1") from flaw


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
        told = shown_each(session, found)
        return listed(found, asked, lambda row: told[row.id])


@blueprint.post(f"{V1}/credentials")
@guard.requires(Permission.CHANGE_PEOPLE)
@takes(cardholder=whole(required=True), label=text(120), identities=rows(_IDENTITY, _identities), **_LIMITS)
def issue_credential(given: dict[str, Any]) -> tuple[Response, int]:
    """Give a cardholder a card."""
    with centre().write() as session:
        holder = forms.row(session, Cardholder, given["cardholder"])
        actor, limits = guard.operator().actor, _limits(given)
        made = credentials.issue(
            session, actor, now(), holder, given["label"], given["identities"], card_must_fit, limits
        )
        return jsonify(shown(session, made)), 201


@blueprint.get(f"{V1}/credentials/<int:credential_id>")
@guard.requires(Permission.SEE_PEOPLE)
def get_credential(credential_id: int) -> Response:
    """One card."""
    with centre().read() as session:
        return jsonify(shown(session, forms.row(session, Credential, credential_id)))


@blueprint.post(f"{V1}/credentials/<int:credential_id>/reissue")
@guard.requires(Permission.CHANGE_PEOPLE)
@takes(label=text(120), identities=rows(_IDENTITY, _identities), reason=_REASON, **_LIMITS)
def issue_credential_again(credential_id: int, given: dict[str, Any]) -> tuple[Response, int]:
    """Replace a card by one of the next issue level; without limits of its own it has the old one's."""
    with centre().write() as session:
        old, actor = forms.row(session, Credential, credential_id), guard.operator().actor
        new = NewCard(given["label"], given["identities"], _limits(given))
        made = credentials.reissue(session, actor, now(), old, new, given["reason"], card_must_fit)
        return jsonify(shown(session, made)), 201


@blueprint.post(f"{V1}/credentials/<int:credential_id>/limits")
@guard.requires(Permission.CHANGE_PEOPLE)
@takes(reason=_REASON, **_LIMITS)
def limit_credential(credential_id: int, given: dict[str, Any]) -> Response:
    """Say anew how long a card is good, in whole: a limit that is not given is none."""
    with centre().write() as session:
        card, actor = forms.row(session, Credential, credential_id), guard.operator().actor
        credentials.limit(session, actor, now(), card, _limits(given), given["reason"], card_must_fit)
        return jsonify(shown(session, card))


def _does(act: Act) -> Callable[..., Response]:
    @guard.requires(Permission.CHANGE_PEOPLE)
    @takes(reason=_REASON)
    def does(credential_id: int, given: dict[str, Any]) -> Response:
        with centre().write() as session:
            card, actor = forms.row(session, Credential, credential_id), guard.operator().actor
            credentials.turn(session, actor, now(), card, act, given["reason"], card_must_fit)
            return jsonify(shown(session, card))

    does.__doc__ = _DONE[act]
    return does


for _act in Act:
    blueprint.add_url_rule(
        f"{V1}/credentials/<int:credential_id>/{_act}", f"{_act}_credential", _does(_act), methods=["POST"]
    )


def _limits(given: dict[str, Any]) -> Limits:
    return Limits(**{name: given[name] for name in _LIMITS})


def shown(session: Session, row: Credential) -> dict[str, Any]:
    """A card with what time and use have made of it."""
    return shown_each(session, [row])[row.id]


def shown_each(session: Session, rows: Sequence[Credential]) -> dict[int, dict[str, Any]]:
    """The same of many, by id."""
    ids, at = [each.id for each in rows], now()
    lives, identities = credentials.lives_of_each(session, ids), credentials.identities_of_each(session, ids)
    return {
        each.id: shapes.credential(
            each,
            identities.get(each.id, []),
            lives.get(each.id, UNUSED),
            credentials.state_by(each, lives.get(each.id, UNUSED), at),
        )
        for each in rows
    }
