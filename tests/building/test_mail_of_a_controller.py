"""The controller as it is started on a site, with mail set up and its broker out of reach: alarms go out anyhow."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.building.served_controller import raised, started
from tests.controller.conftest import House, engine, furnished, house, sqlite_migrated
from tests.controller.mail_server import serving

__all__ = ["engine", "furnished", "house", "sqlite_migrated"]
pytestmark = pytest.mark.building
GUARD = "guard@example.org"


def test_a_controller_killed_while_it_sends_sends_the_same_mail_when_it_is_back(house: House, tmp_path: Path) -> None:
    with serving() as server:
        mail = {
            "host": "127.0.0.1",
            "port": server.port,
            "security": "local",
            "sender": "sekisho@example.org",
            "alarms": [GUARD],
        }
        with started(house, tmp_path, {"mail": mail}) as first:
            server.manners.meanwhile = first.kill
            raised(house)
            begun = server.taken.get(timeout=30)
        server.manners.meanwhile = lambda: None
        with started(house, tmp_path, {"mail": mail}) as second:
            again = server.taken.get(timeout=30)
            second.send_signal(signal.SIGTERM)
            assert second.wait(timeout=30) == 0
    assert (again.recipient, again.raw) == (GUARD, begun.raw)
    assert server.all_taken() == []
