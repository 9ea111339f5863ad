"""Cardholders and their cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from admin_web import guard, shown
from admin_web.centre import centre, now
from admin_web.keeping import done_or_kept
from admin_web.pages import forms
from admin_web.pages.presented import chosen_identity, presented
from admin_web.pages.widenings import to_what_waits
from admin_web.reports import lost
from controller.delivery.compiling import card_must_fit
from controller.people import access_level as levels
from controller.people import attribute, custody, leaver, levers, photo
from controller.people import cardholder as cardholders
from controller.people import credential as credentials
from controller.people import permission as permissions
from controller.people import search as searching
from controller.people.access import Permission
from controller.people.card_state import UNUSED, State
from controller.people.cardholder import Cardholder
from controller.people.credential import Credential, IdentityRow
from controller.people.custody import Place
from controller.premises import area as areas
from controller.premises.area import Area
from controller.premises.schedule import Schedule
from controller.record import enquiry
from controller.record.enquiry import LogFilter
from controller.record.occupancy import Presence
from controller.refusal import Refused

blueprint = Blueprint("cardholders", __name__, url_prefix="/cardholders")
_PAGE = 50


@blueprint.get("")
@guard.requires(Permission.SEE_PEOPLE)
def listed() -> str:
    return _found("cardholders/list.html", "", forms.row_id("after") or 0)


@blueprint.post("/search")
@guard.requires(Permission.SEE_PEOPLE)
def search() -> str:
    """By POST only: what is typed must stand in no address, history or log of a server. While somebody types, the
    rows alone are asked for."""
    part = "found" if request.headers.get("HX-Request") else "list"
    return _found(f"cardholders/{part}.html", forms.text("q", 100), forms.row_id("after") or 0)


def _found(template: str, wanted: str, after: int) -> str:
    with centre().read() as session:
        found = searching.find(session, centre().site(session), wanted, after, _PAGE + 1)
        people, more = found[:_PAGE], found[_PAGE - 1].id if len(found) > _PAGE else None
        states = credentials.states_now(session, people, now())
        return render_template(template, people=people, states=states, wanted=wanted, more=more)


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
        holder, at = forms.row(session, Cardholder, holder_id), now()
        cards = _shown(session, credentials.of_cardholder(session, holder), at)
        grants = permissions.of_cardholder(session, holder)
        presence = session.get(Presence, holder.id)
        return render_template(
            "cardholders/page.html",
            holder=holder,
            cards=cards,
            attributes=attribute.of_cardholder(session, holder),
            grants=grants,
            areas={area.id: area for area in session.query(Area)},
            opened={each.id: each for each in levels.of_site(session, centre().site(session))},
            schedules={each.id: each for each in session.query(Schedule)},
            presence=presence,
            photo=photo.of(session, holder),
            rooms=areas.guarded_of_site(session, centre().site(session)),
            unknown=presented(session, centre().site(session)) if guard.permitted(Permission.CHANGE_PEOPLE) else [],
            feed=enquiry.log(session, LogFilter(cardholder=holder.id), None, 10).rows,
            followed=lost.address(session, holder),
            at=at,
        )


@blueprint.post("/<int:holder_id>/rename")
@guard.requires(Permission.CHANGE_PEOPLE)
def rename(holder_id: int) -> Response:
    with centre().write() as session:
        holder = forms.row(session, Cardholder, holder_id)
        name, kana = forms.text("name", 120), forms.text("name_kana", 120)
        cardholders.rename(session, guard.operator().actor, now(), holder, name, kana)
    return redirect(url_for("cardholders.page", holder_id=holder_id), 303)


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
    with centre().write() as session:
        holder = forms.row(session, Cardholder, holder_id)
        by, label = guard.operator().actor, forms.text("label", 120)
        made = credentials.issue(session, by, now(), holder, label, [chosen_identity()], card_must_fit)
    return redirect(url_for("cards.page", credential_id=made.id), 303)


@blueprint.post("/<int:holder_id>/end")
@guard.requires(Permission.CHANGE_PEOPLE)
def end(holder_id: int) -> Response:
    with centre().write() as session:
        holder = forms.row(session, Cardholder, holder_id)
        leaver.deactivate(session, guard.operator().actor, now(), holder, forms.text("reason"))
    return redirect(url_for("cardholders.page", holder_id=holder_id), 303)


@blueprint.post("/<int:holder_id>/leave")
@guard.requires(Permission.CHANGE_PEOPLE)
def leave(holder_id: int) -> Response:
    """Say when this person will have left, or that they stay."""
    try:
        at = shown.local_moment(forms.text("at"))
    except ValueError as flaw:
        raise Refused("validity-absurd") from flaw
    with centre().write() as session:
        holder = forms.row(session, Cardholder, holder_id)
        asked = done_or_kept(session, levers.of_leaving(holder, at), forms.text("reason"))
        if asked is not None:
            return to_what_waits(asked)
    return redirect(url_for("cardholders.page", holder_id=holder_id), 303)


@dataclass(frozen=True, slots=True)
class _Card:
    """A card as the page shows it: what it is now, and where."""

    row: Credential
    state: State
    place: Place
    identities: Sequence[IdentityRow]


def _shown(session: Session, cards: Sequence[Credential], at: datetime) -> list[_Card]:
    ids = [each.id for each in cards]
    lives, identities = credentials.lives_of_each(session, ids), credentials.identities_of_each(session, ids)
    return [
        _Card(
            each,
            credentials.state_by(each, lives.get(each.id, UNUSED), at),
            custody.place(each),
            identities.get(each.id, []),
        )
        for each in cards
    ]
