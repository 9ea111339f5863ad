"""A controller as it is started on a site, with its broker out of reach: what it tells others goes out anyhow."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from controller.database import transaction
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.record import alarm
from tests.controller.conftest import NOW, House


def started(house: House, tmp_path: Path, tables: Mapping[str, Mapping[str, object]]) -> subprocess.Popen[str]:
    """A controller that is ready; tables: what its settings hold besides."""
    keys = house.folder / "keys"
    told: dict[str, Mapping[str, object]] = {
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
        **tables,
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


def raised(house: House) -> None:
    """An alarm of the centre's own."""
    with transaction(house.engine) as session:
        agent = house.agent(session)
        place = append(session, Kind.FACT, "controller", NOW, {})
        alarm.raise_alarm(session, alarm.CHAIN_BROKEN, NOW, place, agent.id, None)
