"""Requests for access: another person approves or declines; anybody who may revokes, or undoes what was lately done."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from admin_web import guard
from admin_web.approving import approved
from admin_web.centre import centre, now
from admin_web.pages import forms
from controller.delivery import granted
from controller.people import access_level as levels
from controller.people import cardholder as cardholders
from controller.people import level_change, undoing, widening
from controller.people import permission as permissions
from controller.people.access import Permission
from controller.people.operator import Operator
from controller.people.permission import Grant, GrantState
from controller.premises.area import Area
from controller.premises.schedule import Schedule

blueprint = Blueprint("requests", __name__)
_LATEST = 20


@blueprint.get("/requests")
@guard.requires(Permission.SEE_PEOPLE)
def listed() -> str:
    with centre().read() as session:
        statement = select(Grant).where(Grant.state != GrantState.REQUESTED).order_by(Grant.ledger_sequence.desc())
        waiting = permissions.waiting(session)
        latest = session.scalars(statement.limit(_LATEST)).all()
        return render_template(
            "requests/list.html",
            waiting=waiting,
            level_changes=level_change.waiting(session),
            widenings=len(widening.waiting(session, centre().site(session), now())),
            latest=latest,
            states=granted.in_force_each(session, latest),
            opened={each.id: each for each in levels.of_site(session, centre().site(session))},
            inside=levels.plans(session, {each.access_level_id for each in waiting}),
            undos={each.id: undoing.undoable(each, now()) for each in latest},
            people=cardholders.by_ids(session, (each.cardholder_id for each in (*waiting, *latest))),
            areas={each.id: each for each in session.query(Area)},
            schedules={each.id: each for each in session.query(Schedule)},
            operators={each.id: each for each in session.query(Operator)},
        )


@blueprint.get("/grants/<int:grant_id>/in-force")
@guard.requires(Permission.SEE_PEOPLE)
def in_force(grant_id: int) -> str:
    """The part of the page that says at how many doors the last change of a permission is in force."""
    with centre().read() as session:
        grant = forms.row(session, Grant, grant_id)
        state, tries = granted.in_force(session, grant), forms.tries()
        return render_template("requests/in_force.html", grant=grant, state=state, tries=tries)


@blueprint.post("/requests/<int:grant_id>/approve")
@guard.requires(Permission.DECIDE_ACCESS)
def approve(grant_id: int) -> Response:
    return _changed(approved(grant_id, forms.text("note")))


@blueprint.post("/requests/<int:grant_id>/decline")
@guard.requires(Permission.DECIDE_ACCESS)
def decline(grant_id: int) -> Response:
    with centre().write() as session:
        asked = forms.row(session, Grant, grant_id)
        permissions.decline(session, guard.operator(), now(), asked, forms.text("note"))
        return _changed(asked)


@blueprint.post("/requests/<int:grant_id>/withdraw")
@guard.requires(Permission.REVOKE_ACCESS)
def withdraw(grant_id: int) -> Response:
    with centre().write() as session:
        asked = forms.row(session, Grant, grant_id)
        permissions.withdraw(session, guard.operator(), now(), asked, forms.text("reason"))
        return _changed(asked)


@blueprint.post("/grants/<int:grant_id>/revoke")
@guard.requires(Permission.REVOKE_ACCESS)
def revoke(grant_id: int) -> Response:
    with centre().write() as session:
        given = forms.row(session, Grant, grant_id)
        permissions.revoke(session, guard.operator(), now(), given, forms.text("reason"))
        return _changed(given)


@blueprint.post("/grants/<int:grant_id>/undo-approval")
@guard.requires(Permission.REVOKE_ACCESS)
def undo_approval(grant_id: int) -> Response:
    with centre().write() as session:
        given = forms.row(session, Grant, grant_id)
        what = gettext("Undoes the approval of permission %(number)s", number=given.id)
        undoing.undo_approval(session, guard.operator(), now(), given, _undoes(what))
        return _changed(given)


@blueprint.post("/grants/<int:grant_id>/undo-revocation")
@guard.requires(Permission.REQUEST_ACCESS)
def undo_revocation(grant_id: int) -> Response:
    with centre().write() as session:
        ended = forms.row(session, Grant, grant_id)
        what = gettext("Undoes the revocation of permission %(number)s", number=ended.id)
        return _changed(undoing.undo_revocation(session, guard.operator(), now(), ended, _undoes(what)))


def _undoes(what: str) -> str:
    """The reason of a change that undoes another one: which, and why if that was said."""
    why = forms.text("reason", 300)
    return f"{what}: {why}" if why else what


def _changed(grant: Grant) -> Response:
    return redirect(url_for("requests.listed", _anchor=f"grant-{grant.id}"), 303)
