"""My account: where I am signed in, my password, passkeys, authenticator app and recovery codes.

Every change of a factor ends the sessions elsewhere: whoever was there before did not prove what is asked for now.
"""

from __future__ import annotations

import segno
from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from admin_web import confirming, guard, whence, words
from admin_web.centre import centre, now
from admin_web.pages import forms, sign_in
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.people import operator as operators
from controller.people import operator_session, passkey, provider_identity, second_factor, signing_in
from controller.people.access import Permission
from controller.people.operator import Operator
from controller.people.operator_session import Proof
from controller.people.passkey import Passkey
from controller.refusal import Refused

blueprint = Blueprint("account", __name__, url_prefix="/account")
_ISSUER = "Sekisho"


@blueprint.get("")
@guard.requires(Permission.OWN_ACCOUNT)
def page() -> str:
    return drawn()


@blueprint.post("/password")
@guard.requires(Permission.OWN_ACCOUNT)
def change_password() -> Response | tuple[str, int]:
    """A new password, for whoever knows the present one; all other sessions end."""
    who, present, origin = guard.operator(), request.form.get("present", ""), whence.origin(guard.operator().name)
    with confirming.one_at_a_time(), centre().read() as session:
        verdict = signing_in.judge(session, centre().site(session), who.name, present)
    with centre().write() as session:
        site = centre().site(session)
        same = signing_in.checked(
            session, now(), site, who.name, present, verdict=verdict, origin=origin, failing=Kind.CONFIRMATION_FAILED
        )
    if same is None:
        return drawn(words.refusal(Refused("password-wrong"))), 409
    try:
        with centre().write() as session:
            wanted = request.form.get("wanted", "")
            operators.set_password(session, now(), _self(session), wanted, but=guard.token())
    except Refused as refused:
        return drawn(words.refusal(refused)), 409
    return _back()


@blueprint.post("/sessions/end")
@guard.requires(Permission.OWN_ACCOUNT)
def end_sessions() -> Response:
    """End one session, or all but this one."""
    wanted, who = forms.text("session", 40), guard.operator()
    with centre().write() as session:
        if wanted:
            operators.end_session(session, now(), who, wanted)
        else:
            operators.end_sessions(session, who, now(), who, guard.token())
    return _back()


@blueprint.post("/passkeys/options")
@guard.requires(Permission.OWN_FACTORS)
def passkey_options() -> Response:
    """What the browser is told to make a passkey."""
    host = whence.party()
    if host is None:
        abort(404)
    with centre().read() as session:
        who = _self(session)
        made = passkey.creation_options(session, who.id, who.name, who.display_name, host, confirming.ask())
    return Response(made, mimetype="application/json")


@blueprint.post("/passkeys")
@guard.requires(Permission.OWN_FACTORS)
def add_passkey() -> Response | tuple[str, int] | str:
    label, answer = forms.text("label", 60), request.form.get("passkey", "")
    asked, host = confirming.asked(), whence.party()
    if not label:
        return drawn(words.refusal(Refused("name-missing"))), 409
    if asked is None or host is None or len(answer) > confirming.LONGEST_ANSWER:
        return drawn(words.refusal(Refused("passkey-wrong"))), 409
    try:
        with centre().write() as session:
            passkey.keep(session, now(), guard.operator().id, label, host, asked, answer)
            codes = _factor_added(session, Proof.PASSKEY)
    except Refused as refused:
        return drawn(words.refusal(refused)), 409
    return render_template("account/codes.html", codes=codes) if codes else _back()


@blueprint.post("/passkeys/<int:passkey_id>/remove")
@guard.requires(Permission.OWN_FACTORS)
def remove_passkey(passkey_id: int) -> Response:
    with centre().write() as session:
        row = forms.row(session, Passkey, passkey_id)
        if row.operator_id != guard.operator().id:
            abort(404)
        session.delete(row)
        _factor_removed(session, "passkey")
    return _back()


@blueprint.post("/authenticator")
@guard.requires(Permission.OWN_FACTORS)
def begin_authenticator() -> Response:
    with centre().write() as session:
        second_factor.begin(session, now(), guard.operator().id, _key())
    return redirect(url_for("account.authenticator"), 303)


@blueprint.get("/authenticator")
@guard.requires(Permission.OWN_FACTORS)
def authenticator() -> Response | str:
    return _enrolment() or _back()


@blueprint.post("/authenticator/confirm")
@guard.requires(Permission.OWN_FACTORS)
def confirm_authenticator() -> Response | str | tuple[str, int]:
    """Take the app in use by its first code."""
    try:
        with centre().write() as session:
            second_factor.confirm(session, now(), guard.operator().id, _key(), forms.text("code", 20))
            codes = _factor_added(session, Proof.CODE)
    except Refused as refused:
        shown = _enrolment(words.refusal(refused))
        return (shown, 409) if shown else _back()
    return render_template("account/codes.html", codes=codes) if codes else _back()


@blueprint.post("/authenticator/remove")
@guard.requires(Permission.OWN_FACTORS)
def remove_authenticator() -> Response:
    with centre().write() as session:
        second_factor.drop_authenticator(session, guard.operator().id)
        _factor_removed(session, "authenticator")
    return _back()


@blueprint.post("/recovery-codes")
@guard.requires(Permission.OWN_FACTORS)
def new_recovery_codes() -> str:
    with centre().write() as session:
        codes = second_factor.new_recovery_codes(session, guard.operator().id)
        _recorded(session, Kind.FACTOR_ADDED, "recovery-codes")
    return render_template("account/codes.html", codes=codes)


@blueprint.get("/confirm")
@guard.requires(Permission.OWN_ACCOUNT)
def confirm_form() -> Response:
    """For acts that cannot be carried along: prove to be there, then do them again."""
    return confirming.page(guard.operator())


@blueprint.post("/confirm")
@guard.requires(Permission.OWN_ACCOUNT)
def confirm() -> Response:
    opened = guard.opened_session()
    fresh = opened is not None and confirming.is_fresh(opened)
    done = fresh or confirming.confirmed(guard.operator(), guard.token())
    return _back() if done else confirming.page(guard.operator())


def _factor_added(session: Session, proof: Proof) -> list[str]:
    """Sessions elsewhere end, this one knows its proof; recovery codes for whoever has none yet."""
    who = guard.operator()
    operator_session.end_all(session, who.id, guard.token())
    operator_session.confirm(session, now(), guard.token(), proof)
    _recorded(session, Kind.FACTOR_ADDED, proof)
    left = second_factor.recovery_codes_left(session, who.id)
    return [] if left else second_factor.new_recovery_codes(session, who.id)


def _factor_removed(session: Session, factor: str) -> None:
    operator_session.end_all(session, guard.operator().id, guard.token())
    _recorded(session, Kind.FACTOR_REMOVED, factor)


def _recorded(session: Session, kind: Kind, factor: str) -> None:
    who = guard.operator()
    append(session, kind, who.actor, now(), {"operator": who.id}, {"factor": factor})


def _enrolment(wrong: str | None = None) -> str | None:
    """The secret as a QR code and as text; None when no app waits for its first code."""
    who = guard.operator()
    with centre().read() as session:
        secret = second_factor.begun(session, who.id, _key())
    if secret is None:
        return None
    address = second_factor.address(secret, who.name, _ISSUER)
    drawn = Markup(segno.make(address, error="m").svg_inline(scale=4, border=4, dark="#000", light="#fff"))  # noqa: S704 - drawn from our own address, not from text
    return render_template("account/authenticator.html", secret=secret, address=address, drawn=drawn, wrong=wrong)


def drawn(wrong: str | None = None) -> str:
    """The page; wrong: why the last change was not made."""
    opened = guard.opened_session()
    with centre().read() as session:
        who = _self(session)
        return render_template(
            "account/page.html",
            back=url_for("account.page"),
            wrong=wrong,
            sessions=operator_session.sessions_of(session, now(), who.id),
            here=opened,
            passkeys=passkey.passkeys_of(session, who.id),
            can_make=whence.party() is not None,
            app=second_factor.has_authenticator(session, who.id),
            held=second_factor.is_held(session, who.id),
            codes_left=second_factor.recovery_codes_left(session, who.id),
            identities=provider_identity.of_operator(session, who.id),
            provider=sign_in.provider_name(),
            needed=who.role in current_app.config["SECOND_FACTOR"] and not (opened and opened.two_factors),
        )


def _self(session: Session) -> Operator:
    return session.get_one(Operator, guard.operator().id)


def _back() -> Response:
    return redirect(url_for("account.page"), 303)


def _key() -> bytes:
    return bytes(current_app.config["SEALING_KEY"])
