"""PDF/A-3b: pages to read, print and keep, with the rows themselves as a CSV within and its hash on every page.

The law: a character that no font of this machine has is refused by name, never a blank box; text is data and nothing of
it is read as markup. The pages are set by a process of its own (`press`), because setting takes a hundred times the
memory of writing.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import PathFinder
from typing import IO, Any

from flask_babel import gettext

from admin_web.exports import columns, fonts, glyphs
from admin_web.exports.csv_file import as_utf8
from admin_web.exports.fonts import Fonts
from admin_web.exports.harmless import visible
from admin_web.exports.sheet import Made, Row, Sheet, StoppedError, Value, Written
from controller.refusal import Refused

MOST_ROWS = 10_000
_COMMAND = [sys.executable, "-P", "-m", "admin_web.exports.press"]
_LOOK_EVERY_S = 0.2
_LONGEST_SHOWN = 60
_GONE = (-6, -9)
"""Aborted for want of memory, by itself or by the kernel."""


def lacking() -> str | None:
    """The refusal that names what this machine lacks for a PDF; None when it has everything."""
    if PathFinder.find_spec("typst") is None:
        return "pdf-typesetter"
    return None if fonts.installed() else "pdf-font"


def as_pdf(sheet: Sheet, file: IO[bytes]) -> Written:
    """Refused pdf-rows, pdf-font, pdf-glyph (row, column, character, text) and pdf-large."""
    found = fonts.installed()
    if found is None:
        raise Refused("pdf-font")
    if sheet.made is None:
        raise ValueError("a PDF says who made it")
    rows = _all(sheet)
    kept = io.BytesIO()
    as_utf8(Sheet(sheet.title, sheet.headings, [rows], sheet.moments, sheet.stamps), kept)
    digest = hashlib.sha256(kept.getvalue()).hexdigest()
    cells = [[_text(value) for value in row] for row in rows]
    _check(sheet, sheet.made, cells, found)
    job = {**_page(sheet, sheet.made, len(rows), digest), **_table(sheet.headings, cells), **_lettering(found)}
    _press(json.dumps(job).encode() + b"\n" + kept.getvalue(), file, sheet)
    return Written(len(rows))


def _all(sheet: Sheet) -> Sequence[Row]:
    rows: list[Row] = []
    for portion in sheet.portions:
        rows += portion
        if len(rows) > MOST_ROWS:
            raise Refused("pdf-rows")
    return rows


def _text(value: Value) -> str:
    return visible(str(value)) if value is not None else ""


def _check(sheet: Sheet, made: Made, cells: Sequence[Sequence[str]], found: Fonts) -> None:
    """Every text of the pages by the fonts: refused by the row (0: above the rows), column and character."""
    known, seen = found.characters(), set[str]()
    for row, column, text in _texts(sheet, made, cells):
        if text in seen or text.isascii():
            continue
        seen.add(text)
        if lacked := glyphs.missing(text, known):
            codes = " ".join(f"U+{ord(each):04X}" for each in lacked)
            raise Refused("pdf-glyph", row=row, column=column, character=codes, text=text[:_LONGEST_SHOWN])


def _texts(sheet: Sheet, made: Made, cells: Sequence[Sequence[str]]) -> Iterator[tuple[int, str, str]]:
    for text in (sheet.title, made.by, *sheet.headings, *(text for _label, text in sheet.about)):
        yield 0, "", visible(text)
    for number, row in enumerate(cells, 1):
        for heading, text in zip(sheet.headings, row, strict=True):
            yield number, heading, text


def _page(sheet: Sheet, made: Made, count: int, digest: str) -> dict[str, Any]:
    """What stands above the rows and at the foot of each page."""
    at = f"{made.at:%Y-%m-%d %H:%M:%S} ({made.at.tzinfo})"
    said = [
        *sheet.about,
        (gettext("Time zone"), str(made.at.tzinfo)),
        (gettext("Made by"), made.by),
        (gettext("Made at"), at),
        (gettext("Rows"), f"{count:,}"),
        (gettext("SHA-256 of the rows"), digest),
    ]
    return {
        "title": visible(sheet.title),
        "author": visible(made.by),
        "made": at,
        "at": int(made.at.timestamp()),
        "language": made.language,
        "about": [[visible(label), columns.breakable(visible(text), columns.PORTRAIT)] for label, text in said],
        "page": gettext("Page {page} of {pages}"),
        "digest": f"{gettext('SHA-256 of the rows')}: {digest}",
        "attached": gettext("The rows as CSV: their SHA-256 stands on every page."),
    }


def _table(headings: Sequence[str], cells: Sequence[Sequence[str]]) -> dict[str, Any]:
    plan = columns.fitted([list(map(visible, headings)), *cells])
    fitting = [
        [columns.breakable(text, width) for text, width in zip(row, plan.widths, strict=True)]
        for row in (headings, *cells)
    ]
    return {"flipped": plan.flipped, "widths": plan.widths, "headings": fitting[0], "rows": fitting[1:]}


def _lettering(found: Fonts) -> dict[str, Any]:
    return {"families": list(found.families), "fonts": [str(each) for each in found.files]}


def _press(job: bytes, file: IO[bytes], sheet: Sheet) -> None:
    """Have the job set into `file`; what the press says is not kept, for it may repeat what it sets."""
    # The job lies in memory without a name, not in a pipe: nobody has to keep writing while it is waited for.
    with os.fdopen(os.memfd_create("sekisho-job"), "w+b") as given:
        given.write(job)
        given.seek(0)
        # No environment: nothing that this process knows is the press's to know.
        with subprocess.Popen(_COMMAND, stdin=given, stdout=file, stderr=subprocess.DEVNULL, env={}) as press:
            try:
                _await(press, sheet)
            except BaseException:  # also when this process is told to end: the press must not outlive who asked
                press.kill()
                raise
    if press.returncode in _GONE:
        raise Refused("pdf-large")
    if press.returncode:
        raise OSError("the press ended without a PDF")


def _await(press: subprocess.Popen[bytes], sheet: Sheet) -> None:
    """Until it has ended; StoppedError as soon as nobody wants the file any more."""
    while True:
        try:
            press.wait(_LOOK_EVERY_S)
        except subprocess.TimeoutExpired:
            if not sheet.wanted():
                raise StoppedError from None
        else:
            return
