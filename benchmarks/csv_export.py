"""csv-export: the access log as an operator's file, in words and harmless, against bare `sqlite3` and `csv.writer` that
write the codes of the same rows with the same joins."""

from __future__ import annotations

import csv
import sqlite3
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, insert

from admin_web.application import create_app
from admin_web.exports.csv_file import as_utf8
from admin_web.reports.asking import Asked
from admin_web.reports.log import LOG
from admin_web.reports.taking import Head, opened_sheet
from admin_web.settings import WebSettings
from benchmarks.figure import Ratio, interleaved
from cli.demo.building import PLAN
from contract.fact import Clock, Fact, FactKind
from controller.database import migrate, open_database, transaction
from controller.ledger.kinds import Kind
from controller.ledger.ledger import Entry, append_all
from controller.people import cardholder
from controller.premises import building
from controller.record.enquiry import LogFilter
from controller.record.fact import FactRow

ROWS, PEOPLE, DOORS, ROUNDS = 20_000, 200, 4, 10
AT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
GOAL, MUST = 1.33, 2.0
_BARE = """
SELECT f.ledger_sequence, f.at, f.at, f.trusted, c.name, c.number, a.name, d.name, p.direction, f.kind, f.outcome,
    f.reason, o.reason
FROM fact f LEFT JOIN cardholder c ON c.id = f.cardholder_id LEFT JOIN area a ON a.id = f.area_id
    LEFT JOIN door d ON d.id = f.door_id LEFT JOIN access_point p ON p.id = f.access_point_id
    LEFT JOIN overruled_grant o ON o.ledger_sequence = f.ledger_sequence
ORDER BY f.ledger_sequence DESC
"""


def measure() -> list[Ratio]:
    """One row: time for the whole file, so that the promised rate of 0.75 (0.5) is a ratio of 1.33 (2)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engine = open_database(f"sqlite:///{folder / 'controller.sqlite'}")
        head = _filled(engine)
        app = create_app(WebSettings("sqlite://", "tokyo", folder / "secret"), engine)
        bare = sqlite3.connect(folder / "controller.sqlite")

        def ours() -> None:
            asked, reader = Asked(AT, LogFilter()), Head("", "Olu", "ja")
            with (folder / "ours.csv").open("wb") as file, opened_sheet(app, reader, LOG, asked, head) as sheet:
                as_utf8(sheet, file)

        def theirs() -> None:
            with (folder / "bare.csv").open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows(bare.execute(_BARE))

        try:
            bounds = (GOAL, MUST)
            return [interleaved("csv-export", ours, "bare sqlite3", theirs, bounds, rounds=ROUNDS, repeat=1)]
        finally:
            bare.close()
            engine.dispose()


def _filled(engine: Engine) -> int:
    """A house with a log; the place of its newest row."""
    migrate(engine)
    with transaction(engine) as session:
        site = building.load(session, "host", AT, PLAN)
        for number in range(PEOPLE):
            cardholder.enrol(session, "host", AT, site, f"Person {number}", f"n{number}")
        last = append_all(session, [Entry(Kind.FACT, "agent:bench", AT, {}, {}, {})] * ROWS)
        session.execute(insert(FactRow), [_row(last - ROWS + number, number) for number in range(1, ROWS + 1)])
    return last


def _row(place: int, number: int) -> dict[str, object]:
    """Of eight facts five are decisions, as in a log of people who go in and out."""
    kind = ("DOOR_OPENED", "DOOR_CLOSED", "PASSAGE")[number % 8] if number % 8 < 3 else "DECISION"
    decided = kind == "DECISION"
    fact = Fact("tokyo", "cedar", number, b"0" * 32, b"0" * 16, FactKind(kind), AT, 1, Clock.TRUSTED, {"door": "cedar"})
    return {
        "agent_id": 1,
        "sequence": number,
        "ledger_sequence": place,
        "received_at": AT,
        "at": AT + timedelta(seconds=11.3 * number),
        "trusted": True,
        "kind": kind,
        "outcome": ("REFUSE" if number % 5 == 0 else "GRANT") if decided else None,
        "reason": ("NOT_ON_LIST" if number % 5 == 0 else "PERMITTED") if decided else None,
        "inferred": None,
        "access_point_id": 1 + number % DOORS,
        "door_id": 1 + number % DOORS,
        "area_id": 3,
        "cardholder_id": 1 + number % PEOPLE if number % 8 > 1 else None,
        "encoded": fact.encoded(),
        "fact_hash": b"",
    }
