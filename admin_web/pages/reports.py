"""Auditors' reports: what each of them says, and one of them with its filters."""

from __future__ import annotations

from flask import Blueprint, abort, render_template

from admin_web import guard
from admin_web.act_words import ACTS
from admin_web.centre import centre
from admin_web.pages import forms
from admin_web.reports import saved
from admin_web.reports.known import REPORTS, asked_of, given, question
from controller.people import operator as operators
from controller.people.access import Permission
from controller.people.cardholder import Cardholder
from controller.premises import area as areas
from controller.premises import door as doors
from controller.record import alarm

blueprint = Blueprint("reports", __name__, url_prefix="/reports")
_PAGE = 50


@blueprint.get("")
@guard.requires(Permission.SEE_LOG)
def listed() -> str:
    with centre().read() as session:
        return render_template("reports/list.html", reports=REPORTS.values(), saved=saved.listed(session))


@blueprint.get("/<key>")
@guard.requires(Permission.SEE_LOG)
def page(key: str) -> str:
    report = REPORTS.get(key)
    if report is None:
        abort(404)
    asked, further = asked_of(report), forms.number("further")
    with centre().read() as session:
        put = question(session, asked)
        portion = report.read(put, further, _PAGE)
        is_all = further is None and portion.further is None
        return render_template(
            "reports/page.html",
            report=report,
            asked=asked,
            portion=portion,
            count=len(portion.rows) if is_all else report.count(put),
            given=given(report, asked),
            areas=[each for each in areas.ever_of_site(session, put.site) if not each.open],
            doors=doors.ever_of_site(session, put.site),
            operators=operators.of_site(session, put.site),
            holder=session.get(Cardholder, asked.log.cardholder) if asked.log.cardholder else None,
            acts=ACTS,
            alarms=alarm.KINDS,
        )
