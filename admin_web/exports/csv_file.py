"""CSV as Excel reads it: UTF-8 with a byte order mark, or cp932 for a Japanese Excel that assumes it.

The law: a cell that would be calculated begins with an apostrophe; a character that cp932 has not stands as its name
and is counted.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import IO

from admin_web.exports.harmless import named, text_only, visible
from admin_web.exports.sheet import Sheet, Value, Written
from admin_web.table import Table

_SAME_IN_CP932 = str.maketrans(
    "\u301c\u2016\u2212\u00a2\u00a3\u00ac\u2014", "\uff5e\u2225\uff0d\uffe0\uffe1\uffe2\u2015"
)
"""Signs that cp932 holds at another code point, as Windows itself maps them."""


def as_utf8(sheet: Sheet, file: IO[bytes]) -> Written:
    """UTF-8 with a byte order mark."""
    file.write(codecs.BOM_UTF8)
    rows = 0
    for lines, text in _lines(sheet):
        file.write(text.encode("utf-8"))
        rows += lines
    return Written(rows)


def as_cp932(sheet: Sheet, file: IO[bytes]) -> Written:
    """Windows code page 932, the Japanese Shift_JIS of Microsoft."""
    rows = replaced = 0
    for lines, text in _lines(sheet):
        known, missing = _in_cp932(text)
        file.write(known)
        rows, replaced = rows + lines, replaced + missing
    return Written(rows, replaced)


def _lines(sheet: Sheet) -> Iterator[tuple[int, str]]:
    """The headings and then each portion: how many rows it holds, and its text."""
    ours = sheet.moments | sheet.stamps
    for counted, rows in chain([(0, [sheet.headings])], ((len(each), each) for each in sheet.portions)):
        columns = [
            column if counted and place in ours else _harmless(column)
            for place, column in enumerate(Table.of(rows).columns)
        ]
        text = io.StringIO(newline="")
        csv.writer(text).writerows(zip(*columns, strict=True))
        yield counted, text.getvalue()


def _harmless(column: Sequence[Value]) -> Iterable[Value]:
    """Each text of the column is looked at once: most come again and again, as doors, reasons and people do."""
    if str not in set(map(type, column)):
        return column
    known = {each: text_only(visible(each)) if isinstance(each, str) else each for each in set(column)}
    return map(known.__getitem__, column)


def _in_cp932(text: str) -> tuple[bytes, int]:
    """`text` in cp932, and how many of its characters stand as their names."""
    text = text.translate(_SAME_IN_CP932)
    missing = {each for each in set(text) if not _is_in_cp932(each)}
    count = sum(text.count(each) for each in missing)
    return text.translate({ord(each): named(each) for each in missing}).encode("cp932"), count


@lru_cache(65536)
def _is_in_cp932(character: str) -> bool:
    """Whether it comes back as it went: the codec turns a yen sign into a backslash without a word."""
    try:
        return character.encode("cp932").decode("cp932") == character
    except UnicodeEncodeError:
        return False
