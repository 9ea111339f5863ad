"""Findings: each refusal and anomaly by itself, what became of it, and saying so of several at once.

The law: which findings are shown stands in the address, by ids and days; what is said of them goes by POST alone.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from admin_web import guard
from admin_web.centre import centre, now
from admin_web.pages import forms
from admin_web.reports import asking
from controller.people import operator as operators
from controller.people.access import Permission
from controller.people.cardholder import Cardholder
from controller.premises import area as areas
from controller.premises import door as doors
from controller.record import finding
from controller.record.finding import FindingFilter, What
from controller.record.judgement import MOST_AT_ONCE, Disposition, Verdict

blueprint = Blueprint("findings", __name__, url_prefix="/findings")
FIELDS = ("what", "area", "door", "cardholder", "disposition", "since", "until")
_PAGE = 50


@blueprint.get("")
@guard.requires(Permission.SEE_LOG)
def listed() -> str:
    log = asking.asked().usual().log
    wanted = FindingFilter(_what(), log, _disposition())
    with centre().read() as session:
        site = centre().site(session)
        found = finding.listed(session, wanted, forms.number("before") or 2**62, _PAGE + 1)
        rows = found[:_PAGE]
        return render_template(
            "findings/list.html",
            rows=rows,
            wanted=wanted,
            given={**asking.narrowed(FIELDS), **asking.dates(log)},
            older=rows[-1].place if len(found) > _PAGE else None,
            areas=[each for each in areas.ever_of_site(session, site) if not each.open],
            doors=doors.ever_of_site(session, site),
            operators={each.id: each for each in operators.of_site(session, site)},
            holder=session.get(Cardholder, log.cardholder) if log.cardholder else None,
            judged=forms.number("judged"),
            offered=Disposition,
        )


@blueprint.post("/judge")
@guard.requires(Permission.JUDGE_FINDINGS)
def judge() -> Response:
    """Say what became of those that were ticked, and show the same list again."""
    places = {_place(each) for each in request.form.getlist("finding")[: MOST_AT_ONCE + 1]}
    said = forms.text("as", 16)
    if said not in set(Disposition):
        abort(400)
    with centre().write() as session:
        verdict = Verdict(Disposition(said), forms.text("note"))
        finding.judge(session, guard.operator(), now(), places, verdict)
    if forms.text("back", 3) == "one" and len(places) == 1:
        return redirect(url_for("log.page", sequence=places.pop(), _anchor="judged"), 303)
    shown: dict[str, Any] = {**asking.narrowed(FIELDS), "judged": len(places)}
    return redirect(url_for("findings.listed", **shown), 303)


def _what() -> What:
    found = request.args.get("what", "")
    return What(found) if found in set(What) else What.REFUSAL


def _disposition() -> Disposition | None:
    """What is open, unless the address says otherwise; `all` does not narrow."""
    return Disposition.OPEN if "disposition" not in request.args else asking.disposition(request.args)


def _place(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        abort(400)
    return int(text)
