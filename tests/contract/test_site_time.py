"""The site's clock as a table: what it shows, where it is known, and tables that are none."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import contract
from contract import canonical
from contract.canonical import Object
from contract.site_time import DAY_S, SiteTime
from controller.premises import site_clock

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ZONES = ("Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana")
"""Half an hour of daylight saving is Lord Howe's; Havana changes its clock at midnight."""
CHANGING = SiteTime("Test/Changing", ((1000, 3600), (5000, 7200), (9000, -3600)), 20_000)


def test_the_wall_clock_is_days_and_seconds_by_the_offset_of_that_second() -> None:
    assert CHANGING.local(4999) == (0, 8599)
    assert CHANGING.local(5000) == (0, 12_200)
    assert CHANGING.local(9000) == (0, 5400)
    assert SiteTime("Test/West", ((0, -18_000),), DAY_S).local(0) == (-1, DAY_S - 18_000)


def test_outside_the_table_the_nearest_offset_answers_and_nothing_is_known() -> None:
    assert CHANGING.local(0) == (0, 3600)
    assert CHANGING.local(30_000) == (0, 26_400)
    assert [CHANGING.known(second) for second in (999, 1000, 19_999, 20_000)] == [False, True, True, False]


def test_a_spell_ends_where_the_next_begins() -> None:
    assert [CHANGING.spell(second) for second in (1000, 4999, 5000, 9000)] == [
        (3600, 5000), (3600, 5000), (7200, 9000), (-3600, 20_000)
    ]  # fmt: skip


def test_a_table_survives_its_canonical_bytes() -> None:
    encoded = canonical.encode(CHANGING.as_object())
    assert SiteTime.from_object(canonical.decode_object(encoded)) == CHANGING


@pytest.mark.parametrize(
    "zone", ["Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana"]
)
@given(data=st.data())
def test_the_table_shows_what_the_time_zone_database_shows(zone: str, data: st.DataObject) -> None:
    table = site_clock.site_time(ZoneInfo(zone), NOW)
    near = [at + off for at, _ in table.transitions for off in (-1, 0, 1) if table.known(at + off)]
    second = data.draw(st.sampled_from(near) | st.integers(table.since, table.until - 1))
    shown = datetime.fromtimestamp(second, ZoneInfo(zone)).replace(tzinfo=UTC)
    assert table.local(second) == divmod(int(shown.timestamp()), DAY_S)


def test_neither_the_contract_nor_a_door_reads_a_time_zone_database() -> None:
    root = Path(contract.__file__).parents[1]
    sources = [*(root / "contract").rglob("*.py"), *(root / "door_agent").rglob("*.py")]
    assert len(sources) > 40
    assert [each.name for each in sources if "zoneinfo" in each.read_text(encoding="utf-8").lower()] == []


@pytest.mark.parametrize(
    "change",
    [
        {"transitions": []},
        {"transitions": [[1000, 0]] * 65},
        {"transitions": [[1000, 0], [1000, 3600]]},
        {"transitions": [[2000, 0], [1000, 3600]]},
        {"transitions": [[1000, 26 * 3600]]},
        {"transitions": [[1000, -26 * 3600]]},
        {"transitions": [[-1, 0]]},
        {"transitions": [[1000]]},
        {"transitions": [[1000, 0, 0]]},
        {"transitions": [["1000", 0]]},
        {"transitions": [[1000, True]]},
        {"transitions": [1000]},
        {"transitions": {}},
        {"until": 9000},
        {"until": None},
        {"zone": "x" * 65},
        {"zone": 9},
        {"leap": 37},
    ],
)
def test_a_table_that_is_none_is_refused(change: Object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        SiteTime.from_object({**CHANGING.as_object(), **change})


def test_an_offset_that_no_clock_has_is_refused() -> None:
    with pytest.raises(ValueError, match="26 hours"):
        SiteTime("Test/Far", ((0, 93_600),), 1)
