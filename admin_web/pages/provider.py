"""Signing in, confirming and linking with the OpenID provider of the settings.

The law: our cookies are not sent with what another site leads to, so the provider sends browsers to a page that holds
nothing and leads on to the one that takes the answer. What was asked stands in the asking browser's signed cookie and
is taken by answering, right or wrong. Every refusal is logged, and recorded for the account if one is known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from flask import session as form_session
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin_web import confirming, guard, whence, words
from admin_web.centre import centre, now
from admin_web.openid.refusals import ProviderAway, ProviderRefused, Why
from admin_web.pages import account, forms, sign_in
from controller.people import operator_session, provider_identity, second_factor, signing_in
from controller.people.access import Permission
from controller.people.operator import Operator
from controller.people.operator_session import Proof
from controller.people.provider_identity import ProviderIdentity
from controller.people.signing_in import Seen
from controller.refusal import Refused
from process import logs

if TYPE_CHECKING:
    from admin_web.openid.id_token import Proven
    from admin_web.openid.provider import Provider, Question

blueprint = Blueprint("provider", __name__)
EXTENSION = "sekisho-provider"
_ASKED, _LONGEST = "asked_provider", 4096
_PARTS = ("code", "state", "iss", "error")
_log = logs.logger("web")


class Purpose(StrEnum):
    SIGN_IN = "sign-in"
    CONFIRM = "confirm"
    LINK = "link"


@blueprint.get("/sign-in/provider")
@guard.public
def begin() -> Response | tuple[str, int]:
    try:
        return redirect(_asked_for(Purpose.SIGN_IN), 303)
    except ProviderAway as away:
        return sign_in.form_page(_away(away)), 503


@blueprint.get("/account/provider/confirm")
@guard.requires(Permission.OWN_ACCOUNT)
def begin_confirming() -> Response | tuple[str, int]:
    if not confirming.by_provider(guard.operator()):
        abort(404)
    try:
        return redirect(_asked_for(Purpose.CONFIRM, guard.operator()), 303)
    except ProviderAway as away:
        return account.drawn(_away(away)), 503


@blueprint.post("/account/provider/link")
@guard.requires(Permission.OWN_FACTORS)
def begin_linking() -> str | tuple[str, int]:
    """A page that leads to the provider: a form may not, by our own policy of contents."""
    try:
        address = _asked_for(Purpose.LINK, guard.operator())
    except ProviderAway as away:
        return account.drawn(_away(away)), 503
    return render_template("sign_in/onward.html", address=address)


@blueprint.post("/account/provider/<int:identity_id>/unlink")
@guard.requires(Permission.OWN_FACTORS)
def unlink(identity_id: int) -> Response:
    with centre().write() as session:
        row = forms.row(session, ProviderIdentity, identity_id)
        if row.operator_id != guard.operator().id:
            abort(404)
        provider_identity.unlink(session, now(), row)
        operator_session.end_all(session, row.operator_id, guard.token())
    return redirect(url_for("account.page"), 303)


@blueprint.get("/sign-in/provider/return")
@guard.public
def returned() -> str:
    """Where the provider sends browsers. They come without our cookies; the page leads on to where they have them."""
    _provider()
    found = {name: request.args[name] for name in _PARTS if request.args.get(name)}
    if any(len(value) > _LONGEST for value in found.values()):
        abort(400)
    return render_template("sign_in/onward.html", address=f"{url_for('provider.finish')}?{urlencode(found)}")


@blueprint.get("/sign-in/provider/finish")
@guard.public
def finish() -> Response | str | tuple[str, int]:
    """Take the answer, for whatever this browser had asked."""
    purpose, who, question = _taken()
    signed_in = purpose is not Purpose.SIGN_IN and guard.asking() is not None
    shown = account.drawn if signed_in else sign_in.form_page
    try:
        if purpose is not Purpose.SIGN_IN and not (signed_in and guard.operator().id == who):
            raise ProviderRefused(Why.NOT_ASKED)
        found = _provider().answered(question, request.args, _back())
        return _WAYS[purpose](found)
    except ProviderRefused as refused:
        _recorded(refused, guard.asking() if signed_in else None)
        return shown(_said(refused)), 401
    except ProviderAway as away:
        return shown(_away(away)), 503


@blueprint.get("/sign-in/provider/leave")
@guard.public
def leave() -> Response | tuple[str, int]:
    """To where one signs out at the provider too."""
    home = whence.base() + url_for("sign_in.form")
    try:
        return redirect(_provider().farewell(home) or home, 303)
    except ProviderAway as away:
        return sign_in.form_page(_away(away)), 503


def _sign_in(found: Proven) -> Response:
    provider, seen = _provider(), _seen(found)
    with centre().read() as session:
        who = signing_in.linked(session, centre().site(session), provider.told.issuer, found.subject)
    if who is None:
        raise ProviderRefused(Why.NOT_LINKED)
    with centre().write() as session:
        same, origin = session.get_one(Operator, who.id), whence.origin(who.name)
        given = signing_in.by_provider(session, now(), same, provider.told.issuer, seen, origin)
    if isinstance(given, str):
        return sign_in.entered(given, who.name)
    return sign_in.half_way(given)


def _confirm(found: Proven) -> Response | str:
    who, provider, seen = guard.operator(), _provider(), _seen(found)
    with centre().write() as session:
        same = signing_in.linked(session, centre().site(session), provider.told.issuer, found.subject)
        if same is None or same.id != who.id:
            raise ProviderRefused(Why.OTHER_PERSON)
        if second_factor.is_held(session, who.id) and not seen.two_factors:
            raise ProviderRefused(Why.ONE_FACTOR)
        proof = Proof.PROVIDER_FACTORS if seen.two_factors else Proof.PROVIDER
        signing_in.confirmed(session, now(), who, guard.token(), proof, whence.whence())
    return render_template("account/confirmed.html", back=url_for("account.page"))


def _link(found: Proven) -> Response | tuple[str, int]:
    who = guard.operator()
    try:
        with centre().write() as session:
            provider_identity.link(session, now(), who.id, _provider().told.issuer, found.subject)
            operator_session.end_all(session, who.id, guard.token())
    except Refused as refused:
        return account.drawn(words.refusal(refused)), 409
    return redirect(url_for("account.page"), 303)


_WAYS: dict[Purpose, Callable[[Proven], Response | str | tuple[str, int]]] = {
    Purpose.SIGN_IN: _sign_in,
    Purpose.CONFIRM: _confirm,
    Purpose.LINK: _link,
}


def _provider() -> Provider:
    """The provider of the settings; 404 without one."""
    found: Provider | None = current_app.extensions.get(EXTENSION)
    if found is None:
        abort(404)
    return found


def _back() -> str:
    """Where the provider sends browsers back to: one address, which it has been told beforehand."""
    return whence.base() + url_for("provider.returned")


def _asked_for(purpose: Purpose, who: Operator | None = None) -> str:
    """Where to go to be asked by the provider; what was asked is kept in the browser."""
    address, question = _provider().ask(_back(), anew=purpose is Purpose.CONFIRM)
    told = asdict(question) | {"at": question.at.timestamp()}
    form_session[_ASKED] = [str(purpose), who.id if who else None, told]
    return address


def _taken() -> tuple[Purpose, int | None, Question | None]:
    """What this browser had asked, once."""
    found = form_session.pop(_ASKED, None)
    if not isinstance(found, list) or len(found) != 3:
        return Purpose.SIGN_IN, None, None
    from admin_web.openid.provider import Question

    purpose, who, told = found
    at = datetime.fromtimestamp(told.pop("at"), now().tzinfo)
    return Purpose(purpose), who, Question(at=at, **told)


def _seen(found: Proven) -> Seen:
    return Seen(found.subject, _provider().two_factors(found), found.at)


def _recorded(refused: ProviderRefused, who: Operator | None) -> None:
    logs.event(_log, "provider_answer_refused", level="warning", why=str(refused.why), check=refused.detail)
    with centre().write() as session:
        signing_in.provider_refused(session, now(), who, refused.why, whence.whence())


def _away(away: ProviderAway) -> str:
    logs.event(_log, "provider_away", level="warning", why=str(away))
    return _sentence(
        gettext("%(name)s does not answer as it should just now. Use your password, or try again in a minute.")
    )


def _said(refused: ProviderRefused) -> str:
    """What the reader may know. A closed account and none at all read the same."""
    if refused.why is Why.NOT_LINKED:
        return _sentence(
            gettext("Nobody here is linked to that account of %(name)s. Sign in with your password, then link it.")
        )
    if refused.why is Why.OTHER_PERSON:
        return _sentence(gettext("That was another account of %(name)s than the one linked to yours."))
    if refused.why in (Why.SIGN_IN_OLD, Why.ONE_FACTOR):
        return _sentence(gettext("%(name)s did not ask you for enough. Confirm with your password or a passkey."))
    return _sentence(gettext("The answer of %(name)s was not accepted. Start again from here, or use your password."))


def _sentence(said: str) -> str:
    return said % {"name": _provider().told.name}
