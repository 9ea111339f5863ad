"""The OpenID provider: asked by authorization code with PKCE, and believed only in what its ID token proves.

The law: every question carries a state, a nonce and a verifier of its own, which the asking browser keeps and which
serve once; an answer counts in the browser that asked, within ten minutes, from the issuer that was asked.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.discovery import get_well_known_url
from joserfc.jwk import KeySet

from admin_web.openid import wire
from admin_web.openid.id_token import SKEW, UNKNOWN_KEY, Expected, Proven, keys_of, proven
from admin_web.openid.refusals import ProviderAway, ProviderRefused, Why
from admin_web.openid.settings import ProviderSettings, is_protected

ANSWER_WITHIN: Final = timedelta(minutes=10)
AT_ONCE: Final = 3
"""So many sign-ins may wait for the provider at once; a slow one must not take the threads of everybody else."""
_KEPT_S: Final = 3600.0
_RENEWED_S: Final = 60.0
_OK: Final = 200


@dataclass(frozen=True, slots=True)
class Question:
    """What a browser was sent to the provider with. anew: the provider must ask for a proof now, not remember one."""

    state: str
    nonce: str
    verifier: str
    at: datetime
    anew: bool


@dataclass(frozen=True, slots=True)
class _Described:
    """What we use of the provider's description of itself."""

    authorization: str
    token: str
    keys: str
    end_session: str | None
    authentication: str
    names_itself: bool


class Provider:
    """One per application. `back`: the address to which the provider sends browsers back, the same in every step."""

    def __init__(self, told: ProviderSettings, secret: str | None, clock: Callable[[], datetime]) -> None:
        self.told = told
        self._secret, self._clock = secret, clock
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._described: tuple[float, _Described] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def ask(self, back: str, *, anew: bool = False) -> tuple[str, Question]:
        """Where to send the browser, and what it must bring back; ProviderAway."""
        with self._place():
            described = self._description()
        question = Question(
            secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), self._clock(), anew
        )
        address = prepare_grant_uri(
            described.authorization,
            self.told.client_id,
            "code",
            back,
            "openid",
            question.state,
            nonce=question.nonce,
            code_challenge=create_s256_code_challenge(question.verifier),
            code_challenge_method="S256",
            acr_values=" ".join(self.told.second_factor_acr) or None,
            max_age="0" if anew else None,
            prompt="login" if anew else None,
        )
        return str(address), question

    def answered(self, question: Question | None, answer: Mapping[str, str], back: str) -> Proven:
        """Whom the provider saw; ProviderRefused for any answer that is not exactly the one to `question`, and
        ProviderAway."""
        if question is None:
            raise ProviderRefused(Why.NOT_ASKED)
        now = self._clock()
        code = self._code(question, answer, now)
        with self._place():
            described = self._description()
            if described.names_itself and "iss" not in answer:
                raise ProviderRefused(Why.OTHER_ISSUER, "iss missing")
            given = self._exchanged(described, code, question, back)
            access = given.get("access_token")
            expected = Expected(
                self.told.issuer, self.told.client_id, question.nonce, access if isinstance(access, str) else None
            )
            found = self._proven(described, given.get("id_token"), expected, now)
        if question.anew and (found.at is None or found.at < question.at - SKEW):
            raise ProviderRefused(Why.SIGN_IN_OLD)
        return found

    def two_factors(self, found: Proven) -> bool:
        """Whether the settings believe the provider that this was a sign-in by two factors."""
        return bool(found.methods & set(self.told.second_factor_amr)) or found.level in self.told.second_factor_acr

    def farewell(self, back: str) -> str | None:
        """Where one signs out at the provider too; None when it has no such page. ProviderAway."""
        with self._place():
            address = self._description().end_session
        if address is None:
            return None
        # Source: OpenID Connect RP-Initiated Logout 1.0, section 2; without a hint of who leaves, as none is kept.
        parameters = [("client_id", self.told.client_id), ("post_logout_redirect_uri", back)]
        return str(add_params_to_uri(address, parameters))

    def _code(self, question: Question, answer: Mapping[str, str], now: datetime) -> str:
        """The code of an answer to the question that this browser was sent with; nothing is asked of the provider
        before."""
        state = answer.get("state", "").encode("utf-8", "surrogatepass")
        if not hmac.compare_digest(state, question.state.encode()):
            raise ProviderRefused(Why.NOT_ASKED)
        if not timedelta() <= now - question.at < ANSWER_WITHIN:
            raise ProviderRefused(Why.TOO_LATE)
        if answer.get("iss", self.told.issuer) != self.told.issuer:
            raise ProviderRefused(Why.OTHER_ISSUER, "iss")
        if "error" in answer or not answer.get("code"):
            raise ProviderRefused(Why.DECLINED)
        return answer["code"]

    def _exchanged(self, described: _Described, code: str, question: Question, back: str) -> dict[str, Any]:
        """What the provider hands out for the code."""
        body = prepare_token_request(
            "authorization_code", redirect_uri=back, code=code, code_verifier=question.verifier
        )
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        client = ClientAuth(self.told.client_id, self._secret, described.authentication if self._secret else "none")
        address, headers, body = client.prepare("POST", described.token, headers, body)
        status, given = wire.posted(address, body, headers)
        if status >= 500 or status == 429:
            raise ProviderAway(f"answered with status {status}")
        if status != _OK or given is None:
            raise ProviderRefused(Why.CODE_REFUSED)
        return given

    def _proven(self, described: _Described, token: object, expected: Expected, now: datetime) -> Proven:
        """With the keys that are known; with new ones if the provider has changed them meanwhile."""
        try:
            return proven(token, self._known_keys(described, _KEPT_S), expected, now)
        except ProviderRefused as refused:
            if refused.detail != UNKNOWN_KEY:
                raise
        return proven(token, self._known_keys(described, _RENEWED_S), expected, now)

    def _description(self) -> _Described:
        with self._lock:
            if self._described is None or time.monotonic() - self._described[0] > _KEPT_S:
                found = wire.got(get_well_known_url(self.told.issuer, external=True))
                self._described = (time.monotonic(), _read(found, self.told.issuer))
            return self._described[1]

    def _known_keys(self, described: _Described, kept_s: float) -> KeySet:
        with self._lock:
            if self._keys is None or time.monotonic() - self._keys[0] > kept_s:
                self._keys = (time.monotonic(), keys_of(wire.got(described.keys)))
            return self._keys[1]

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise ProviderAway("too many wait for it")
        try:
            yield
        finally:
            self._places.release()


def _read(found: Mapping[str, Any], issuer: str) -> _Described:
    """ProviderAway for a description of somebody else, or one that cannot be used."""
    if found.get("issuer") != issuer:
        raise ProviderAway("describes another issuer")
    challenges = found.get("code_challenge_methods_supported")
    if isinstance(challenges, list) and "S256" not in challenges:
        raise ProviderAway("knows no PKCE with S256")
    methods = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    basic = not isinstance(methods, list) or "client_secret_basic" in methods
    return _Described(
        _address(found, "authorization_endpoint"),
        _address(found, "token_endpoint"),
        _address(found, "jwks_uri"),
        _address(found, "end_session_endpoint") if "end_session_endpoint" in found else None,
        "client_secret_basic" if basic else "client_secret_post",
        found.get("authorization_response_iss_parameter_supported") is True,
    )


def _address(found: Mapping[str, Any], name: str) -> str:
    address = found.get(name)
    if not isinstance(address, str) or not is_protected(address):
        raise ProviderAway(f"names no protected {name}")
    return address
