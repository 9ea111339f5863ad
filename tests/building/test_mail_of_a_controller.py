"""The controller as it is started on a site, with mail set up and its broker out of reach: alarms go out anyhow."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from controller.database import transaction
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.record import alarm
from tests.controller.conftest import NOW, House, engine, furnished, house, sqlite_migrated
from tests.controller.mail_server import MailServer, serving

__all__ = ["engine", "furnished", "house", "sqlite_migrated"]
pytestmark = pytest.mark.building
GUARD = "guard@example.org"


def _started(house: House, tmp_path: Path, server: MailServer) -> subprocess.Popen[str]:
    keys = house.folder / "keys"
    told: dict[str, dict[str, object]] = {
        "": {
            "database": house.engine.url.render_as_string(hide_password=False),
            "site": "tokyo",
            "keys": str(keys),
            "public_url": "https://sekisho.example",
        },
        "broker": {
            "host": "127.0.0.1",
            "port": 9,
            "ca": str(keys / "ca.pem"),
            "certificate": str(keys / "controller.pem"),
            "key": str(keys / "controller.key"),
        },
        "mail": {
            "host": "127.0.0.1",
            "port": server.port,
            "security": "local",
            "sender": "sekisho@example.org",
            "alarms": [GUARD],
        },
    }
    lines: list[str] = []
    for table, members in told.items():
        lines += [f"[{table}]"] if table else []
        lines += [f"{name} = {json.dumps(value)}" for name, value in members.items()]
    settings = tmp_path / "controller.toml"
    settings.write_text("\n".join(lines), encoding="utf-8")
    with (tmp_path / "log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "controller", "serve", str(settings)],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", (tmp_path / "log").read_text()
    return process


def _raise(house: House) -> None:
    with transaction(house.engine) as session:
        agent = house.agent(session)
        place = append(session, Kind.FACT, "controller", NOW, {})
        alarm.raise_alarm(session, alarm.CHAIN_BROKEN, NOW, place, agent.id, None)


def test_a_controller_killed_while_it_sends_sends_the_same_mail_when_it_is_back(house: House, tmp_path: Path) -> None:
    with serving() as server:
        with _started(house, tmp_path, server) as first:
            server.manners.meanwhile = first.kill
            _raise(house)
            begun = server.taken.get(timeout=30)
        server.manners.meanwhile = lambda: None
        with _started(house, tmp_path, server) as second:
            again = server.taken.get(timeout=30)
            second.send_signal(signal.SIGTERM)
            assert second.wait(timeout=30) == 0
    assert (again.recipient, again.raw) == (GUARD, begun.raw)
    assert server.all_taken() == []
