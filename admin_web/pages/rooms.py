"""Rooms: who may enter, who is inside now, and asking for access."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from admin_web import guard
from admin_web.centre import centre, now
from admin_web.pages import forms
from contract.canonical import Value
from contract.policy import Direction
from controller.delivery import distribution
from controller.delivery import posture as postures
from controller.delivery import rooms as dangers
from controller.delivery.distribution import InForce
from controller.delivery.posture import Act, PostureChange, Standing
from controller.people import cardholder as cardholders
from controller.people import permission as permissions
from controller.people import search as searching
from controller.people.access import Permission
from controller.people.cardholder import Cardholder
from controller.people.operator import Operator
from controller.people.permission import Wish
from controller.premises import area as areas
from controller.premises import door as doors
from controller.premises import pin_rule, rule_changes
from controller.premises import schedule as schedules
from controller.premises.area import Area
from controller.premises.door import AccessPoint
from controller.premises.rule_changes import RuleChange
from controller.premises.rule_words import Of
from controller.premises.rules import settings_of
from controller.premises.schedule import Schedule
from controller.record import enquiry, occupancy
from controller.record.enquiry import LogFilter

blueprint = Blueprint("rooms", __name__, url_prefix="/rooms")
_OFFERED = 20
"""As many people as one looks through without reading; more are found by typing more."""
_LATEST = 5


@blueprint.get("")
@guard.requires(Permission.SEE_DOORS)
def listed() -> str:
    with centre().read() as session:
        site = centre().site(session)
        inside, permitted = occupancy.counts(session), permissions.counts_in_force(session, now())
        guarding = doors.guarding(session, site)
        every = areas.of_site(session, site)
        shown_areas = [
            (area, permitted.get(area.id, 0), inside.get(area.id, 0), guarding.get(area.id, ()))
            for area in every
            if not area.open
        ]
        opened = [each for each in every if each.open]
        unsure = occupancy.uncertain(session)
        return render_template("rooms/list.html", areas=shown_areas, opened=opened, uncertain=unsure)


@blueprint.get("/<key>")
@guard.requires(Permission.SEE_PEOPLE)
def page(key: str) -> str:
    with centre().read() as session:
        area = room(session, key)
        grants, found = permissions.in_force(session, area, now()), doors.of_area(session, area)
        points = doors.access_points_of_each(session, [door.id for door in found])
        site = centre().site(session)
        stands = postures.standing(session, site)
        people = cardholders.by_ids(session, (each.cardholder_id for each in grants))
        return render_template(
            "rooms/page.html",
            area=area,
            states=distribution.in_force_each(session, area, {each.ledger_sequence for each in grants}),
            doors=[(door, points.get(door.id, ())) for door in found],
            readers=enquiry.readers(session, {door.agent_id for door in found}),
            inside=occupancy.inside(session, area),
            uncertain=occupancy.uncertain(session).get(area.id),
            grants=[(each, people[each.cardholder_id]) for each in grants],
            schedules={each.id: each for each in session.query(Schedule)},
            operators={each.id: each for each in session.query(Operator)},
            rules=settings_of(area.rules),
            settings=settings_of,
            pins=_pins(session, chain.from_iterable(points.values())),
            changes=_changes(session, area),
            of=Of,
            findings=dangers.findings(session, site, area, now()),
            posture=stands.of_area(area),
            ordered=stands.ordered(area),
            orders=_orders(session, area, stands),
            feed=enquiry.log(session, LogFilter(area=area.id), None, 10).rows,
        )


@blueprint.get("/<key>/in-force/<int:sequence>")
@guard.requires(Permission.SEE_DOORS)
def in_force(key: str, sequence: int) -> str:
    with centre().read() as session:
        area = room(session, key)
        state = distribution.in_force(session, area, min(sequence, 2**62))
        tries = forms.tries()
        return render_template("rooms/in_force.html", area=area, sequence=sequence, state=state, tries=tries)


@blueprint.get("/<key>/request")
@guard.requires(Permission.REQUEST_ACCESS)
def ask(key: str) -> str:
    with centre().read() as session:
        chosen = forms.row_id("cardholder")
        return _asking(session, key, "request", forms.row(session, Cardholder, chosen) if chosen else None)


@blueprint.post("/<key>/request/search")
@guard.requires(Permission.REQUEST_ACCESS)
def ask_whom(key: str) -> str:
    """Whom the request is for, by POST only: what is typed must stand in no address. While somebody types, the people
    alone are asked for."""
    with centre().read() as session:
        holder_id = forms.row_id("cardholder")
        chosen = session.get(Cardholder, holder_id) if holder_id else None
        part = "candidates" if request.headers.get("HX-Request") else "request"
        return _asking(session, key, part, chosen)


def _asking(session: Session, key: str, part: str, chosen: Cardholder | None) -> str:
    """The form, or its list of people: whoever is chosen first, then those that are described by what is typed."""
    site, area, wanted = centre().site(session), room(session, key), forms.text("q", 100)
    found = [] if chosen and not wanted else searching.find(session, site, wanted, 0, _OFFERED + 1, now())
    return render_template(
        f"rooms/{part}.html",
        area=area,
        doors=doors.of_area(session, area),
        people=[*([chosen] if chosen else []), *(each for each in found[:_OFFERED] if each != chosen)],
        chosen=chosen,
        wanted=wanted,
        more=len(found) > _OFFERED,
        offered=_OFFERED,
        schedules=schedules.offered(session, site),
        start=now(),
    )


@blueprint.post("/<key>/request")
@guard.requires(Permission.REQUEST_ACCESS)
def request_access(key: str) -> Response:
    with centre().write() as session:
        area = room(session, key)
        holder = forms.row(session, Cardholder, forms.number("cardholder") or 0)
        chosen = forms.row_id("schedule")
        begins, ends = forms.validity()
        wish = Wish(
            holder,
            area,
            begins or now(),
            ends,
            forms.text("reason"),
            forms.row(session, Schedule, chosen) if chosen else None,
        )
        permissions.request(session, guard.operator(), now(), wish)
    return redirect(url_for("requests.listed"), 303)


def _orders(session: Session, area: Area, stands: Standing) -> list[tuple[PostureChange, InForce]]:
    """What was ordered last for this room or the site, of each kind, and how far it has come; the newest first."""
    rows = [stands.order(act, place) for act in Act for place in (None, area.id)]
    found = sorted((row for row in rows if row is not None), key=lambda row: -row.number)
    states = distribution.in_force_each(session, area, {row.ledger_sequence for row in found})
    return [(row, states[row.ledger_sequence]) for row in found]


def _pins(session: Session, points: Iterable[AccessPoint]) -> dict[str, dict[str, Value]]:
    """What each entry among these asks for after the card; of one that asks for nothing, that it does."""
    entries = [each for each in points if each.direction == Direction.ENTRY]
    asking = pin_rule.of_each(session, [each.id for each in entries])
    rows = {each.key: asking.get(each.id) for each in entries}
    return {key: pin_rule.settings_of(row) if row else {pin_rule.ASKED: False} for key, row in rows.items()}


def _changes(session: Session, area: Area) -> list[tuple[RuleChange, InForce]]:
    """What was changed last about the rules, and at how many doors of the room it is in force."""
    found = rule_changes.latest(session, area, _LATEST)
    states = distribution.in_force_each(session, area, {each.ledger_sequence for each in found})
    return [(each, states[each.ledger_sequence]) for each in found]


def room(session: Session, key: str) -> Area:
    """The guarded area of this key; 404 when there is none."""
    found = areas.by_key(session, centre().site(session), key[:40])
    if found is None or found.open:
        abort(404)
    return found
