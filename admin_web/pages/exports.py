"""Taking lists out as files: how many rows it would be, what for, how far it is, and the file itself."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, abort, make_response, redirect, render_template, send_file, url_for
from werkzeug.wrappers import Response

from admin_web import guard
from admin_web.centre import centre
from admin_web.exports.kinds_of_file import KINDS
from admin_web.exports.making import Making
from admin_web.exports.workbook import MOST_ROWS
from admin_web.pages import forms
from admin_web.reports.known import EXPORTED, asked_of, given, question
from admin_web.reports.report import Report
from admin_web.reports.taking import Wish, exports, taken
from controller.people.access import Permission

blueprint = Blueprint("exports", __name__, url_prefix="/exports")
_REFRESH_S = "2"


@blueprint.get("")
@guard.requires(Permission.EXPORT_RECORD)
def listed() -> Response:
    makings = exports().of(guard.operator().id)
    return _looking_again(render_template("exports/list.html", makings=makings), makings)


@blueprint.get("/of/<key>")
@guard.requires(Permission.EXPORT_RECORD)
def form(key: str) -> str:
    report = _report(key)
    asked = asked_of(report)
    with centre().read() as session:
        rows = report.count(question(session, asked))
    return render_template(
        "exports/form.html", report=report, rows=rows, given=given(report, asked), kinds=KINDS, most=MOST_ROWS - 1
    )


@blueprint.post("/of/<key>")
@guard.requires(Permission.EXPORT_RECORD)
def make(key: str) -> Response:
    report, kind = _report(key), forms.text("form", 20)
    if kind not in KINDS:
        abort(400)
    making = taken(Wish(report, asked_of(report)), kind, forms.text("purpose"))
    return redirect(url_for("exports.page", key=making.key), 303)


@blueprint.get("/<key>")
@guard.requires(Permission.EXPORT_RECORD)
def page(key: str) -> Response:
    making = _own(key)
    return _looking_again(render_template("exports/page.html", making=making), [making])


@blueprint.get("/<key>/file")
@guard.requires(Permission.EXPORT_RECORD)
def fetch(key: str) -> Response:
    return sent(_own(key))


@blueprint.post("/<key>/discard")
@guard.requires(Permission.EXPORT_RECORD)
def discard(key: str) -> Response:
    exports().discard(_own(key))
    return redirect(url_for("exports.listed"), 303)


def sent(making: Making) -> Response:
    """A finished file, for one reader; 404 when it is not there, or not any more."""
    file = exports().open(making)
    if file is None:
        abort(404)
    answer = send_file(file, making.order.mimetype, as_attachment=True, download_name=making.order.name)
    answer.headers["Content-Type"] = making.order.mimetype  # as it is: Flask would add a second charset to it
    answer.content_length = making.size
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _looking_again(text: str, makings: Sequence[Making]) -> Response:
    """A page that loads itself anew, without scripts, while a file on it is being made."""
    answer = make_response(text)
    if not all(each.over for each in makings):
        answer.headers["Refresh"] = _REFRESH_S
    return answer


def _report(key: str) -> Report:
    found = EXPORTED.get(key)
    if found is None:
        abort(404)
    return found


def _own(key: str) -> Making:
    found = exports().find(guard.operator().id, key)
    if found is None:
        abort(404)
    return found
