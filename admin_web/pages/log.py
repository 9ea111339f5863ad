"""The access log with its filters, and one fact with the reason for its decision."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, abort, render_template, request

from admin_web import guard
from admin_web.centre import centre
from admin_web.grounds import grounds
from admin_web.pages import forms
from contract.fact import FactKind
from controller.delivery import issued
from controller.ledger.ledger import LedgerRow, openings_of
from controller.people.access import Permission
from controller.people.cardholder import Cardholder
from controller.premises import area as areas
from controller.premises import door as doors
from controller.record import enquiry
from controller.record.allowing import decision_of
from controller.record.enquiry import LogFilter
from controller.record.explanation import explained

blueprint = Blueprint("log", __name__, url_prefix="/log")
_PAGE = 50


@blueprint.get("")
@guard.requires(Permission.SEE_LOG)
def listed() -> str:
    wanted = asked_filter()
    with centre().read() as session:
        site = centre().site(session)
        page = enquiry.log(session, wanted, forms.number("before"), _PAGE)
        return render_template(
            "log/list.html",
            page=page,
            wanted=wanted,
            given={name: value for name, value in request.args.items() if name != "before" and value},
            areas=areas.of_site(session, site),
            doors=doors.of_site(session, site),
            holder=session.get(Cardholder, wanted.cardholder) if wanted.cardholder else None,
            kinds=list(FactKind),
        )


@blueprint.get("/<int:sequence>")
@guard.requires(Permission.SEE_LOG)
def page(sequence: int) -> str:
    with centre().read() as session:
        row = enquiry.one(session, min(sequence, 2**62))
        if row is None:
            abort(404)
        why = explained(session, row.fact, lambda wanted: issued.policy_by_hash(session, wanted))
        return render_template(
            "log/page.html",
            row=row,
            fact=row.fact.fact(),
            why=why,
            grounds=grounds(why) if why else [],
            decision=decision_of(session, row.fact),
            openings=openings_of(session, row.fact.ledger_sequence),
            ledger=session.get_one(LedgerRow, row.fact.ledger_sequence),
        )


def asked_filter() -> LogFilter:
    """The filter in the address; 400 when it is malformed."""
    kinds = tuple(each for each in request.args.getlist("kind") if each in set(FactKind))
    if request.args.get("passing"):
        kinds = tuple(enquiry.PASSING)
    outcome = request.args.get("outcome") or None
    return LogFilter(
        area=forms.row_id("area"),
        door=forms.row_id("door"),
        cardholder=forms.row_id("cardholder"),
        outcome=outcome if outcome in ("GRANT", "REFUSE", "AWAIT") else None,
        kinds=kinds,
        since=forms.day("since"),
        until=forms.day("until", timedelta(days=1)),
    )
