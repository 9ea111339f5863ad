"""Who is asking, and may they: every route declares the permission it needs, or that it needs none.

Pages know an operator by a cookie of a server-side session, the API by a bearer token. Both end at the same table,
`controller.people.access`, which also says what is dangerous: on a page that wants a proof of a few minutes ago. A
bearer token was made under such a proof and carries no second one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import abort, current_app, g, redirect, request, url_for
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response

from admin_web import confirming, cookies, turned_away, whence
from admin_web.centre import centre, now
from admin_web.turned_away import Why
from controller.people import operator as operators
from controller.people.access import DANGEROUS, Permission, may
from controller.people.operator import Operator
from controller.people.operator_session import OperatorSession, living

_WATCHED = ("/healthz", "/readyz", "/metrics")
_ENROLLING = (Permission.OWN_ACCOUNT, Permission.OWN_FACTORS)
V = TypeVar("V", bound=Callable[..., Any])


class NotPermitted(Forbidden):
    """The role of whoever asks has no `permission`."""

    def __init__(self, permission: Permission) -> None:
        super().__init__()
        self.permission = permission


def requires(permission: Permission) -> Callable[[V], V]:
    """The view is for signed-in operators whose role has `permission`."""

    def declare(view: V) -> V:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            who = asking()
            if who is None:
                return unauthenticated()
            must_be_permitted(permission)
            first = _first(who, permission)
            return view(*args, **kwargs) if first is None else first

        guarded.permission = permission  # type: ignore[attr-defined]
        return cast("V", guarded)

    return declare


def must_be_permitted(permission: Permission) -> None:
    """Ends the request as not permitted (403), which is recorded, unless the role of whoever asks has `permission`."""
    if not permitted(permission):
        raise NotPermitted(permission)


def record_refused(refused: NotPermitted) -> None:
    """Record it; asked for where no transaction is open, so that nothing undoes it."""
    with centre().write() as session:
        operators.act_refused(session, now(), operator(), refused.permission, whence.whence())


def takes_up_to(size: int) -> Callable[[V], V]:
    """The view takes bodies of so many bytes from whoever is signed in; every other one takes what fits a form."""

    def declare(view: V) -> V:
        view.longest = size  # type: ignore[attr-defined]
        return view

    return declare


def _first(who: Operator, permission: Permission) -> Response | None:
    """What comes before the view: enrolling a second factor that the role needs, or confirming a dangerous act."""
    opened = opened_session()
    if is_api() or opened is None:
        return None
    needs_factor = who.role in current_app.config["SECOND_FACTOR"] and not opened.two_factors
    if needs_factor and permission not in _ENROLLING:
        return redirect(url_for("account.page"), 303)
    harmless = permission not in DANGEROUS or request.method in ("GET", "HEAD", "OPTIONS")
    if harmless or confirming.is_fresh(opened) or confirming.confirmed(who, token()):
        return None
    return confirming.page(who)


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


def opened_session() -> OperatorSession | None:
    """The session by which a page is asked for."""
    return cast("OperatorSession | None", g.get("opened"))


def is_urged() -> bool:
    """For templates: may this operator do dangerous things, by a password alone?"""
    who, opened = asking(), opened_session()
    if who is None or opened is None or opened.two_factors:
        return False
    return may(who.role, Permission.DECIDE_ACCESS) or may(who.role, Permission.APPROVE_FEEDS)


def still() -> Callable[[], bool]:
    """Asks, long after this request, whether its token still lives and still may what it was let in for."""
    source, proof, resumed = centre(), token(), operators.by_api_token if is_api() else None

    def alive() -> bool:
        with source.read() as session:
            found = resumed(session, proof) if resumed else operators.resume(session, source.clock(), proof)
            return found is not None

    return alive


def permitted(permission: str) -> bool:
    """For templates: may the operator of this request?"""
    who = asking()
    return who is not None and may(who.role, Permission(permission))


def token() -> str:
    """What this request proves itself with: the bearer token of the API, the cookie of pages."""
    if not is_api():
        return cookies.read(cookies.SESSION)
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _by_token() -> Operator | None:
    proof = token()
    if not proof:
        return None
    with centre().read() as session:
        found = operators.by_api_token(session, proof)
        ended = None if found is not None else operators.ended_token(session, proof)
    if ended is not None:
        with centre().write() as session:
            operators.token_refused(session, now(), ended, whence.whence())
    elif found is None:
        turned_away.note(Why.TOKEN_UNKNOWN)
    return found


def _by_cookie() -> Operator | None:
    proof = token()
    if not proof:
        return None
    with centre().read() as session:
        found, g.opened = operators.resume(session, now(), proof), living(session, now(), proof)
        stale = bool(session.dirty)
    if stale:
        with centre().write() as session:
            operators.resume(session, now(), proof)
    return found
