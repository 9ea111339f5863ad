"""Charts, timelines and findings are answered by indexes within a tenth of a second, however long the record is."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from controller.database import reading
from controller.delivery import room_timeline
from controller.delivery.room_timeline import Period
from controller.people.cardholder import Cardholder
from controller.premises import door as doors
from controller.premises.area import Area
from controller.premises.door import Door
from controller.premises.site import Site
from controller.record import attendance, finding, person_timeline
from controller.record.enquiry import LogFilter
from controller.record.finding import FindingFilter, What
from controller.record.judgement import Disposition
from tests.controller.test_log_queries import BEGIN, full, plans

__all__ = ["full"]
pytestmark = pytest.mark.database
DAY = BEGIN + timedelta(days=200) - timedelta(hours=9)
"""A midnight in Tokyo, long after the beginning and long before the end."""
TOKYO = ZoneInfo("Asia/Tokyo")
ROOM, DOORS = Area(id=3), [Door(id=3, agent_id=3), Door(id=13, agent_id=13)]
SOON_S = 0.1
_STAYS = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000)
INSERT INTO stay (cardholder_id, area_id, not_before, entered_at, entry_certain, entry_sequence, left_at, exit_certain,
    exit_sequence)
SELECT 1 + i % 2000, 1 + i % 10, {begin}, CASE WHEN i % 50 = 0 THEN NULL ELSE {begin} END, {yes}, i * 8 + 2,
    CASE WHEN i > 24900 THEN NULL ELSE {end} END, {yes}, i * 8 + 2 FROM n
"""
_SPELT = {
    "sqlite": {
        "begin": "strftime('%Y-%m-%dT%H:%M:%S.000000Z', 1735689600 + i * 1200, 'unixepoch')",
        "end": "strftime('%Y-%m-%dT%H:%M:%S.000000Z', 1735704000 + i * 1200, 'unixepoch')",
        "yes": "1",
    },
    "postgresql": {
        "begin": "to_timestamp(1735689600 + i * 1200)",
        "end": "to_timestamp(1735704000 + i * 1200)",
        "yes": "true",
    },
}


@pytest.fixture(scope="module")
def lived(full: Engine) -> Engine:
    """The same with the stays that its passages would have made."""
    name = full.dialect.name
    with full.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute("PRAGMA foreign_keys=OFF" if name == "sqlite" else "SET session_replication_role=replica")
        raw.execute(_STAYS.format(**_SPELT[name]))
        if name == "postgresql":
            raw.execute("ANALYZE stay")
        raw.commit()
        connection.invalidate()
    return full


def days(number: int) -> Period:
    return Period(DAY, DAY + timedelta(days=number))


def found(what: What, disposition: Disposition | None, **narrowed: int) -> Callable[[Session], object]:
    wanted = FindingFilter(what, LogFilter(since=DAY, **narrowed), disposition)  # type: ignore[arg-type]
    return lambda session: finding.listed(session, wanted, 2**62, 51)


ASKED: dict[str, Callable[[Session], object]] = {
    "most inside in four weeks": lambda session: attendance.slots(
        session, ROOM, attendance.days(TOKYO, DAY, DAY + timedelta(days=28))
    ),
    "most inside in an hour": lambda session: attendance.slots(
        session, ROOM, attendance.hours(TOKYO, DAY, DAY + timedelta(days=1))
    ),
    "entries by the clock": lambda session: attendance.by_clock(session, ROOM, TOKYO, DAY, DAY + timedelta(days=28)),
    "stays of a day": lambda session: room_timeline.stays(session, ROOM, days(1)),
    "marks of a day": lambda session: room_timeline.marks(session, Site(id=1), ROOM, days(1)),
    "marks of a month": lambda session: room_timeline.marks(session, Site(id=1), ROOM, days(31)),
    "facts of a person": lambda session: person_timeline.facts(session, holder(), DAY, DAY + timedelta(days=92)),
    "open refusals": found(What.REFUSAL, Disposition.OPEN),
    "open refusals at a room": found(What.REFUSAL, Disposition.OPEN, area=3),
    "breaches": found(What.REFUSAL, Disposition.BREACH),
    "unused": found(What.UNUSED, Disposition.OPEN),
    "inferred": found(What.INFERRED, Disposition.OPEN),
}


def holder() -> Cardholder:
    return Cardholder(id=77)


@pytest.mark.parametrize("case", ASKED)
def test_what_is_drawn_and_judged_is_read_from_indexes_and_soon(
    lived: Engine, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "ever_of_area", lambda *_: DOORS)  # the record refers to no premises here
    took = list[float]()
    with reading(lived) as session:
        told = plans(lived, lambda: ASKED[case](session))
        for _ in range(5):
            begun = time.perf_counter()
            ASKED[case](session)
            took.append(time.perf_counter() - begun)
    flaws = [step for step in told if step in ("SCAN fact", "SCAN stay") or "Seq Scan on fact" in step]
    assert not flaws, told
    assert min(took) < SOON_S, (case, took)


def test_a_timeline_reads_its_doors_by_time(lived: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "ever_of_area", lambda *_: DOORS)
    with reading(lived) as session:
        told = plans(lived, lambda: room_timeline.marks(session, Site(id=1), ROOM, days(1)))
        marks = room_timeline.marks(session, Site(id=1), ROOM, days(1))
    assert [step for step in told if "ix_fact_door_id_at" in step], told
    assert {each.lane for each in marks} <= {"passage", "refusal"}
    assert all(DAY <= each.at < DAY + timedelta(days=1) for each in marks)
