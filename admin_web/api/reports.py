"""Reports: which there are, their rows, and those that were saved with their filters."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response, abort, jsonify
from sqlalchemy.orm import Session

from admin_web import guard, shown
from admin_web.api import narrowing
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import PAGE, asks, digits, from_start, one_of, takes, text
from admin_web.api.paging import answered, cut, limit, listed
from admin_web.centre import centre, now
from admin_web.exports.kinds_of_file import KINDS
from admin_web.pages import forms
from admin_web.reports import saved
from admin_web.reports.asking import Asked
from admin_web.reports.known import EXPORTED, question
from admin_web.reports.report import Absent, Cell, Linked, Marked, Report, Row
from admin_web.reports.saved import Shown
from contract import leaf
from controller.people.access import Permission
from controller.record import saved_report
from controller.record.saved_report import SavedReport

ONE = f"<any({', '.join(EXPORTED)}):report>"
"""A report in an address: every other name is a 404."""
_PLACE = {"cursor": from_start(digits()), "limit": PAGE["limit"]}
_REFERS = {
    "holder_id": "cardholder",
    "credential_id": "credential",
    "sequence": "event",
    "key": "area",
    "door": "door",
}
"""What the values of a link are called here."""


@blueprint.get(f"{V1}/reports")
@guard.requires(Permission.SEE_LOG)
def list_reports() -> Response:
    """Every report that this operator may see: its columns, its filters, and the kinds of files it is taken out as."""
    return answered([_report(each) for each in EXPORTED.values() if guard.permitted(each.permission)], None)


@blueprint.get(f"{V1}/reports/{ONE}/rows")
@guard.requires(Permission.SEE_LOG)
@asks(**narrowing.IN_QUERY, **_PLACE)
def list_report_rows(report: str, asked: dict[str, Any]) -> Response:
    """Rows of a report, in the words of the operator's language; `cursor` goes on."""
    found = visible(report)
    return _rows(found, narrowing.asked_of(found, asked), asked)


@blueprint.get(f"{V1}/reports/saved")
@guard.requires(Permission.SEE_LOG)
@asks(**PAGE)
def list_saved_reports(asked: dict[str, Any]) -> Response:
    """Saved reports, the oldest first."""
    with centre().read() as session:
        rows = saved_report.of_site(session, centre().site(session))
        found = cut([row for row in rows if saved.is_visible(row)], asked)
        told = {each.row.id: each for each in saved.shown_each(session, found)}
        return listed(found, asked, lambda row: _saved(told[row.id]))


@blueprint.post(f"{V1}/reports/saved")
@guard.requires(Permission.SAVE_REPORTS)
@takes(report=one_of(*EXPORTED, required=True), name=text(120, required=True), **narrowing.IN_BODY)
def add_saved_report(given: dict[str, Any]) -> tuple[Response, int]:
    """Save a report with its filters under a name, for everybody who may see it."""
    report = visible(given["report"])
    saved_id = saved.kept(report, narrowing.asked_of(report, given), given["name"])
    with centre().read() as session:
        return jsonify(_saved(saved.shown(session, kept(session, saved_id)))), 201


@blueprint.get(f"{V1}/reports/saved/<int:saved_id>")
@guard.requires(Permission.SEE_LOG)
def get_saved_report(saved_id: int) -> Response:
    """One saved report, and what its filters mean now."""
    with centre().read() as session:
        return jsonify(_saved(saved.shown(session, kept(session, saved_id))))


@blueprint.get(f"{V1}/reports/saved/<int:saved_id>/rows")
@guard.requires(Permission.SEE_LOG)
@asks(**_PLACE)
def list_saved_report_rows(saved_id: int, asked: dict[str, Any]) -> Response:
    """Rows of a saved report as it is run now."""
    with centre().read() as session:
        row = kept(session, saved_id)
        report, wanted = EXPORTED[row.report], saved.asked_by(row)
    return _rows(report, wanted, asked)


@blueprint.post(f"{V1}/reports/saved/<int:saved_id>/remove")
@guard.requires(Permission.SAVE_REPORTS)
@takes()
def remove_saved_report(saved_id: int, given: dict[str, Any]) -> Response:  # noqa: ARG001 - nothing may be given
    """No longer keep it."""
    with centre().write() as session:
        row = kept(session, saved_id)
        told = _saved(saved.shown(session, row))
        saved_report.remove(session, guard.operator(), now(), row)
        return jsonify(told)


def visible(key: str) -> Report:
    """A report by its key; 403 where the operator of this request may not see it."""
    found = EXPORTED[key]
    guard.must_be_permitted(found.permission)
    return found


def kept(session: Session, saved_id: int) -> SavedReport:
    """A saved report that the operator of this request may see; 404 when there is none."""
    row = forms.row(session, SavedReport, saved_id)
    if not saved.is_visible(row):
        abort(404)
    return row


def _report(report: Report) -> dict[str, Any]:
    return {
        "key": report.key,
        "title": str(report.title),
        "about": str(report.told),
        "columns": [
            {"name": name, "title": str(title)} for name, title in zip(report.columns, report.headings, strict=True)
        ],
        "filters": [each for each in report.fields if each in narrowing.IN_QUERY],
        "files": [{"form": name, "title": str(kind.title), "most": kind.most} for name, kind in KINDS.items()],
    }


def _rows(report: Report, wanted: Asked, asked: dict[str, Any]) -> Response:
    with centre().read() as session:
        found = report.read(question(session, wanted), asked["cursor"], limit(asked))
        return answered([_row(report, row) for row in found.rows], found.further)


def _row(report: Report, row: Row) -> dict[str, Any]:
    """cells: by column; refers: of some of them, the ids of what they name."""
    named = list(zip(report.columns, row, strict=True))
    refers = {name: _ids(cell) for name, cell in named if isinstance(cell, Linked)}
    return {
        "cells": {name: _value(cell, place in report.moments) for place, (name, cell) in enumerate(named)},
        "refers": {name: ids for name, ids in refers.items() if ids},
    }


def _value(cell: Cell, is_moment: bool) -> str | int | None:
    if isinstance(cell, Absent):
        return None
    if isinstance(cell, datetime):
        return shown.utc(cell)
    if is_moment and isinstance(cell, str):
        return shown.utc(leaf.read_moment(cell))
    return cell.text if isinstance(cell, (Linked, Marked)) else cell


def _ids(cell: Linked) -> dict[str, Any]:
    return {_REFERS[name]: value for name, value in cell.values.items() if name in _REFERS}


def _saved(told: Shown) -> dict[str, Any]:
    """filters: as they were saved; means: the same in words, as of now."""
    row = told.row
    return {
        "id": row.id,
        "name": row.name,
        "report": row.report,
        "filters": row.narrowed(),
        "means": told.filters,
        "saved_by": row.saved_by,
        "saved_at": shown.utc(row.saved_at),
    }
