"""Which characters a font can show: its `cmap`, read from the file (OpenType 1.9, sections cmap and ttcf).

The law: only the table of characters is read, of the first face of a file; nothing is drawn here. A file that is no
font is a ValueError.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_UNICODE = ((3, 10), (0, 6), (0, 4), (3, 1), (0, 3))
"""Platform and encoding of tables of Unicode, the fullest first."""
_SEQUENCES = (0, 5)
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Characters:
    """spans: what it has, sorted, both ends within; varied: what it has before each variation selector."""

    spans: Sequence[Span]
    varied: Mapping[int, Sequence[Span]]

    def has(self, code: int) -> bool:
        return _within(self.spans, code)

    def has_varied(self, code: int, selector: int) -> bool:
        """Whether it knows this form of the character: another one would be somebody else's name."""
        return _within(self.varied.get(selector, ()), code)


def is_selector(code: int) -> bool:
    """Whether this only says which form of the character before it is meant."""
    return 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF


def missing(text: str, fonts: Sequence[Characters]) -> str:
    """The first character of `text` that no font has, with its selector; empty when there is none."""
    for place, character in enumerate(text):
        code = ord(character)
        if not is_selector(code):
            if not any(font.has(code) for font in fonts):
                return character
        elif place == 0 or not any(font.has_varied(ord(text[place - 1]), code) for font in fonts):
            return text[max(0, place - 1) : place + 1]
    return ""


@cache
def characters(path: Path) -> Characters:
    """What the font (or the first font of a collection) in this file can show."""
    try:
        return _read(path.read_bytes())
    except (struct.error, IndexError, StopIteration) as flaw:
        raise ValueError(f"{path.name} is no font that can be read") from flaw


def _read(data: bytes) -> Characters:
    begins = _long(data, 12) if data[:4] == b"ttcf" else 0
    (count,) = struct.unpack_from(">H", data, begins + 4)
    records = (struct.unpack_from(">4sIII", data, begins + 12 + 16 * each) for each in range(count))
    cmap = next(offset for tag, _sum, offset, _length in records if tag == b"cmap")
    (tables,) = struct.unpack_from(">H", data, cmap + 2)
    listed = [struct.unpack_from(">HHI", data, cmap + 4 + 8 * each) for each in range(tables)]
    found = {(platform, encoding): cmap + offset for platform, encoding, offset in listed}
    plain = next(found[each] for each in _UNICODE if each in found)
    varied = dict(_varied(data, found[_SEQUENCES])) if _SEQUENCES in found else {}
    return Characters(_joined(_spans(data, plain)), varied)


def _spans(data: bytes, at: int) -> Iterator[Span]:
    (form,) = struct.unpack_from(">H", data, at)
    if form == 12:
        for each in range(_long(data, at + 12)):
            first, last, _glyph = struct.unpack_from(">III", data, at + 16 + 12 * each)
            yield first, last
    elif form == 4:
        yield from _segments(data, at)
    else:
        raise ValueError("the characters of this font are listed in a way that is not known here")


def _segments(data: bytes, at: int) -> Iterator[Span]:
    """Format 4: segments whose characters may still lead to glyph 0, which is the blank box."""
    (twice,) = struct.unpack_from(">H", data, at + 6)
    count = twice // 2
    ends = struct.unpack_from(f">{count}H", data, at + 14)
    starts, deltas, ranges = (struct.unpack_from(f">{count}H", data, at + 16 + twice * each) for each in (1, 2, 3))
    for place, (start, end, delta, within) in enumerate(zip(starts, ends, deltas, ranges, strict=True)):
        base = at + 16 + twice * 3 + 2 * place + within
        for code in range(start, min(end, 0xFFFE) + 1):
            glyph = struct.unpack_from(">H", data, base + 2 * (code - start))[0] if within else code + delta
            if glyph & 0xFFFF:
                yield code, code


def _varied(data: bytes, at: int) -> Iterator[tuple[int, Sequence[Span]]]:
    """Format 14: for each selector the characters whose form it leaves as it is, and those that it changes."""
    for each in range(_long(data, at + 6)):
        record = at + 10 + 11 * each
        same, other = struct.unpack_from(">II", data, record + 3)
        found: list[Span] = []
        if same:
            for one in range(_long(data, at + same)):
                first = at + same + 4 + 4 * one
                found.append((_three(data, first), _three(data, first) + data[first + 3]))
        if other:
            codes = [_three(data, at + other + 4 + 5 * one) for one in range(_long(data, at + other))]
            found += [(code, code) for code in codes]
        yield _three(data, record), _joined(found)


def _joined(spans: Iterator[Span] | Sequence[Span]) -> Sequence[Span]:
    found: list[Span] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def _within(spans: Sequence[Span], code: int) -> bool:
    place = bisect_right(spans, (code, 0x110000)) - 1
    return place >= 0 and code <= spans[place][1]


def _long(data: bytes, at: int) -> int:
    return int(struct.unpack_from(">I", data, at)[0])


def _three(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 3], "big")
