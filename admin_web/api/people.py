"""Cardholders: who they are, what they are and may, and the acts that forgive where they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, jsonify
from sqlalchemy.orm import Session

from admin_web import guard
from admin_web.api import shapes
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import LARGEST_ID, MOST, PAGE, asks, count, moment, one_of, takes, text, truth
from admin_web.api.kept import done_or_kept, may_wait
from admin_web.api.paging import limit, listed, sliced
from admin_web.centre import centre, now
from admin_web.pages import forms
from contract.room_rules import HIGHEST_THREAT
from controller.people import attribute as attributes
from controller.people import cardholder as cardholders
from controller.people import leaver, levers, search
from controller.people.access import Permission
from controller.people.attribute import Attribute
from controller.people.cardholder import Cardholder

_REASON = text(400, required=True)


@blueprint.get(f"{V1}/cardholders")
@guard.requires(Permission.SEE_PEOPLE)
@asks(**PAGE)
def list_cardholders(asked: dict[str, Any]) -> Response:
    """Every cardholder, in pages."""
    with centre().read() as session:
        site = centre().site(session)
        return _listed(session, cardholders.of_site(session, site, asked["cursor"], limit(asked) + 1), asked)


@blueprint.post(f"{V1}/cardholders/search")
@guard.requires(Permission.SEE_PEOPLE)
@takes(text=text(100, required=True), cursor=count(LARGEST_ID, 0), limit=count(MOST))
def search_cardholders(given: dict[str, Any]) -> Response:
    """Cardholders described by `text`: parts of name, reading, staff number or card. Names belong in no address."""
    asked = {"cursor": given["cursor"] or 0, "limit": given["limit"] or 50}
    with centre().read() as session:
        site = centre().site(session)
        return _listed(session, search.find(session, site, given["text"], asked["cursor"], limit(asked) + 1), asked)


@blueprint.post(f"{V1}/cardholders")
@guard.requires(Permission.CHANGE_PEOPLE)
@takes(name=text(120, required=True), number=text(40, required=True), name_kana=text(120))
def add_cardholder(given: dict[str, Any]) -> tuple[Response, int]:
    """A new cardholder."""
    with centre().write() as session:
        actor, site = guard.operator().actor, centre().site(session)
        made = cardholders.enrol(session, actor, now(), site, given["name"], given["number"], given["name_kana"])
        return jsonify(_shown(session, made)), 201


@blueprint.get(f"{V1}/cardholders/<int:cardholder_id>")
@guard.requires(Permission.SEE_PEOPLE)
def get_cardholder(cardholder_id: int) -> Response:
    """One cardholder."""
    with centre().read() as session:
        return jsonify(_shown(session, forms.row(session, Cardholder, cardholder_id)))


@blueprint.post(f"{V1}/cardholders/<int:cardholder_id>/end")
@guard.requires(Permission.CHANGE_PEOPLE)
@takes(reason=_REASON)
def end_cardholder(cardholder_id: int, given: dict[str, Any]) -> Response:
    """End everything this cardholder may do."""
    with centre().write() as session:
        holder = forms.row(session, Cardholder, cardholder_id)
        leaver.deactivate(session, guard.operator().actor, now(), holder, given["reason"])
        return jsonify(_shown(session, holder))


@blueprint.post(f"{V1}/cardholders/<int:cardholder_id>/leave")
@guard.requires(Permission.CHANGE_PEOPLE)
@takes(at=moment(), reason=_REASON)
@may_wait
def let_leave(cardholder_id: int, given: dict[str, Any]) -> tuple[Response, int]:
    """Say from which minute on this cardholder will have left; without `at`: that they stay."""
    with centre().write() as session:
        holder = forms.row(session, Cardholder, cardholder_id)
        wanted = levers.of_leaving(holder, given["at"])
        return done_or_kept(session, wanted, given["reason"], lambda: _shown(session, holder))


@blueprint.post(f"{V1}/cardholders/<int:cardholder_id>/rename")
@guard.requires(Permission.CHANGE_PEOPLE)
@takes(name=text(120, required=True), name_kana=text(120))
def rename_cardholder(cardholder_id: int, given: dict[str, Any]) -> Response:
    """Correct the name and its reading."""
    with centre().write() as session:
        holder = forms.row(session, Cardholder, cardholder_id)
        cardholders.rename(session, guard.operator().actor, now(), holder, **given)
        return jsonify(_shown(session, holder))


@blueprint.post(f"{V1}/cardholders/<int:cardholder_id>/time")
@guard.requires(Permission.CHANGE_PEOPLE)
@takes(extended=truth())
def give_time(cardholder_id: int, given: dict[str, Any]) -> Response:
    """Say whether this cardholder needs more time at doors."""
    with centre().write() as session:
        holder = forms.row(session, Cardholder, cardholder_id)
        cardholders.give_time(session, guard.operator().actor, now(), holder, extended=given["extended"])
        return jsonify(_shown(session, holder))


@blueprint.post(f"{V1}/cardholders/<int:cardholder_id>/attributes")
@guard.requires(Permission.GIVE_ATTRIBUTES)
@takes(attribute=one_of(*Attribute, required=True), value=count(HIGHEST_THREAT, 0, required=True), reason=_REASON)
@may_wait
def change_attribute(cardholder_id: int, given: dict[str, Any]) -> tuple[Response, int]:
    """Give an attribute (value 1, or a clearance of 1 to 9) or take it away (0)."""
    with centre().write() as session:
        holder = forms.row(session, Cardholder, cardholder_id)
        wanted = levers.of_attribute(holder, Attribute(given["attribute"]), given["value"])
        return done_or_kept(session, wanted, given["reason"], lambda: _shown(session, holder))


@blueprint.post(f"{V1}/cardholders/<int:cardholder_id>/forgive")
@guard.requires(Permission.FORGIVE_PRESENCE)
@takes(reason=_REASON)
def forgive_cardholder(cardholder_id: int, given: dict[str, Any]) -> Response:
    """Let where this cardholder was last seen be no reason to refuse them any more."""
    with centre().write() as session:
        holder = forms.row(session, Cardholder, cardholder_id)
        cardholders.forgive(session, guard.operator().actor, now(), holder, given["reason"])
        return jsonify(_shown(session, holder))


@blueprint.get(f"{V1}/reports/exemptions")
@guard.requires(Permission.SEE_PEOPLE)
@asks(**PAGE)
def list_exemptions(asked: dict[str, Any]) -> Response:
    """For whom a rule is lifted: which, since when, by whom and why."""
    with centre().read() as session:
        found = attributes.exemptions(session, centre().site(session))
        return sliced(found, asked, shapes.exempt)


def _listed(session: Session, found: Sequence[Cardholder], asked: Mapping[str, Any]) -> Response:
    held = attributes.of_each(session, [each.id for each in found])
    return listed(found, asked, lambda row: shapes.cardholder(row, held.get(row.id, ())))


def _shown(session: Session, holder: Cardholder) -> dict[str, Any]:
    return shapes.cardholder(holder, attributes.of_cardholder(session, holder))
