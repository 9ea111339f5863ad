"""Signing in and out, setting a password by a one-time link, choosing a language.

The law: a password is judged before anything is locked, a session is new at every sign-in, and a name that strangers
have closed by guessing stays open for a browser with which its owner has signed in before.
"""

from __future__ import annotations

import secrets
import threading

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from flask import session as form_session
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.wrappers import Response

from admin_web import guard, words
from admin_web.centre import centre, now
from admin_web.pages import forms
from admin_web.shown import LANGUAGE_COOKIE, LANGUAGES
from controller.people import operator as operators
from controller.people.operator import NewOperator
from controller.refusal import Refused

blueprint = Blueprint("sign_in", __name__)
BROWSER_COOKIE = "sekisho_browser"
_YEAR_S = 365 * 24 * 3600
_AT_ONCE = 3
_judging = threading.BoundedSemaphore(_AT_ONCE)
"""A password takes memory and time on purpose: a flood of guesses must not take all threads and all memory."""


@blueprint.get("/sign-in")
@guard.public
def form() -> str:
    return render_template("sign_in/form.html", failed=False)


@blueprint.post("/sign-in")
@guard.public
def enter() -> Response | tuple[str, int]:
    name, password = forms.text("name", 64), request.form.get("password", "")
    token = _signed_in(name, password)
    if token is None:
        return render_template("sign_in/form.html", failed=True), 401
    form_session.clear()
    answer = redirect(url_for("live.page"), 303)
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    answer.set_cookie(guard.cookie_name(), token, httponly=True, secure=secure, samesite="Strict", path="/")
    known = _browsers().dumps([name.lower(), _browser(name) or secrets.token_urlsafe(16)])
    answer.set_cookie(
        BROWSER_COOKIE, str(known), max_age=_YEAR_S, httponly=True, secure=secure, samesite="Strict", path="/sign-in"
    )
    return answer


def _signed_in(name: str, password: str) -> str | None:
    """The token of a new session; the one that this browser had before ends with it."""
    if not _judging.acquire(blocking=False):
        abort(503)
    try:
        with centre().read() as session:
            verdict = operators.judge(session, centre().site(session), name, password)
    finally:
        _judging.release()
    with centre().write() as session:
        site, browser = centre().site(session), _browser(name)
        token = operators.sign_in(session, now(), site, name, password, verdict=verdict, browser=browser)
        if token is not None:
            operators.sign_out(session, request.cookies.get(guard.cookie_name(), ""))
    return token


def _browser(name: str) -> str:
    """What this browser was called when `name` last signed in with it; empty when never."""
    try:
        found = _browsers().loads(request.cookies.get(BROWSER_COOKIE, ""))
    except BadData:
        return ""
    ours = isinstance(found, list) and len(found) == 2 and found[0] == name.lower()
    return str(found[1]) if ours else ""


def _browsers() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="browser")


@blueprint.post("/sign-out")
@guard.public
def leave() -> Response:
    token = request.cookies.get(guard.cookie_name(), "")
    if token:
        with centre().write() as session:
            operators.sign_out(session, token)
    form_session.clear()
    answer = redirect(url_for("sign_in.form"), 303)
    answer.delete_cookie(guard.cookie_name(), path="/", samesite="Strict", httponly=True)
    return answer


@blueprint.get("/set-up/<token>")
@guard.public
def set_up(token: str) -> str | tuple[str, int]:
    return _set_up_page(token, None)


@blueprint.post("/set-up/<token>")
@guard.public
def make(token: str) -> Response | str | tuple[str, int]:
    wanted = NewOperator(forms.text("name", 64), forms.text("display_name", 120), request.form.get("password", ""))
    try:
        with centre().write() as session:
            operators.set_up(session, now(), token, wanted)
    except Refused as refused:
        return _set_up_page(token, words.refusal(refused))
    return redirect(url_for("sign_in.form"), 303)


def _set_up_page(token: str, wrong: str | None) -> str | tuple[str, int]:
    """The form, with what was wrong with it; or that the link is spent, before anybody types a password for nothing."""
    with centre().read() as session:
        found = operators.linked(session, now(), token)
        if found is None:
            return render_template("sign_in/spent.html"), 410
        page = render_template("sign_in/set_up.html", owner=found[1], wrong=wrong)
    return (page, 409) if wrong else page


@blueprint.post("/language/<code>")
@guard.public
def language(code: str) -> Response:
    if code not in LANGUAGES:
        abort(404)
    who = guard.asking()
    if who is not None:
        with centre().write() as session:
            session.get_one(operators.Operator, who.id).language = code
    answer = redirect(_back(), 303)
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    answer.set_cookie(LANGUAGE_COOKIE, code, max_age=_YEAR_S, samesite="Strict", secure=secure, httponly=True)
    return answer


def _back() -> str:
    """The page the form stood on, if it is one of ours."""
    back = request.form.get("back", "")
    ours = back.startswith("/") and not back.startswith(("//", "/\\")) and back.isprintable()
    return back if ours else url_for("live.page")
