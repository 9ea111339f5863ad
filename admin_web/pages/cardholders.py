"""Cardholders and their cards."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from admin_web import guard
from admin_web.centre import centre, now
from admin_web.pages import forms
from contract.credential import Identity
from controller.delivery.compiling import card_must_fit
from controller.people import cardholder as cardholders
from controller.people import credential as credentials
from controller.people import permission as permissions
from controller.people.access import Permission
from controller.people.cardholder import Cardholder
from controller.people.credential import Credential, State
from controller.people.enrolment import fitting, in_a_line
from controller.premises import area as areas
from controller.premises.area import Area
from controller.premises.schedule import Schedule
from controller.record import enquiry
from controller.record.enquiry import LogFilter
from controller.record.fact import FactRow
from controller.record.occupancy import Presence
from controller.refusal import Refused

blueprint = Blueprint("cardholders", __name__, url_prefix="/cardholders")
_PAGE = 50


@blueprint.get("")
@guard.requires(Permission.SEE_PEOPLE)
def listed() -> str:
    wanted, after = request.args.get("q", "")[:100], forms.row_id("after") or 0
    with centre().read() as session:
        found = cardholders.find(session, centre().site(session), wanted, after, _PAGE + 1)
        people = [(each, credentials.of_cardholder(session, each)) for each in found[:_PAGE]]
        more = found[_PAGE - 1].id if len(found) > _PAGE else None
        return render_template("cardholders/list.html", people=people, wanted=wanted, more=more)


@blueprint.post("")
@guard.requires(Permission.CHANGE_PEOPLE)
def add() -> Response:
    with centre().write() as session:
        site = centre().site(session)
        name, number, kana = forms.text("name", 120), forms.text("number", 40), forms.text("name_kana", 120)
        made = cardholders.enrol(session, guard.operator().actor, now(), site, name, number, kana)
    return redirect(url_for("cardholders.page", holder_id=made.id), 303)


@blueprint.get("/<int:holder_id>")
@guard.requires(Permission.SEE_PEOPLE)
def page(holder_id: int) -> str:
    with centre().read() as session:
        holder = forms.row(session, Cardholder, holder_id)
        cards = [
            (each, credentials.identities_of(session, each)) for each in credentials.of_cardholder(session, holder)
        ]
        grants = permissions.of_cardholder(session, holder)
        presence = session.get(Presence, holder.id)
        return render_template(
            "cardholders/page.html",
            holder=holder,
            cards=cards,
            grants=grants,
            areas={area.id: area for area in session.query(Area)},
            schedules={each.id: each for each in session.query(Schedule)},
            presence=presence,
            rooms=[area for area in areas.of_site(session, centre().site(session)) if not area.open],
            unknown=_unknown(session) if guard.permitted(Permission.CHANGE_PEOPLE) else [],
            feed=enquiry.log(session, LogFilter(cardholder=holder.id), None, 10).rows,
            at=now(),
        )


@blueprint.post("/<int:holder_id>/time")
@guard.requires(Permission.CHANGE_PEOPLE)
def give_time(holder_id: int) -> Response:
    with centre().write() as session:
        holder = forms.row(session, Cardholder, holder_id)
        extended = forms.text("extended", 3) == "yes"
        cardholders.give_time(session, guard.operator().actor, now(), holder, extended=extended)
    return redirect(url_for("cardholders.page", holder_id=holder_id), 303)


@blueprint.post("/<int:holder_id>/credentials")
@guard.requires(Permission.CHANGE_PEOPLE)
def issue(holder_id: int) -> Response:
    try:
        identity = Identity.parse(forms.text("identity", 160))
    except ValueError as flaw:
        raise Refused("identity-missing") from flaw
    with centre().write() as session:
        holder = forms.row(session, Cardholder, holder_id)
        by, label = guard.operator().actor, forms.text("label", 120)
        credentials.issue(session, by, now(), holder, label, [identity], card_must_fit)
    return redirect(url_for("cardholders.page", holder_id=holder_id), 303)


@blueprint.post("/<int:holder_id>/end")
@guard.requires(Permission.CHANGE_PEOPLE)
def end(holder_id: int) -> Response:
    with centre().write() as session:
        holder = forms.row(session, Cardholder, holder_id)
        cardholders.deactivate(session, guard.operator().actor, now(), holder, forms.text("reason"))
    return redirect(url_for("cardholders.page", holder_id=holder_id), 303)


@blueprint.post("/credentials/<int:credential_id>/lost")
@guard.requires(Permission.CHANGE_PEOPLE)
def lost(credential_id: int) -> Response:
    with centre().write() as session:
        card = forms.row(session, Credential, credential_id)
        credentials.end(session, guard.operator().actor, now(), card, State.LOST, forms.text("reason"))
    return redirect(url_for("cardholders.page", holder_id=card.cardholder_id), 303)


@blueprint.post("/credentials/<int:credential_id>/restore")
@guard.requires(Permission.CHANGE_PEOPLE)
def restore(credential_id: int) -> Response:
    with centre().write() as session:
        card = forms.row(session, Credential, credential_id)
        credentials.restore(session, guard.operator().actor, now(), card, forms.text("reason"), card_must_fit)
    return redirect(url_for("cardholders.page", holder_id=card.cardholder_id), 303)


def _unknown(session: Session) -> list[tuple[FactRow, str, str]]:
    """Cards presented lately that belong to nobody: the fact, the identity, and what its bits may mean."""
    site = centre().site(session)
    return [
        (row, identity.text(), in_a_line(fitting(session, site, identity)))
        for row, identity in enquiry.unknown_cards(session)
    ]
