"""A whole demo building for tests, on each kind of broker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from cli.brokers import mosquitto
from tests.building.browser_hands import QUIET
from tests.building.demo_hands import Demo
from tests.conftest import need


@pytest.fixture(scope="module", params=["embedded", "mosquitto"])
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One running building a module and kind of broker, in a folder whose name has spaces."""
    if request.param == "mosquitto":
        need("mosquitto", mosquitto.find())
    running = Demo(tmp_path_factory.mktemp("demo") / "a building", request.param)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def building(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One running building a module, on the broker that every machine has."""
    running = Demo(tmp_path_factory.mktemp("demo") / "a building", "embedded")
    yield running
    running.stop()


@pytest.fixture
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium_path, args=QUIET)
        try:
            yield started
        finally:
            started.close()
