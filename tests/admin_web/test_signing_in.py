"""Signing in: new at every sign-in, over at sign-out, closed to guessers and never to the owner, once by a link."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient

import admin_web
from admin_web import confirming, cookies, guard
from controller.database import reading, transaction
from controller.people import operator, password, signing_in
from controller.people.access import OWN, Permission, Role, may
from controller.people.sign_in_failure import FREE_FAILURES, SignInFailure
from tests.admin_web.conftest import BASE, field, signed_in, submit, token
from tests.admin_web.conftest import web_now as now
from tests.admin_web.test_pages_and_api import address
from tests.controller.conftest import CHEAP, NOW, PASSWORD, House


def attempt(client: FlaskClient, name: str, password: str) -> int:
    proof = field(client.get("/sign-in", base_url=BASE).get_data(as_text=True))
    data = {"name": name, "password": password, "csrf_token": proof}
    return client.post("/sign-in", data=data, base_url=BASE).status_code


def session_of(client: FlaskClient) -> str:
    cookie = client.get_cookie(cookies.SESSION, "127.0.0.1")
    assert cookie is not None
    return cookie.value


def test_a_session_is_new_at_every_sign_in_and_the_old_one_ends(app: Flask, client: FlaskClient) -> None:
    signed_in(client, "kim")
    first = session_of(client)
    signed_in(client, "kim")
    assert session_of(client) != first
    thief = app.test_client()
    thief.set_cookie(cookies.SESSION, first, domain="127.0.0.1")
    assert thief.get("/live", base_url=BASE).status_code == 303


def test_after_signing_out_the_session_is_dead_wherever_it_was_copied(app: Flask, client: FlaskClient) -> None:
    signed_in(client, "kim")
    other = app.test_client()
    other.set_cookie(cookies.SESSION, session_of(client), domain="127.0.0.1")
    assert other.get("/live", base_url=BASE).status_code == 200
    proof = field(client.get("/operators", base_url=BASE).get_data(as_text=True))
    left = client.post("/sign-out", data={"csrf_token": proof}, base_url=BASE)
    assert (left.status_code, left.headers["Clear-Site-Data"]) == (303, '"cache"')
    assert other.get("/live", base_url=BASE).status_code == 303


def test_scripts_keep_nothing_in_the_browser_but_whether_alarms_sound() -> None:
    folder = Path(admin_web.__file__).parent / "static"
    kept = re.compile(r"(?:localStorage|sessionStorage|indexedDB|caches)\.\w+\([^)]*")
    found = {each for path in folder.rglob("*.js") for each in kept.findall(path.read_text(encoding="utf-8"))}
    assert found == {"localStorage.getItem(kept", "localStorage.setItem(kept, isOn("}


@pytest.mark.parametrize("tls", [True, False])
def test_cookies_are_out_of_reach_for_scripts_and_other_sites_and_under_tls_for_this_host_alone(
    app: Flask, client: FlaskClient, tls: bool
) -> None:
    app.config["SESSION_COOKIE_SECURE"] = tls
    host = "https://localhost" if tls else "http://localhost"
    page = client.get("/sign-in", base_url=host)
    data = {"name": "kim", "password": PASSWORD, "csrf_token": field(page.get_data(as_text=True))}
    inside = client.post("/sign-in", data=data, base_url=host)
    start = client.get("/live", base_url=host)
    chosen = {"csrf_token": field(start.get_data(as_text=True)), "back": "/live"}
    worded = client.post("/language/ja", data=chosen, base_url=host)
    given = dict[str, str]()
    for answer in (page, inside, start, worded):
        given |= dict(cookie.split("=", 1) for cookie in answer.headers.getlist("Set-Cookie"))
    named = (cookies.SESSION, cookies.FORM, cookies.BROWSER, cookies.LANGUAGE)
    assert given.keys() == {f"__Host-{each}" if tls else each for each in named}
    for manners in given.values():
        said = set(manners.split("; ")[1:])
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= said
        assert ("Secure" in said) == tls
        assert "domain" not in manners.lower()


def test_a_cookie_without_the_prefix_is_not_read_under_tls(app: Flask, client: FlaskClient) -> None:
    app.config["SESSION_COOKIE_SECURE"] = True
    host = "https://localhost"
    client.set_cookie(cookies.LANGUAGE, "ja", secure=True)
    assert 'lang="en"' in client.get("/sign-in", base_url=host).get_data(as_text=True)
    client.set_cookie(f"__Host-{cookies.LANGUAGE}", "ja", secure=True)
    assert 'lang="ja"' in client.get("/sign-in", base_url=host).get_data(as_text=True)


def test_guessers_close_a_name_but_not_for_the_browser_of_its_owner(app: Flask) -> None:
    owner, stranger = app.test_client(), app.test_client()
    signed_in(owner, "kim")
    assert submit(owner, "/sign-out") == 303
    for _ in range(FREE_FAILURES):
        assert attempt(stranger, "kim", "not the password") == 401
    assert attempt(stranger, "kim", PASSWORD) == 401
    assert attempt(owner, "kim", PASSWORD) == 303


def test_a_known_browser_is_closed_by_its_own_guesses(app: Flask, client: FlaskClient) -> None:
    signed_in(client, "kim")
    for _ in range(FREE_FAILURES):
        assert attempt(client, "kim", "not the password") == 401
    assert attempt(client, "kim", PASSWORD) == 401


def test_a_browser_that_says_it_is_known_is_not_believed(app: Flask) -> None:
    stranger = app.test_client()
    stranger.set_cookie(cookies.BROWSER, '["kim","x"].AAAA', domain="127.0.0.1", path="/")
    for _ in range(FREE_FAILURES):
        assert attempt(stranger, "kim", "not the password") == 401
    assert attempt(stranger, "kim", PASSWORD) == 401


def test_an_unknown_name_is_answered_as_a_wrong_password_is_and_fills_no_table(
    client: FlaskClient, house: House
) -> None:
    pages = list[str]()
    for name in ("kim", "nobody-0", "nobody-1", "nobody-2"):
        proof = field(client.get("/sign-in", base_url=BASE).get_data(as_text=True))
        data = {"name": name, "password": "not the password", "csrf_token": proof}
        answer = client.post("/sign-in", data=data, base_url=BASE)
        pages.append(answer.get_data(as_text=True).replace(proof, "").partition("<main")[2].replace(name, ""))
    stripped = {page.partition('role="alert"')[2].partition("</p>")[0] for page in pages}
    assert len(stripped) == 1
    with reading(house.engine) as session:
        assert session.query(SignInFailure).count() == 3


def test_a_password_is_judged_for_an_unknown_name_too(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[str]()
    verify = password.matches

    def noted(hasher: PasswordHasher, known: str, given: str) -> bool:
        asked.append(known)
        return verify(hasher, known, given)

    monkeypatch.setattr(password, "matches", noted)
    with reading(house.engine) as session:
        for name in ("kim", "nobody"):
            assert not signing_in.judge(session, house.site(session), name, "not the password").matches
    assert len(asked) == 2


def test_a_verdict_about_a_password_that_was_changed_meanwhile_does_not_count(house: House) -> None:
    with reading(house.engine) as session:
        verdict = signing_in.judge(session, house.site(session), "kim", PASSWORD)
    assert verdict.matches
    with transaction(house.engine) as session:
        house.operator(session, "kim").password_hash = CHEAP.hash("another long password")
        site = house.site(session)
        assert signing_in.sign_in(session, NOW, site, "kim", PASSWORD, CHEAP, verdict=verdict) is None


def test_too_many_passwords_at_once_are_asked_to_wait_and_nobody_else_is(client: FlaskClient) -> None:
    signed_in(client, "kim")
    places = confirming.AT_ONCE
    for _ in range(places):
        assert confirming.judging.acquire(blocking=False)
    try:
        busy = client.application.test_client()
        proof = field(busy.get("/sign-in", base_url=BASE).get_data(as_text=True))
        data = {"name": "kim", "password": PASSWORD, "csrf_token": proof}
        answer = busy.post("/sign-in", data=data, base_url=BASE)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
        assert client.get("/live", base_url=BASE).status_code == 200
    finally:
        for _ in range(places):
            confirming.judging.release()


def test_a_link_works_once_and_says_so_before_a_password_is_typed(client: FlaskClient, house: House) -> None:
    with transaction(house.engine) as session:
        link = operator.invite(session, None, now(), house.site(session), Role.AUDITOR)
        late = operator.invite(session, None, now() - timedelta(hours=25), house.site(session), Role.AUDITOR)
    page = client.get(f"/set-up/{link}", base_url=BASE)
    assert page.headers["Referrer-Policy"] == "no-referrer"
    proof = field(page.get_data(as_text=True))
    data = {"name": "ann", "display_name": "Ann", "password": "short", "csrf_token": proof}
    assert client.post(f"/set-up/{link}", data=data, base_url=BASE).status_code == 409
    for wanted, told in (("password12345", "leaked"), ("Cedar-room-2026", "names of this place")):
        refused = client.post(f"/set-up/{link}", data={**data, "password": wanted}, base_url=BASE)
        assert refused.status_code == 409
        assert told in refused.get_data(as_text=True)
    data["password"] = PASSWORD
    assert client.post(f"/set-up/{link}", data=data, base_url=BASE).status_code == 303
    assert client.post(f"/set-up/{link}", data={**data, "name": "bob"}, base_url=BASE).status_code == 410
    for spent in (link, late, "unknown"):
        assert client.get(f"/set-up/{spent}", base_url=BASE).status_code == 410
    signed_in(client, "ann")


def test_every_form_asks_for_the_proof_that_it_is_ours(app: Flask, client: FlaskClient) -> None:
    signed_in(client, "kim")
    posts = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    assert len(posts) > 10
    for rule in posts:
        if not rule.rule.startswith("/api/"):
            assert client.post(address(rule.rule), base_url=BASE).status_code == 400, rule.rule


def test_a_form_that_another_site_sends_is_refused_even_with_the_proof(client: FlaskClient) -> None:
    signed_in(client, "kim")
    proof = field(client.get("/operators", base_url=BASE).get_data(as_text=True))
    for said, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 303)):
        answer = client.post(
            "/language/ja", data={"csrf_token": proof}, base_url=BASE, headers={"Sec-Fetch-Site": said}
        )
        assert answer.status_code == status


def test_an_auditor_can_change_nothing(app: Flask, house: House) -> None:
    """Every route that changes something, but one's own language, session and tokens, asks for what auditors lack."""
    own = {"sign_in.enter", "sign_in.leave", "sign_in.make", "sign_in.language", "sign_in.second_step"}
    own |= {"sign_in.passkey_options", "sign_in.enter_by_passkey"}
    own |= {"exports.make", "exports.discard"}  # files for themselves, of what they may see; the ledger tells
    own |= {"api.request_export", "api.request_saved_export", "api.discard_export"}
    own |= {"api.add_saved_report", "api.remove_saved_report"}  # nothing of the house; the ledger tells
    own |= {"saved_reports.save", "saved_reports.remove"}
    own |= {"people_files.export", "api.export_cardholders"}
    tried = ("grant", "revoke", "rules", "posture", "access_level", "schedule", "private", "door", "access_point")
    own |= {f"api.preview_{change}" for change in tried}  # undone before the answer
    own |= {f"api.preview_retire_{what}" for what in ("door", "area", "agent")}
    own |= {"findings.judge", "api.judge_findings"}  # added beside the record, which stays as it is; no list changes
    own |= {"cardholders.search", "permissions.search", "api.search_cardholders"}  # names are asked for in bodies
    for rule in app.url_map.iter_rules():
        if {"POST", "PUT", "DELETE"} & (rule.methods or set()) and rule.endpoint not in own:
            permission = getattr(app.view_functions[rule.endpoint], "permission", None)
            assert isinstance(permission, Permission)
            assert permission in OWN or not may(Role.AUDITOR, permission), rule.endpoint


def test_what_is_private_is_kept_by_no_cache(client: FlaskClient, house: House) -> None:
    signed_in(client, "kim")
    headers = token(house, "kim")
    for path in ("/live", "/cardholders", "/log", "/nothing", "/api/v1/cardholders", "/api/v1/nothing"):
        answer = client.get(path, base_url=BASE, headers=headers)
        assert answer.headers["Cache-Control"] == "no-store", path
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        for directive in ("default-src 'none'", "frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'"):
            assert directive in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_who_watches_is_asked_about_long_after_the_request(app: Flask, client: FlaskClient, house: House) -> None:
    signed_in(client, "kim")
    proof = {"Cookie": f"{cookies.SESSION}={session_of(client)}"}
    with app.test_request_context("/live/stream", base_url=BASE, headers=proof):
        lives = guard.still()
    assert lives()
    assert submit(client, "/sign-out") == 303
    assert not lives()
