"""A little OpenID provider on loopback: discovery, authorization, tokens, keys and sign-out, with faults to ask for."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import secrets
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from tests.loopback import running

CLIENT, SECRET = "sekisho", "the secret of the client"
KEY = RSAKey.generate_key(2048, {"kid": "first", "use": "sig", "alg": "RS256"}, private=True)
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "first", "use": "sig", "alg": "RS256"}, private=True)
with warnings.catch_warnings(action="ignore"):
    WEAK_KEY = RSAKey.generate_key(1024, {"kid": "first", "use": "sig", "alg": "RS256"}, private=True)
EC_KEY = ECKey.generate_key("P-256", {"kid": "second", "use": "sig", "alg": "ES256"}, private=True)


@dataclass
class Manners:
    """How the provider behaves. subject: who signs in there; auth_time: seconds ago (None: not said); claims, told,
    answer, given: what is laid over its ID token, its description, its answer and what it hands out; forged: makes the
    token instead of it; asks: people see a page of its own first;
    authentication: how clients must prove to be themselves."""

    subject: str = "kim-at-the-provider"
    auth_time: int | None = 0
    claims: dict[str, Any] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, str] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)
    forged: Callable[[dict[str, Any]], str] | None = None
    asks: bool = False
    authentication: str = "client_secret_basic"
    keys: list[Any] = field(default_factory=lambda: [public(KEY)])
    status: int = 200


def public(key: RSAKey | ECKey) -> dict[str, Any]:
    return dict(key.as_dict(private=False))


def signed(claims: dict[str, Any], key: RSAKey | ECKey = KEY, **header: Any) -> str:
    alg = "ES256" if isinstance(key, ECKey) else "RS256"
    return jwt.encode({"alg": alg, "kid": key.kid, **header}, claims, key)


def unsigned(claims: dict[str, Any]) -> str:
    return ".".join(_part(each) for each in ({"alg": "none"}, claims)) + "."


def by_public_key_as_secret(claims: dict[str, Any]) -> str:
    """HS256 with the published key as the secret: what a verifier that lets the token choose would believe."""
    head = ".".join(_part(each) for each in ({"alg": "HS256", "kid": "first"}, claims))
    return f"{head}.{_text(hmac.digest(KEY.as_pem(private=False), head.encode(), 'sha256'))}"


def _part(value: dict[str, Any]) -> str:
    return _text(json.dumps(value).encode())


def _text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


class OpenIdProvider(ThreadingHTTPServer):
    """requests: the paths that were asked for, in order."""

    daemon_threads = True

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.clock, self.manners = clock, Manners()
        self.codes: dict[str, dict[str, str]] = {}
        self.requests: list[str] = []

    @property
    def issuer(self) -> str:
        return f"http://localhost:{self.server_port}"

    def authorized(self, asked: dict[str, str]) -> str:
        """Where the browser is sent back to, with a code."""
        code = secrets.token_urlsafe(12)
        self.codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": self.issuer, **self.manners.answer}
        return f"{asked['redirect_uri']}?{urlencode(answer)}"

    def exchanged(self, form: dict[str, str]) -> dict[str, Any] | None:
        """The tokens for a code, once, and for whoever began with it."""
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None or form.get("redirect_uri") != asked["redirect_uri"]:
            return None
        if create_s256_code_challenge(form.get("code_verifier", "")) != asked["code_challenge"]:
            return None
        access, now = secrets.token_urlsafe(12), int(self.clock().timestamp())
        half = hashlib.sha256(access.encode()).digest()[:16]
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": self.manners.subject,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            "at_hash": _text(half),
        }
        if self.manners.auth_time is not None:
            claims["auth_time"] = now - self.manners.auth_time
        claims |= self.manners.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        token = (self.manners.forged or signed)(claims)
        return {"access_token": access, "token_type": "Bearer", "id_token": token, **self.manners.given}


class _Handler(BaseHTTPRequestHandler):
    server: OpenIdProvider

    def do_GET(self) -> None:
        here, asked = urlsplit(self.path), self._form(urlsplit(self.path).query)
        self.server.requests.append(here.path)
        if self.server.manners.status != 200:
            return self._say({}, self.server.manners.status)
        if here.path == "/.well-known/openid-configuration":
            return self._say(self._description())
        if here.path == "/keys":
            return self._say({"keys": self.server.manners.keys})
        if here.path == "/authorize" and self.server.manners.asks:
            return self._ask(here.query)
        if here.path in ("/authorize", "/allowed"):
            return self._lead(self.server.authorized(asked))
        if here.path == "/leave":
            return self._lead(asked["post_logout_redirect_uri"])
        return self._say({}, 404)

    def do_POST(self) -> None:
        self.server.requests.append(self.path)
        form = self._form(self.rfile.read(int(self.headers["Content-Length"])).decode())
        given = self.server.exchanged(form) if self._is_client(form) else None
        self._say(given if given is not None else {"error": "invalid_grant"}, 400 if given is None else 200)

    def _is_client(self, form: dict[str, str]) -> bool:
        basic = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        told = (self.headers.get("Authorization"), form.get("client_id"), form.get("client_secret"))
        return told == {
            "client_secret_basic": (basic, None, None),
            "client_secret_post": (None, CLIENT, SECRET),
            "none": (None, CLIENT, None),
        }.get(self.server.manners.authentication)

    def _description(self) -> dict[str, Any]:
        base = self.server.issuer
        return {
            "issuer": base,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "jwks_uri": f"{base}/keys",
            "end_session_endpoint": f"{base}/leave",
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": [self.server.manners.authentication],
            "authorization_response_iss_parameter_supported": True,
            **self.server.manners.told,
        }

    def _say(self, found: dict[str, Any], status: int = 200) -> None:
        body = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _ask(self, query: str) -> None:
        """What people see there: from now on it is the provider's page that leads them on, not ours."""
        body = f'<a href="/allowed?{html.escape(query)}">Allow</a>'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _lead(self, address: str) -> None:
        self.send_response(302)
        self.send_header("Location", address)
        self.send_header("Content-Length", "0")
        self.end_headers()

    @staticmethod
    def _form(text: str) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(text).items()}

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal of the tests."""


def serving(clock: Callable[[], datetime]) -> AbstractContextManager[OpenIdProvider]:
    return running(OpenIdProvider(clock))
