"""The page of two people names tests that exist, and every lever stands in its table."""

from __future__ import annotations

import re
from pathlib import Path

from controller.people.levers import Lever

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security" / "two-people.md").read_text(encoding="utf-8")
ROWS = {
    Lever.SCHEDULE: "schedule: ",
    Lever.DAY_ADDED: "calendar: a day added",
    Lever.DAY_CHANGED: "calendar: a day added, moved",
    Lever.DAY_REMOVED: "calendar: a day added, moved, taken out",
    Lever.AREA: "rules of a room",
    Lever.DOOR: "rules of a door",
    Lever.POINT: "rules of an entry",
    Lever.PIN: "rules of an entry",
    Lever.PIN_RULE: "rules of an entry",
    Lever.PRESET: "ready-made rules",
    Lever.PRIVATE: "private room made ordinary",
    Lever.TRAINING: "training that a room asks for",
    Lever.FORMATS: "card formats that an entry reads",
    Lever.ATTRIBUTE: "exemption, clearance",
    Lever.LEAVING: "leaving date",
    Lever.COMPLETION: "training recorded as completed",
    Lever.DOORWAY: "new door, further reader",
    Lever.READER: "new door, further reader",
    Lever.RETURN: "retired door brought back",
}


def test_every_named_test_exists() -> None:
    for file in set(re.findall(r"`(tests/[\w/]+\.py)`", PAGE)):
        assert (ROOT / file).is_file(), file
    written = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    for name in set(re.findall(r"`(test_\w+)`", PAGE)):
        assert f"def {name}(" in written, name


def test_every_lever_has_its_row() -> None:
    assert ROWS.keys() == set(Lever)
    for begins in ROWS.values():
        assert f"\n| {begins}" in PAGE, begins
