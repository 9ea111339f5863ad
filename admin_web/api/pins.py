"""PINs of cardholders, and the entries that ask for one. A PIN goes in, or is drawn and shown once; none comes out."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, jsonify
from sqlalchemy.orm import Session

from admin_web import guard
from admin_web.api import shapes
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import LARGEST_ID, one_of, takes, text, whole
from admin_web.api.kept import done_or_kept, may_wait
from admin_web.centre import centre, now
from admin_web.pages import forms
from contract.room_rules import DuressAnswer
from controller.delivery.compiling import holder_must_fit
from controller.people import levers
from controller.people import pin as pins
from controller.people.access import Permission
from controller.people.cardholder import Cardholder
from controller.premises import pin_rule
from controller.premises.door import AccessPoint
from controller.premises.pin_rule import PinPlan
from controller.refusal import Refused

_LONGEST_TYPED = 40
"""Longer than any PIN: what is too long is refused for that, by its name."""
_REASON = text(400)
"""Needed only where it must wait for a second person."""
_NO_MORE = "the card is enough"
"""What stands as the reason of a deletion, which takes none."""


@blueprint.get(f"{V1}/cardholders/<int:cardholder_id>/pin")
@guard.requires(Permission.SEE_PEOPLE)
def get_pin(cardholder_id: int) -> Response:
    """Since when a cardholder has a PIN, and whether there is one for duress."""
    with centre().read() as session:
        row = pins.of(session, forms.row(session, Cardholder, cardholder_id))
        if row is None:
            abort(404)
        return jsonify(shapes.pin(row))


@blueprint.put(f"{V1}/cardholders/<int:cardholder_id>/pin")
@guard.requires(Permission.CHANGE_PINS)
@takes(pin=text(_LONGEST_TYPED), duress=text(_LONGEST_TYPED), draw=one_of("pin", "pin-and-duress"))
def put_pin(cardholder_id: int, given: dict[str, Any]) -> Response:
    """Set a PIN, with or without one for duress: as typed, or drawn and shown in this answer only."""
    drawn: dict[str, str | None] = {}
    typed, duress = given["pin"], given["duress"] or None
    if given["draw"] is not None:
        if typed or duress:
            raise Refused("pin-typed-and-drawn")
        typed, duress = pins.draw(duress=given["draw"] == "pin-and-duress")
        drawn = {"pin": typed, "duress_pin": duress}
    kept = pins.choose(typed, duress)
    with centre().write() as session:
        holder = forms.row(session, Cardholder, cardholder_id)
        row = pins.give(session, guard.operator().actor, now(), holder, kept, holder_must_fit)
        return jsonify({**shapes.pin(row), **drawn})


@blueprint.delete(f"{V1}/cardholders/<int:cardholder_id>/pin")
@guard.requires(Permission.CHANGE_PINS)
def delete_pin(cardholder_id: int) -> Response:
    """Take a cardholder's PIN away."""
    with centre().write() as session:
        holder = forms.row(session, Cardholder, cardholder_id)
        pins.clear(session, guard.operator().actor, now(), holder)
        return jsonify({"cardholder": holder.id})


@blueprint.get(f"{V1}/access-points/<int:access_point_id>/pin")
@guard.requires(Permission.SEE_DOORS)
def get_pin_rule(access_point_id: int) -> Response:
    """When and how an entry asks for a PIN."""
    with centre().read() as session:
        row = pin_rule.of(session, forms.row(session, AccessPoint, access_point_id))
        if row is None:
            abort(404)
        return jsonify(shapes.pin_rule(row))


@blueprint.put(f"{V1}/access-points/<int:access_point_id>/pin")
@guard.requires(Permission.CHANGE_PIN_RULES)
@takes(
    card_alone=whole(),
    within_s=whole(),
    tries=whole(),
    lockout_s=whole(),
    duress=one_of(*DuressAnswer),
    reason=_REASON,
)
@may_wait
def put_pin_rule(access_point_id: int, given: dict[str, Any]) -> tuple[Response, int]:
    """Ask for a PIN at an entry: at all times, or outside the hours of the schedule card_alone."""
    told = {name: value for name, value in given.items() if name != "reason" and value is not None}
    if "card_alone" in told:
        told["card_alone"] = min(told["card_alone"], LARGEST_ID)
    with centre().write() as session:
        point = forms.row(session, AccessPoint, access_point_id)
        wanted = levers.of_pin_rule(point, PinPlan(**told))
        return done_or_kept(session, wanted, given["reason"], lambda: _ruled(session, point))


@blueprint.delete(f"{V1}/access-points/<int:access_point_id>/pin")
@guard.requires(Permission.CHANGE_PIN_RULES)
@may_wait
def delete_pin_rule(access_point_id: int) -> tuple[Response, int]:
    """The card is enough at this entry again."""
    with centre().write() as session:
        point = forms.row(session, AccessPoint, access_point_id)
        wanted = levers.of_pin_rule(point, None)
        return done_or_kept(session, wanted, _NO_MORE, lambda: {"access_point": access_point_id})


def _ruled(session: Session, point: AccessPoint) -> dict[str, Any]:
    row = pin_rule.of(session, point)
    return {} if row is None else shapes.pin_rule(row)
