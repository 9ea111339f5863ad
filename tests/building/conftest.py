"""A whole demo building for tests, on each kind of broker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cli.brokers import mosquitto
from tests.building.demo_hands import Demo

BROKERS = (
    "embedded",
    pytest.param("mosquitto", marks=pytest.mark.skipif(mosquitto.find() is None, reason="mosquitto is not installed")),
)


@pytest.fixture(scope="module", params=BROKERS)
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One running building a module and kind of broker, in a folder whose name has spaces."""
    running = Demo(tmp_path_factory.mktemp("demo") / "a building", request.param)
    yield running
    running.stop()
