"""Long exports: ten times the rows take no more memory, and between two portions nothing of the database is held."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, insert

from admin_web.exports.csv_file import as_utf8
from admin_web.exports.workbook import as_workbook
from admin_web.reports import taking
from admin_web.reports.asking import Asked
from admin_web.reports.known import EXPORTED
from admin_web.reports.taking import Head
from contract.fact import Clock, Fact, FactKind
from controller.database import transaction
from controller.ledger.kinds import Kind
from controller.ledger.ledger import Entry, append_all
from controller.record.enquiry import LogFilter
from controller.record.fact import FactRow
from tests.controller.conftest import NOW, House

LONG = 8_000
MARGIN = 1024 * 1024
"""What caches and prepared statements may still grow by; the rows themselves would take many times as much."""
_SHOWN = Fact("tokyo", "cedar", 1, b"0" * 32, b"0" * 16, FactKind.REX, NOW, 1, Clock.TRUSTED, {"door": "cedar"})


@pytest.fixture
def head(house: House) -> int:
    """LONG facts of one door; the place of the last."""
    with transaction(house.engine) as session:
        last = append_all(session, [Entry(Kind.FACT, "agent:test", NOW, {}, {}, {})] * LONG)
        session.execute(insert(FactRow), [_row(last - LONG + number, number) for number in range(1, LONG + 1)])
    return last


def _row(place: int, number: int) -> dict[str, Any]:
    decided = number % 2 == 0
    return {
        "agent_id": 1, "sequence": number, "ledger_sequence": place, "received_at": NOW, "at": NOW, "trusted": True,
        "kind": "DECISION" if decided else "REX", "outcome": "GRANT" if decided else None,
        "reason": "PERMITTED" if decided else None, "inferred": None, "access_point_id": 1, "door_id": 1, "area_id": 3,
        "cardholder_id": 1 + number % 3, "encoded": _SHOWN.encoded(), "fact_hash": b"",
    }  # fmt: skip


@pytest.mark.parametrize("writer", [as_utf8, as_workbook])
def test_ten_times_the_rows_take_no_more_memory(
    app: Flask, head: int, writer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def peak(rows: int) -> int:
        asked = Asked(NOW, LogFilter())
        before = head - LONG + rows
        with (
            (tmp_path / "file").open("wb") as file,
            taking.opened_sheet(app, Head("", "Olu", "ja"), EXPORTED["log"], asked, before) as sheet,
        ):
            tracemalloc.start()
            try:
                assert writer(sheet, file).rows == rows
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

    monkeypatch.setattr(taking, "AT_ONCE", 200)
    peak(LONG // 10)
    small, large = peak(LONG // 10), peak(LONG)
    assert large < small + MARGIN


def test_nothing_of_the_database_is_held_between_two_portions(
    app: Flask, engine: Engine, head: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "AT_ONCE", LONG // 4)
    with taking.opened_sheet(app, Head("", "Olu", "en"), EXPORTED["log"], Asked(NOW, LogFilter()), head) as sheet:
        held = [engine.pool.checkedout() for _ in sheet.portions]  # type: ignore[attr-defined]
    assert held == [0, 0, 0, 0]
