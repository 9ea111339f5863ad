"""Moments in files: told by digits wherever that is right, and exactly as the zone's own rules tell them everywhere."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from admin_web.exports.clock import Clock
from admin_web.table import Table
from contract import leaf

ZONES = (
    "Asia/Tokyo", "UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe",
    "America/St_Johns", "Pacific/Chatham", "Africa/Casablanca",
)  # fmt: skip


@pytest.mark.parametrize("seed", [20261129])
@pytest.mark.parametrize("zone", ZONES)
def test_every_clock_is_told_as_the_zone_tells_it(zone: str, seed: int) -> None:
    chance, own = random.Random(seed), ZoneInfo(zone)  # noqa: S311 - moments of a test
    clock, year = Clock(own), datetime(2026, 1, 1, tzinfo=UTC)
    anywhere = [year + timedelta(seconds=chance.uniform(0, 365 * 86400)) for _ in range(500)]
    near = [at + timedelta(minutes=chance.randint(-90, 90)) for at in _changes(own, year) for _ in range(40)]
    for moment in [*anywhere, *near]:
        expected = moment.astimezone(own).strftime("%Y-%m-%d %H:%M:%S")
        assert clock.told(moment) == clock.told(leaf.written(moment)) == expected


def _changes(zone: ZoneInfo, since: datetime) -> list[datetime]:
    """The hours of a year after which the zone is another distance from UTC."""
    moments = [since + timedelta(hours=number) for number in range(365 * 24)]
    away = [moment.astimezone(zone).utcoffset() for moment in moments]
    return [moments[place] for place in range(1, len(moments)) if away[place] != away[place - 1]]


def test_what_is_no_moment_has_no_text_and_one_without_a_zone_is_refused() -> None:
    clock = Clock(ZoneInfo("Asia/Tokyo"))
    assert clock.moments([None, "2026-11-24T03:00:05.999999Z", 7]) == [None, "2026-11-24 12:00:05", None]
    with pytest.raises(ValueError, match="without a time zone"):
        clock.told(datetime(2026, 11, 24))  # noqa: DTZ001 - what is refused


def test_a_table_reads_as_its_rows_do() -> None:
    rows = [(1, "a"), (2, "b"), (3, "c")]
    table = Table.of(rows)
    assert list(table) == rows
    assert (len(table), table[1], list(table[1:]), Table.of(table) is table) == (3, (2, "b"), rows[1:], True)
    assert list(Table.of([])) == []
    with pytest.raises(ValueError, match="several lengths"):
        Table[int | str]([[1, 2], ["a"]])
