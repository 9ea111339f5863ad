"""A whole demo building for tests, on each kind of broker."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from cli.brokers import mosquitto
from cli.demo.folder import Folder
from tests import chromium
from tests.building.demo_hands import Demo, make_building
from tests.conftest import need


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A data folder whose building is whole and in which nobody lives: making one takes longer than starting it."""
    return make_building(tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="session", autouse=True)
def pictures(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where pictures are kept, unless SEKISHO_PICTURES says it."""
    os.environ.setdefault("SEKISHO_PICTURES", str(tmp_path_factory.mktemp("pictures")))


@pytest.fixture(scope="module", params=["embedded", "mosquitto"])
def demo(request: pytest.FixtureRequest, made: Folder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One running building a module and kind of broker, in a folder whose name has spaces."""
    if request.param == "mosquitto":
        need("mosquitto", mosquitto.find())
    running = Demo(tmp_path_factory.mktemp("demo") / "a building", request.param, made=made)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def building(made: Folder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One running building a module, on the broker that every machine has."""
    running = Demo(tmp_path_factory.mktemp("demo") / "a building", "embedded", made=made)
    yield running
    running.stop()


@pytest.fixture
def own_building(made: Folder, tmp_path: Path) -> Iterator[Demo]:
    """A running building of one test, on the broker that this machine has."""
    running = Demo(tmp_path / "demo", "auto", made=made)
    yield running
    running.stop()


@pytest.fixture
def browser(chromium_path: str) -> Iterator[Browser]:
    with chromium.started(chromium_path) as started:
        yield started
