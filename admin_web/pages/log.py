"""The access log with its filters, and one fact with the reason for its decision."""

from __future__ import annotations

from flask import Blueprint, abort, render_template

from admin_web import guard
from admin_web.centre import centre
from admin_web.grounds import grounds
from admin_web.pages import forms
from admin_web.reports import asking
from contract.fact import FactKind
from controller.delivery import issued
from controller.ledger.ledger import LedgerRow, openings_of
from controller.people import operator as operators
from controller.people.access import Permission
from controller.people.cardholder import Cardholder
from controller.premises import area as areas
from controller.premises import door as doors
from controller.record import enquiry, finding, judgement
from controller.record.allowing import decision_of
from controller.record.explanation import explained
from controller.record.judgement import Disposition

blueprint = Blueprint("log", __name__, url_prefix="/log")
_PAGE = 50


@blueprint.get("")
@guard.requires(Permission.SEE_LOG)
def listed() -> str:
    wanted = asking.asked().log
    with centre().read() as session:
        site = centre().site(session)
        page = enquiry.log(session, wanted, forms.number("before"), _PAGE)
        return render_template(
            "log/list.html",
            page=page,
            wanted=wanted,
            given=asking.narrowed(asking.LOG_FIELDS),
            areas=areas.ever_of_site(session, site),
            doors=doors.ever_of_site(session, site),
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
            finding=finding.one(session, row.fact.ledger_sequence),
            judgements=judgement.history(session, row.fact.ledger_sequence),
            operators={each.id: each for each in operators.of_site(session, centre().site(session))},
            offered=Disposition,
            ledger=session.get_one(LedgerRow, row.fact.ledger_sequence),
        )
