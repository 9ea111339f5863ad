"""Both brokers, started once for all tests of this folder."""

from collections.abc import Iterator

import pytest

from cli.brokers import mosquitto, running
from tests.cli_brokers.broker_hands import AGENTS, Authority, Building, Hand, rules_of_all
from tests.conftest import need


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority with spaces"))


@pytest.fixture(scope="session", params=["mosquitto", "embedded"])
def broker(
    request: pytest.FixtureRequest, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[running.RunningBroker]:
    if request.param == "mosquitto":
        need("mosquitto", mosquitto.find())
    folder = tmp_path_factory.mktemp(f"broker {request.param}")
    started = running.start(request.param, folder, authority.issue("broker"), rules_of_all())
    yield started
    started.stop()


_FRESH: dict[int, Iterator[str]] = {}


@pytest.fixture
def building(broker: running.RunningBroker, authority: Authority) -> Iterator[Building]:
    fresh = _FRESH.setdefault(broker.port, iter(AGENTS[::2]))
    hands: list[Hand] = []
    yield Building(broker, authority, fresh, hands)
    for hand in hands:
        hand.leave()
