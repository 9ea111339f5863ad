"""The pages and the API over the fixed cast, and how to be somebody there."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from admin_web.application import create_app
from admin_web.settings import WebSettings
from controller.database import transaction
from controller.people import operator
from tests.controller.conftest import NOW, PASSWORD, House, engine, furnished, house, sqlite_migrated

__all__ = ["engine", "furnished", "house", "sqlite_migrated"]
BASE = "http://127.0.0.1"
_STARTED = time.monotonic()


def web_now() -> datetime:
    """What time it is for the pages: some days after all that the fixed cast did, however late the tests are run."""
    return NOW + timedelta(days=5, seconds=time.monotonic() - _STARTED)


@pytest.fixture
def app(house: House, engine: Engine, tmp_path: Path) -> Iterator[Flask]:
    made = create_app(WebSettings("sqlite://", "tokyo", tmp_path / "secret", viewers=4), engine, web_now)
    made.testing = True
    yield made
    made.extensions["sekisho"].news.stop()
    made.extensions["sekisho-exports"].stop()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def field(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def signed_in(client: FlaskClient, name: str) -> None:
    page = client.get("/sign-in", base_url=BASE).get_data(as_text=True)
    answer = client.post(
        "/sign-in", data={"name": name, "password": PASSWORD, "csrf_token": field(page)}, base_url=BASE
    )
    assert answer.status_code == 303


def submit(client: FlaskClient, path: str, **data: str) -> int:
    """Post a form as the page of its own would; the status."""
    proof = field(client.get("/operators", base_url=BASE, follow_redirects=True).get_data(as_text=True))
    return client.post(path, data={**data, "csrf_token": proof}, base_url=BASE).status_code


def token(house: House, name: str) -> dict[str, str]:
    with transaction(house.engine) as session:
        made = operator.issue_token(session, NOW, house.operator(session, name), "test")
    return {"Authorization": f"Bearer {made}"}
