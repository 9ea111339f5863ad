"""Both brokers, started once for all tests of this folder."""

from collections.abc import Iterator

import pytest

from cli.brokers import mosquitto, running
from tests.cli_brokers.broker_hands import AGENTS, Authority, Building, Hand, rules_of_all


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority with spaces"))


@pytest.fixture(scope="session", params=["mosquitto", "embedded"])
def broker(
    request: pytest.FixtureRequest, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[running.RunningBroker]:
    if request.param == "mosquitto" and mosquitto.find() is None:
        pytest.skip("there is no mosquitto 2.x on this machine")
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
