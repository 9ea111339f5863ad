"""A workbook for spreadsheets (XLSX), a row at a time in constant memory.

The law: text is written as text and marked as such, so that nothing is calculated, whatever it begins with and whoever
edits it. What is longer than one sheet can be goes on in further sheets with the same headings.
"""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from xlsxwriter import Workbook

from admin_web.exports.harmless import visible
from admin_web.exports.sheet import Row, Sheet, Written
from controller.formula import is_formula

MOST_ROWS = 1_048_576
"""Of one sheet, the headings counted."""
_LONGEST_TEXT = 32_767
_WIDTH = 20
_FORBIDDEN_IN_TITLES = str.maketrans("", "", "[]:*?/\\'")
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_date_format": "yyyy-mm-dd hh:mm:ss",
}


def as_workbook(sheet: Sheet, file: IO[bytes], folder: Path | None = None, most_rows: int = MOST_ROWS) -> Written:
    """Write `sheet` to `file`; sheets grow in files below `folder` until they are packed."""
    with tempfile.TemporaryDirectory(dir=folder, prefix="sekisho-workbook-") as growing:
        pages = _Pages(Workbook(file, {**_OPTIONS, "tmpdir": growing}), sheet, most_rows)
        try:
            for portion in sheet.portions:
                for row in portion:
                    pages.write(row)
        except BaseException:
            pages.abandon()
            raise
        pages.pack()
        return Written(pages.rows)


class _Pages:
    """The sheets of one workbook; a new one begins when the last is full."""

    def __init__(self, book: Workbook, sheet: Sheet, most_rows: int) -> None:
        self._book, self._sheet, self._most = book, sheet, most_rows
        self._bold = book.add_format({"bold": True})
        self._quoted = book.add_format({"quote_prefix": True})
        self._count = self.rows = 0
        self._begin()

    def write(self, row: Row) -> None:
        if self._next == self._most:
            self._begin()
        self._line(row, self._sheet.moments)
        self.rows += 1

    def pack(self) -> None:
        """Put the sheets into the file."""
        self._book.close()

    def abandon(self) -> None:
        """Leave it: packing what nobody wants would take as long as writing it did."""
        for page in self._book.worksheets():
            page.row_data_fh.close()

    def _begin(self) -> None:
        self._count += 1
        title = visible(self._sheet.title).translate(_FORBIDDEN_IN_TITLES)[:25]
        self._page: Any = self._book.add_worksheet(title if self._count == 1 else f"{title} {self._count}")
        self._page.set_column(0, len(self._sheet.headings) - 1, _WIDTH)
        self._page.freeze_panes(1, 0)
        self._next = 0
        self._line(self._sheet.headings, frozenset(), self._bold)

    def _line(self, row: Row, moments: frozenset[int], style: Any = None) -> None:
        for place, value in enumerate(row):
            if isinstance(value, int):
                self._page.write_number(self._next, place, value)
            elif value is not None and place in moments:
                self._page.write_datetime(self._next, place, datetime.fromisoformat(value))
            elif value is not None:
                text = _fitting(visible(value))
                self._page.write_string(self._next, place, text, self._quoted if is_formula(text) else style)
        self._next += 1


def _fitting(text: str) -> str:
    """What a cell can hold; that it was cut is seen."""
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"
