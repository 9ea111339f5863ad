"""An ID token: believed when the provider's own key signed it, for us, for this very question, just now.

The law: only public keys and signatures by them are known here, so a token without signature, or signed with a public
key as if that were a secret, is no token. Source: OpenID Connect Core 1.0, section 3.1.3.7.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

from admin_web.openid.refusals import ProviderRefused, Why

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
SKEW: Final = timedelta(seconds=60)
"""How far the provider's clock may be from ours."""
OLDEST: Final = timedelta(minutes=10)
UNKNOWN_KEY: Final = "unknown-key"
_KEY_KINDS: Final = ("RSA", "EC")
_WEAKEST_RSA: Final = 2048
_LONGEST_TOKEN: Final = 64 * 1024
_LONGEST_SUBJECT: Final = 255


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must say: who made it, for whom, in answer to what; and what was handed out beside it."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str | None


@dataclass(frozen=True, slots=True)
class Proven:
    """Whom the provider saw, when it last asked them to prove it (None: it does not say), and by what."""

    subject: str
    at: datetime | None
    methods: frozenset[str]
    level: str


def keys_of(published: Mapping[str, Any]) -> KeySet:
    """The provider's public keys for signatures; whatever else it publishes is left out."""
    listed = published.get("keys")
    keys = [_key(each) for each in listed if _signs(each)] if isinstance(listed, list) else []
    return KeySet([key for key in keys if key is not None])


def proven(token: object, keys: KeySet, expected: Expected, now: datetime) -> Proven:
    """What the token proves; ProviderRefused token-wrong, naming the check that it failed."""
    if not isinstance(token, str) or len(token) > _LONGEST_TOKEN:
        raise ProviderRefused(Why.TOKEN_WRONG, "missing")
    try:
        read = jwt.decode(token, keys, algorithms=ALGORITHMS)
        claims = CodeIDToken(read.claims, read.header, _demanded(expected), _beside(expected))
        claims.validate(int(now.timestamp()), int(SKEW.total_seconds()))
    except InvalidKeyIdError as flaw:
        raise ProviderRefused(Why.TOKEN_WRONG, UNKNOWN_KEY) from flaw
    except JoseError as flaw:
        raise ProviderRefused(Why.TOKEN_WRONG, str(getattr(flaw, "claim", None) or flaw.error)) from flaw
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as flaw:
        raise ProviderRefused(Why.TOKEN_WRONG, "form") from flaw
    return _read(claims, expected, now)


def _demanded(expected: Expected) -> dict[str, Any]:
    return {
        "iss": {"essential": True, "value": expected.issuer},
        "aud": {"essential": True, "value": expected.client_id},
    }


def _beside(expected: Expected) -> dict[str, Any]:
    return {"client_id": expected.client_id, "nonce": expected.nonce, "access_token": expected.access_token}


def _read(claims: Mapping[str, Any], expected: Expected, now: datetime) -> Proven:
    """What the library leaves to us: kinds of values, ages, and a nonce compared in constant time."""
    subject, nonce, methods = claims.get("sub"), claims.get("nonce"), claims.get("amr", [])
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise ProviderRefused(Why.TOKEN_WRONG, "nonce")
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT or not subject.isprintable():
        raise ProviderRefused(Why.TOKEN_WRONG, "sub")
    made = _moment(claims, "iat")
    if made is None or now - made > OLDEST + SKEW:
        raise ProviderRefused(Why.TOKEN_WRONG, "iat")
    at = _moment(claims, "auth_time")
    if at is not None and at > now + SKEW:
        raise ProviderRefused(Why.TOKEN_WRONG, "auth_time")
    level = claims.get("acr")
    listed = frozenset(each for each in methods if isinstance(each, str))
    return Proven(subject, at, listed, level if isinstance(level, str) else "")


def _moment(claims: Mapping[str, Any], name: str) -> datetime | None:
    found = claims.get(name)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found < 2**40:
        raise ProviderRefused(Why.TOKEN_WRONG, name)
    return datetime.fromtimestamp(found, UTC)


def _signs(key: object) -> bool:
    """Whether this is a public key that signatures are verified with."""
    if not isinstance(key, dict) or key.get("kty") not in _KEY_KINDS or "d" in key:
        return False
    return bool(key.get("use", "sig") == "sig")


def _key(published: dict[str, Any]) -> RSAKey | ECKey | None:
    """None for what is published as a key and is none, or a weak one."""
    try:
        if published["kty"] == "EC":
            return ECKey.import_key(published)
        modulus = int.from_bytes(urlsafe_b64decode(published["n"] + "=="))
        return RSAKey.import_key(published) if modulus.bit_length() >= _WEAKEST_RSA else None
    except (JoseError, ValueError, TypeError, KeyError):
        return None
