"""A sheet to be written: headings, and rows in portions as they are read. What becomes of a value is its writer's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, TypeAlias

Value: TypeAlias = str | int | None
"""What a cell holds. A moment is text, 2026-11-24 12:00:05, of the clock that its heading names."""

Row: TypeAlias = Sequence[Value]


class StoppedError(Exception):
    """Nobody wants this file any more."""


@dataclass(frozen=True, slots=True)
class Written:
    """rows: how many; replaced: how many characters the encoding has not, and which therefore stand as their names."""

    rows: int
    replaced: int = 0


@dataclass(frozen=True, slots=True)
class Made:
    """by: the operator's name; at: aware, in the zone that the sheet's moments are of; language: en or ja."""

    by: str
    at: datetime
    language: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """title: names it inside a workbook; moments: which columns hold moments; stamps: which hold those of UTC as plain
    text; about: what a reader should know of it, as labels and texts; made: by whom and when; wanted: whether anybody
    still waits for it, for a writer that takes its time after the rows."""

    title: str
    headings: Sequence[str]
    portions: Iterable[Sequence[Row]]
    moments: frozenset[int] = frozenset()
    stamps: frozenset[int] = frozenset()
    about: Sequence[tuple[str, str]] = ()
    made: Made | None = None
    wanted: Callable[[], bool] = lambda: True


Writer: TypeAlias = Callable[[Sheet, IO[bytes]], Written]
"""Writes a sheet to a file, a portion at a time."""
