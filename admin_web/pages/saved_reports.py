"""Saved reports: a list with its filters kept under a name, and no longer kept."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, url_for
from werkzeug.wrappers import Response

from admin_web import guard
from admin_web.centre import centre, now
from admin_web.pages import forms
from admin_web.reports import saved
from admin_web.reports.known import EXPORTED, asked_of
from controller.people.access import Permission
from controller.record import saved_report
from controller.record.saved_report import SavedReport

blueprint = Blueprint("saved_reports", __name__, url_prefix="/reports")


@blueprint.post("/<key>/save")
@guard.requires(Permission.SAVE_REPORTS)
def save(key: str) -> Response:
    report = EXPORTED.get(key)
    if report is None:
        abort(404)
    saved.kept(report, asked_of(report), forms.text("name", 200))
    return redirect(url_for("reports.listed", _anchor="saved"), 303)


@blueprint.post("/saved/<int:saved_id>/remove")
@guard.requires(Permission.SAVE_REPORTS)
def remove(saved_id: int) -> Response:
    with centre().write() as session:
        saved_report.remove(session, guard.operator(), now(), forms.row(session, SavedReport, saved_id))
    return redirect(url_for("reports.listed", _anchor="saved"), 303)
