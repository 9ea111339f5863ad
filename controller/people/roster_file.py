"""Files of people: comma-separated text as spreadsheets write and read it, in UTF-8 or Shift_JIS (cp932).

The law: what is written here is read back as it was, in both encodings, and no cell of it is a formula to the program
that opens it. Such a cell, and one that begins with an apostrophe, is written with one more apostrophe in front, which
reading takes off again.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from controller.formula import is_formula
from controller.refusal import Refused

LONGEST: Final = 2 * 1024 * 1024
"""In bytes."""
MOST_ROWS: Final = 10_000
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


class Column(StrEnum):
    """number: the staff number, by which a row is somebody's; leaves: a date (its end) or a minute of the site."""

    NUMBER = "number"
    NAME = "name"
    KANA = "name_kana"
    LEAVES = "leaves"


class Encoding(StrEnum):
    UTF_8 = "utf-8"
    CP932 = "cp932"


JAPANESE: Final[Mapping[Column, str]] = {
    Column.NUMBER: "社員番号",
    Column.NAME: "氏名",
    Column.KANA: "フリガナ",
    Column.LEAVES: "退職日時",
}
"""The headings of a Japanese file; reading knows both."""
_HEADINGS: Final = {str(each): each for each in Column} | {name: each for each, name in JAPANESE.items()}
NEEDED: Final = (Column.NUMBER, Column.NAME)

_MOMENT: Final = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[ T](\d{1,2}):(\d{2})(?::\d{2})?)?", re.ASCII)

Cells = Mapping[Column, str]


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a file and the line on which it begins; cells: None when it has more or fewer than the heading."""

    number: int
    cells: Cells | None


def decoded(data: bytes) -> tuple[str, Encoding]:
    """The text of a file, and in what it is written: UTF-8 if it can be, else cp932; Refused file-large,
    file-encoding."""
    if len(data) > LONGEST:
        raise Refused("file-large")
    if data.startswith(_UTF_16) or b"\0" in data:
        raise Refused("file-encoding")
    try:
        return data.decode("utf-8-sig"), Encoding.UTF_8
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp932"), Encoding.CP932
    except UnicodeDecodeError as flaw:
        raise Refused("file-encoding") from flaw


def lines(text: str) -> Iterator[Line]:
    """The rows below the heading, one by one, without those that are empty; Refused file-columns, file-rows,
    file-broken."""
    reader, begins, columns, count = csv.reader(io.StringIO(text, newline=""), strict=True), 1, None, 0
    try:
        for found in reader:
            place, begins = begins, reader.line_num + 1
            row = [each.strip() for each in found]
            if not any(row):
                continue
            if columns is None:
                columns = _columns(row)
                continue
            count += 1
            if count > MOST_ROWS:
                raise Refused("file-rows")
            yield Line(place, _cells(columns, row))
    except csv.Error as flaw:
        raise Refused("file-broken", line=begins) from flaw
    if columns is None:
        raise Refused("file-columns")


def written(rows: Iterable[Cells], encoding: Encoding, *, japanese: bool) -> bytes:
    """A file with all columns; Refused file-letters when cp932 has no letter for somebody's name. In cp932 the heading
    is Japanese: such bytes are never taken for UTF-8."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([JAPANESE[each] if japanese or encoding is Encoding.CP932 else str(each) for each in Column])
    writer.writerows([[_kept_text(row.get(each, "")) for each in Column] for row in rows])
    if encoding is Encoding.UTF_8:
        return text.getvalue().encode("utf-8-sig")
    # A few letters (〜, −, ¢) are written as others that look like them: to be read back they must be refused too.
    data = text.getvalue().encode("cp932", "replace")
    if data.decode("cp932") != text.getvalue():
        raise Refused("file-letters")
    return data


def moment(text: str, zone: ZoneInfo) -> datetime | None:
    """What the cell *leaves* means: the end of a day, or a minute, on the site's clock; None for an empty one; Refused
    leaves-wrong."""
    if not text:
        return None
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise Refused("leaves-wrong")
    year, month, day, hour, minute = (int(each or 0) for each in found.groups())
    try:
        at = datetime(year, month, day, hour, minute, tzinfo=zone)
        return (at if found[4] else at + timedelta(days=1)).astimezone(UTC)
    except (ValueError, OverflowError) as flaw:
        raise Refused("leaves-wrong") from flaw


def moment_text(at: datetime | None, zone: ZoneInfo) -> str:
    """The shortest cell that means this minute."""
    if at is None:
        return ""
    local = at.astimezone(zone)
    if (local.hour, local.minute) == (0, 0):
        return (local - timedelta(days=1)).strftime("%Y-%m-%d")
    return local.strftime("%Y-%m-%d %H:%M")


def _columns(row: Sequence[str]) -> Sequence[Column]:
    """The columns of a heading. Spreadsheets leave empty cells at the end of it."""
    names = list(row)
    while names and not names[-1]:
        names.pop()
    columns = [_HEADINGS.get(name.casefold()) for name in names]
    known = [each for each in columns if each is not None]
    if len(known) < len(columns) or len(set(known)) < len(known) or not set(NEEDED) <= set(known):
        raise Refused("file-columns")
    return known


def _cells(columns: Sequence[Column], row: Sequence[str]) -> Cells | None:
    width = len(columns)
    if len(row) < width or any(row[width:]):
        return None
    return {column: _given_text(cell) for column, cell in zip(columns, row[:width], strict=True)}


def _kept_text(text: str) -> str:
    return f"'{text}" if _is_marked(text) else text


def _given_text(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _is_marked(cell[1:]) else cell


def _is_marked(text: str) -> bool:
    """Whether an apostrophe stands before it in the file: an own one too, or reading would take that off."""
    return text.startswith("'") or is_formula(text)
