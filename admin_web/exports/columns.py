"""How wide the columns of a printed table are, and where a word that fits none of them may be broken.

Widths are in units of half the height of the letters, and guessed on the wide side: a kanji takes two, a Latin letter a
little more than one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

PORTRAIT, LANDSCAPE = 165, 240
"""Units of an A4 page, upright and across, within its margins."""
_LEAST, _GAP = 4, 1
_BROADEST, _CAPITAL, _COMMON, _FOREIGN, _KANJI = 1.9, 1.4, 1.15, 1.5, 2.0
_BREAK = "\u200b"
"""No width, and a line may end here."""


@dataclass(frozen=True, slots=True)
class Columns:
    """flipped: whether the page lies across; widths: in units."""

    flipped: bool
    widths: Sequence[float]


def fitted(rows: Sequence[Sequence[str]]) -> Columns:
    """Room for every cell of `rows` (the headings among them) on one line where there is enough of it; where there is
    not, the widest columns give way first."""
    wanted = [max(_LEAST, *map(units, cells)) + _GAP for cells in zip(*rows, strict=True)]
    flipped = sum(wanted) > PORTRAIT
    return Columns(flipped, _shared(wanted, LANDSCAPE if flipped else PORTRAIT))


def units(text: str) -> float:
    """How wide `text` is, at most."""
    return sum(map(_units, text))


def breakable(text: str, width: float) -> str:
    """`text` with chances to break within every word that may be wider than its column; what fits stays as it is, so
    that it can be searched for."""
    if units(text) <= width:
        return text
    return re.sub(r"\S+", lambda word: word[0] if units(word[0]) <= width else _BREAK.join(_clusters(word[0])), text)


@cache
def _units(character: str) -> float:
    if character in "WM@%mw":
        return _BROADEST
    if character.isascii():
        return _CAPITAL if character.isupper() else _COMMON
    return _KANJI if unicodedata.east_asian_width(character) in "WFA" else _FOREIGN


def _clusters(word: str) -> Sequence[str]:
    """Its letters, each with the marks and selectors that belong to it."""
    found: list[str] = []
    for each in word:
        if found and (unicodedata.combining(each) or unicodedata.category(each) in ("Mn", "Me")):
            found[-1] += each
        else:
            found.append(each)
    return found


def _shared(wanted: Sequence[float], room: int) -> Sequence[float]:
    """The wanted widths, or where they are too many a highest one that makes them fit."""
    left, highest = float(room), 0.0
    for place, each in enumerate(sorted(wanted)):
        highest = left / (len(wanted) - place)
        if each > highest:
            break
        left -= each
    else:
        return [float(each) for each in wanted]
    return [min(float(each), highest) for each in wanted]
