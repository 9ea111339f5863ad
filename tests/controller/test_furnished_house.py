"""The house that tests copy is the one that its verbs make, on either database."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, func, select

from controller.tables import METADATA
from tests.controller.conftest import Furnished, furnish


def test_a_copied_house_has_the_rows_of_one_that_is_made(engine: Engine, furnished: Furnished, tmp_path: Path) -> None:
    furnish(engine, tmp_path)
    with engine.connect() as connection:
        made = {
            table.name: connection.scalar(select(func.count()).select_from(table)) for table in METADATA.sorted_tables
        }
    assert made == {table.name: len(rows) for table, rows in furnished.rows}
    assert made["ledger"]
