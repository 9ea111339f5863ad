"""Signing in and out, setting a password by a one-time link, choosing a language.

The law: a password is judged before anything is locked, a session is new at every sign-in, and a name that strangers
have closed by guessing stays open for a browser with which its owner has signed in before, and for their passkeys.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from flask import session as form_session
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin_web import confirming, cookies, guard, whence, words
from admin_web.centre import centre, now
from admin_web.openid.settings import ProviderSettings
from admin_web.pages import forms
from admin_web.shown import LANGUAGES
from controller.people import operator as operators
from controller.people import operator_session, passkey, signing_in
from controller.people.operator import NewOperator, Operator
from controller.people.operator_session import Proof
from controller.people.signing_in import HalfWay
from controller.refusal import Refused

blueprint = Blueprint("sign_in", __name__)
_YEAR_S = 365 * 24 * 3600
_HALF_WAY, _LEFT = "half_way", "left"


@blueprint.get("/sign-in")
@guard.public
def form() -> str:
    return form_page(left=bool(form_session.get(_LEFT)))


@blueprint.post("/sign-in")
@guard.public
def enter() -> Response | tuple[str, int]:
    name, password = forms.text("name", 64), request.form.get("password", "")
    with confirming.one_at_a_time(), centre().read() as session:
        verdict = signing_in.judge(session, centre().site(session), name, password)
    with centre().write() as session:
        site, origin = centre().site(session), whence.origin(name)
        found = signing_in.sign_in(session, now(), site, name, password, verdict=verdict, origin=origin)
    if isinstance(found, str):
        return entered(found, name)
    if found is None:
        form_session.clear()
        return form_page(_failed()), 401
    return half_way(found)


@blueprint.get("/sign-in/second")
@guard.public
def second() -> Response | str:
    """The second step: a code, or a passkey instead of it."""
    if _half_way_in() is None:
        return redirect(url_for("sign_in.form"), 303)
    return render_template("sign_in/second.html", failed=False, passkeys=whence.party() is not None)


@blueprint.post("/sign-in/second")
@guard.public
def second_step() -> Response | tuple[str, int]:
    half = _half_way_in()
    if half is None:
        return redirect(url_for("sign_in.form"), 303)
    who, first = half
    origin, code = whence.origin(who.name), request.form.get("code", "")[:64]
    with centre().write() as session:
        same = session.get_one(Operator, who.id)
        proof = signing_in.second_step(session, now(), same, current_app.config["SEALING_KEY"], code, origin, first)
        token = signing_in.enter(session, now(), same, proof, origin) if proof else None
    if token is None:
        return render_template("sign_in/second.html", failed=True, passkeys=whence.party() is not None), 401
    return entered(token, who.name)


@blueprint.post("/sign-in/passkey/options")
@guard.public
def passkey_options() -> Response:
    """What the browser is told to prove a passkey; the same for everybody, so it tells nobody's name."""
    host = whence.party()
    if host is None:
        abort(404)
    return Response(passkey.request_options(host, confirming.ask()), mimetype="application/json")


@blueprint.post("/sign-in/passkey")
@guard.public
def enter_by_passkey() -> Response | tuple[str, int]:
    who = confirming.answered(request.form.get("passkey", ""))
    if who is None:
        return form_page(_failed()), 401
    with centre().write() as session:
        same, origin = session.get_one(Operator, who.id), whence.origin(who.name)
        token = signing_in.enter(session, now(), same, Proof.PASSKEY, origin)
    return entered(token, who.name)


def form_page(wrong: str | None = None, *, left: bool = False) -> str:
    """The ways in. wrong: why the last one led nowhere; left: the session that has just ended was by the provider."""
    passkeys = whence.party() is not None
    return render_template(
        "sign_in/form.html",
        wrong=wrong,
        left=left,
        passkeys=passkeys,
        provider=provider_name(),
        back=url_for("sign_in.form"),
    )


def provider_name() -> str | None:
    """What operators call the OpenID provider of the settings; None without one."""
    told: ProviderSettings | None = current_app.config["PROVIDER"]
    return told.name if told else None


def half_way(found: HalfWay) -> Response:
    """On to the second step: who got so far is kept in the browser's signed cookie."""
    form_session.clear()
    form_session[_HALF_WAY] = [found.operator_id, found.print, found.at.timestamp(), str(found.first)]
    return redirect(url_for("sign_in.second"), 303)


def entered(token: str, name: str) -> Response:
    """The session that this browser had before ends; the browser is known from now on."""
    with centre().write() as session:
        operator_session.sign_out(session, guard.token())
    form_session.clear()
    answer = redirect(url_for("start.home"), 303)
    cookies.give(answer, cookies.SESSION, token)
    whence.make_known(answer, name, whence.known_as(name) or secrets.token_urlsafe(16))
    return answer


def _half_way_in() -> tuple[Operator, Proof] | None:
    """Who has taken the first step, and by what."""
    found = form_session.get(_HALF_WAY)
    if not isinstance(found, list) or len(found) != 4:
        return None
    half = HalfWay(found[0], found[1], datetime.fromtimestamp(found[2], UTC), Proof(found[3]))
    with centre().read() as session:
        who = signing_in.waits(session, now(), half)
    return None if who is None else (who, half.first)


def _failed() -> str:
    """The same for whatever was wrong."""
    said = gettext("That did not sign you in: something is wrong, or it is closed for a while after too many attempts.")
    return str(said)


@blueprint.post("/sign-out")
@guard.public
def leave() -> Response:
    opened = guard.opened_session()
    if guard.token():
        with centre().write() as session:
            operator_session.sign_out(session, guard.token())
    form_session.clear()
    if opened is not None and opened.by_provider:
        form_session[_LEFT] = True
    answer = redirect(url_for("sign_in.form"), 303)
    cookies.take(answer, cookies.SESSION)
    # With what lies ready for the button *back*. "storage" would only switch off the sound of alarms.
    answer.headers["Clear-Site-Data"] = '"cache"'
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
            name = operators.set_up(session, now(), token, wanted).name
    except Refused as refused:
        return _set_up_page(token, words.refusal(refused))
    answer = redirect(url_for("sign_in.form"), 303)
    # Whoever holds a link is the owner: what strangers did to the name does not close this browser.
    whence.make_known(answer, name, secrets.token_urlsafe(16))
    return answer


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
            session.get_one(Operator, who.id).language = code
    answer = redirect(_back(), 303)
    cookies.give(answer, cookies.LANGUAGE, code, _YEAR_S)
    return answer


def _back() -> str:
    """The page the form stood on, if it is one of ours."""
    back = request.form.get("back", "")
    ours = back.startswith("/") and not back.startswith(("//", "/\\")) and back.isprintable()
    return back if ours else url_for("live.page")
