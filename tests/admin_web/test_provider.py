"""Signing in with an OpenID provider: a real one on loopback, honest and otherwise."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from admin_web.application import create_app
from admin_web.openid.provider import AT_ONCE
from admin_web.openid.settings import ProviderSettings
from admin_web.settings import WebSettings
from controller.database import reading, transaction
from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow
from controller.people import operator, provider_identity
from controller.people.operator import Operator
from controller.people.operator_session import OperatorSession, Proof
from controller.people.permission import Grant
from controller.people.provider_identity import ProviderIdentity
from process.secret_file import SecretFileError
from process.settings import SettingsError, load
from tests.admin_web.conftest import BASE, signed_in, submit
from tests.admin_web.conftest import web_now as now
from tests.admin_web.openid_provider import (
    CLIENT,
    EC_KEY,
    KEY,
    OTHER_KEY,
    SECRET,
    WEAK_KEY,
    Manners,
    OpenIdProvider,
    by_public_key_as_secret,
    public,
    serving,
    signed,
    unsigned,
)
from tests.admin_web.test_account import aged, asked_for, enrolled, later
from tests.admin_web.test_signing_in import attempt
from tests.controller.conftest import PASSWORD, House

SUBJECT = Manners().subject
REFUSED = "was not accepted"


@pytest.fixture
def provider() -> Iterator[OpenIdProvider]:
    with serving(now) as server:
        yield server


@pytest.fixture
def told(provider: OpenIdProvider, tmp_path: Path) -> ProviderSettings:
    secret = tmp_path / "client.secret"
    secret.write_text(f"{SECRET}\n", encoding="ascii")
    secret.chmod(0o600)
    return ProviderSettings(provider.issuer, CLIENT, "Acme accounts", secret)


@pytest.fixture
def app(house: House, engine: Engine, tmp_path: Path, told: ProviderSettings) -> Iterator[Flask]:
    made = started(engine, tmp_path, told)
    yield made
    made.extensions["sekisho"].news.stop()


def started(engine: Engine, folder: Path, told: ProviderSettings | None) -> Flask:
    made = create_app(WebSettings("sqlite://", "tokyo", folder / "secret", provider=told), engine, now)
    made.testing = True
    return made


@pytest.fixture
def linked(house: House, provider: OpenIdProvider) -> None:
    with transaction(house.engine) as session:
        kim = house.operator(session, "kim")
        provider_identity.link(session, now(), kim.id, provider.issuer, SUBJECT)


def there(address: str) -> str:
    """Go to the provider as a browser does; where it sends us back to."""
    at = urlsplit(address)
    connection = HTTPConnection(at.hostname or "", at.port or 0, timeout=5)
    connection.request("GET", f"{at.path}?{at.query}")
    answer = connection.getresponse()
    connection.close()
    assert answer.status == 302
    return answer.headers["Location"]


def onward(page: str) -> str:
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page)
    assert found is not None
    return html.unescape(found[1])


def begun(client: FlaskClient, path: str = "/sign-in/provider") -> str:
    answer = client.get(path, base_url=BASE)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer.headers["Location"]


def answered(client: FlaskClient, back: str) -> Any:
    """Come back from the provider: a page that leads on, then what takes the answer."""
    at = urlsplit(back)
    page = client.get(f"{at.path}?{at.query}", base_url=BASE)
    assert page.status_code == 200
    assert "Set-Cookie" not in page.headers
    return client.get(onward(page.get_data(as_text=True)), base_url=BASE)


def by_provider(client: FlaskClient, path: str = "/sign-in/provider") -> Any:
    return answered(client, there(begun(client, path)))


def linking(client: FlaskClient) -> Any:
    page = client.get("/account", base_url=BASE).get_data(as_text=True)
    proof = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert proof is not None
    page = client.post("/account/provider/link", data={"csrf_token": proof[1]}, base_url=BASE).get_data(as_text=True)
    return answered(client, there(onward(page)))


def inside(client: FlaskClient) -> bool:
    return client.get("/live", base_url=BASE).status_code == 200


def kept(house: House, kind: Kind) -> list[tuple[Any, Any]]:
    """What is recorded of this kind, in order: about whom, and what stands there for ever."""
    with reading(house.engine) as session:
        rows = session.scalars(select(LedgerRow).where(LedgerRow.kind == kind).order_by(LedgerRow.sequence))
        return [(row.subjects, {k: v for k, v in row.content.items() if k != "commitments"}) for row in rows]


def test_an_operator_links_an_account_and_signs_in_with_it(
    app: Flask, client: FlaskClient, house: House, provider: OpenIdProvider
) -> None:
    signed_in(client, "kim")
    elsewhere = app.test_client()
    signed_in(elsewhere, "kim")
    assert linking(client).headers["Location"] == "/account"
    assert not inside(elsewhere)
    page = client.get("/account", base_url=BASE).get_data(as_text=True)
    assert SUBJECT in page
    # The subject stands apart, where it can be erased.
    assert kept(house, Kind.IDENTITY_LINKED) == [({"operator": 1}, {"issuer": provider.issuer})]
    other = app.test_client()
    answer = by_provider(other)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert inside(other)
    assert "provider alone" in other.get("/account", base_url=BASE).get_data(as_text=True)
    assert kept(house, Kind.SIGN_IN)[-1][1] == {"proof": "provider"}


def test_the_question_carries_pkce_state_and_nonce_and_they_are_new_each_time(
    client: FlaskClient, provider: OpenIdProvider
) -> None:
    asked = [parse_qs(urlsplit(begun(client)).query) for _ in range(2)]
    for each in asked:
        assert each["response_type"] == ["code"]
        assert each["scope"] == ["openid"]  # no mail address, no name
        assert each["code_challenge_method"] == ["S256"]
        assert each["redirect_uri"] == [f"{BASE}/sign-in/provider/return"]
    for name in ("state", "nonce", "code_challenge"):
        first, second = asked[0][name][0], asked[1][name][0]
        assert first != second
        assert min(len(first), len(second)) >= 32


@pytest.mark.usefixtures("linked")
@pytest.mark.parametrize("how", ["client_secret_basic", "client_secret_post", "none"])
def test_we_prove_to_be_the_client_as_the_provider_wants_it(
    house: House, engine: Engine, tmp_path: Path, provider: OpenIdProvider, told: ProviderSettings, how: str
) -> None:
    provider.manners.authentication = how
    without = ProviderSettings(told.issuer, CLIENT, told.name)
    for settings, fits in ((told, how != "none"), (without, how == "none")):
        client = started(engine, tmp_path, settings).test_client()
        assert by_provider(client).status_code == (303 if fits else 401)


def test_who_is_not_linked_comes_in_neither_by_name_nor_by_mail_address(
    client: FlaskClient, house: House, provider: OpenIdProvider
) -> None:
    provider.manners.claims = {"email": "kim@example.org", "email_verified": True, "preferred_username": "kim"}
    provider.manners.subject = "kim"
    answer = by_provider(client)
    assert answer.status_code == 401
    assert "Nobody here is linked" in answer.get_data(as_text=True)
    assert not inside(client)
    assert kept(house, Kind.SIGN_IN_FAILED) == [({}, {"provider": "not-linked", "count": 1})]


@pytest.mark.usefixtures("linked")
def test_a_closed_account_reads_as_one_that_is_not_linked(app: Flask, house: House, provider: OpenIdProvider) -> None:
    with transaction(house.engine) as session:
        house.operator(session, "kim").active = False
    closed = by_provider(app.test_client()).get_data(as_text=True)
    provider.manners.subject = "nobody"
    unknown = by_provider(app.test_client()).get_data(as_text=True)
    alerts = {re.search(r'role="alert">([^<]+)', page)[1] for page in (closed, unknown)}  # type: ignore[index]
    assert len(alerts) == 1


@pytest.mark.usefixtures("linked")
@pytest.mark.parametrize(
    ("manners", "check"),
    [
        (Manners(claims={"nonce": "of another question"}), "nonce"),
        (Manners(claims={"nonce": None}), "nonce"),
        (Manners(claims={"aud": "somebody else"}), "aud"),
        (Manners(claims={"aud": ["sekisho", "somebody else"]}), "azp"),
        (Manners(claims={"azp": "somebody else"}), "azp"),
        (Manners(claims={"iss": "https://other.example"}), "iss"),
        (Manners(claims={"exp": 1}), "expired"),
        (Manners(claims={"exp": None}), "exp"),
        (Manners(claims={"iat": 1}), "iat"),
        (Manners(claims={"iat": 2**33}), "iat"),
        (Manners(claims={"nbf": 2**33}), "nbf"),
        (Manners(claims={"auth_time": 2**33}), "auth_time"),
        (Manners(claims={"auth_time": "now"}), "auth_time"),
        (Manners(claims={"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}), "at_hash"),
        (Manners(claims={"sub": ""}), "sub"),
        (Manners(claims={"sub": 7}), "sub"),
        (Manners(claims={"sub": "x" * 256}), "sub"),
        (Manners(forged=unsigned), "none"),
        (Manners(forged=by_public_key_as_secret), "HS256"),
        (Manners(forged=lambda claims: signed(claims, OTHER_KEY)), "signature"),
        (Manners(forged=lambda claims: signed(claims, EC_KEY)), "unknown key"),
        (Manners(forged=lambda claims: signed(claims)[:-4] + "AAAA"), "signature"),
        (Manners(forged=lambda _claims: "not a token"), "form"),
        (Manners(given={"id_token": None}), "missing"),
        (Manners(given={"id_token": ["x"]}), "missing"),
        (Manners(answer={"iss": "https://other.example"}), "mix-up"),
        (Manners(answer={"iss": ""}), "mix-up, silent"),
        (Manners(answer={"state": "of another browser"}), "state"),
        (Manners(answer={"code": "guessed"}), "code"),
        (Manners(answer={"error": "access_denied"}), "declined"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_an_answer_that_is_wrong_in_one_thing_lets_nobody_in_and_is_recorded(
    client: FlaskClient, house: House, provider: OpenIdProvider, manners: Manners, check: str
) -> None:
    provider.manners = manners
    answer = by_provider(client)
    assert answer.status_code == 401, check
    assert REFUSED in answer.get_data(as_text=True)
    assert not inside(client)
    ((_, content),) = kept(house, Kind.SIGN_IN_FAILED)
    assert set(content) == {"provider", "count"}
    provider.manners = Manners()
    assert by_provider(client).status_code == 303


@pytest.mark.usefixtures("linked")
def test_an_answer_serves_once_and_only_in_the_browser_that_asked(app: Flask, provider: OpenIdProvider) -> None:
    asking, thief = app.test_client(), app.test_client()
    back = there(begun(asking))
    assert answered(thief, back).status_code == 401
    begun(thief)
    assert answered(thief, back).status_code == 401
    asked = asking.get_cookie("sekisho_form", "127.0.0.1")
    assert asked is not None
    assert answered(asking, back).status_code == 303
    assert answered(asking, back).status_code == 401
    # Even with the cookie of before the answer: the provider has handed out the code already.
    replaying = app.test_client()
    replaying.set_cookie("sekisho_form", asked.value, domain="127.0.0.1", path="/")
    assert answered(replaying, back).status_code == 401


@pytest.mark.usefixtures("linked")
def test_an_answer_after_ten_minutes_comes_too_late(
    house: House, engine: Engine, tmp_path: Path, told: ProviderSettings
) -> None:
    app = started(engine, tmp_path, told)
    client = app.test_client()
    back = there(begun(client))
    centre, oidc = app.extensions["sekisho"], app.extensions["sekisho-provider"]
    centre.clock = oidc._clock = lambda: now() + timedelta(minutes=11)
    assert answered(client, back).status_code == 401
    assert kept(house, Kind.SIGN_IN_FAILED)[-1][1]["provider"] == "too-late"


@pytest.mark.usefixtures("linked")
@pytest.mark.parametrize(
    "manners",
    [
        Manners(keys=[public(WEAK_KEY)], forged=lambda claims: signed(claims, WEAK_KEY)),
        Manners(keys=[{"kty": "oct", "k": "AAAA", "kid": "first"}, {"kty": "RSA", "n": 1}, {"kty": "RSA"}, "x", None]),
        Manners(keys=[dict(public(KEY), use="enc")]),
    ],
    ids=["short", "none", "for-encryption"],
)
def test_a_key_that_is_short_or_none_or_for_something_else_verifies_nothing(
    client: FlaskClient, house: House, provider: OpenIdProvider, manners: Manners
) -> None:
    provider.manners = manners
    assert by_provider(client).status_code == 401
    assert kept(house, Kind.SIGN_IN_FAILED) == [({}, {"provider": "token-wrong", "count": 1})]


@pytest.mark.usefixtures("linked")
def test_new_keys_of_the_provider_are_fetched_when_a_token_names_one(
    app: Flask, client: FlaskClient, provider: OpenIdProvider
) -> None:
    assert by_provider(client).status_code == 303
    provider.manners = Manners(keys=[public(KEY), public(EC_KEY)], forged=lambda claims: signed(claims, EC_KEY))
    oidc = app.extensions["sekisho-provider"]
    oidc._keys = (oidc._keys[0] - 61, oidc._keys[1])  # a minute later: not more often, whatever tokens name
    assert by_provider(app.test_client()).status_code == 303


@pytest.mark.parametrize(
    "manners",
    [
        Manners(status=503),
        Manners(status=302),
        Manners(told={"issuer": "https://other.example"}),
        Manners(told={"authorization_endpoint": "http://provider.example/authorize"}),
        Manners(told={"token_endpoint": None}),
        Manners(told={"jwks_uri": "file:///etc/passwd"}),
        Manners(told={"code_challenge_methods_supported": ["plain"]}),
        Manners(told={"padding": "x" * 300_000}),
    ],
    ids=lambda each: str({**each.told, "status": each.status})[:60],
)
def test_a_provider_that_is_away_or_odd_is_a_sentence_beside_the_password(
    client: FlaskClient, house: House, provider: OpenIdProvider, manners: Manners
) -> None:
    provider.manners = manners
    answer = client.get("/sign-in/provider", base_url=BASE)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 503
    assert "Acme accounts does not answer as it should" in page
    assert 'name="password"' in page
    signed_in(client, "kim")


@pytest.mark.usefixtures("linked")
def test_a_provider_that_nobody_reaches_any_more_takes_nothing_from_anybody(
    client: FlaskClient, provider: OpenIdProvider
) -> None:
    back = there(begun(client))
    provider.manners.status = 500
    assert answered(client, back).status_code == 503
    signed_in(client, "kim")
    assert inside(client)


@pytest.mark.usefixtures("linked")
def test_who_has_a_second_factor_here_is_asked_for_it_after_the_provider(
    app: Flask, client: FlaskClient, house: House
) -> None:
    signed_in(client, "kim")
    owned, _codes = enrolled(client)
    other = app.test_client()
    answer = by_provider(other)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in/second")
    assert not inside(other)
    page = other.get("/sign-in/second", base_url=BASE).get_data(as_text=True)
    proof = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert proof is not None
    data = {"code": owned.at(later()), "csrf_token": proof[1]}
    assert other.post("/sign-in/second", data=data, base_url=BASE).status_code == 303
    assert inside(other)
    assert kept(house, Kind.SIGN_IN)[-1][1] == {"proof": "provider-and-code"}


@pytest.mark.usefixtures("linked")
@pytest.mark.parametrize("claims", [{"amr": ["pwd", "mfa"]}, {"acr": "two"}, {"amr": ["pwd"], "acr": "one"}])
def test_what_the_provider_says_of_two_factors_counts_only_where_the_settings_say_so(
    house: House,
    engine: Engine,
    tmp_path: Path,
    provider: OpenIdProvider,
    told: ProviderSettings,
    claims: dict[str, Any],
) -> None:
    provider.manners.claims = claims
    believing = ProviderSettings(told.issuer, CLIENT, told.name, told.client_secret, ("mfa",), ("two",))
    for settings, counts in ((told, False), (believing, claims.get("acr") != "one")):
        client = started(engine, tmp_path, settings).test_client()
        assert by_provider(client).status_code == 303
        proof = Proof.PROVIDER_FACTORS if counts else Proof.PROVIDER
        with reading(house.engine) as session:
            newest = session.scalars(select(OperatorSession).order_by(OperatorSession.created_at.desc())).first()
            assert newest is not None
            assert (newest.proof, newest.two_factors) == (proof, counts)


@pytest.mark.usefixtures("linked")
@pytest.mark.parametrize(("age", "asks"), [(0, False), (3600, True), (None, True)])
def test_a_sign_in_is_as_fresh_as_the_provider_says_and_no_fresher(
    client: FlaskClient, house: House, provider: OpenIdProvider, age: int | None, asks: bool
) -> None:
    provider.manners.auth_time = age
    assert by_provider(client).status_code == 303
    grant = asked_for(house, "mia")
    assert submit(client, f"/requests/{grant}/approve") == (401 if asks else 303)


@pytest.mark.usefixtures("linked")
def test_a_dangerous_act_is_confirmed_at_the_provider_and_then_done(
    client: FlaskClient, house: House, provider: OpenIdProvider
) -> None:
    assert by_provider(client).status_code == 303
    aged(house)
    grant = asked_for(house, "mia")
    page = client.get("/account", base_url=BASE).get_data(as_text=True)
    proof = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert proof is not None
    data = {"note": "seen", "csrf_token": proof[1]}
    asked = client.post(f"/requests/{grant}/approve", data=data, base_url=BASE)
    assert asked.status_code == 401
    assert "/account/provider/confirm" in asked.get_data(as_text=True)
    address = begun(client, "/account/provider/confirm")
    query = parse_qs(urlsplit(address).query)
    assert (query["max_age"], query["prompt"]) == (["0"], ["login"])
    for age, subject, status in ((3600, SUBJECT, 401), (None, SUBJECT, 401), (0, "mia-there", 401), (0, SUBJECT, 200)):
        provider.manners = Manners(subject=subject, auth_time=age)
        assert by_provider(client, "/account/provider/confirm").status_code == status
        done = client.post(f"/requests/{grant}/approve", data=data, base_url=BASE)
        assert done.status_code == (303 if status == 200 else 401)
    with reading(house.engine) as session:
        assert session.get_one(Grant, grant).decision_note == "seen"
    whys = ("sign-in-old", "sign-in-old", "other-person")
    assert kept(house, Kind.SIGN_IN_FAILED) == [({"operator": 1}, {"provider": why}) for why in whys]


@pytest.mark.usefixtures("linked")
def test_the_provider_alone_confirms_nothing_for_whoever_has_a_second_factor(client: FlaskClient) -> None:
    signed_in(client, "kim")
    enrolled(client)
    assert client.get("/account/provider/confirm", base_url=BASE).status_code == 404


def test_linking_asks_for_a_fresh_proof_and_another_operators_account_stays_theirs(
    app: Flask, client: FlaskClient, house: House, provider: OpenIdProvider
) -> None:
    signed_in(client, "kim")
    aged(house)
    assert submit(client, "/account/provider/link") == 401
    signed_in(client, "kim")
    assert linking(client).status_code == 303
    other = app.test_client()
    signed_in(other, "mia")
    answer = linking(other)
    assert answer.status_code == 409
    assert "already linked" in answer.get_data(as_text=True)
    with reading(house.engine) as session:
        row = session.scalars(select(ProviderIdentity)).one()
        assert session.get_one(Operator, row.operator_id).name == "kim"
    assert submit(other, f"/account/provider/{row.id}/unlink") == 404
    assert submit(client, f"/account/provider/{row.id}/unlink") == 303
    assert by_provider(app.test_client()).status_code == 401


def test_a_provider_that_never_says_when_somebody_signed_in_can_be_linked_and_confirms_nothing(
    app: Flask, client: FlaskClient, house: House, provider: OpenIdProvider
) -> None:
    provider.manners.auth_time = None
    signed_in(client, "kim")
    assert linking(client).status_code == 303
    other = app.test_client()
    assert by_provider(other).status_code == 303
    assert submit(other, "/operators/tokens", label="x") == 401
    assert by_provider(other, "/account/provider/confirm").status_code == 401
    assert submit(other, "/operators/tokens", label="x", confirm_password=PASSWORD) == 200


def test_an_answer_to_linking_that_comes_to_another_session_links_nothing(
    app: Flask, client: FlaskClient, house: House
) -> None:
    signed_in(client, "kim")
    page = client.get("/account", base_url=BASE).get_data(as_text=True)
    proof = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert proof is not None
    page = client.post("/account/provider/link", data={"csrf_token": proof[1]}, base_url=BASE).get_data(as_text=True)
    back = there(onward(page))
    client.delete_cookie("sekisho_session", domain="127.0.0.1")
    assert answered(client, back).status_code == 401
    with reading(house.engine) as session:
        assert session.scalars(select(ProviderIdentity)).all() == []


@pytest.mark.usefixtures("linked")
def test_a_link_of_the_host_that_lets_an_account_start_anew_unlinks_it(app: Flask, house: House) -> None:
    with transaction(house.engine) as session:
        token = operator.recover(session, now(), house.site(session), "kim")
        wanted = operator.NewOperator("kim", "Kim", "another long password")
        operator.set_up(session, now(), token, wanted)
    assert by_provider(app.test_client()).status_code == 401


@pytest.mark.usefixtures("linked")
def test_signing_out_leads_to_the_provider_only_after_a_sign_in_there(
    client: FlaskClient, provider: OpenIdProvider
) -> None:
    by_provider(client)
    assert submit(client, "/sign-out") == 303
    assert not inside(client)
    page = client.get("/sign-in", base_url=BASE).get_data(as_text=True)
    assert "/sign-in/provider/leave" in page
    assert there(begun(client, "/sign-in/provider/leave")) == f"{BASE}/sign-in"
    signed_in(client, "kim")
    assert submit(client, "/sign-out") == 303
    assert "/sign-in/provider/leave" not in client.get("/sign-in", base_url=BASE).get_data(as_text=True)


@pytest.mark.usefixtures("linked")
def test_guessers_do_not_close_the_way_by_the_provider(app: Flask, client: FlaskClient) -> None:
    for _ in range(8):
        attempt(app.test_client(), "kim", "not the password")
    assert by_provider(client).status_code == 303


def test_refusals_of_strangers_are_recorded_at_every_doubling_and_ask_nothing_of_the_provider(
    client: FlaskClient, house: House, provider: OpenIdProvider
) -> None:
    for _ in range(9):
        assert client.get("/sign-in/provider/finish?state=x&code=y", base_url=BASE).status_code == 401
    assert [content["count"] for _, content in kept(house, Kind.SIGN_IN_FAILED)] == [1, 2, 4, 8]
    assert provider.requests == []


@pytest.mark.usefixtures("linked")
def test_a_slow_provider_takes_few_places_and_the_password_stays(app: Flask, client: FlaskClient) -> None:
    back = there(begun(client))
    places = app.extensions["sekisho-provider"]._places
    for _ in range(AT_ONCE):
        assert places.acquire(blocking=False)
    try:
        assert answered(client, back).status_code == 503
        assert client.get("/sign-in/provider", base_url=BASE).status_code == 503
        signed_in(client, "kim")
        assert inside(client)
    finally:
        for _ in range(AT_ONCE):
            places.release()


@pytest.mark.usefixtures("linked")
def test_neither_code_nor_token_nor_secret_stands_in_logs_or_pages(
    client: FlaskClient, provider: OpenIdProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    given = list[str]()

    def noted(claims: dict[str, Any]) -> str:
        given.append(signed(claims))
        return given[0]

    for manners in (Manners(forged=noted), Manners(claims={"nonce": "x"}), Manners(status=500)):
        back = there(begun(client))
        provider.manners = manners
        code = parse_qs(urlsplit(back).query)["code"][0]
        page = answered(client, back).get_data(as_text=True)
        client.get("/account", base_url=BASE)
        told = page + "".join(f"{each.getMessage()} {each.__dict__}" for each in caplog.records)
        assert not [each for each in (code, SECRET, *given) if each in told]
    assert {"token-wrong", "nonce"} <= {
        str(value) for each in caplog.records for value in getattr(each, "sekisho_fields", {}).values()
    }


def test_the_settings_of_the_pages_name_the_provider(tmp_path: Path) -> None:
    file = tmp_path / "web.toml"
    lines = ['database = "sqlite://"', 'site = "tokyo"', 'secret = "secret"', "[provider]"]
    lines += ['issuer = "https://login.example.org"', 'client_id = "sekisho"', 'name = "Acme"']
    file.write_text("\n".join([*lines, 'client_secret = "client.secret"', 'second_factor_amr = ["mfa"]']))
    found = load(file, WebSettings).provider
    assert found is not None
    assert (found.client_secret, found.tells_factors) == (tmp_path / "client.secret", True)
    file.write_text("\n".join([*lines, 'second_factor = ["mfa"]']))
    with pytest.raises(SettingsError, match="second_factor"):
        load(file, WebSettings)


def test_without_a_provider_there_is_no_way_by_one(house: House, engine: Engine, tmp_path: Path) -> None:
    client = started(engine, tmp_path, None).test_client()
    for path in (
        "/sign-in/provider",
        "/sign-in/provider/return",
        "/sign-in/provider/finish",
        "/sign-in/provider/leave",
    ):
        assert client.get(path, base_url=BASE).status_code == 404
    assert "provider" not in client.get("/sign-in", base_url=BASE).get_data(as_text=True)


def test_the_secret_of_the_client_is_in_a_file_that_others_cannot_read(
    engine: Engine, tmp_path: Path, told: ProviderSettings
) -> None:
    assert told.client_secret is not None
    told.client_secret.chmod(0o644)
    with pytest.raises(SecretFileError, match="chmod 600"):
        started(engine, tmp_path, told)
    assert SECRET not in repr(told)


@pytest.mark.parametrize(
    "issuer",
    ["http://provider.example", "https://", "ftp://x", "https://a@b.example", "https://x.example/?a=1", "x" * 600, "",
     "https://x.example/#a", "https://x.example:port", "https://[x", "https://ü.example"],
)  # fmt: skip
def test_an_issuer_without_tls_or_form_is_refused(issuer: str) -> None:
    with pytest.raises(ValueError, match="issuer"):
        ProviderSettings(issuer, CLIENT, "Acme")
