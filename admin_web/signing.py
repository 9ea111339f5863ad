"""What the pages sign to know it again when a browser brings it back: HMAC-SHA-256, a key of its own for each purpose.

The law: nothing is signed but by what stands here. Flask-WTF, which signs the proof of a form, can be told neither hash
nor derivation: it takes the library's defaults, so these are set, for all that this process signs.
"""

from __future__ import annotations

import hashlib

from flask import current_app
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import Signer, URLSafeSerializer, URLSafeTimedSerializer

Signer.default_digest_method = staticmethod(hashlib.sha256)
Signer.default_key_derivation = "hmac"


class SignedSessions(SecureCookieSessionInterface):
    """What Flask keeps in a signed cookie: the proof of forms, and the states of signing in."""

    digest_method = staticmethod(hashlib.sha256)
    key_derivation = "hmac"


def lasting(purpose: str) -> URLSafeSerializer:
    """Signs what holds until it is asked for; what was signed for another purpose is not believed."""
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=purpose)


def timed(purpose: str) -> URLSafeTimedSerializer:
    """The same with the moment of signing, so that it can grow old."""
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt=purpose)
