"""My account on the pages: factors, sessions, and dangerous acts that are done once their operator has confirmed."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient

from controller.database import reading, transaction
from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow
from controller.people import operator, permission
from controller.people.access import DANGEROUS, OWN, TABLE, Permission, Role, may
from controller.people.operator import ApiToken, NewOperator, Operator
from controller.people.operator_session import OperatorSession
from controller.people.permission import Grant, GrantState, Wish
from tests.admin_web.conftest import BASE, field, signed_in, submit, token
from tests.admin_web.conftest import web_now as now
from tests.controller.conftest import CHEAP, NOW, PASSWORD, House
from tests.controller.feed_hands import officer


def aged(house: House) -> None:
    """Every sign-in lies half an hour back."""
    with transaction(house.engine) as session:
        for each in session.query(OperatorSession):
            each.confirmed_at = now() - timedelta(minutes=30)


def sent(client: FlaskClient, path: str, **data: str) -> tuple[int, str]:
    proof = field(client.get("/account", base_url=BASE).get_data(as_text=True))
    answer = client.post(path, data={**data, "csrf_token": proof}, base_url=BASE)
    return answer.status_code, answer.get_data(as_text=True)


def enrolled(client: FlaskClient) -> tuple[pyotp.TOTP, list[str]]:
    """Take an app in use as its owner would; the app and the recovery codes that the page shows."""
    assert submit(client, "/account/authenticator") == 303
    page = client.get("/account/authenticator", base_url=BASE).get_data(as_text=True)
    found = re.search(r"<code>([A-Z2-7]{32})</code>", page)
    assert found is not None
    assert "<svg" in page
    app = pyotp.TOTP(found[1])
    status, page = sent(client, "/account/authenticator/confirm", code=app.at(now()))
    assert status == 200
    return app, re.findall(r"<code>([a-z2-7-]{34})</code>", page)


def later() -> datetime:
    """When the next code shows, which is taken already: the present one may have been used."""
    return now() + timedelta(seconds=30)


def half_way(client: FlaskClient) -> str:
    """Give name and password; the form token of the second step."""
    proof = field(client.get("/sign-in", base_url=BASE).get_data(as_text=True))
    answer = client.post("/sign-in", data={"name": "kim", "password": PASSWORD, "csrf_token": proof}, base_url=BASE)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in/second")
    return field(client.get("/sign-in/second", base_url=BASE).get_data(as_text=True))


def asked_for(house: House, by: str) -> int:
    with transaction(house.engine) as session:
        wish = Wish(house.holder(session, "Ada"), house.cedar(session), now(), None, "work")
        return permission.request(session, house.operator(session, by), now(), wish).id


def test_who_has_an_app_signs_in_with_its_code_or_once_with_a_recovery_code(app: Flask, client: FlaskClient) -> None:
    signed_in(client, "kim")
    owned, codes = enrolled(client)
    assert len(codes) == 10
    for code, status in ((owned.at(later()), 303), ("nonsense", 401), (codes[0], 303), (codes[0], 401)):
        other = app.test_client()
        proof = half_way(other)
        assert other.get("/live", base_url=BASE).status_code == 303
        answer = other.post("/sign-in/second", data={"code": code, "csrf_token": proof}, base_url=BASE)
        assert answer.status_code == status
        assert other.get("/live", base_url=BASE).status_code == (200 if status == 303 else 303)


def test_nobody_reaches_the_second_step_without_the_first(client: FlaskClient) -> None:
    assert client.get("/sign-in/second", base_url=BASE).status_code == 303
    proof = field(client.get("/sign-in", base_url=BASE).get_data(as_text=True))
    answer = client.post("/sign-in/second", data={"code": "1", "csrf_token": proof}, base_url=BASE)
    assert answer.headers["Location"] == "/sign-in"


def test_a_new_factor_ends_the_sessions_elsewhere(app: Flask, client: FlaskClient) -> None:
    elsewhere = app.test_client()
    signed_in(elsewhere, "kim")
    signed_in(client, "kim")
    enrolled(client)
    assert elsewhere.get("/live", base_url=BASE).status_code == 303
    assert client.get("/live", base_url=BASE).status_code == 200


def test_sessions_are_listed_coarsely_and_ended_one_by_one_or_all_others(
    app: Flask, client: FlaskClient, house: House
) -> None:
    signed_in(client, "kim")
    others = [app.test_client() for _ in range(3)]
    for each in others:
        each.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
        signed_in(each, "kim")
    page = client.get("/account", base_url=BASE).get_data(as_text=True)
    assert page.count("Firefox, Linux") == 3
    assert "127.0.0.0/24" in page
    assert "Gecko" not in page
    keys = re.findall(r'name="session" value="([0-9a-f]+)"', page)
    assert len(keys) == 3
    stranger = app.test_client()
    signed_in(stranger, "mia")
    assert submit(stranger, "/account/sessions/end", session=keys[0]) == 409
    assert submit(client, "/account/sessions/end", session=keys[0]) == 303
    assert sum(each.get("/live", base_url=BASE).status_code == 200 for each in others) == 2
    assert submit(client, "/account/sessions/end") == 303
    assert [each.get("/live", base_url=BASE).status_code for each in others] == [303] * 3
    assert client.get("/live", base_url=BASE).status_code == 200
    assert stranger.get("/live", base_url=BASE).status_code == 200


def test_a_security_admin_signs_somebody_out_everywhere(app: Flask, client: FlaskClient, house: House) -> None:
    signed_in(client, "kim")
    others = [app.test_client() for _ in range(2)]
    for each in others:
        signed_in(each, "olu")
    with reading(house.engine) as session:
        olu = house.operator(session, "olu").id
    assert submit(others[0], f"/operators/{olu}/end-sessions") == 403
    assert submit(client, f"/operators/{olu}/end-sessions") == 303
    assert [each.get("/live", base_url=BASE).status_code for each in others] == [303, 303]
    assert client.get("/live", base_url=BASE).status_code == 200
    signed_in(others[0], "olu")
    path = f"/api/v1/operators/{olu}/end-sessions"
    assert client.post(path, json={}, base_url=BASE, headers=token(house, "kim")).get_json() == {"ended": 1}
    with reading(house.engine) as session:
        rows = session.query(LedgerRow).filter_by(kind=Kind.SESSIONS_ENDED).order_by(LedgerRow.sequence)
        assert [(row.actor, row.subjects["operator"], row.content["count"]) for row in rows] == [
            ("operator:1", olu, 2),
            ("operator:1", olu, 1),
        ]


def test_the_api_lists_and_ends_ones_own_sessions_alone(app: Flask, client: FlaskClient, house: House) -> None:
    for each in (client, app.test_client()):
        signed_in(each, "olu")
    stranger = app.test_client()
    signed_in(stranger, "kim")
    olu, path = token(house, "olu"), "/api/v1/sessions"
    found = client.get(path, base_url=BASE, headers=olu).get_json()["items"]
    assert [(each["proof"], each["network"]) for each in found] == [("password", "127.0.0.0/24")] * 2
    (theirs,) = client.get(path, base_url=BASE, headers=token(house, "kim")).get_json()["items"]
    for key, status in ((theirs["id"], 409), ("x", 409), (found[0]["id"], 200), (found[0]["id"], 409)):
        answer = client.post(f"{path}/end", json={"session": key}, base_url=BASE, headers=olu)
        assert answer.status_code == status
    assert client.post(f"{path}/end", json={}, base_url=BASE, headers=olu).get_json() == {"ended": 1}
    assert client.get("/live", base_url=BASE).status_code == 303
    assert stranger.get("/live", base_url=BASE).status_code == 200


def test_a_password_is_changed_by_who_knows_it_and_sessions_elsewhere_end(app: Flask, client: FlaskClient) -> None:
    signed_in(client, "kim")
    elsewhere = app.test_client()
    signed_in(elsewhere, "kim")
    wanted = "another long password"
    assert submit(client, "/account/password", present="not the password", wanted=wanted) == 409
    for easy in ("short", "qwertyuiop@[!", "Sekisho2026!!"):
        assert submit(client, "/account/password", present=PASSWORD, wanted=easy) == 409
    assert elsewhere.get("/live", base_url=BASE).status_code == 200
    assert submit(client, "/account/password", present=PASSWORD, wanted=wanted) == 303
    assert client.get("/live", base_url=BASE).status_code == 200
    assert elsewhere.get("/live", base_url=BASE).status_code == 303


def test_an_old_sign_in_is_confirmed_and_the_act_is_done_by_the_same_request(client: FlaskClient, house: House) -> None:
    grant_id = asked_for(house, "mia")
    signed_in(client, "kim")
    aged(house)
    status, page = sent(client, f"/requests/{grant_id}/approve", note='so "be" <it>')
    assert status == 401
    with reading(house.engine) as session:
        assert session.get_one(Grant, grant_id).state == GrantState.REQUESTED
    fields = {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', page)}
    assert fields["note"] == 'so "be" <it>'
    carried = {"note": fields["note"]}
    assert sent(client, f"/requests/{grant_id}/approve", **carried, confirm_password="not the password")[0] == 401
    assert sent(client, f"/requests/{grant_id}/approve", **carried, confirm_password=PASSWORD)[0] == 303
    with reading(house.engine) as session:
        done = session.get_one(Grant, grant_id)
        assert (done.state, done.decision_note) == (GrantState.APPROVED, 'so "be" <it>')
    assert submit(client, "/operators/tokens", label="fresh again") == 200


def test_a_confirmation_asks_for_the_code_of_whoever_has_one(client: FlaskClient, house: House) -> None:
    signed_in(client, "kim")
    app, _ = enrolled(client)
    aged(house)
    wrong = {"confirm_password": PASSWORD, "confirm_code": "nonsense"}
    for proof in ({"confirm_password": PASSWORD}, wrong, {"confirm_code": app.at(later())}):
        assert sent(client, "/operators/tokens", label="x", **proof)[0] == 401
    assert (
        sent(client, "/operators/tokens", label="x", confirm_password=PASSWORD, confirm_code=app.at(later()))[0] == 200
    )


def test_every_dangerous_route_of_the_pages_asks_for_a_fresh_sign_in(
    app: Flask, client: FlaskClient, house: House
) -> None:
    with transaction(house.engine) as session:
        officer(house, session)
    guardian = app.test_client()
    signed_in(client, "kim")
    signed_in(guardian, "pia")
    aged(house)
    app.config["WTF_CSRF_ENABLED"] = False
    asked = 0
    for rule in app.url_map.iter_rules():
        wanted = getattr(app.view_functions[rule.endpoint], "permission", None)
        if wanted not in DANGEROUS or "POST" not in (rule.methods or ()) or rule.rule.startswith("/api/"):
            continue
        path = re.sub(r"<any\((\w+)[^>]*>", r"\1", rule.rule)
        path = re.sub(r"<(?:int:)\w+>", "1", re.sub(r"<\w+>", "cedar-room", path))
        who = client if may(Role.SECURITY_ADMIN, wanted) else guardian
        assert who.post(path, base_url=BASE).status_code == 401, rule.rule
        asked += 1
    assert asked >= 10
    with reading(house.engine) as session:
        assert session.query(ApiToken).count() == 0


def test_a_role_that_needs_a_factor_reaches_its_own_account_alone_until_it_has_one(
    app: Flask, client: FlaskClient
) -> None:
    app.config["SECOND_FACTOR"] = frozenset({Role.SECURITY_ADMIN})
    signed_in(client, "kim")
    for path in ("/live", "/operators", "/log"):
        assert client.get(path, base_url=BASE).headers["Location"] == "/account"
    proof = field(client.get("/account", base_url=BASE).get_data(as_text=True))
    answer = client.post("/operators/tokens", data={"label": "x", "csrf_token": proof}, base_url=BASE)
    assert answer.headers["Location"] == "/account"
    begun = client.post("/account/authenticator", data={"csrf_token": proof}, base_url=BASE)
    assert begun.headers["Location"] == "/account/authenticator"
    auditor = app.test_client()
    signed_in(auditor, "olu")
    assert auditor.get("/live", base_url=BASE).status_code == 200


def test_an_admin_and_whom_they_invited_do_not_make_two_and_that_is_recorded(client: FlaskClient, house: House) -> None:
    with transaction(house.engine) as session:
        link = operator.invite(session, house.operator(session, "kim"), NOW, house.site(session), Role.SECURITY_ADMIN)
        operator.set_up(session, NOW, link, NewOperator("ann", "Ann", PASSWORD), CHEAP)
    grant_id = asked_for(house, "kim")
    signed_in(client, "ann")
    status, page = sent(client, f"/requests/{grant_id}/approve")
    assert status == 409
    assert "made the other" in html.unescape(page)
    with reading(house.engine) as session:
        assert session.get_one(Grant, grant_id).state == GrantState.REQUESTED
        row = session.query(LedgerRow).order_by(LedgerRow.sequence.desc()).first()
        assert row is not None
        assert (row.kind, row.subjects["grant"]) == (Kind.APPROVAL_REFUSED, grant_id)
        assert row.content["reason"] == "not-independent"


def test_auditors_have_nothing_beside_seeing_taking_that_out_judging_and_their_own_account() -> None:
    seeing = {each for each in Permission if each.value.startswith("see-")}
    assert TABLE[Role.AUDITOR] - OWN <= seeing | {
        Permission.EXPORT_RECORD,
        Permission.JUDGE_FINDINGS,
        Permission.SAVE_REPORTS,
    }


def test_an_operator_gets_another_role_and_their_sessions_end(app: Flask, client: FlaskClient, house: House) -> None:
    signed_in(client, "kim")
    other = app.test_client()
    signed_in(other, "olu")
    with reading(house.engine) as session:
        ids = {name: house.operator(session, name).id for name in ("olu", "kim", "mia")}
    assert submit(client, f"/operators/{ids['olu']}/role", role="security-admin") == 303
    assert other.get("/live", base_url=BASE).status_code == 303
    assert submit(client, f"/operators/{ids['kim']}/role", role="auditor") == 409
    assert submit(client, f"/operators/{ids['mia']}/role", role="nonsense") == 400
    with reading(house.engine) as session:
        assert session.get_one(Operator, ids["olu"]).role == Role.SECURITY_ADMIN


def test_an_answer_that_is_no_passkey_is_refused_whatever_it_holds(client: FlaskClient) -> None:
    host = "http://localhost"
    for answer in (
        "",
        "{}",
        "[]",
        "null",
        "1",
        '{"id":1}',
        "[" * 9000,
        "\ud800",
        "x" * 20000,
        '{"id":"AA","rawId":"AA"}',
    ):
        proof = field(client.get("/sign-in", base_url=host).get_data(as_text=True))
        told = client.post("/sign-in/passkey/options", data={"csrf_token": proof}, base_url=host).get_json()
        assert (told["rpId"], told["userVerification"]) == ("localhost", "required")
        assert "allowCredentials" not in told or told["allowCredentials"] == []
        answered = client.post(
            "/sign-in/passkey", data={"csrf_token": proof, "passkey": answer.encode("utf-8", "replace")}, base_url=host
        )
        assert answered.status_code == 401


@pytest.mark.parametrize(("host", "offered"), [("http://localhost:8080", True), ("http://127.0.0.1", False)])
def test_passkeys_are_offered_where_browsers_make_them(client: FlaskClient, host: str, offered: bool) -> None:
    page = client.get("/sign-in", base_url=host).get_data(as_text=True)
    assert ("data-passkey" in page) == offered
