"""The table of supervised lines says what the code measures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hardware.heartbeat import FRESH_FOR, HALF_PERIOD
from hardware.loop import LOOPS, bands_of

PAGE = (Path(__file__).parents[2] / "docs" / "supervised-inputs.md").read_text(encoding="utf-8")
ROWS = {
    row[0]: row[1:] for row in re.findall(r"^\| `([\w-]+)` \|(.*)\|(.*)\|(.*)\|(.*)\|(.*)\|(.*)\|(.*)\|$", PAGE, re.M)
}


def test_every_scheme_has_its_row() -> None:
    assert list(ROWS) == list(LOOPS)


@pytest.mark.parametrize("name", LOOPS)
def test_its_bands_stand_there_as_they_are(name: str) -> None:
    bands = {str(band.state): (band.low, band.high) for band in bands_of(LOOPS[name])}
    for state, cell in zip(("short", "normal", "active", "open"), ROWS[name][3:], strict=True):
        numbers = tuple(float(number) for number in re.findall(r"[\d.]+", cell))
        assert numbers == pytest.approx(bands.get(state, ()), abs=0.0006), state
    assert f"{LOOPS[name].reference / 1000:g} kΩ" in ROWS[name][2]


def test_the_wave_is_described_as_it_is() -> None:
    assert f"{1 / (2 * HALF_PERIOD):g} Hz" in PAGE
    assert f"within the last {FRESH_FOR:g} s" in PAGE
