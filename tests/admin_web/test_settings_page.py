"""The page of settings: what can be set while the house runs, and what the file says without its secrets."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from admin_web import serve, setting_words
from admin_web.settings import WebSettings
from controller.database import reading
from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow
from process.settings import SettingsError, load
from tests.admin_web.conftest import BASE, signed_in, submit, token
from tests.controller.conftest import House

SECRETS = ("hunter2", "hunter3")
WITH_PASSWORDS = "postgresql+psycopg://sekisho:hunter2@db.example/sekisho?password=hunter3&sslmode=require"


@pytest.fixture
def told(app: Flask) -> WebSettings:
    """Settings with what nobody may see, as though the pages had been started by them."""
    found = WebSettings(WITH_PASSWORDS, "tokyo", Path("/etc/sekisho/web.key"), second_factor=("security-admin",))
    app.config.update(SETTINGS=found, SETTINGS_FILE=Path("/etc/sekisho/web.toml"))
    return found


@pytest.mark.parametrize(
    ("told", "refused"),
    [
        ('host = "127.0.0.1"', False),
        ('host = "127.0.0.7"', False),
        ('host = "::1"', False),
        ('host = "localhost"', False),
        ('host = "0.0.0.0"', True),
        ('host = "::"', True),
        ('host = "192.0.2.1"', True),
        ('host = "localhost.example"', True),
        ('host = ""', True),
        ('host = "0.0.0.0"\nhttps = true', True),
        ('host = "0.0.0.0"\nin_clear = true', False),
    ],
)
def test_pages_listen_beyond_their_machine_only_where_that_is_meant_and_say_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, told: str, refused: bool
) -> None:
    file = tmp_path / "web.toml"
    file.write_text(f'database = "sqlite://"\nsite = "tokyo"\nsecret = "web.secret"\n{told}\n', encoding="utf-8")
    if refused:
        with pytest.raises(SettingsError, match="in_clear"):
            load(file, WebSettings)
        return
    serve.warn(load(file, WebSettings))
    assert [each.getMessage() for each in caplog.records] == (["pages_in_the_clear"] if "in_clear" in told else [])


def test_every_setting_is_told_with_its_words() -> None:
    assert list(setting_words.SETTINGS) == [each.name for each in dataclasses.fields(WebSettings)]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_file_is_shown_without_secrets_and_with_what_is_by_default(
    client: FlaskClient, told: WebSettings, language: str
) -> None:
    signed_in(client, "olu")
    shown = client.get("/settings", base_url=BASE, headers={"Accept-Language": language}).get_data(as_text=True)
    assert "/etc/sekisho/web.toml" in shown
    assert "postgresql+psycopg://sekisho:***@db.example/sekisho" in shown
    assert not any(each in shown for each in SECRETS)
    assert "None" not in shown
    assert shown.count("as by default" if language == "en" else "既定値") == len(dataclasses.fields(told)) - 4
    assert 'action="/settings/site"' not in shown


def test_the_api_shows_the_same(client: FlaskClient, house: House, told: WebSettings) -> None:
    answer = client.get("/api/v1/settings", base_url=BASE, headers=token(house, "olu"))
    assert not any(each in answer.get_data(as_text=True) for each in SECRETS)
    items = {each["name"]: each for each in answer.get_json()["items"]}
    assert items["second_factor"] == {"name": "second_factor", "value": "security-admin", "by_default": False}
    assert items["https"] == {"name": "https", "value": "false", "by_default": True}
    assert len(items) == len(dataclasses.fields(told))


def test_the_site_is_renamed_with_a_reason_and_keeps_key_and_clock(client: FlaskClient, house: House) -> None:
    signed_in(client, "kim")
    assert submit(client, "/settings/site", name="Osaka", name_ja="大阪") == 409
    assert submit(client, "/settings/site", name="", name_ja="", reason="x") == 409
    assert submit(client, "/settings/site", name="Osaka", name_ja="大阪", reason="we moved") == 303
    assert submit(client, "/settings/site", name="Osaka", name_ja="大阪", reason="again") == 303
    with reading(house.engine) as session:
        rows = session.scalars(select(LedgerRow).where(LedgerRow.kind == Kind.SITE_RENAMED)).all()
        assert [row.actor for row in rows] == ["operator:1"]
    headers = token(house, "kim")
    found = client.get("/api/v1/site", base_url=BASE, headers=headers).get_json()
    assert (found["key"], found["name_ja"], found["zone"]) == ("tokyo", "大阪", "Asia/Tokyo")
    body = {"name": "Tokyo", "reason": "back again"}
    answer = client.post("/api/v1/site/rename", json=body, base_url=BASE, headers=headers)
    assert answer.get_json()["name_ja"] == "Tokyo"
    refused = client.post("/api/v1/site/rename", json=body, base_url=BASE, headers=token(house, "olu"))
    assert refused.status_code == 403
