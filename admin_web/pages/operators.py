"""Operators: who may sign in, one-time links for new ones, and one's own API tokens."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, url_for
from werkzeug.wrappers import Response

from admin_web import guard
from admin_web.centre import centre, now
from admin_web.pages import forms
from controller.people import operator as operators
from controller.people.access import Permission, Role
from controller.people.operator import Operator

blueprint = Blueprint("operators", __name__, url_prefix="/operators")


@blueprint.get("")
@guard.requires(Permission.OWN_TOKENS)
def listed() -> str:
    return _page()


@blueprint.post("/invite")
@guard.requires(Permission.MANAGE_OPERATORS)
def invite() -> str:
    role = _role()
    with centre().write() as session:
        token = operators.invite(session, guard.operator(), now(), centre().site(session), role)
    return _page(link=url_for("sign_in.set_up", token=token, _external=True))


@blueprint.post("/<int:operator_id>/<any(close, open):wish>")
@guard.requires(Permission.MANAGE_OPERATORS)
def change(operator_id: int, wish: str) -> Response:
    with centre().write() as session:
        changed = forms.row(session, Operator, operator_id)
        operators.set_active(session, guard.operator(), now(), changed, wish == "open")
    return redirect(url_for("operators.listed"), 303)


@blueprint.post("/<int:operator_id>/role")
@guard.requires(Permission.MANAGE_OPERATORS)
def change_role(operator_id: int) -> Response:
    role = _role()
    with centre().write() as session:
        operators.set_role(session, guard.operator(), now(), forms.row(session, Operator, operator_id), role)
    return redirect(url_for("operators.listed"), 303)


@blueprint.post("/<int:operator_id>/end-sessions")
@guard.requires(Permission.MANAGE_OPERATORS)
def end_sessions(operator_id: int) -> Response:
    """Sign an operator out wherever they are; one's own other sessions, if it is oneself."""
    with centre().write() as session:
        ended = forms.row(session, Operator, operator_id)
        operators.end_sessions(session, guard.operator(), now(), ended, guard.token())
    return redirect(url_for("operators.listed"), 303)


@blueprint.post("/tokens")
@guard.requires(Permission.OWN_TOKENS)
def issue_token() -> str:
    with centre().write() as session:
        token = operators.issue_token(session, now(), guard.operator(), forms.text("label", 120))
    return _page(token=token)


@blueprint.post("/tokens/<int:token_id>/revoke")
@guard.requires(Permission.OWN_ACCOUNT)
def revoke_token(token_id: int) -> Response:
    with centre().write() as session:
        operators.revoke_token(session, now(), guard.operator(), token_id)
    return redirect(url_for("operators.listed"), 303)


def _role() -> Role:
    try:
        return Role(forms.text("role", 40))
    except ValueError:
        abort(400)


def _page(link: str | None = None, token: str | None = None) -> str:
    with centre().read() as session:
        sees = guard.permitted(Permission.SEE_OPERATORS)
        everybody = operators.of_site(session, centre().site(session)) if sees else []
        tokens = operators.tokens_of(session, guard.operator())
        return render_template(
            "operators/list.html",
            operators=everybody,
            names={each.id: each.display_name for each in everybody},
            tokens=tokens,
            link=link,
            token_shown=token,
            roles=list(Role),
        )
