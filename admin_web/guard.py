"""Who is asking, and may they: every route declares the permission it needs, or that it needs none.

Pages know an operator by a cookie of a server-side session, the API by a bearer token. Both end at the same table,
`controller.people.access`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import abort, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response

from admin_web.centre import centre, now
from controller.people import operator as operators
from controller.people.access import Permission, may
from controller.people.operator import Operator

COOKIE = "sekisho_session"
_WATCHED = ("/healthz", "/readyz", "/metrics")
V = TypeVar("V", bound=Callable[..., Any])


def cookie_name() -> str:
    """With TLS the prefix makes browsers refuse the cookie from anywhere else."""
    return f"__Host-{COOKIE}" if current_app.config["SESSION_COOKIE_SECURE"] else COOKIE


def requires(permission: Permission) -> Callable[[V], V]:
    """The view is for signed-in operators whose role has `permission`."""

    def declare(view: V) -> V:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            who = asking()
            if who is None:
                return unauthenticated()
            if not may(who.role, permission):
                abort(403)
            return view(*args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]
        return cast("V", guarded)

    return declare


def public(view: V) -> V:
    """The view is for everybody."""
    view.permission = None  # type: ignore[attr-defined]
    return view


def is_api() -> bool:
    return request.path.startswith("/api/") or request.path in _WATCHED


def unauthenticated() -> Response:
    if is_api():
        abort(401)
    if request.headers.get("HX-Request"):
        answer = Response(status=204)
        answer.headers["HX-Redirect"] = url_for("sign_in.form")
        return answer
    return redirect(url_for("sign_in.form"), 303)


def asking() -> Operator | None:
    """The operator of this request, looked up once."""
    if "operator" not in g:
        g.operator = _by_token() if is_api() else _by_cookie()
    return cast("Operator | None", g.operator)


def operator() -> Operator:
    """The operator of a guarded view."""
    found = asking()
    if found is None:
        abort(401)
    return found


def still() -> Callable[[], bool]:
    """Asks, long after this request, whether its token still lives and still may what it was let in for."""
    source, token, resumed = centre(), _token(), operators.by_api_token if is_api() else None

    def living() -> bool:
        with source.read() as session:
            found = resumed(session, token) if resumed else operators.resume(session, now(), token)
            return found is not None

    return living


def permitted(permission: str) -> bool:
    """For templates: may the operator of this request?"""
    who = asking()
    return who is not None and may(who.role, Permission(permission))


def _token() -> str:
    """What this request proves itself with: the bearer token of the API, the cookie of pages."""
    if not is_api():
        return request.cookies.get(cookie_name(), "")
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _by_token() -> Operator | None:
    token = _token()
    if not token:
        return None
    with centre().read() as session:
        return operators.by_api_token(session, token)


def _by_cookie() -> Operator | None:
    token = _token()
    if not token:
        return None
    with centre().read() as session:
        found = operators.resume(session, now(), token)
        stale = bool(session.dirty)
    if stale:
        with centre().write() as session:
            operators.resume(session, now(), token)
    return found
