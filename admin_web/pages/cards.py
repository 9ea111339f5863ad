"""Cards as things: which to hand out, to call back and to count; one card with its doors; a card that was presented."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from admin_web import guard
from admin_web.centre import centre, now
from admin_web.pages import forms
from admin_web.pages.presented import chosen_identity, presented
from admin_web.reports import lost
from controller.delivery import distribution, granted
from controller.delivery.compiling import card_must_fit
from controller.delivery.distribution import InForce
from controller.people import cardholder as cardholders
from controller.people import credential as credentials
from controller.people import custody, enrolment
from controller.people import permission as permissions
from controller.people.access import Permission
from controller.people.card_state import Act
from controller.people.cardholder import Cardholder
from controller.people.credential import Credential, NewCard
from controller.people.custody import Due
from controller.premises.door import Door
from controller.record import enquiry
from controller.refusal import Refused

blueprint = Blueprint("cards", __name__, url_prefix="/cards")
_PAGE = 50
_COUNTED_AT_ONCE = 100


@blueprint.get("")
@guard.requires(Permission.SEE_PEOPLE)
def listed() -> str:
    asked, after = request.args.get("due", ""), forms.row_id("after") or 0
    with centre().read() as session:
        site, at = centre().site(session), now()
        counts = custody.due_counts(session, site, at)
        first = next((each for each in Due if counts[each]), Due.CALL_BACK)
        due = Due(asked) if asked in set(Due) else first
        found = custody.due(session, site, at, due, after, _PAGE + 1)
        more = found[_PAGE - 1].card.id if len(found) > _PAGE else None
        return render_template("cards/list.html", counts=counts, due=due, found=found[:_PAGE], more=more)


@blueprint.get("/count")
@guard.requires(Permission.CHANGE_PEOPLE)
def count() -> str:
    after, begun = forms.row_id("after") or 0, forms.moment("begun") or now()
    with centre().read() as session:
        site = centre().site(session)
        found = custody.stock(session, site, after, _COUNTED_AT_ONCE + 1, unseen_since=begun)
        more = found[_COUNTED_AT_ONCE - 1].card.id if len(found) > _COUNTED_AT_ONCE else None
        return render_template("cards/count.html", found=found[:_COUNTED_AT_ONCE], more=more, begun=begun)


@blueprint.post("/count")
@guard.requires(Permission.CHANGE_PEOPLE)
def counted() -> str:
    seen = request.form.getlist("seen")
    if not all(each.isascii() and each.isdigit() and len(each) < 10 for each in seen):
        abort(400)
    with centre().write() as session:
        site = centre().site(session)
        cards, begun = [int(each) for each in seen], forms.moment("begun") or now()
        missed = custody.count_stock(session, guard.operator().actor, now(), site, cards, begun)
        return render_template("cards/counted.html", missed=missed, seen=len(set(cards)), begun=begun)


@blueprint.get("/<int:credential_id>")
@guard.requires(Permission.SEE_PEOPLE)
def page(credential_id: int) -> str:
    with centre().read() as session:
        card, at = forms.row(session, Credential, credential_id), now()
        holder, site = session.get_one(Cardholder, card.cardholder_id), centre().site(session)
        identities = credentials.identities_of(session, card)
        fitting = enrolment.fitting_each(session, site, [each.identity() for each in identities])
        return render_template(
            "cards/page.html",
            card=card,
            holder=holder,
            state=credentials.state_now(session, card, at),
            place=custody.place(card),
            acts=credentials.possible(session, card, at),
            life=credentials.life(session, card),
            identities=[(each, fitting[each.identity()]) for each in identities],
            old=session.get(Credential, card.replaces_id) if card.replaces_id else None,
            new=credentials.replacement(session, card),
            permitted=any(grant.in_force(at) for grant in permissions.of_cardholder(session, holder)),
            doors=_at_doors(session, card, at),
            tries=0,
            followed=lost.address(session, holder, card),
            unknown=presented(session, site) if guard.permitted(Permission.CHANGE_PEOPLE) else [],
        )


@blueprint.get("/<int:credential_id>/doors")
@guard.requires(Permission.SEE_PEOPLE)
def at_doors(credential_id: int) -> str:
    """The part of the page that says which doors know of the last change."""
    with centre().read() as session:
        card = forms.row(session, Credential, credential_id)
        tries = forms.tries()
        return render_template("cards/doors.html", card=card, doors=_at_doors(session, card, now()), tries=tries)


@blueprint.post("/<int:credential_id>/hand-out")
@guard.requires(Permission.CHANGE_PEOPLE)
def hand_out(credential_id: int) -> Response:
    with centre().write() as session:
        card = forms.row(session, Credential, credential_id)
        acknowledged = forms.text("acknowledged", 3) == "yes"
        custody.hand_out(session, guard.operator().actor, now(), card, acknowledged=acknowledged)
    return redirect(url_for("cards.page", credential_id=credential_id), 303)


@blueprint.post("/<int:credential_id>/replace")
@guard.requires(Permission.CHANGE_PEOPLE)
def replace(credential_id: int) -> Response:
    """Give a card of the next issue level in the place of this one."""
    with centre().write() as session:
        old = forms.row(session, Credential, credential_id)
        new = NewCard(forms.text("label", 120) or old.label, [chosen_identity()])
        by, why = guard.operator().actor, forms.text("reason")
        made = credentials.reissue(session, by, now(), old, new, why, card_must_fit)
    return redirect(url_for("cards.page", credential_id=made.id), 303)


@blueprint.post("/<int:credential_id>/<act>")
@guard.requires(Permission.CHANGE_PEOPLE)
def act_on(credential_id: int, act: str) -> Response:
    """Suspend a card, report it lost, take it back …"""
    if act not in set(Act):
        abort(404)
    with centre().write() as session:
        card = forms.row(session, Credential, credential_id)
        credentials.turn(session, guard.operator().actor, now(), card, Act(act), forms.text("reason"), card_must_fit)
    return redirect(url_for("cards.page", credential_id=credential_id), 303)


@blueprint.get("/presented/<int:sequence>")
@guard.requires(Permission.CHANGE_PEOPLE)
def of_swipe(sequence: int) -> str:
    """A card that was presented and belongs to nobody: everything it may be, and giving it to somebody."""
    with centre().read() as session:
        identity = enquiry.unknown_identity(session, min(sequence, 2**62))
        row = enquiry.one(session, min(sequence, 2**62))
        if identity is None or row is None:
            abort(404)
        found = enrolment.examine(session, centre().site(session), identity)
        return render_template("cards/presented.html", row=row, identity=identity, found=found)


@blueprint.post("/presented/<int:sequence>")
@guard.requires(Permission.CHANGE_PEOPLE)
def give_swiped(sequence: int) -> Response:
    """Give it to the cardholder of this staff number."""
    with centre().write() as session:
        identity = enquiry.unknown_identity(session, min(sequence, 2**62))
        if identity is None:
            abort(404)
        holder = cardholders.by_number(session, centre().site(session), forms.text("number", 40))
        if holder is None:
            raise Refused("number-unknown")
        by, label = guard.operator().actor, forms.text("label", 120)
        made = credentials.issue(session, by, now(), holder, label, [identity], card_must_fit)
    return redirect(url_for("cards.page", credential_id=made.id), 303)


def _at_doors(session: Session, card: Credential, at: datetime) -> list[tuple[Door, InForce]]:
    """Each door of a room that the holder may enter, and whether it knows of the card's last change; none while no
    change of it is on record."""
    if not card.ledger_sequence:
        return []
    holder = session.get_one(Cardholder, card.cardholder_id)
    given = [grant for grant in permissions.of_cardholder(session, holder) if grant.in_force(at)]
    return list(distribution.at_each(session, granted.doors_of(session, given), card.ledger_sequence))
