"""Card formats as data: which lengths a reader may deliver and which parity they carry.

A format only says whether bits were read cleanly; permission is by whole identity, never by facility code.
Sources: HID "Understanding Card Data Formats" (H10301, 26 bits; H10306, 34 bits).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from contract.credential import Identity, Source


@dataclass(frozen=True, slots=True)
class Parity:
    """The bit at `position` makes the number of ones in it and `covers` (positions) even, or odd."""

    position: int
    covers: range
    odd: bool

    def holds(self, bits: str) -> bool:
        ones = bits[self.covers.start : self.covers.stop].count("1") + (bits[self.position] == "1")
        return ones % 2 == int(self.odd)


@dataclass(frozen=True, slots=True)
class Field:
    """A number inside the bits: first bit and count, most significant first."""

    name: str
    start: int
    length: int

    def of(self, bits: str) -> int:
        return int(bits[self.start : self.start + self.length], 2)


@dataclass(frozen=True, slots=True)
class CardFormat:
    """One layout of card bits from one class of reader."""

    name: str
    source: Source
    length: int
    fields: tuple[Field, ...] = ()
    parities: tuple[Parity, ...] = ()

    def fits(self, bits: str) -> bool:
        """Whether `bits` have this length and every parity holds."""
        return len(bits) == self.length and all(parity.holds(bits) for parity in self.parities)


FORMATS: dict[str, CardFormat] = {
    each.name: each
    for each in (
        CardFormat(
            "H10301",
            Source.WIEGAND,
            26,
            (Field("facility", 1, 8), Field("number", 9, 16)),
            (Parity(0, range(1, 13), odd=False), Parity(25, range(13, 25), odd=True)),
        ),
        CardFormat(
            "H10306",
            Source.WIEGAND,
            34,
            (Field("facility", 1, 16), Field("number", 17, 16)),
            (Parity(0, range(1, 17), odd=False), Parity(33, range(17, 33), odd=True)),
        ),
        CardFormat("serial-40", Source.SERIAL_HEX, 40, (Field("number", 0, 40),)),
        CardFormat("serial-32", Source.SERIAL_HEX, 32, (Field("number", 0, 32),)),
        CardFormat("serial-56", Source.SERIAL_HEX, 56, (Field("number", 0, 56),)),
    )
}


def read(source: Source, bits: str, allowed: Iterable[str]) -> Identity | None:
    """The identity of `bits` if one of the `allowed` formats (names) fits them, else None: not a clean read."""
    for name in allowed:
        known = FORMATS.get(name)
        if known is not None and known.source is source and known.fits(bits):
            return Identity(source, bits)
    return None
