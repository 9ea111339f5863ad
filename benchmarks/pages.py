"""pages: how long the centre works for every page, in a house of a million facts, 10,000 people and 500 doors.

Every address that a signed-in operator can open is opened, with ids of this house in it, in turns; each is told by
name, the slowest first, beside a page that reads nothing but who asks. On SQLite, or on the database that
SEKISHO_BENCH_DATABASE names: an empty one, or one that an earlier run filled. SEKISHO_BENCH_CLOCK=cpu counts the time
of the processor instead of the clock's, for a machine that does something else beside; a PostgreSQL server's is not in
it.
"""

from __future__ import annotations

import gc
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

from flask import Flask, url_for
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select

from admin_web import cookies
from admin_web.application import create_app
from admin_web.reports.known import EXPORTED, REPORTS
from admin_web.settings import WebSettings
from benchmarks import great_house
from benchmarks.figure import Latency, latency
from benchmarks.great_house import Size
from controller.database import open_database, reading, transaction
from controller.people import operator, operator_session
from controller.people.cardholder import Cardholder
from controller.people.operator import Operator
from controller.people.operator_session import Proof
from controller.record.fact import FactRow

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
ROUNDS = 20
GOAL_MS, MUST_MS = 100.0, 200.0
ROOM, PLAIN = "room-7", "/account"
_CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
_LEFT_OUT = frozenset({"live.stream", "api.stream_events", "static"})
"""The first two answer for as long as somebody listens."""
_NARROWED = ("/log?outcome=REFUSE", "/log?area=9", "/log?cardholder=9000", "/log?door=30&outcome=REFUSE")
"""The same pages with their filters."""


def measure(size: Size | None = None) -> list[Latency]:
    """All pages together, and each of them, the slowest first."""
    with tempfile.TemporaryDirectory() as name, _database(Path(name)) as engine:
        great_house.stand(engine, NOW, size or Size())
        app = create_app(WebSettings("sqlite://", great_house.SITE, Path(name) / "secret"), engine, lambda: NOW)
        gc.collect()
        gc.freeze()  # as `web serve` does
        taken = _taken(app, engine)
    every = latency("pages", [each for times in taken.values() for each in times], (GOAL_MS, MUST_MS))
    plain = statistics.median(taken[PLAIN]) * 1000
    each = [latency(f"pages {path}", times, (GOAL_MS, MUST_MS), plain) for path, times in taken.items()]
    return [every, *sorted(each, key=lambda row: row.p50_ms, reverse=True)]


@contextmanager
def _database(folder: Path) -> Iterator[Engine]:
    engine = open_database(os.environ.get("SEKISHO_BENCH_DATABASE") or f"sqlite:///{folder / 'controller.sqlite'}")
    try:
        yield engine
    finally:
        engine.dispose()


def _taken(app: Flask, engine: Engine) -> Mapping[str, list[float]]:
    """Seconds that each page took, `ROUNDS` times; addresses that lead elsewhere or want more are left out."""
    client, clock = _signed_in(app, engine), _CLOCKS[os.environ.get("SEKISHO_BENCH_CLOCK", "wall")]
    paths = [path for path in _paths(app, engine) if client.get(path).status_code == 200]
    taken = dict[str, list[float]]()
    for _ in range(ROUNDS):
        for path in paths:
            started = clock()
            client.get(path).get_data()
            taken.setdefault(path, []).append(clock() - started)
    return taken


def _signed_in(app: Flask, engine: Engine) -> FlaskClient:
    """A browser of Kim's, who also carries a token for the API."""
    with transaction(engine) as session:
        kim = session.scalars(select(Operator).where(Operator.name == "kim")).one()
        cookie = operator_session.open_session(session, NOW, kim.id, Proof.PASSKEY)
        bearer = operator.issue_token(session, NOW, kim, "bench")
    client = app.test_client()
    client.set_cookie(cookies.SESSION, cookie)
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {bearer}"
    return client


def _paths(app: Flask, engine: Engine) -> list[str]:
    """Every address that can be opened, with ids of this house; a report's and a room's key is each of its kind."""
    with reading(engine) as session:
        decision = session.scalar(select(func.max(FactRow.ledger_sequence)).where(FactRow.kind == "DECISION"))
        holder = session.scalar(select(func.max(Cardholder.id)))
    known: dict[str, Sequence[Any]] = {
        **dict.fromkeys(("sequence", "event_id"), (decision,)),
        **dict.fromkeys(("holder_id", "cardholder_id"), (holder,)),
        "report": list(EXPORTED),
        "reports.page key": list(REPORTS),
        "exports.form key": list(EXPORTED),
        "key": [ROOM],
    }
    found = list[str]()
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if "GET" not in (rule.methods or ()) or rule.endpoint in _LEFT_OUT:
                continue
            names = sorted(rule.arguments)
            values = [known.get(f"{rule.endpoint} {name}") or known.get(name, [7]) for name in names]
            found += [url_for(rule.endpoint, **dict(zip(names, each, strict=True))) for each in product(*values)]
    return [*sorted(found), *_NARROWED]
