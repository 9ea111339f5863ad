"""What all tests share: tools that may be missing, seeded randomness, published vectors, a PostgreSQL server."""

from __future__ import annotations

import os
import random
import secrets
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

from cli.testing import NEEDS

pytest_plugins = ["tests.fixtures_postgresql"]
os.environ.setdefault("SEKISHO_STRICT_LOGS", "1")
settings.register_profile("sekisho", database=None, deadline=None, print_blob=True)
settings.load_profile("sekisho")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever asks for a migrated database is no unit test, and not for the part under a minute."""
    for item in items:
        if isinstance(item, pytest.Function) and "engine" in item.fixturenames:
            item.add_marker(pytest.mark.database)


NEEDED_BY_ITS_DRIVER = next(each for each in NEEDS if each.package == "libatomic1")


def need(tool: str, found: object) -> None:
    """Skip, by name, a test whose tool is missing; under --strict that is a failure."""
    if found:
        return
    if os.environ.get("SEKISHO_STRICT") == "1":
        pytest.fail(f"{tool} is not installed")
    pytest.skip(f"{tool} is not installed")


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """The seed of a random test, from SEKISHO_SEED or drawn; it stands in the report of a failure."""
    drawn = int(os.environ.get("SEKISHO_SEED") or secrets.randbelow(2**32))
    request.node.add_report_section("setup", "seed", f"SEKISHO_SEED={drawn}")
    return drawn


@pytest.fixture
def rng(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - test data, not secrets


@pytest.fixture
def vectors() -> Path:
    """The folder of published test vectors."""
    named = os.environ.get("SEKISHO_VECTORS")
    if not named:
        pytest.skip("SEKISHO_VECTORS is not set")
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"SEKISHO_VECTORS names {folder}, which is not there")
    return folder


@pytest.fixture
def chromium_path() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    need("chromium", found)
    need("libatomic1", NEEDED_BY_ITS_DRIVER.present)
    return str(found)
