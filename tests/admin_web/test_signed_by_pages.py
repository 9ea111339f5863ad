"""What the pages sign: HMAC-SHA-256 under a key of its purpose, reckoned here again; nothing older is believed."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.json.tag import TaggedJSONSerializer
from flask.testing import FlaskClient
from itsdangerous import URLSafeSerializer, URLSafeTimedSerializer

import admin_web
from admin_web import cookies, signing
from controller.people.sign_in_failure import FREE_FAILURES
from tests.admin_web.conftest import BASE, field, signed_in, submit
from tests.admin_web.test_signing_in import attempt
from tests.controller.conftest import PASSWORD

NOW_SIGNED: dict[str, Any] = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
ONCE_SIGNED: dict[str, Any] = {"key_derivation": "hmac", "digest_method": hashlib.sha1}
FORM_ONCE_SIGNED: dict[str, Any] = {"key_derivation": "django-concat", "digest_method": hashlib.sha1}


def is_ours(app: Flask, signed: str, purpose: str) -> bool:
    value, _, mac = signed.rpartition(".")
    key = hmac.digest(app.config["SECRET_KEY"], purpose.encode(), "sha256")
    return hmac.digest(key, value.encode(), "sha256") == urlsafe_b64decode(mac + "=" * (-len(mac) % 4))


def cookie(client: FlaskClient, name: str) -> str:
    found = client.get_cookie(name, "127.0.0.1")
    assert found is not None
    return found.value


def test_what_pages_sign_is_hmac_sha_256_under_a_key_of_its_purpose(app: Flask, client: FlaskClient) -> None:
    proof = field(client.get("/sign-in", base_url=BASE).get_data(as_text=True))
    assert is_ours(app, proof, "wtf-csrf-token")
    assert not is_ours(app, proof, "cookie-session")
    assert is_ours(app, cookie(client, cookies.FORM), "cookie-session")
    signed_in(client, "kim")
    assert is_ours(app, cookie(client, cookies.BROWSER), "browser")
    with app.app_context():
        assert is_ours(app, str(signing.timed("bundle 7").dumps([1])), "bundle 7")


def test_nothing_is_signed_elsewhere() -> None:
    folder = Path(admin_web.__file__).parent
    makes = re.compile(r"(?:Serializer|Signer)\(|hmac\.(?:new|digest)\(|SecureCookieSessionInterface")
    found = [each.name for each in folder.rglob("*.py") if makes.search(each.read_text(encoding="utf-8"))]
    assert found == ["signing.py"]


@pytest.mark.parametrize(
    ("of_cookie", "of_form", "status"),
    [(NOW_SIGNED, NOW_SIGNED, 303), (ONCE_SIGNED, NOW_SIGNED, 400), (NOW_SIGNED, FORM_ONCE_SIGNED, 400)],
)
def test_a_form_and_its_cookie_that_were_signed_by_sha_1_are_not_believed(
    app: Flask, client: FlaskClient, of_cookie: dict[str, Any], of_form: dict[str, Any], status: int
) -> None:
    secret, value = app.config["SECRET_KEY"], "ab" * 20
    kept = URLSafeTimedSerializer(secret, "cookie-session", TaggedJSONSerializer(), signer_kwargs=of_cookie)
    proof = URLSafeTimedSerializer(secret, "wtf-csrf-token", signer_kwargs=of_form).dumps(value)
    client.set_cookie(cookies.FORM, str(kept.dumps({"csrf_token": value})), domain="127.0.0.1", path="/")
    data = {"name": "kim", "password": PASSWORD, "csrf_token": proof}
    assert client.post("/sign-in", data=data, base_url=BASE).status_code == status


@pytest.mark.parametrize(("manner", "status"), [(NOW_SIGNED, 303), (FORM_ONCE_SIGNED, 401)])
def test_a_browser_that_became_known_by_sha_1_is_a_stranger(app: Flask, manner: dict[str, Any], status: int) -> None:
    owner, stranger = app.test_client(), app.test_client()
    signed_in(owner, "kim")
    with app.app_context():
        known = signing.lasting("browser").loads(cookie(owner, cookies.BROWSER))
    again = URLSafeSerializer(app.config["SECRET_KEY"], "browser", signer_kwargs=manner)
    assert submit(owner, "/sign-out") == 303
    for _ in range(FREE_FAILURES):
        assert attempt(stranger, "kim", "not the password") == 401
    owner.set_cookie(cookies.BROWSER, str(again.dumps(known)), domain="127.0.0.1", path="/")
    assert attempt(owner, "kim", PASSWORD) == status
