"""A card format as it is drawn: the bits in their order, joined where neighbours belong to the same thing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from contract.card_format import CardFormat

_WIDE = 4
"""Bits that a name needs; a narrower piece shows one letter."""


class Piece(StrEnum):
    FIELD = "field"
    PARITY = "parity"
    FIXED = "fixed"
    UNUSED = "unused"


@dataclass(frozen=True, slots=True)
class Span:
    """Neighbouring bits, `first` to `last`, of one thing. name: of a field, or 0 or 1 of fixed bits."""

    piece: Piece
    name: str
    first: int
    last: int

    @property
    def width(self) -> int:
        return self.last - self.first + 1

    @property
    def wide(self) -> bool:
        return self.width >= _WIDE


def drawn(found: CardFormat) -> list[Span]:
    """The whole frame from its first bit; every bit is in one span."""
    owners = dict(_owners(found))
    placed = [(owners[place], place) for place in range(found.length)]
    spans = []
    for (piece, name), run in groupby(placed, key=lambda each: each[0]):
        places = [place for _, place in run]
        spans.append(Span(piece, name, places[0], places[-1]))
    return spans


def _owners(found: CardFormat) -> Iterator[tuple[int, tuple[Piece, str]]]:
    for each in found.fields:
        yield from ((place, (Piece.FIELD, each.name)) for place in each.bits)
    yield from ((parity.bit, (Piece.PARITY, str(number))) for number, parity in enumerate(found.parities))
    yield from ((place, (Piece.FIXED, "1")) for place in found.ones)
    yield from ((place, (Piece.FIXED, "0")) for place in found.zeros)
    yield from ((place, (Piece.UNUSED, "")) for place in found.unused)
