"""A card format: how the bits of a card are laid out, read from bits and written back exactly.

The law: a format is data, and one that contradicts itself cannot be made. Every bit belongs to exactly one thing, so
that decoding and encoding are exact inverses of one another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from contract.credential import LONGEST_BITS, Source
from contract.layout import Coding, Field, Parity, spans

UNUSED = "unused"
"""The value under which decoding keeps bits that mean nothing (or whose meaning nobody published)."""

SHORTEST_BITS = 10
"""Shorter frames are keys of a keypad (4 or 8 bits), never a card."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,31}")
_FIELD_NAME = re.compile(r"[a-z][a-z-]{0,15}")


class Strength(StrEnum):
    """What the number on a card is worth. None of them proves a card genuine: whoever hears the bits can repeat them.

    OPEN_NUMBER: sold to anybody, duplicates exist; MANAGED_NUMBER: its seller hands out each number once;
    SERIAL_NUMBER: the chip's own serial number, readable by any phone and copied in seconds.
    """

    OPEN_NUMBER = "open-number"
    MANAGED_NUMBER = "managed-number"
    SERIAL_NUMBER = "serial-number"


class Verdict(StrEnum):
    """What the parities of a format say about bits; NONE: the format has no parity."""

    RIGHT = "right"
    WRONG = "wrong"
    NONE = "none"


class BadLayout(ValueError):
    """A layout contradicts itself; `flaws` names each contradiction and its mend."""

    def __init__(self, flaws: Iterable[str]) -> None:
        self.flaws = tuple(flaws)
        super().__init__("; ".join(self.flaws))


@dataclass(frozen=True, slots=True)
class Reading:
    """Bits as one format understands them. `values` by field name; a Reading `fits` unless its parity is wrong."""

    format: CardFormat
    bits: str = field(repr=False)
    values: Mapping[str, int] = field(repr=False)
    parity: Verdict

    @property
    def fits(self) -> bool:
        return self.parity is not Verdict.WRONG

    @property
    def facility(self) -> int | None:
        return self.values.get("facility")

    @property
    def number(self) -> int | None:
        return self.values.get("number")

    @property
    def issue(self) -> int | None:
        return self.values.get("issue")


@dataclass(frozen=True, slots=True)
class CardFormat:
    """One layout of card bits. `sources`: the classes of readers that may deliver it; `origin`: where it is published.

    Parities are listed in the order in which they are written: a later one may cover an earlier one's bit.
    """

    name: str
    sources: tuple[Source, ...]
    length: int
    fields: tuple[Field, ...]
    parities: tuple[Parity, ...] = ()
    ones: tuple[int, ...] = ()
    zeros: tuple[int, ...] = ()
    unused: tuple[int, ...] = ()
    title: str = ""
    strength: Strength = Strength.OPEN_NUMBER
    origin: str = ""
    _checks: tuple[tuple[int, int], ...] = field(init=False, repr=False, compare=False, default=())
    _fixed_mask: int = field(init=False, repr=False, compare=False, default=0)
    _fixed: int = field(init=False, repr=False, compare=False, default=0)
    _bounded: tuple[Field, ...] = field(init=False, repr=False, compare=False, default=())

    def __post_init__(self) -> None:
        """Refuse contradictions (BadLayout), and turn positions into whole-number masks: `fits` is on the hot path."""
        flaws = tuple(_flaws(self))
        if flaws:
            raise BadLayout(flaws)
        checks = tuple((self._mask((each.bit, *each.covers)), int(each.odd)) for each in self.parities)
        object.__setattr__(self, "_checks", checks)
        object.__setattr__(self, "_fixed_mask", self._mask(self.ones + self.zeros))
        object.__setattr__(self, "_fixed", self._mask(self.ones))
        bounded = [each for each in self.fields if each.coding is Coding.BCD or each.least or each.most is not None]
        object.__setattr__(self, "_bounded", tuple(bounded))

    def _mask(self, positions: Iterable[int]) -> int:
        return sum(1 << (self.length - 1 - place) for place in positions)

    def fits(self, bits: str) -> bool:
        """Whether `bits` have this length, every parity, every fixed bit and every range; ValueError for other signs
        than 0 and 1 where the length is right."""
        if len(bits) != self.length:
            return False
        number = int(bits, 2)
        for mask, odd in self._checks:
            if (number & mask).bit_count() & 1 != odd:
                return False
        if self._fixed_mask and number & self._fixed_mask != self._fixed:
            return False
        return not self._bounded or all(each.of(bits) is not None for each in self._bounded)

    def decode(self, bits: str) -> Reading | None:
        """What `bits` say in this format, whatever their parity; None when length, fixed bits or ranges are others."""
        if len(bits) != self.length or bits.strip("01"):
            return None
        number = int(bits, 2)
        values = {each.name: each.of(bits) for each in self.fields}
        known = {name: value for name, value in values.items() if value is not None}
        if number & self._fixed_mask != self._fixed or len(known) != len(values):
            return None
        if self.unused:
            known[UNUSED] = int("".join(bits[place] for place in self.unused), 2)
        right = all((number & mask).bit_count() & 1 == odd for mask, odd in self._checks)
        return Reading(self, bits, known, (Verdict.RIGHT if right else Verdict.WRONG) if self._checks else Verdict.NONE)

    def encode(self, values: Mapping[str, int]) -> str:
        """The bits with these values and right parities; what is left out is its smallest value, ValueError for a
        name the format does not have or a number out of range."""
        unused = (Field(UNUSED, self.unused),) if self.unused else ()
        numbers = {each.name: each for each in self.fields + unused}
        strange = values.keys() - numbers.keys()
        if strange:
            raise ValueError(f"{self.name} has no {', '.join(sorted(strange))}; it has {', '.join(numbers)}")
        bits = ["0"] * self.length
        for place in self.ones:
            bits[place] = "1"
        for name, each in numbers.items():
            for place, bit in zip(each.bits, each.written(values.get(name, each.least)), strict=True):
                bits[place] = bit
        for parity in self.parities:
            count = sum(bits[place] == "1" for place in parity.covers)
            bits[parity.bit] = str(count % 2 ^ parity.odd)
        return "".join(bits)

    def drawn(self) -> tuple[str, ...]:
        """The layout as the trade draws it: one letter a bit, then one line for each parity (X: covered)."""
        letters = ["."] * self.length
        for each in self.fields:
            for place in each.bits:
                letters[place] = each.name[0].upper()
        for place in self.ones + self.zeros:
            letters[place] = "1" if place in self.ones else "0"
        for parity in self.parities:
            letters[parity.bit] = "P"
        lines = ["".join(letters)]
        for parity in self.parities:
            covered = ["X" if place in parity.covers else "." for place in range(self.length)]
            covered[parity.bit] = "O" if parity.odd else "E"
            lines.append("".join(covered))
        return tuple(lines)

    def unprotected(self) -> tuple[int, ...]:
        """Bits of fields that no parity covers: one of them flipped on the wire is another card, unnoticed."""
        covered = {place for parity in self.parities for place in parity.covers}
        return tuple(sorted({place for each in self.fields for place in each.bits} - covered))


def _flaws(found: CardFormat) -> Iterator[str]:
    """Every contradiction of a layout, each with what to do about it."""
    if not _NAME.fullmatch(found.name):
        yield f"the name {found.name[:40]!r} must be 1 to 32 letters, digits and hyphens; rename it"
    if not SHORTEST_BITS <= found.length <= LONGEST_BITS:
        yield f"length {found.length} must be from {SHORTEST_BITS} to {LONGEST_BITS} bits; correct it"
        return
    if not found.sources:
        yield f"no class of reader delivers it; list one or more of {', '.join(Source)} in sources"
    yield from _misplaced(found)
    yield from _wrong_fields(found)
    yield from _wrong_parities(found)


def _owners(found: CardFormat) -> Iterator[tuple[str, tuple[int, ...]]]:
    for each in found.fields:
        yield f"field {each.name}", each.bits
    for number, parity in enumerate(found.parities, 1):
        yield f"parity {number}", (parity.bit,)
    yield from (("one", found.ones), ("zero", found.zeros), ("unused", found.unused))


def _misplaced(found: CardFormat) -> Iterator[str]:
    """Bits outside the frame, bits that two things claim, bits that nothing claims."""
    claimed: dict[int, str] = {}
    for owner, places in _owners(found):
        outside = sorted({place for place in places if not 0 <= place < found.length})
        if outside:
            yield f"{owner} has bit {spans(outside)}, but a frame of {found.length} bits ends at {found.length - 1}"
        for place in places:
            if place in claimed:
                yield f"bit {place} belongs to {claimed[place]} and to {owner}; leave it in one of them"
            claimed.setdefault(place, owner)
    holes = [place for place in range(found.length) if place not in claimed]
    if holes:
        yield f'nothing says what bit {spans(holes)} is; if it means nothing, write unused = "{spans(holes)}"'


def _wrong_fields(found: CardFormat) -> Iterator[str]:
    names = [each.name for each in found.fields]
    if "number" not in names:
        yield "there is no field 'number'; name the bits of the card number"
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"there are two fields '{name}'; rename one"
    for each in found.fields:
        if not _FIELD_NAME.fullmatch(each.name) or each.name == UNUSED:
            yield f"a field cannot be called {each.name[:20]!r}; use lowercase letters, such as facility or issue"
        if not each.bits:
            yield f"field {each.name} has no bits; list them"
        elif each.coding is Coding.BCD and len(each.bits) % 4:
            yield f"field {each.name} is BCD with {len(each.bits)} bits; each digit takes 4"
        elif not 0 <= each.least <= each.largest <= each.capacity:
            range_ = f"{each.least} to {each.largest}"
            yield f"field {each.name} is {range_}, but its bits hold 0 to {each.capacity}; correct least and most"


def _wrong_parities(found: CardFormat) -> Iterator[str]:
    bits = [parity.bit for parity in found.parities]
    for number, parity in enumerate(found.parities, 1):
        outside = sorted({place for place in parity.covers if not 0 <= place < found.length})
        if outside:
            yield f"parity {number} covers bit {spans(outside)}, but the frame ends at {found.length - 1}"
        if not parity.covers:
            yield f"parity {number} covers nothing; list the bits it covers"
        if len(set(parity.covers)) != len(parity.covers):
            yield f"parity {number} covers a bit twice, which is not covering it; list every bit once"
        if parity.bit in parity.covers:
            yield f"parity {number} covers its own bit {parity.bit}; leave it out"
        later = sorted(set(bits[number:]) & set(parity.covers))
        if later:
            yield f"parity {number} covers bit {spans(later)}, a parity listed after it; list that one first"
