"""Step-up: a dangerous act asks its operator to prove to be there again, unless they did a few minutes ago.

The law: nothing is kept meanwhile. The page that asks carries the fields of the act and is sent to the act's own
address, with the proof beside them: what was asked for is done by the same request that confirms it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from flask import abort, current_app, make_response, render_template, request
from flask import session as form_session
from werkzeug.wrappers import Response

from admin_web import turned_away, whence
from admin_web.centre import centre, now
from admin_web.openid.settings import ProviderSettings
from admin_web.turned_away import Why
from controller.ledger.kinds import Kind
from controller.people import passkey, provider_identity, second_factor, signing_in
from controller.people.operator import Operator
from controller.people.operator_session import OperatorSession, Proof
from controller.people.passkey import Challenge

FIELDS = ("confirm_password", "confirm_code", "confirm_passkey")
_CHALLENGE = "challenge"
LONGEST_ANSWER = 16 * 1024
AT_ONCE = 3
judging = threading.BoundedSemaphore(AT_ONCE)
"""A password takes memory and time on purpose: a flood of guesses must not take all threads and all memory."""


def is_fresh(opened: OperatorSession) -> bool:
    return opened.is_fresh(now(), timedelta(minutes=current_app.config["CONFIRM_MINUTES"]))


def confirmed(who: Operator, token: str) -> bool:
    """Whether this request carries a proof of its operator, which the session then remembers."""
    if not any(request.form.get(each) for each in FIELDS):
        return False
    proof = _proof(who)
    if proof is not None:
        with centre().write() as session:
            signing_in.confirmed(session, now(), who, token, proof, whence.whence())
    return proof is not None


def page(who: Operator) -> Response:
    """What asks for the proof and carries the act; an act with files is sent again by hand, afterwards."""
    if request.headers.get("HX-Request"):
        answer = Response(status=204)
        answer.headers["HX-Redirect"] = "/account/confirm"
        return answer
    failed = any(request.form.get(each) for each in FIELDS)
    carried = [(name, value) for name, value in request.form.items(multi=True) if name not in (*FIELDS, "csrf_token")]
    with centre().read() as session:
        held = second_factor.is_held(session, who.id)
        keys = bool(passkey.passkeys_of(session, who.id)) and whence.party() is not None
    provider = current_app.config["PROVIDER"].name if by_provider(who) else None
    address = "/account/confirm" if request.files else request.full_path.rstrip("?")
    text = render_template(
        "account/confirm.html",
        address=address,
        carried=carried,
        failed=failed,
        held=held,
        keys=keys,
        provider=provider,
    )
    return make_response(text, 401)


def by_provider(who: Operator) -> bool:
    """Whether a new sign-in at the OpenID provider can be all the proof that this operator owes."""
    told: ProviderSettings | None = current_app.config["PROVIDER"]
    if told is None:
        return False
    with centre().read() as session:
        linked = any(row.issuer == told.issuer for row in provider_identity.of_operator(session, who.id))
        return linked and (told.tells_factors or not second_factor.is_held(session, who.id))


def _proof(who: Operator) -> Proof | None:
    answer = request.form.get("confirm_passkey", "")
    if answer:
        return _by_passkey(who, answer)
    given, origin = request.form.get("confirm_password", ""), whence.origin(who.name)
    with one_at_a_time(), centre().read() as session:
        verdict = signing_in.judge(session, centre().site(session), who.name, given)
    with centre().write() as session:
        site = centre().site(session)
        same = signing_in.checked(
            session, now(), site, who.name, given, verdict=verdict, origin=origin, failing=Kind.CONFIRMATION_FAILED
        )
        if same is None:
            return None
        if not second_factor.is_held(session, who.id):
            return Proof.PASSWORD
        key, code = current_app.config["SEALING_KEY"], request.form.get("confirm_code", "")
        return signing_in.second_step(session, now(), same, key, code[:64], origin, failing=Kind.CONFIRMATION_FAILED)


def _by_passkey(who: Operator, answer: str) -> Proof | None:
    found = answered(answer, Kind.CONFIRMATION_FAILED)
    if found is not None and found.id != who.id:
        with centre().write() as session:
            signing_in.confirmed_by_another(session, now(), who, whence.whence())
    return Proof.PASSKEY if found is not None and found.id == who.id else None


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """A place among the few passwords that are judged at once; 503 when there is none."""
    if not judging.acquire(blocking=False):
        turned_away.note(Why.BUSY)
        abort(503)
    try:
        yield
    finally:
        judging.release()


def ask() -> Challenge:
    """A new challenge, which this browser's signed cookie carries until it is answered."""
    made = passkey.new_challenge(now())
    form_session[_CHALLENGE] = [made.value.hex(), made.made_at.timestamp()]
    return made


def asked() -> Challenge | None:
    """The challenge that this browser was given last; it is taken by asking."""
    found = form_session.pop(_CHALLENGE, None)
    if not isinstance(found, list) or len(found) != 2:
        return None
    return Challenge(bytes.fromhex(found[0]), now().fromtimestamp(found[1], now().tzinfo))


def answered(answer: str, failing: Kind = Kind.SIGN_IN_FAILED) -> Operator | None:
    """The operator whose passkey gave this answer to the challenge that this browser was given. failing: as what a
    failure is recorded."""
    challenge, host = asked(), whence.party()
    if challenge is None or host is None or len(answer) > LONGEST_ANSWER:
        turned_away.note(Why.PASSKEY_UNASKED)
        return None
    with centre().write() as session:
        return signing_in.by_passkey(session, now(), host, challenge, answer, whence.whence(), failing)
