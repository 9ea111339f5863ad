"""The pages of feeds: two people, the secret once, and what each role may see and do."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from admin_web import feed_words
from admin_web.reports.known import EXPORTED
from controller.database import reading, transaction
from controller.feeds import cef
from controller.feeds import feed as feeds
from controller.feeds.event import batch
from controller.feeds.feed import Feed, Personal, State, Topic
from controller.feeds.handing import Why
from controller.feeds.target import FeedKind
from controller.feeds.telling import TOLD_IN
from controller.ledger import acts
from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow
from controller.record import alarm
from tests.admin_web.conftest import BASE, field, signed_in, submit, token
from tests.controller.conftest import NOW, House
from tests.controller.doorway import visited
from tests.controller.feed_hands import HOOK, made, officer, raised, readable, row, wanted

SAID = {"recipient": "Example KK", "purpose": "watch at night", "target": HOOK, "topics": "alarms"}


@pytest.fixture
def priv(app: Flask, house: House) -> FlaskClient:
    """The privacy officer's browser."""
    with transaction(house.engine) as session:
        officer(house, session)
    readable(house)
    client = app.test_client()
    signed_in(client, "pia")
    return client


def posted(client: FlaskClient, path: str, **data: object) -> tuple[int, str]:
    proof = field(client.get("/account", base_url=BASE).get_data(as_text=True))
    answer = client.post(path, data={**data, "csrf_token": proof}, base_url=BASE)
    return answer.status_code, html.unescape(answer.get_data(as_text=True))


def shown(client: FlaskClient, path: str, language: str = "en") -> str:
    answer = client.get(path, base_url=BASE, headers={"Accept-Language": language})
    assert answer.status_code == 200, path
    return html.unescape(answer.get_data(as_text=True))


def test_one_makes_a_feed_and_the_privacy_officer_opens_it(
    client: FlaskClient, priv: FlaskClient, house: House
) -> None:
    signed_in(client, "kim")
    assert "Nobody outside is told anything." in shown(client, "/feeds")
    status, page = posted(client, "/feeds/new", **{**SAID, "fields": ["person", "card"]})
    assert status == 200
    (secret,) = re.findall(r"<code>(whsec_[^<]+)</code>", page)
    with reading(house.engine) as session:
        feed = session.query(Feed).one()
        assert (feed.state, feed.tells) == (State.WAITING, (Personal.PERSON, Personal.CARD))
    path = f"/feeds/{feed.id}"
    assert secret not in shown(client, path)
    assert posted(client, f"{path}/approve", version="1")[0] == 403
    seen = shown(priv, path)
    for word in ("Example KK", "watch at night", HOOK, "Name and staff number", "Label of the card", "Kim"):
        assert word in seen
    assert posted(priv, f"{path}/approve", version="1")[0] == 303
    assert "Approved by" in shown(client, path)
    status, page = posted(
        client, f"{path}/change", version="1", **{**SAID, "purpose": "advertising", "fields": ["person"]}
    )
    assert status == 200
    assert "whsec_" not in page
    with reading(house.engine) as session:
        assert row(session, feed.id).state is State.WAITING
    assert posted(priv, f"{path}/approve", version="1")[0] == 409
    assert posted(priv, f"{path}/approve", version="2")[0] == 303
    assert posted(priv, f"{path}/withdraw", reason="not for that")[0] == 303
    page = shown(client, path)
    for word in ("Closed by the privacy officer", "not for that", "Feed approved", "version 2: Name and staff number"):
        assert word in page


def test_the_privacy_officer_reads_what_would_leave_and_declines_with_a_reason(
    client: FlaskClient, priv: FlaskClient, house: House
) -> None:
    asked = wanted(topics=(Topic.CHANGES,), fields=(Personal.PERSON, Personal.HANDLE))
    path = f"/feeds/{made(house, asked, approved=False)[0]}"
    waiting = re.findall(r'<section class="card" id="waiting">(.*?)</section>', shown(priv, "/feeds"), re.S)[0]
    for word in ("Waiting for you (1)", "Example Monitoring KK", "watch the doors at night", "Kim", f'href="{path}"'):
        assert word in waiting
    told = re.findall(r'id="told">(.*?)</section>', shown(priv, path), re.S)[0]
    assert re.findall(r'<span class="state( private)?">([^<]+)</span>', told) == [
        (" private", "told"), ("", "asked for, but none of these events has it"), ("", "not told"), ("", "not told")
    ]  # fmt: skip
    assert "<code>handle, of.*</code>" in told
    assert "person.name" not in told
    signed_in(client, "kim")
    assert posted(client, f"{path}/decline", version="1", reason="mine")[0] == 403
    for said, status in (({"version": "1"}, 409), ({"reason": "x"}, 400), ({"version": "2", "reason": "x"}, 409)):
        assert posted(priv, f"{path}/decline", **said)[0] == status
    assert posted(priv, f"{path}/decline", version="1", reason="<b>too much\u202e")[0] == 303
    page = client.get(path, base_url=BASE).get_data(as_text=True)
    assert "<bdi>&lt;b&gt;too much\u202e</bdi>" in page
    assert "Nothing waits for you." in shown(priv, "/feeds")
    assert "Approve after all" in shown(priv, path)
    assert posted(priv, f"{path}/approve", version="1")[0] == 303


def test_whoever_made_a_feed_and_became_privacy_officer_is_refused_and_that_is_recorded(
    app: Flask, client: FlaskClient, house: House
) -> None:
    feed_id, _ = made(house, wanted(fields=(Personal.PERSON,)), by="mia", approved=False)
    signed_in(client, "kim")
    with reading(house.engine) as session:
        ids = {name: house.operator(session, name).id for name in ("mia", "olu")}
    assert submit(client, f"/operators/{ids['olu']}/role", role="security-admin") == 303
    assert submit(client, f"/operators/{ids['mia']}/role", role="privacy-officer") == 303
    mia = app.test_client()
    signed_in(mia, "mia")
    assert "You had a hand in this feed" in shown(mia, f"/feeds/{feed_id}")
    status, page = posted(mia, f"/feeds/{feed_id}/approve", version="1")
    assert status == 409
    assert "Another person than the one who asked must decide." in page
    with reading(house.engine) as session:
        told = session.query(LedgerRow).order_by(LedgerRow.sequence.desc()).first()
        assert told is not None
        assert (told.kind, told.subjects["feed"]) == (Kind.APPROVAL_REFUSED, feed_id)


def test_a_privacy_officer_is_led_to_the_feeds_and_sees_nothing_else(app: Flask, priv: FlaskClient) -> None:
    assert priv.get("/", base_url=BASE).headers["Location"] == "/feeds"
    page = shown(priv, "/feeds")
    assert re.findall(r'<nav aria-label="Pages">(.*?)</nav>', page, re.S)[0].count("<a ") == 2
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        permission = str(getattr(view, "permission", "") or "")
        if "GET" in (rule.methods or ()) and permission and not rule.rule.startswith("/api/"):
            path = re.sub(r"<any\((\w+)[^>]*>", r"\1", rule.rule)
            path = re.sub(r"<(?:int:)\w+>", "1", re.sub(r"<\w+>", "cedar-room", path))
            allowed = permission in ("see-feeds", "see-taken-out", "approve-feeds") or permission.startswith("own-")
            assert (priv.get(path, base_url=BASE).status_code == 403) != allowed, path
    tokens = shown(priv, "/operators")
    assert "Kim" not in tokens
    assert "My API tokens" in tokens


def test_a_feed_is_stopped_resumed_given_another_secret_and_removed(client: FlaskClient, house: House) -> None:
    feed_id, first = made(house, wanted())
    signed_in(client, "kim")
    path = f"/feeds/{feed_id}"
    assert posted(client, f"{path}/stop")[0] == 303
    assert "Resume where it stopped" in shown(client, path)
    assert posted(client, f"{path}/resume", skip="yes")[0] == 303
    status, page = posted(client, f"{path}/secret")
    assert status == 200
    assert "whsec_" in page
    assert first not in page
    assert posted(client, f"{path}/end")[0] == 303
    assert client.get(path, base_url=BASE).status_code == 404
    assert posted(client, f"{path}/stop")[0] == 404


@pytest.mark.parametrize(
    ("other", "status"),
    [({"target": "http://siem.example/"}, 409), ({"recipient": ""}, 409), ({"topics": []}, 409),
     ({"topics": "all"}, 400), ({"fields": "everything"}, 400), ({"recipient": "x" * 121}, 400),
     ({"purpose": "a\x00b"}, 400)],
)  # fmt: skip
def test_what_the_form_cannot_mean_is_refused(
    client: FlaskClient, house: House, other: dict[str, object], status: int
) -> None:
    readable(house)
    signed_in(client, "kim")
    assert posted(client, "/feeds/new", **{**SAID, **other})[0] == status
    with reading(house.engine) as session:
        assert session.query(Feed).count() == 0


def test_only_a_version_that_is_a_number_is_approved(priv: FlaskClient, house: House) -> None:
    feed_id, _ = made(house, wanted(fields=(Personal.PERSON,)), approved=False)
    for version in ("", "x", "-1"):
        assert posted(priv, f"/feeds/{feed_id}/approve", version=version)[0] == 400


def test_the_api_makes_changes_approves_and_ends_a_feed(client: FlaskClient, priv: FlaskClient, house: House) -> None:
    kim, pia, path = token(house, "kim"), token(house, "pia"), "/api/v1/feeds"
    said = {"recipient": "Example KK", "purpose": "watch", "target": HOOK, "topics": ["access"], "fields": ["handle"]}
    made_now = client.post(path, json=said, base_url=BASE, headers=kim)
    assert made_now.status_code == 201
    told = made_now.get_json()
    assert told["secret"].startswith("whsec_")
    assert (told["state"], told["topics"], told["fields"], told["version"]) == ("waiting", ["access"], ["handle"], 1)
    one = f"{path}/{told['id']}"
    assert "secret" not in client.get(one, base_url=BASE, headers=pia).get_json()
    for who, status in ((kim, 403), (pia, 200)):
        assert client.post(f"{one}/approve", json={"version": 1}, base_url=BASE, headers=who).status_code == status
    put = client.put(one, json={**said, "fields": [], "version": 1}, base_url=BASE, headers=kim).get_json()
    assert (put["state"], put["version"], put["secret"], put["approved_by"]) == ("on", 2, None, None)
    assert client.put(one, json={**said, "version": 1}, base_url=BASE, headers=kim).status_code == 409
    personal = client.put(one, json={**said, "version": 2}, base_url=BASE, headers=kim).get_json()
    assert (personal["state"], personal["version"]) == ("waiting", 3)
    no = {"version": 3, "reason": "nobody needs that"}
    assert client.post(f"{one}/decline", json=no, base_url=BASE, headers=kim).status_code == 403
    declined = client.post(f"{one}/decline", json=no, base_url=BASE, headers=pia).get_json()
    assert (declined["state"], declined["declined_why"]) == ("declined", "nobody needs that")
    left = client.get("/api/v1/taken-out?limit=1", base_url=BASE, headers=pia).get_json()
    newest = left["items"][0]
    assert (newest["kind"], newest["reason"], newest["feed"]) == ("feed-declined", "nobody needs that", told["id"])
    assert left["next"] is not None
    client.put(one, json={**said, "fields": [], "version": 3}, base_url=BASE, headers=kim)
    for act, state in (("stop", "stopped"), ("resume", "on"), ("secret", "on"), ("end", "on")):
        answer = client.post(f"{one}/{act}", json={}, base_url=BASE, headers=kim)
        assert (answer.status_code, answer.get_json()["state"]) == (200, state), act
    assert client.get(one, base_url=BASE, headers=kim).status_code == 404
    assert client.get(path, base_url=BASE, headers=kim).get_json()["items"] == []
    for wrong in (
        {"topics": "alarms"},
        {"topics": [7]},
        {"fields": [["person"]]},
        {"topics": None},
        {"kind": "webhook"},
    ):
        assert client.post(path, json={**said, **wrong}, base_url=BASE, headers=kim).status_code == 422, wrong
    for name in ("cardholders", "events", "alarms", "operators", "areas"):
        assert client.get(f"/api/v1/{name}", base_url=BASE, headers=pia).status_code == 403


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_state_of_a_feed_is_drawn(client: FlaskClient, house: House, language: str) -> None:
    evil = '<b>"&\u202e'
    ids = [
        made(house, wanted(recipient=evil, fields=each), approved=False)[0] for each in ((), tuple(Personal), (), ())
    ]
    with transaction(house.engine) as session:
        failing, paused = row(session, ids[2]), row(session, ids[3])
        failing.flaw, failing.failing_since = "refused:503", failing.made_at
        paused.flaw, paused.paused_at = "away", paused.made_at
    signed_in(client, "olu")
    for path in ("/feeds", *(f"/feeds/{each}" for each in ids)):
        page = client.get(path, base_url=BASE, headers={"Accept-Language": language}).get_data(as_text=True)
        assert "<b>" not in page
        assert "<bdi>&lt;b&gt;" in page
    assert "503" in page or "503" in shown(client, f"/feeds/{ids[2]}")


def told(house: House, *fields: Personal) -> tuple[set[tuple[Topic, str]], set[str]]:
    """Which members of events a feed with these fields tells: of webhooks with the topic of each, and of CEF lines."""
    feed_id, _ = made(house, wanted(topics=tuple(Topic), fields=fields))
    with transaction(house.engine) as session:
        feed = row(session, feed_id)
        feed.record_place = feed.alarm_place = 0
        events = batch(session, feed, 1_000).events
        feeds.end(session, house.operator(session, "kim"), NOW, feed)
    topics = {"alarm": Topic.ALARMS, "access": Topic.ACCESS, "change": Topic.CHANGES}
    members = {
        (topics[event.kind.partition(".")[0]], f"{name}.{part}".removesuffix("."))
        for event in events
        for name, value in event.data.items()
        for part in (value if isinstance(value, dict) else [""])
    }
    return members, {name for event in events for name in re.findall(r"(?<=[| ])(\w+)=", cef.line(event))}


@pytest.mark.parametrize("field_of", list(Personal))
def test_the_page_names_the_members_and_topics_that_events_really_have(house: House, field_of: Personal) -> None:
    visited(house)
    raised(house, NOW)
    with transaction(house.engine) as session:
        [waits] = alarm.waiting(session)[:1]
        alarm.acknowledge(session, house.operator(session, "kim"), NOW, waits.id)
    (members, extension), (without, plainly) = told(house, field_of), told(house)
    found = {re.sub(r"^of\..*", "of.*", member) for _topic, member in members - without}
    assert found == set(feed_words.MEMBERS[FeedKind.WEBHOOK][field_of].split(", "))
    assert {topic for topic, _member in members - without} <= set(TOLD_IN[field_of])
    said = {re.sub("^sekisho.*", "sekisho*", each) for each in extension - plainly if not each.endswith("Label")}
    assert said == set(feed_words.MEMBERS[FeedKind.SYSLOG][field_of].split(", "))


def test_every_word_of_feeds_has_its_phrase() -> None:
    assert feed_words.KINDS.keys() == set(FeedKind)
    assert feed_words.TOPICS.keys() == set(Topic)
    assert feed_words.PERSONAL.keys() == set(Personal)
    assert feed_words.STATES.keys() == set(State)
    assert feed_words.ACTS.keys() == {*acts.ACTS, Kind.FEED_PAUSED}
    assert feed_words.MEMBERS.keys() == set(FeedKind) - {FeedKind.HOME_ASSISTANT}
    assert all(each.keys() == set(Personal) == TOLD_IN.keys() for each in feed_words.MEMBERS.values())
    assert feed_words.NARROWED.keys() >= {field for report in EXPORTED.values() for field in report.fields}
    assert feed_words.WHY.keys() == set(Why)
