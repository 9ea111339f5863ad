"""The kinds of files that can be asked for, by the name of each in a form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _

from admin_web.exports.csv_file import as_cp932, as_utf8
from admin_web.exports.pdf_file import MOST_ROWS, as_pdf, lacking
from admin_web.exports.sheet import Writer
from admin_web.exports.workbook import as_workbook


@dataclass(frozen=True, slots=True)
class KindOfFile:
    """title, told: what it is called, and for whom it is; suffix, mimetype: of the file; writer: makes it, given a
    folder for what grows meanwhile; most, beyond: how many rows it holds, and the refusal of more; lacking: the refusal
    while this machine lacks something for it, None while it lacks nothing."""

    title: Any
    told: Any
    suffix: str
    mimetype: str
    writer: Callable[[Path], Writer]
    most: int | None = None
    beyond: str = ""
    lacking: Callable[[], str | None] = lambda: None

    def refusal(self, rows: int) -> str | None:
        """The code of the refusal to make one of so many rows; None when it can be made."""
        return self.beyond if self.most is not None and rows > self.most else self.lacking()


_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KINDS = {
    "xlsx": KindOfFile(
        _("Workbook (XLSX)"),
        _("For Excel and LibreOffice: numbers keep their leading zeros, and nothing is calculated."),
        "xlsx",
        _WORKBOOK,
        lambda folder: partial(as_workbook, folder=folder),
    ),
    "csv": KindOfFile(
        _("CSV, UTF-8"),
        _("For programs and recent spreadsheets. What would be calculated begins with an apostrophe."),
        "csv",
        "text/csv; charset=utf-8",
        lambda _folder: as_utf8,
    ),
    "csv-cp932": KindOfFile(
        _("CSV, Shift_JIS (cp932)"),
        _("For older Japanese Excel. A character that it does not have stands as its number, and you are told."),
        "csv",
        "text/csv; charset=windows-31j",
        lambda _folder: as_cp932,
    ),
    "pdf": KindOfFile(
        _("PDF/A"),
        _("For reading, paper and archives, with filters, maker and a hash of the rows. At most 10,000 rows."),
        "pdf",
        "application/pdf",
        lambda _folder: as_pdf,
        MOST_ROWS,
        "pdf-rows",
        lacking,
    ),
}
