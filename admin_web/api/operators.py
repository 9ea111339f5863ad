"""Operators, one-time links for new ones, and one's own tokens."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, url_for

from admin_web import guard
from admin_web.api import shapes
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import PAGE, Field, asks, one_of, takes, text
from admin_web.api.paging import sliced
from admin_web.centre import centre, now
from admin_web.pages import forms
from controller.people import operator as operators
from controller.people import operator_session
from controller.people.access import Permission, Role
from controller.people.operator import Operator

_ROLE = one_of(*Role)


@blueprint.get(f"{V1}/operators")
@guard.requires(Permission.SEE_OPERATORS)
@asks(**PAGE)
def list_operators(asked: dict[str, Any]) -> Response:
    """Who may sign in."""
    with centre().read() as session:
        return sliced(operators.of_site(session, centre().site(session)), asked, shapes.operator)


@blueprint.post(f"{V1}/operators/invite")
@guard.requires(Permission.MANAGE_OPERATORS)
@takes(role=Field(_ROLE.read, _ROLE.schema, required=True))
def invite_operator(given: dict[str, Any]) -> tuple[Response, int]:
    """A link by which a new operator sets name and password, once."""
    with centre().write() as session:
        site = centre().site(session)
        token = operators.invite(session, guard.operator(), now(), site, Role(given["role"]))
    return jsonify(link=url_for("sign_in.set_up", token=token, _external=True)), 201


@blueprint.post(f"{V1}/operators/<int:operator_id>/close")
@guard.requires(Permission.MANAGE_OPERATORS)
@takes()
def close_operator(operator_id: int, given: dict[str, Any]) -> Response:  # noqa: ARG001 - nothing may be given
    """End an operator's access: sessions, tokens and streams stop at once."""
    return _changed(operator_id, active=False)


@blueprint.post(f"{V1}/operators/<int:operator_id>/open")
@guard.requires(Permission.MANAGE_OPERATORS)
@takes()
def open_operator(operator_id: int, given: dict[str, Any]) -> Response:  # noqa: ARG001 - nothing may be given
    """Give an operator access again."""
    return _changed(operator_id, active=True)


@blueprint.post(f"{V1}/operators/<int:operator_id>/role")
@guard.requires(Permission.MANAGE_OPERATORS)
@takes(role=Field(_ROLE.read, _ROLE.schema, required=True))
def change_operator_role(operator_id: int, given: dict[str, Any]) -> Response:
    """Give another operator another role; all their sessions end."""
    with centre().write() as session:
        changed = forms.row(session, Operator, operator_id)
        operators.set_role(session, guard.operator(), now(), changed, Role(given["role"]))
        return jsonify(shapes.operator(changed))


@blueprint.post(f"{V1}/operators/<int:operator_id>/end-sessions")
@guard.requires(Permission.MANAGE_OPERATORS)
@takes()
def end_operator_sessions(operator_id: int, given: dict[str, Any]) -> Response:  # noqa: ARG001 - nothing may be given
    """Sign an operator out on every page; tokens of the API live on."""
    with centre().write() as session:
        ended = forms.row(session, Operator, operator_id)
        return jsonify(ended=operators.end_sessions(session, guard.operator(), now(), ended))


@blueprint.get(f"{V1}/sessions")
@guard.requires(Permission.OWN_ACCOUNT)
def list_sessions() -> Response:
    """Where one is signed in on pages, the latest used first."""
    with centre().read() as session:
        found = operator_session.sessions_of(session, now(), guard.operator().id)
        return jsonify(items=[shapes.signed_in(each) for each in found], next=None)


@blueprint.post(f"{V1}/sessions/end")
@guard.requires(Permission.OWN_ACCOUNT)
@takes(session=text(40))
def end_own_sessions(given: dict[str, Any]) -> Response:
    """End one of one's own sessions, or every one."""
    who = guard.operator()
    with centre().write() as session:
        if not given["session"]:
            return jsonify(ended=operators.end_sessions(session, who, now(), who))
        operators.end_session(session, now(), who, given["session"])
        return jsonify(ended=1)


@blueprint.get(f"{V1}/tokens")
@guard.requires(Permission.OWN_TOKENS)
@asks(**PAGE)
def list_tokens(asked: dict[str, Any]) -> Response:
    """One's own living tokens."""
    with centre().read() as session:
        return sliced(operators.tokens_of(session, guard.operator()), asked, shapes.token)


@blueprint.post(f"{V1}/tokens")
@guard.requires(Permission.OWN_TOKENS)
@takes(label=text(120))
def issue_token(given: dict[str, Any]) -> tuple[Response, int]:
    """A new token of one's own, shown only now."""
    with centre().write() as session:
        token = operators.issue_token(session, now(), guard.operator(), given["label"])
    return jsonify(token=token), 201


@blueprint.post(f"{V1}/tokens/<int:token_id>/revoke")
@guard.requires(Permission.OWN_TOKENS)
@takes()
def revoke_token(token_id: int, given: dict[str, Any]) -> Response:  # noqa: ARG001 - nothing may be given
    """End one of one's own tokens."""
    with centre().write() as session:
        operators.revoke_token(session, now(), guard.operator(), min(token_id, 2**31 - 1))
    return jsonify(revoked=token_id)


def _changed(operator_id: int, *, active: bool) -> Response:
    with centre().write() as session:
        changed = forms.row(session, Operator, operator_id)
        operators.set_active(session, guard.operator(), now(), changed, active)
        return jsonify(shapes.operator(changed))
