"""The pages and the API over the fixed cast, and how to be somebody there."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Engine
from werkzeug.routing import Rule

from admin_web.application import create_app
from admin_web.settings import WebSettings
from controller.database import transaction
from controller.people import operator
from tests.controller.conftest import NOW, PASSWORD, House, engine, furnished, house, sqlite_migrated

__all__ = ["engine", "furnished", "house", "sqlite_migrated"]
BASE = "http://127.0.0.1"
_STARTED = time.monotonic()
ON_BOTH = frozenset(
    {
        "test_access_level_pages",
        "test_agents_pages",
        "test_api_fuzzed",
        "test_enquiry_pages",
        "test_feed_pages",
        "test_finding_pages",
        "test_floor_plan_pages",
        "test_leaving_page",
        "test_live_page",
        "test_long_exports",
        "test_pages_and_api",
        "test_people_files",
        "test_people_search",
        "test_permission_matrix",
        "test_questions_of_pages",
        "test_reports_and_exports",
        "test_reports_api",
        "test_saved_reports",
        "test_timelines",
        "test_undoing",
    }
)
"""Modules whose tests run on SQLite and on PostgreSQL."""


def web_now() -> datetime:
    """What time it is for the pages: some days after all that the fixed cast did, however late the tests are run."""
    return NOW + timedelta(days=5, seconds=time.monotonic() - _STARTED)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is asked of the database is tested on both in tests/controller, and here where pages ask much of it; what
    remains of a page is the same over either."""
    left_out = [each for each in items if "[postgresql" in each.name and _asks_little(each)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [each for each in items if each not in set(left_out)]


def _asks_little(item: pytest.Item) -> bool:
    return item.path.parent == Path(__file__).parent and item.path.stem not in ON_BOTH


@pytest.fixture(autouse=True)
def hashes_stay_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cast's passwords are hashed with little work; at a sign-in they would be hashed anew with all of it."""
    monkeypatch.setattr(PasswordHasher, "check_needs_rehash", lambda _hasher, _known: False)


@pytest.fixture(scope="session", autouse=True)
def routes_compiled_once() -> Iterator[None]:
    """Every application compiles a builder of addresses for each of its routes, which takes longer than most tests do
    anything else. The builder of a rule is code that depends on its text alone."""
    compile_builder = Rule._compile_builder
    made: dict[tuple[str, bool], Callable[..., tuple[str, str]]] = {}

    def remembered(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        assert not rule.defaults
        asked = (rule.rule, append_unknown)
        if asked not in made:
            made[asked] = compile_builder(rule, append_unknown)
        return made[asked]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", remembered)
        yield


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Templates compiled once a run instead of once a test."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app(house: House, engine: Engine, tmp_path: Path, compiled: FileSystemBytecodeCache) -> Iterator[Flask]:
    made = create_app(WebSettings("sqlite://", "tokyo", tmp_path / "secret", viewers=4), engine, web_now)
    made.testing = True
    made.jinja_env.bytecode_cache = compiled
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
