"""Bundles of requests and revocations, from the page that shows them back to the controller.

The law: nothing is kept between looking and applying. What was shown travels through the browser, signed for its
operator and for an hour, and what is applied is that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from itsdangerous import BadData, URLSafeTimedSerializer

from admin_web import guard, signing
from admin_web.centre import centre, now
from controller.people import bundle as bundles
from controller.people.access import Permission
from controller.people.bundle import Bundle
from controller.people.permission import Grant
from controller.refusal import Refused

_LIFE_S: Final = 3600


def sealed(bundle: Bundle) -> str:
    """What is to be applied, to be sent back by the same operator."""
    _must_be_permitted(bundle)
    return _seal().dumps(bundles.as_values(bundle))


def applied(plan: str) -> Sequence[Grant]:
    """The requests that now wait; Refused bundle-spent (not ours, not this operator's, or too old), bundle-outdated."""
    try:
        told = _seal().loads(plan, max_age=_LIFE_S)
    except BadData as flaw:
        raise Refused("bundle-spent") from flaw
    with centre().write() as session:
        bundle = bundles.from_values(session, told)
        _must_be_permitted(bundle)
        return bundles.apply(session, guard.operator(), now(), bundle)


def _must_be_permitted(bundle: Bundle) -> None:
    """A bundle may hold two kinds of acts; the route asks for the permission of the first."""
    if bundle.ended:
        guard.must_be_permitted(Permission.REVOKE_ACCESS)


def _seal() -> URLSafeTimedSerializer:
    return signing.timed(f"bundle {guard.operator().id}")
