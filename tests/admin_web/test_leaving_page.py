"""What left the house, as the privacy officer reads it: who, what for, how much, and nobody's name or row."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from controller.database import transaction
from controller.feeds.feed import Personal
from controller.record import export, saved_report
from controller.record.export import Extract
from controller.record.saved_report import Saving
from tests.admin_web.conftest import BASE, signed_in, token
from tests.controller.conftest import NOW, House
from tests.controller.feed_hands import made, officer, wanted

EVIL = "=cmd|' /C calc'!A0 <script>alert(1)</script> {{7*7}} \u202egpj.exe"


def taken(house: House, count: int = 1, purpose: str = "Audit of the quarter", **narrowed: str) -> None:
    with transaction(house.engine) as session:
        for _ in range(count):
            extract = Extract("log", "xlsx", 1_234, narrowed)
            export.record(session, house.operator(session, "olu"), NOW, extract, purpose)


def shown(client: FlaskClient, path: str = "/taken-out", language: str = "en") -> str:
    answer = client.get(path, base_url=BASE, headers={"Accept-Language": language})
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


@pytest.fixture
def pia(app: Flask, house: House) -> FlaskClient:
    with transaction(house.engine) as session:
        officer(house, session)
    client = app.test_client()
    signed_in(client, "pia")
    return client


def test_it_says_what_comes_next_while_nothing_has_left(pia: FlaskClient) -> None:
    assert "Nothing has left the house." in shown(pia)
    assert "外に出たものはまだありません。" in shown(pia, language="ja")


def test_files_saved_reports_and_feeds_stand_there_with_their_purpose_and_nobody_else(
    pia: FlaskClient, house: House
) -> None:
    taken(house, cardholder="1", period="last-month", since="2026-10-01")
    with transaction(house.engine) as session:
        saving = Saving("refusals", {"area": ["2"]}, "Every month")
        saved_report.save(session, house.operator(session, "kim"), NOW, house.site(session), saving)
    feed_id, _ = made(house, wanted(fields=(Personal.PERSON,)))
    page = html.unescape(shown(pia))
    for word in ("Olu", "Record exported", "Access log", "1234", "Audit of the quarter", "one person, a time"):
        assert word in page
    for word in ("Every month", "one room", "Feed approved", "Example Monitoring KK", f"/feeds/{feed_id}"):
        assert word in page
    assert "Ada" not in page
    assert page.index("Feed approved") < page.index("Every month") < page.index("Audit of the quarter")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_somebody_wrote_is_shown_as_it_is_and_does_nothing(pia: FlaskClient, house: House, language: str) -> None:
    taken(house, purpose=EVIL)
    made(house, wanted(recipient=EVIL, purpose=EVIL))
    page = shown(pia, language=language)
    assert "<script>alert" not in page
    assert page.count(f"<bdi>{html.escape(EVIL, quote=False).replace(chr(39), '&#39;')}</bdi>") == 3
    assert "49" not in re.findall(r"<bdi>[^<]*</bdi>", page)


def test_it_is_read_in_portions(pia: FlaskClient, house: House) -> None:
    taken(house, 51)
    first = shown(pia)
    assert first.count("Audit of the quarter") == 50
    (older,) = re.findall(r'href="(/taken-out\?before=\d+)"', first)
    assert shown(pia, older).count("Audit of the quarter") == 1
    assert pia.get("/taken-out?before=x", base_url=BASE).status_code == 400


def test_auditors_find_it_among_the_reports_and_the_api_says_the_same(client: FlaskClient, house: House) -> None:
    taken(house, 3, cardholder="1")
    signed_in(client, "olu")
    assert 'href="/taken-out"' in shown(client, "/reports")
    assert shown(client).count("Audit of the quarter") == 3
    olu = token(house, "olu")
    found = client.get("/api/v1/taken-out?limit=2", base_url=BASE, headers=olu).get_json()
    assert [(each["purpose"], each["rows"], each["narrowed"]) for each in found["items"]] == [
        ("Audit of the quarter", 1_234, ["cardholder"])
    ] * 2
    rest = client.get(f"/api/v1/taken-out?cursor={found['next']}", base_url=BASE, headers=olu).get_json()
    assert (len(rest["items"]), rest["next"]) == (1, None)
    assert client.get("/taken-out", base_url=BASE).status_code == 200
