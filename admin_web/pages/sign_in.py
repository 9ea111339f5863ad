"""Signing in and out, setting a password by a one-time link, choosing a language."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from flask import session as form_session
from werkzeug.wrappers import Response

from admin_web import guard, words
from admin_web.centre import centre, now
from admin_web.pages import forms
from admin_web.shown import LANGUAGE_COOKIE, LANGUAGES
from controller.people import operator as operators
from controller.people.operator import NewOperator
from controller.refusal import Refused

blueprint = Blueprint("sign_in", __name__)
_YEAR_S = 365 * 24 * 3600


@blueprint.get("/sign-in")
@guard.public
def form() -> str:
    return render_template("sign_in/form.html", failed=False)


@blueprint.post("/sign-in")
@guard.public
def enter() -> Response | tuple[str, int]:
    name, password = forms.text("name", 64), request.form.get("password", "")
    with centre().write() as session:
        token = operators.sign_in(session, now(), centre().site(session), name, password)
    if token is None:
        return render_template("sign_in/form.html", failed=True), 401
    form_session.clear()
    answer = redirect(url_for("live.page"), 303)
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    answer.set_cookie(guard.cookie_name(), token, httponly=True, secure=secure, samesite="Strict", path="/")
    return answer


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
def set_up(token: str) -> str:
    return render_template("sign_in/set_up.html", token=token, wrong=None)


@blueprint.post("/set-up/<token>")
@guard.public
def make(token: str) -> Response | tuple[str, int]:
    wanted = NewOperator(forms.text("name", 64), forms.text("display_name", 120), request.form.get("password", ""))
    try:
        with centre().write() as session:
            operators.set_up(session, now(), token, wanted)
    except Refused as refused:
        return render_template("sign_in/set_up.html", token=token, wrong=words.refusal(refused)), 409
    return redirect(url_for("sign_in.form"), 303)


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
