"""The controller as it is started on a site, with feeds: killed in the middle, it goes on where it was."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.building.served_controller import raised, started
from tests.controller.conftest import House, engine, furnished, house, sqlite_migrated
from tests.controller.feed_hands import made, wanted
from tests.controller.feed_receivers import Conduct, hook

__all__ = ["engine", "furnished", "house", "sqlite_migrated"]
pytestmark = pytest.mark.building


def test_a_controller_killed_before_it_hears_the_answer_sends_the_same_event_again(
    house: House, tmp_path: Path
) -> None:
    keys = house.folder / "keys"
    told = {"feeds": {"reach": ["127.0.0.0/8"], "ca": str(keys / "ca.pem")}}
    with hook(Conduct(keys)) as server:
        made(house, wanted(f"https://localhost:{server.port}/"))
        with started(house, tmp_path, told) as first:
            server.conduct.meanwhile = first.kill
            raised(house)
            begun = server.taken.get(timeout=30)
        server.conduct.meanwhile = lambda: None
        with started(house, tmp_path, told) as second:
            again = server.taken.get(timeout=30)
            raised(house)
            later = server.taken.get(timeout=30)
            second.send_signal(signal.SIGTERM)
            assert second.wait(timeout=30) == 0
    assert again.body == begun.body
    assert again.headers["webhook-id"] == begun.headers["webhook-id"] != later.headers["webhook-id"]
    assert server.all_taken() == []
