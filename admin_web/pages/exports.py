"""Taking lists out as files: how many rows it would be, what for, how far it is, and the file itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from types import NoneType
from typing import cast

from flask import (
    Blueprint,
    Flask,
    abort,
    current_app,
    make_response,
    redirect,
    render_template,
    send_file,
    url_for,
)
from flask_babel import force_locale, get_locale
from werkzeug.wrappers import Response

from admin_web import guard, shown
from admin_web.centre import centre, now
from admin_web.exports.clock import Clock
from admin_web.exports.kinds_of_file import KINDS, KindOfFile
from admin_web.exports.making import Exports, Making, Order
from admin_web.exports.sheet import Row, Sheet, Value
from admin_web.exports.workbook import MOST_ROWS
from admin_web.pages import forms
from admin_web.reports.asking import Asked
from admin_web.reports.known import EXPORTED, asked_of, given, question
from admin_web.reports.report import Cell, Linked, Marked, Report
from admin_web.table import Table
from controller.people.access import Permission
from controller.record import export
from controller.record.export import Extract

blueprint = Blueprint("exports", __name__, url_prefix="/exports")
AT_ONCE = 5000
_REFRESH_S = "2"
_AS_IN_FILES = {str, int, NoneType}


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
    asked, by, purpose = asked_of(report), guard.operator(), forms.text("purpose")
    with centre().read() as session:
        put = question(session, asked)
        taken = Extract(report.key, kind, report.count(put), _written(given(report, asked)))
    with centre().write() as session:
        export.record(session, by, now(), taken, purpose)
    making = exports().ask(_order(by.id, report, asked, put.head, KINDS[kind], taken.rows))
    return redirect(url_for("exports.page", key=making.key), 303)


@blueprint.get("/<key>")
@guard.requires(Permission.EXPORT_RECORD)
def page(key: str) -> Response:
    making = _own(key)
    return _looking_again(render_template("exports/page.html", making=making), [making])


@blueprint.get("/<key>/file")
@guard.requires(Permission.EXPORT_RECORD)
def fetch(key: str) -> Response:
    making = _own(key)
    file = exports().open(making)
    if file is None:
        abort(404)
    answer = send_file(file, making.order.mimetype, as_attachment=True, download_name=making.order.name)
    answer.content_length = making.size
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post("/<key>/discard")
@guard.requires(Permission.EXPORT_RECORD)
def discard(key: str) -> Response:
    exports().discard(_own(key))
    return redirect(url_for("exports.listed"), 303)


def exports() -> Exports:
    """The files of the application that serves this request."""
    found = current_app.extensions["sekisho-exports"]
    if not isinstance(found, Exports):
        raise TypeError("the application makes no files")
    return found


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


def _written(carried: Mapping[str, str | list[str]]) -> Mapping[str, str]:
    return {name: value if isinstance(value, str) else ",".join(value) for name, value in carried.items()}


def _order(owner: int, report: Report, asked: Asked, head: int, kind: KindOfFile, rows: int) -> Order:
    local = asked.now.astimezone(shown.zone())
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return Order(
        owner,
        str(report.title),
        f"sekisho-{report.key}-{local:%Y%m%d-%H%M%S}.{kind.suffix}",
        kind.mimetype,
        rows,
        asked.now,
        kind.writer(exports().folder),
        partial(opened_sheet, app, str(get_locale()), report, asked, head),
    )


@contextlib.contextmanager
def opened_sheet(app: Flask, language: str, report: Report, asked: Asked, head: int) -> Iterator[Sheet]:
    """The sheet in the language of whoever asked; on a thread that serves no request."""
    with app.app_context(), force_locale(language):
        zone = shown.zone()
        titles = [
            f"{title} ({zone})" if place in report.moments else str(title)
            for place, title in enumerate(report.headings)
        ]
        yield Sheet(str(report.title), titles, _portions(report, asked, head), report.moments, report.stamps)


def _portions(report: Report, asked: Asked, head: int) -> Iterator[Sequence[Row]]:
    """Each portion is read by itself: no transaction lasts longer than it takes."""
    further: int | None = None
    clock = Clock(shown.zone())
    while True:
        with centre().read() as session:
            found = report.read(question(session, asked, head), further, AT_ONCE)
        columns = enumerate(Table.of(found.rows).columns)
        yield Table(clock.moments(each) if place in report.moments else _plain(each) for place, each in columns)
        further = found.further
        if further is None:
            return


def _plain(column: Sequence[Cell]) -> Sequence[Value]:
    """What cells are in a file: where they lead and how they are marked is for pages alone. TypeError for a moment in a
    column that is not said to hold any."""
    if set(map(type, column)) <= _AS_IN_FILES:
        return cast("Sequence[Value]", column)
    return [_value(cell) for cell in column]


def _value(cell: Cell) -> Value:
    if isinstance(cell, datetime):
        raise TypeError("a moment in a column of other things")
    return cell.text if isinstance(cell, (Linked, Marked)) else cell
