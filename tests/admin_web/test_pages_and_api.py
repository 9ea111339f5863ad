"""Pages and API: every route asks for its permission, forms are ours, words are complete in both languages."""

from __future__ import annotations

import gettext
import re
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient

import admin_web
from admin_web import act_words, feed_words, words
from admin_web.reports.known import EXPORTED, REPORTS
from contract.fact import FactKind
from contract.outcome import Outcome
from contract.reason import Reason
from controller import database
from controller.database import transaction
from controller.delivery import fleet, losses, overview
from controller.delivery.preview import Touch
from controller.ledger import acts
from controller.people import cardholder
from controller.people.access import Permission, Role, may
from controller.people.card_end import Ended
from controller.people.matrix import Stands
from controller.record import alarm
from controller.record.finding import What
from controller.record.judgement import Disposition
from controller.record.person_timeline import Step
from controller.refusal import SENTENCES
from tests.admin_web.conftest import BASE, field, signed_in, token
from tests.controller.conftest import NOW, House
from tests.controller.test_outages import postgresql_only

ROOT = Path(admin_web.__file__).parent
PUBLIC = {"static", "sign_in.form", "sign_in.enter", "sign_in.leave", "sign_in.set_up", "sign_in.make"}
PUBLIC |= {"sign_in.second", "sign_in.second_step", "sign_in.passkey_options", "sign_in.enter_by_passkey"}
PUBLIC |= {"provider.begin", "provider.returned", "provider.finish", "provider.leave"}
PUBLIC |= {"sign_in.language", "api.document", "api.healthz", "api.readyz", "api.metrics"}


def address(rule: str) -> str:
    rule = re.sub(r"<any\((\w+)[^>]*>", r"\1", rule)
    return re.sub(r"<(?:int:)\w+>", "1", re.sub(r"<\w+>", "cedar-room", rule))


def test_every_route_declares_its_permission(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        permission = getattr(app.view_functions[rule.endpoint], "permission", "missing")
        if rule.endpoint == "static":
            continue
        assert permission is None or isinstance(permission, Permission), rule.endpoint
        assert (permission is None) == (rule.endpoint in PUBLIC), rule.endpoint


def test_who_takes_a_wrong_address_has_the_menu_and_a_stranger_has_none(client: FlaskClient) -> None:
    for known in (False, True):
        if known:
            signed_in(client, "olu")
        answer = client.get("/nowhere", base_url=BASE)
        assert answer.status_code == 404
        assert ('href="/muster"' in answer.get_data(as_text=True)) is known


def test_who_may_not_is_refused_on_every_route(app: Flask, house: House) -> None:
    stranger, auditor = app.test_client(), app.test_client()
    headers = token(house, "olu")
    signed_in(auditor, "olu")
    app.config["WTF_CSRF_ENABLED"] = False
    for rule in app.url_map.iter_rules():
        permission = getattr(app.view_functions[rule.endpoint], "permission", None)
        if permission is None:
            continue
        api = rule.rule.startswith("/api/")
        verb = next(each for each in ("POST", "PUT", "DELETE", "GET") if each in (rule.methods or ()))
        answer = stranger.open(address(rule.rule), method=verb, base_url=BASE)
        assert answer.status_code == (401 if api else 303), rule.rule
        if not may(Role.AUDITOR, permission):
            answer = auditor.open(address(rule.rule), method=verb, base_url=BASE, headers=headers if api else None)
            assert answer.status_code == 403, rule.rule


def test_a_form_that_is_not_ours_changes_nothing(client: FlaskClient) -> None:
    signed_in(client, "kim")
    answer = client.post("/cardholders", data={"name": "Zoe", "number": "9"}, base_url=BASE)
    assert answer.status_code == 400
    assert "Zoe" not in client.get("/cardholders", base_url=BASE).get_data(as_text=True)


def test_a_name_is_shown_as_text_whatever_it_holds(client: FlaskClient, house: House) -> None:
    with transaction(house.engine) as session:
        name = "<script>alert(1)</script>"
        cardholder.enrol(session, "operator:1", NOW, house.site(session), name, '"><img>')
    signed_in(client, "kim")
    page = client.get("/cardholders", base_url=BASE).get_data(as_text=True)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "<img>" not in page


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", ["kim", "olu"])
def test_every_page_is_drawn_in_both_languages(client: FlaskClient, name: str, language: str) -> None:
    signed_in(client, name)
    pages = ["/live", "/live/doors", "/live/feed", "/rooms", "/rooms/cedar-room", "/rooms/cedar-room/in-force/1"]
    pages += ["/rooms/cedar-room/who-was", "/rooms/cedar-room/who-can", "/stays", "/stays?area=3&since=2026-11-01"]
    pages += ["/alarms", "/posture", "/cards", "/cards/1", "/components", "/plans"]
    pages += ["/permissions", "/permissions?room=3&after=1", "/access-levels", "/schedules", "/calendars"]
    pages += ["/cardholders", "/cardholders/1", "/requests", "/log", "/log?area=3&since=2026-11-01", "/operators"]
    pages += ["/feeds", "/muster", "/reports", *(f"/reports/{key}" for key in REPORTS)]
    pages += [
        "/settings",
        "/formats",
        "/formats/of/H10301",
        "/start",
        "/agents",
        "/agents/1",
        "/readers",
        "/premises/doors/1",
    ]
    pages += ["/charts", "/charts?area=3&since=2026-11-24&until=2026-11-24", "/rooms/cedar-room/timeline"]
    pages += ["/rooms/cedar-room/timeline?since=2026-11-20&until=2026-11-25", "/cardholders/1/timeline"]
    pages += ["/findings", *(f"/findings?what={what}&disposition=all" for what in What)]
    pages += ["/exports", *(f"/exports/of/{key}" for key in EXPORTED)]
    for each in pages:
        answer = client.get(each, base_url=BASE, headers={"Accept-Language": language})
        assert answer.status_code == 200, each
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert not re.search(r"<script(?![^>]* src=)|\son\w+=|style=", answer.get_data(as_text=True)), each
    shown = client.get("/live", base_url=BASE, headers={"Accept-Language": language}).get_data(as_text=True)
    assert f'lang="{language}"' in shown


@pytest.mark.parametrize(
    "path",
    ["/log?before=x", "/log?area=-1", "/log?since=tomorrow", "/log/99999999999999999999", "/rooms/..", "/cardholders/0",
     "/cardholders/99999999999999", "/rooms/cedar-room/in-force/99999999999999999999999", "/log?cardholder=1e9",
     "/stays?before=x", "/stays?since=x", "/stays?area=99999999999", "/rooms/../who-was",
     "/rooms/cedar-room/who-can?after=-1", "/rooms/cedar-room/who-was?at=0",
     "/agents/99", "/agents/99999999999999999999", "/agents/x",
     "/premises/doors/99", "/premises/rooms/..", "/readers?after=x", "/readers?after=9999999",
     "/muster?area=x", "/muster?area=99", "/reports/none", "/reports/unused?days=0",
     "/reports/acts?operator=99&act=none", "/reports/alarms?alarm=none&until=x", "/reports/refusals?further=1e9",
     "/findings?before=x", "/findings?what=x&disposition=x&area=9&door=9&cardholder=99999999999", "/findings?since=x",
     "/charts?area=99", "/charts?area=1", "/charts?since=x", "/charts?since=2026-11-02&until=2026-11-01",
     "/charts?since=0001-01-01",
     "/rooms/none/timeline", "/cardholders/99999999999/timeline", "/cardholders/1/timeline?until=2026-13-01",
     "/rooms/cedar-room/timeline?since=2026-01-01&until=2026-12-31&further=99999999999",
     "/exports/none", "/exports/none/file", "/exports/of/none", "/exports/of/log?since=x",
     *(f"/reports/{key}?further=9223372036854775807" for key in REPORTS),
     "/posture/99999999999999999999", "/posture/order?act=x", "/alarms?before=x",
     "/plans/1", "/plans/99999999999", "/plans/1/picture", "/live?plan=x", "/live?plan=99999999999999999999",
     "/permissions?after=x", "/permissions?room=-1", "/permissions?room=9&room=x&after=99999999999999",
     "/access-levels/99999999999", "/access-levels/changes/1", "/access-levels/x",
     "/schedules/x", "/calendars/1?year=x",
     "/posture/order?act=lockdown&area=outside", "/posture/order?act=threat&value=-1", "/posture/person/99999999999",
     ],
)  # fmt: skip
def test_an_odd_address_is_refused_without_a_crash(client: FlaskClient, path: str) -> None:
    signed_in(client, "kim")
    assert client.get(path, base_url=BASE).status_code in (200, 400, 404)


def test_the_api_says_problems_and_pages_through_lists(client: FlaskClient, house: House) -> None:
    headers = token(house, "kim")
    seen = list[str]()
    cursor: Any = ""
    while cursor is not None:
        page = client.get(f"/api/v1/cardholders?limit=2&cursor={cursor}", base_url=BASE, headers=headers).get_json()
        seen += [each["name"] for each in page["items"]]
        cursor = page["next"]
    assert seen == ["Ada", "Ben", "Eve"]
    for body in (b"", b"[]", b'{"cardholder": "1"}', b"\xff", b'{"cardholder": 1, "area": 99, "reason": "x"}'):
        kind = {**headers, "Content-Type": "application/json"}
        answer = client.post("/api/v1/grants", data=body, base_url=BASE, headers=kind)
        assert answer.status_code in (400, 404, 415, 422)
        assert answer.mimetype == "application/problem+json"
    assert client.get("/api/v1/grants", base_url=BASE).status_code == 401


def test_one_asks_by_api_and_another_approves(client: FlaskClient, house: House) -> None:
    kim, mia = token(house, "kim"), token(house, "mia")
    with transaction(house.engine) as session:
        body = {"cardholder": house.holder(session, "Ben").id, "area": house.cedar(session).id, "reason": "shift"}
    made = client.post("/api/v1/grants", json=body, base_url=BASE, headers=kim)
    assert made.status_code == 201
    path = f"/api/v1/grants/{made.get_json()['id']}"
    assert client.post(f"{path}/approve", json={}, base_url=BASE, headers=kim).status_code == 409
    assert client.post(f"{path}/approve", json={}, base_url=BASE, headers=mia).status_code == 200
    shown = client.get(path, base_url=BASE, headers=kim).get_json()
    assert (shown["state"], shown["in_force"]["doors"], shown["in_force"]["concerned"]) == ("approved", 0, 2)


def test_the_openapi_document_names_every_route_of_the_api_and_so_do_the_docs(app: Flask, client: FlaskClient) -> None:
    paths = client.get("/api/openapi.json", base_url=BASE).get_json()["paths"]
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api.")]
    assert paths.keys() == {re.sub(r"<(?:int:|any\([^)]*\):)?(\w+)>", r"{\1}", rule.rule) for rule in rules}
    told = (ROOT.parent / "docs" / "api.md").read_text(encoding="utf-8")
    for path, verbs in paths.items():
        for verb in verbs:
            assert f"`{verb.upper()} {path}`" in told


def test_another_host_is_refused(client: FlaskClient) -> None:
    assert client.get("/sign-in", base_url="http://evil.example").status_code == 400


def test_after_choosing_a_language_one_stays_on_our_pages(client: FlaskClient) -> None:
    page = client.get("/sign-in", base_url=BASE).get_data(as_text=True)
    for back, to in (
        ("//evil.example", "/live"),
        ("https://evil.example", "/live"),
        ("/\\evil", "/live"),
        ("/log", "/log"),
    ):
        data = {"csrf_token": field(page), "back": back}
        assert client.post("/language/ja", data=data, base_url=BASE).headers["Location"] == to


@pytest.mark.parametrize(("actor", "told"), [("host", "制御装置"), ("schedule", "予定"), ("operator:9", "operator:9")])
def test_who_did_it_is_said_in_the_readers_language(app: Flask, actor: str, told: str) -> None:
    with app.test_request_context(headers={"Accept-Language": "ja"}):
        assert words.actor(actor, {}) == told


def test_every_word_of_the_enumerations_has_its_phrase() -> None:
    assert words.KINDS.keys() == {*FactKind, *alarm.OF_THE_CENTRE, *alarm.READ_FROM_FACTS}
    assert words.REASONS.keys() == set(Reason)
    assert words.OUTCOMES.keys() == set(Outcome)
    assert words.REFUSALS.keys() == SENTENCES.keys()
    assert words.ROLES.keys() == set(Role)
    assert act_words.ACTS.keys() == set(acts.ACTS)
    assert words.TOUCHES.keys() == set(Touch)
    assert words.STANDS.keys() == set(Stands)
    assert words.DOOR_STATES.keys() == set(overview.State)
    assert words.DOOR_MODES.keys() == set(overview.Mode) - {overview.Mode.THREAT}  # which has a number besides
    assert words.FINDINGS.keys() == set(What)
    assert words.STEPS.keys() == set(Step)
    assert words.DISPOSITIONS.keys() == set(Disposition)
    assert words.HEALTH.keys() == set(overview.Health)
    assert words.AGENTS.keys() == set(fleet.Standing)
    assert words.ENDS.keys() == set(Ended)
    assert words.REACHES.keys() == set(losses.Reach)
    assert all(each in words.KINDS or each in words.REASONS for each in alarm.KINDS)


def test_the_japanese_texts_are_complete_and_compiled() -> None:
    folder = ROOT / "translations" / "ja" / "LC_MESSAGES"
    with (folder / "messages.po").open("rb") as file:
        catalog = {str(each.id): str(each.string) for each in read_po(file) if each.id}
    assert [text for text, japanese in catalog.items() if not japanese] == []
    with (folder / "messages.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert [text for text, japanese in catalog.items() if compiled.gettext(text) != japanese] == []
    used: set[str] = set()
    for path in [*ROOT.rglob("*.html"), *ROOT.rglob("*.py")]:
        found = re.findall(
            r"""(?<![\w.])(?:_|gettext)\(\s*(?:'([^'\n]+)'|"([^"\n]+)")""", path.read_text(encoding="utf-8")
        )
        used |= {one or other for one, other in found}
    assert used - catalog.keys() == set()
    assert catalog.keys() - used == set()


def test_the_page_of_components_shows_every_state_there_is(client: FlaskClient, house: House) -> None:
    signed_in(client, "olu")
    page = client.get("/components", base_url=BASE).get_data(as_text=True)
    tables = (
        words.OUTCOMES,
        words.STATES,
        words.PLACES,
        words.KNOWN,
        words.DISPOSITIONS,
        words.DOOR_STATES,
        words.DOOR_MODES,
        words.HEALTH,
        words.AGENTS,
        feed_words.STATES,
    )
    for key in (each for table in tables for each in table):
        assert re.search(rf'class="[a-z -]*-{key.lower()}"', page), key


@postgresql_only
def test_who_waits_too_long_for_another_writer_is_told_to_come_again(
    client: FlaskClient, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    proof, sent = token(house, "kim"), {"name": "Zoe", "number": "9"}
    signed_in(client, "kim")
    form = field(client.get("/operators", base_url=BASE).get_data(as_text=True))
    monkeypatch.setattr(database, "_PATIENCE_S", 0.05)
    with transaction(house.engine):
        refused = client.post("/api/v1/cardholders", json=sent, base_url=BASE, headers=proof)
        page = client.post("/cardholders", data={**sent, "csrf_token": form}, base_url=BASE)
        assert client.get("/cardholders", base_url=BASE).status_code == 200
    for answer in (refused, page):
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert client.post("/api/v1/cardholders", json=sent, base_url=BASE, headers=proof).status_code == 201
