"""The cookies of the pages: out of reach for scripts and other sites, and under TLS for this very host alone.

The law: no cookie is given, read or taken back but here; Flask gives its own one by the same settings and name.
"""

from __future__ import annotations

from flask import Flask, current_app, request
from werkzeug.wrappers import Response

from admin_web.signing import SignedSessions

SESSION, FORM, BROWSER, LANGUAGE = "sekisho_session", "sekisho_form", "sekisho_browser", "sekisho_language"


class FormSessions(SignedSessions):
    """What Flask keeps in a cookie, under the name that `name` gives it."""

    def get_cookie_name(self, app: Flask) -> str:
        return name(super().get_cookie_name(app))


def name(plain: str) -> str:
    """What a cookie is called: with TLS a prefix makes browsers refuse it from any other host and without TLS."""
    return f"__Host-{plain}" if _is_secure() else plain


def read(plain: str) -> str:
    """What the browser brings along; empty when nothing."""
    return request.cookies.get(name(plain), "")


def give(answer: Response, plain: str, value: str, longest_s: int | None = None) -> None:
    """Let the browser keep a value for so many seconds; without them until it is closed."""
    answer.set_cookie(name(plain), value, longest_s, httponly=True, secure=_is_secure(), samesite="Strict", path="/")


def take(answer: Response, plain: str) -> None:
    """Let the browser forget it."""
    answer.delete_cookie(name(plain), httponly=True, secure=_is_secure(), samesite="Strict", path="/")


def _is_secure() -> bool:
    return bool(current_app.config["SESSION_COOKIE_SECURE"])
