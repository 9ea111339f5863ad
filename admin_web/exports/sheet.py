"""A sheet to be written: headings, and rows in portions as they are read. What becomes of a value is its writer's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import IO, TypeAlias

Value: TypeAlias = str | int | None
"""What a cell holds. A moment is text, 2026-11-24 12:00:05, of the clock that its heading names."""

Row: TypeAlias = Sequence[Value]


@dataclass(frozen=True, slots=True)
class Written:
    """rows: how many; replaced: how many characters the encoding has not, and which therefore stand as their names."""

    rows: int
    replaced: int = 0


@dataclass(frozen=True, slots=True)
class Sheet:
    """title: names it inside a workbook; moments: which columns hold moments; stamps: which hold
    moments of UTC as plain text."""

    title: str
    headings: Sequence[str]
    portions: Iterable[Sequence[Row]]
    moments: frozenset[int] = frozenset()
    stamps: frozenset[int] = frozenset()


Writer: TypeAlias = Callable[[Sheet, IO[bytes]], Written]
"""Writes a sheet to a file, a portion at a time."""
