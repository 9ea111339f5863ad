"""Taking a report out: refused or counted, recorded with its purpose, and then made beside the requests.

The law: nothing is read before the ledger knows of it. Each portion is a short look of its own below the place that the
ledger had reached when the file was asked for.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import NoneType
from typing import cast

from flask import Flask, current_app
from flask_babel import force_locale, get_locale, gettext

from admin_web import guard, shown
from admin_web.centre import centre, now
from admin_web.exports.clock import Clock
from admin_web.exports.kinds_of_file import KINDS, KindOfFile
from admin_web.exports.making import Exports, Making, Order
from admin_web.exports.sheet import Made, Row, Sheet, Value
from admin_web.reports import asking, narrowed
from admin_web.reports.asking import Asked
from admin_web.reports.known import given, question
from admin_web.reports.report import Absent, Cell, Linked, Marked, Report
from admin_web.table import Table
from controller.record import export
from controller.record.export import Extract
from controller.refusal import Refused

AT_ONCE = 5000
_AS_IN_FILES = {str, int, NoneType}


@dataclass(frozen=True, slots=True)
class Wish:
    """A report to be taken out, and what is asked of it."""

    report: Report
    asked: Asked


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above the rows: filters in words, the operator's name, and the language of both."""

    filters: str
    by: str
    language: str


def exports() -> Exports:
    """The files of the application that serves this request."""
    found = current_app.extensions["sekisho-exports"]
    if not isinstance(found, Exports):
        raise TypeError("the application makes no files")
    return found


def taken(wish: Wish, form: str, purpose: str) -> Making:
    """Have a file of the kind `form` made for the operator of this request, once that is recorded. Refused where the
    kind cannot be made of so many rows or on this machine, and purpose-missing."""
    kind, by = KINDS[form], guard.operator()
    with centre().read() as session:
        put = question(session, wish.asked)
        rows = wish.report.count(put)
        head = Head(narrowed.in_words(session, wish.report, wish.asked), by.display_name, str(get_locale()))
    if refusal := kind.refusal(rows):
        raise Refused(refusal)
    with centre().write() as session:
        export.record(session, by, now(), Extract(wish.report.key, form, rows, _written(wish)), purpose)
    return exports().ask(_order(by.id, wish, put.head, kind, rows, head))


def _written(wish: Wish) -> Mapping[str, str]:
    """The filters as the ledger keeps them; of a period also the days that it is now."""
    dated = asking.dates(wish.asked.log) if wish.asked.period else {}
    carried = {**given(wish.report, wish.asked), **dated}
    return {name: value if isinstance(value, str) else ",".join(value) for name, value in carried.items()}


def _order(owner: int, wish: Wish, newest: int, kind: KindOfFile, rows: int, head: Head) -> Order:
    report, asked = wish.report, wish.asked
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
        partial(opened_sheet, app, head, report, asked, newest),
    )


@contextlib.contextmanager
def opened_sheet(app: Flask, head: Head, report: Report, asked: Asked, newest: int) -> Iterator[Sheet]:
    """The sheet in the language of whoever asked; on a thread that serves no request."""
    with app.app_context(), force_locale(head.language):
        zone = shown.zone()
        titles = [
            f"{title} ({zone})" if place in report.moments else str(title)
            for place, title in enumerate(report.headings)
        ]
        about = [(gettext("Filters"), head.filters)]
        made = Made(head.by, asked.now.astimezone(zone), head.language)
        rows = _portions(report, asked, newest)
        yield Sheet(str(report.title), titles, rows, report.moments, report.stamps, about, made)


def _portions(report: Report, asked: Asked, newest: int) -> Iterator[Sequence[Row]]:
    """Each portion is read by itself: no transaction lasts longer than it takes."""
    further: int | None = None
    clock = Clock(shown.zone())
    while True:
        with centre().read() as session:
            found = report.read(question(session, asked, newest), further, AT_ONCE)
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
    if isinstance(cell, (datetime, Absent)):
        raise TypeError("a moment in a column of other things")
    return cell.text if isinstance(cell, (Linked, Marked)) else cell
