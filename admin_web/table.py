"""Rows that are kept by columns.

The law: what is done to every cell of a long list is done to a column at a time, and no object is made for a row until
somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeVar, overload

_Cell = TypeVar("_Cell")
_Other = TypeVar("_Other")


class Table(Sequence[Sequence[_Cell]], Generic[_Cell]):
    """Reads as a sequence of rows. columns: all of one length, which ValueError tells of."""

    def __init__(self, columns: Iterable[Sequence[_Cell]]) -> None:
        self.columns = tuple(columns)
        if len({len(column) for column in self.columns}) > 1:
            raise ValueError("columns of several lengths")

    @classmethod
    def of(cls, rows: Sequence[Sequence[_Other]]) -> Table[_Other]:
        """`rows` as a table; one already is."""
        return rows if isinstance(rows, Table) else Table(zip(*rows, strict=True))

    def __len__(self) -> int:
        return len(self.columns[0]) if self.columns else 0

    def __iter__(self) -> Iterator[Sequence[_Cell]]:
        return zip(*self.columns, strict=True)

    @overload
    def __getitem__(self, place: int) -> Sequence[_Cell]: ...
    @overload
    def __getitem__(self, place: slice) -> Table[_Cell]: ...
    def __getitem__(self, place: int | slice) -> Sequence[_Cell] | Table[_Cell]:
        if isinstance(place, slice):
            return Table(column[place] for column in self.columns)
        return tuple(column[place] for column in self.columns)
