"""The watchdog is fed only while every part is alive. Over a real notify socket, by a clock that is an argument."""

import logging
import socket
import uuid
from collections.abc import Iterator

import pytest

from process.mqtt_session import MqttSession, nothing
from process.readiness import Watchdog


class Systemd:
    """The receiving end of a notify socket, and the environment that names it."""

    def __init__(self, listener: socket.socket, environ: dict[str, str]) -> None:
        self._listener, self.environ = listener, environ

    def told(self) -> list[bytes]:
        """What has arrived since it was asked last."""
        found = []
        while True:
            try:
                found.append(self._listener.recv(200))
            except BlockingIOError:
                return found


@pytest.fixture
def systemd() -> Iterator[Systemd]:
    name = f"sekisho-{uuid.uuid4()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{name}")
        listener.setblocking(False)
        yield Systemd(listener, {"WATCHDOG_USEC": "8000000", "NOTIFY_SOCKET": f"@{name}"})


def test_one_part_that_is_not_alive_stops_the_feeding_and_is_named_once(
    systemd: Systemd, caplog: pytest.LogCaptureFixture
) -> None:
    alive = {"reader cedar-in": True, "journal": True}
    dog = Watchdog(systemd.environ, 7, {name: lambda name=name: alive[name] for name in alive})  # type: ignore[misc]
    assert dog.ping(0.0)
    assert systemd.told() == [b"WATCHDOG=1"]
    alive["journal"] = False
    with caplog.at_level(logging.INFO):
        assert [dog.ping(now / 2) for now in range(60)] == [False] * 60
    assert systemd.told() == [b"STATUS=not alive: journal"]
    assert [record.message for record in caplog.records] == ["watchdog_not_fed"]
    assert dog.stale() == ("journal",)


def test_the_feeding_goes_on_soon_after_the_part_came_back(systemd: Systemd) -> None:
    alive = [False]
    dog = Watchdog(systemd.environ, 7, {"session": lambda: alive[0]})
    assert not dog.ping(100.0)
    alive[0] = True
    assert [now for now in range(100, 110) if dog.ping(float(now))] == [101, 105, 109]
    assert systemd.told() == [b"STATUS=not alive: session", b"STATUS=", *[b"WATCHDOG=1"] * 3]


def test_every_part_that_is_not_alive_is_named(systemd: Systemd) -> None:
    dog = Watchdog(systemd.environ, 7, {"a": lambda: False, "b": lambda: True, "c": lambda: False})
    dog.ping(0.0)
    assert systemd.told() == [b"STATUS=not alive: a, c"]


def test_without_a_watchdog_nothing_is_asked() -> None:
    asked: list[bool] = []

    def probe() -> bool:
        asked.append(True)
        return True

    assert not Watchdog({}, 7, {"journal": probe}).ping(0.0)
    assert asked == []


def test_a_session_without_a_broker_is_alive_until_it_is_stopped() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: whoever connects is refused
        session = MqttSession("agent.tokyo.cedar", "127.0.0.1", closed.getsockname()[1], None, nothing)
        before = session.alive
        session.start()
        running, connected = session.alive, session.connected
        session.stop()
    assert (before, running, connected, session.alive) == (False, True, False, False)
