"""What an auditor asks is answered by the indexes: nothing walks or sorts the whole table of facts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, event, text

from controller.database import migrate, open_database, reading
from controller.record import enquiry, occupancy
from controller.record.enquiry import PASSING, LogFilter

pytestmark = pytest.mark.database

FACTS = 200_000
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
DAY = BEGIN + timedelta(days=200)
NARROWED = {
    "everything": LogFilter(),
    "what passes": LogFilter(kinds=PASSING),
    "a rare kind": LogFilter(kinds=("FIRE",)),
    "an area": LogFilter(area=3),
    "an area and a rare kind": LogFilter(area=3, kinds=("FIRE",)),
    "an area on a day": LogFilter(area=3, since=DAY, until=DAY + timedelta(days=1)),
    "a door": LogFilter(door=3),
    "a door and what passes": LogFilter(door=3, kinds=PASSING),
    "a cardholder": LogFilter(cardholder=77),
    "a cardholder in an area": LogFilter(cardholder=77, area=3, since=DAY),
    "refusals": LogFilter(outcome="REFUSE"),
    "refusals in an area": LogFilter(outcome="REFUSE", area=3),
}
_MAKE = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
INSERT INTO fact (agent_id, sequence, ledger_sequence, received_at, at, trusted, kind, outcome, access_point_id,
    door_id, area_id, cardholder_id, encoded, fact_hash)
SELECT 1 + i % 20, i, i, {at}, {at}, {yes},
    CASE i % 8 WHEN 0 THEN 'DOOR_OPENED' WHEN 1 THEN 'DOOR_CLOSED' WHEN 2 THEN 'PASSAGE' ELSE 'DECISION' END,
    CASE WHEN i % 8 < 3 THEN NULL WHEN i % 5 = 0 THEN 'REFUSE' ELSE 'GRANT' END,
    1, 1 + i % 20, 1 + i % 10, CASE WHEN i % 8 < 2 THEN NULL ELSE 1 + i % 2000 END, {blob}, {blob} FROM n
"""
_PLACES = {
    "sqlite": {
        "at": "strftime('%Y-%m-%dT%H:%M:%S.000000Z', 1735689600 + i * 150, 'unixepoch')",
        "yes": "1",
        "blob": "zeroblob(400)",
    },
    "postgresql": {
        "at": "to_timestamp(1735689600 + i * 150)",
        "yes": "true",
        "blob": "decode(repeat('00', 400), 'hex')",
    },
}


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def full(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """200,000 facts of 80 days at twenty doors; made by the database itself, with nothing that they refer to."""
    sqlite = f"sqlite:///{tmp_path_factory.mktemp('log') / 'controller.sqlite'}"
    url = sqlite if request.param == "sqlite" else request.getfixturevalue("postgresql_module_database")
    engine = open_database(url)
    migrate(engine)
    with engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        off = "PRAGMA foreign_keys=OFF" if request.param == "sqlite" else "SET session_replication_role=replica"
        raw.execute(off)
        raw.execute(_MAKE.format(count=FACTS, **_PLACES[request.param]))
        if request.param == "postgresql":
            raw.execute("ANALYZE fact")
        raw.commit()
        connection.invalidate()
    yield engine
    engine.dispose()


def plans(engine: Engine, ask: object) -> list[str]:
    """How the database answers each statement that `ask` makes; a line for every step of every plan."""
    asked: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        if "FROM" in statement:
            asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        assert callable(ask)
        ask()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN "
    told: list[str] = []
    with engine.connect() as connection:
        for statement, parameters in asked:
            rows = connection.exec_driver_sql(explain + statement, parameters)  # type: ignore[arg-type]
            told += [str(row[-1]).strip() for row in rows]
    return told


def require_indexes(engine: Engine, told: list[str]) -> None:
    """No step may read all facts by themselves. SQLite: no step may sort more than a page, so only a union of pages
    may use a temporary tree."""
    assert told
    if engine.dialect.name == "postgresql":
        assert not [step for step in told if "Seq Scan on fact" in step], told
        return
    assert not [step for step in told if step == "SCAN fact"], told
    sorted_steps = [step for step in told if "TEMP B-TREE" in step]
    in_union = any("UNION" in step for step in told)
    assert not sorted_steps or in_union, told


@pytest.mark.parametrize("case", NARROWED)
@pytest.mark.parametrize("before", [None, FACTS // 2])
def test_a_page_of_the_log_is_read_from_an_index(full: Engine, case: str, before: int | None) -> None:
    with reading(full) as session:
        told = plans(full, lambda: enquiry.log(session, NARROWED[case], before))
    require_indexes(full, told)


def test_a_page_of_several_kinds_holds_what_one_long_look_would_find(full: Engine) -> None:
    with reading(full) as session:
        page = enquiry.log(session, LogFilter(kinds=PASSING), None, 50)
        found = [row.fact.ledger_sequence for row in page.rows]
        asked = "SELECT ledger_sequence FROM fact WHERE kind IN ('DECISION', 'PASSAGE') ORDER BY 1 DESC LIMIT 50"
        assert found == [row[0] for row in session.execute(text(asked))]
        assert page.older == found[-1]


def test_a_page_of_one_day_sorts_that_day_and_reads_no_other(full: Engine) -> None:
    wanted = LogFilter(since=BEGIN + timedelta(days=40), until=BEGIN + timedelta(days=41))
    with reading(full) as session:
        told = plans(full, lambda: enquiry.log(session, wanted))
        assert len(enquiry.log(session, wanted).rows) == 50
    assert not [step for step in told if step == "SCAN fact" or "Seq Scan on fact" in step], told
    assert [step for step in told if "ix_fact_at" in step], told


def test_the_feed_the_unknown_cards_and_who_is_inside_are_read_from_indexes(full: Engine) -> None:
    with reading(full) as session:
        told = plans(full, lambda: enquiry.feed_after(session, FACTS - 10))
        told += plans(full, lambda: enquiry.one(session, FACTS // 2))
        require_indexes(full, told)
        told = plans(full, lambda: enquiry.unknown_cards(session))
        assert not [step for step in told if step == "SCAN fact" or "Seq Scan on fact" in step], told
        told = plans(full, lambda: occupancy.counts(session))
        assert not [step for step in told if "fact" in step], told
