"""Exported files: nothing in them acts, nothing is dropped, and they grow in constant memory."""

from __future__ import annotations

import csv
import io
import re
import tracemalloc
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO
from xml.etree import ElementTree as ET

import pytest

from admin_web.exports.csv_file import as_cp932, as_utf8
from admin_web.exports.harmless import text_only, visible
from admin_web.exports.sheet import Sheet, Value, Writer
from admin_web.exports.workbook import as_workbook
from controller.formula import is_formula

AT = "2026-11-24 12:00:05"
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "＝1+1", "＋1", "－1", "＠a", "−1", " =1", "　＝1", "\u200d=1", "﹢1")
FORMULAS_BEHIND_SIGNS = ("\t=1", "\r=1", "\n=1", "\u202e=1", "\ufeff=1", "\x00=1")
REORDERING = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "B", "S")
NAMESPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def sheet(
    rows: Sequence[Sequence[Value]], headings: Sequence[str] = ("a",), moments: frozenset[int] = frozenset()
) -> Sheet:
    return Sheet("Log", headings, [rows], moments)


def written(writer: Writer, rows: Sequence[Sequence[Value]], encoding: str = "utf-8-sig") -> list[list[str]]:
    file = io.BytesIO()
    writer(sheet(rows), file)
    return list(csv.reader(io.StringIO(file.getvalue().decode(encoding), newline="")))[1:]


def cells(file: IO[bytes], page: int = 1) -> list[list[tuple[str, str, bool]]]:
    """Type, text and whether it is marked as text, of every cell of a page."""
    with zipfile.ZipFile(file) as packed:
        tree = ET.fromstring(packed.read(f"xl/worksheets/sheet{page}.xml"))  # noqa: S314 - our own file
        styles = ET.fromstring(packed.read("xl/styles.xml"))  # noqa: S314 - our own file
    kinds = styles.findall(f"{NAMESPACE}cellXfs/{NAMESPACE}xf")
    quoted = [kind.get("quotePrefix") == "1" for kind in kinds]
    return [
        [(each.get("t", "n"), "".join(each.itertext()), quoted[int(each.get("s", "0"))]) for each in row]
        for row in tree.iter(f"{NAMESPACE}row")
    ]


def test_every_sign_that_turns_text_around_or_cannot_be_seen_is_named() -> None:
    for code in range(0x110000):
        each = chr(code)
        kind, way = unicodedata.category(each), unicodedata.bidirectional(each)
        if kind in ("Cc", "Cs", "Zl", "Zp") or way in REORDERING:
            assert visible(f"a{each}b") == f"a[U+{code:04X}]b"
    assert visible("髙橋 花子 👩\u200d💻 मक्\u200dष") == "髙橋 花子 👩\u200d💻 मक्\u200dष"


@pytest.mark.parametrize("text", [*FORMULAS, *FORMULAS_BEHIND_SIGNS])
def test_nothing_is_calculated_by_whoever_opens_a_csv(text: str) -> None:
    [[cell]] = written(as_utf8, [[text]])
    assert cell[0] in "'["
    assert cell.endswith(visible(text))


@pytest.mark.parametrize(("text", "told"), [("a;=1", "a;'=1"), ("a; ＝1;b", "a;' ＝1;b"), ("=1;-1", "'=1;'-1")])
def test_nothing_is_calculated_where_semicolons_separate_either(text: str, told: str) -> None:
    assert written(as_utf8, [[text]]) == [[told]]


def test_what_unicode_holds_to_be_such_a_sign_is_one_behind_a_semicolon_too() -> None:
    signs = [sign for code in range(0x110000) if is_formula(sign := chr(code)) and not sign.isspace()]
    assert len(signs) > 10
    for sign in signs:
        assert text_only(f"a;{sign}1") == f"a;'{sign}1", hex(ord(sign))


@pytest.mark.parametrize("text", ["Ada", "a=b", "3-1", "花子", "", "'=1", "1.5", "〜"])
def test_what_is_no_formula_stands_as_it_is(text: str) -> None:
    assert not is_formula(text)
    rows: Sequence[Sequence[Value]] = [[text, "x"]]
    assert written(as_utf8, rows) == [[text, "x"]]


@pytest.mark.parametrize("writer", [as_utf8, as_cp932])
def test_quotes_commas_and_line_ends_stay_in_their_cell(writer: Writer) -> None:
    rows: Sequence[Sequence[Value]] = [['a "b", c', "d\r\n=e", AT, 7, None]]
    assert written(writer, rows, "utf-8-sig" if writer is as_utf8 else "cp932") == [
        ['a "b", c', "d[U+000D][U+000A]=e", "2026-11-24 12:00:05", "7", ""]
    ]


def test_what_cp932_has_not_stands_as_its_name_and_is_counted() -> None:
    file = io.BytesIO()
    told = as_cp932(sheet([["𠮷野家"], ["髙橋・﨑"], ["〜−¢"], ["Zoë ¥𠮷"]]), file)
    assert file.getvalue().decode("cp932").splitlines()[1:] == [
        "[U+20BB7]野家", "髙橋・﨑", "～－￠", "Zo[U+00EB] [U+00A5][U+20BB7]"
    ]  # fmt: skip
    assert (told.rows, told.replaced) == (4, 4)


def test_a_minus_sign_that_cp932_makes_full_width_is_still_no_formula() -> None:
    assert written(as_cp932, [["−1+1"]], "cp932") == [["'－1+1"]]


def test_a_workbook_holds_text_as_text_and_moments_and_numbers_as_such() -> None:
    file = io.BytesIO()
    as_workbook(sheet([["=1+1", "Ada\u202e", AT, 7, None, "007", "http://x"]], list("abcdefg"), frozenset({2})), file)
    first, second = cells(file)
    assert [each[1] for each in first] == list("abcdefg")
    assert second == [
        ("inlineStr", "=1+1", True),
        ("inlineStr", "Ada[U+202E]", False),
        ("n", "46350.50005787037", False),
        ("n", "7", False),
        ("inlineStr", "007", False),
        ("inlineStr", "http://x", False),
    ]


def test_a_text_that_no_cell_can_hold_is_cut_visibly() -> None:
    file = io.BytesIO()
    as_workbook(sheet([["a" * 40_000]]), file)
    assert [len(cells(file)[1][0][1]), cells(file)[1][0][1][-1]] == [32_767, "…"]


def test_a_workbook_goes_on_in_further_sheets_when_one_is_full(tmp_path: Path) -> None:
    file = io.BytesIO()
    told = as_workbook(sheet([[number] for number in range(7)]), file, tmp_path, most_rows=4)
    assert told.rows == 7
    pages = [[row[0][1] for row in cells(file, page)] for page in (1, 2, 3)]
    assert pages == [["a", "0", "1", "2"], ["a", "3", "4", "5"], ["a", "6"]]
    with zipfile.ZipFile(file) as packed:
        assert re.findall(r'sheet name="([^"]+)"', packed.read("xl/workbook.xml").decode()) == ["Log", "Log 2", "Log 3"]
    assert list(tmp_path.iterdir()) == []


def test_a_workbook_that_is_stopped_is_not_packed(tmp_path: Path) -> None:
    def portions() -> Iterator[list[list[Value]]]:
        yield [[1], [2], [3]]
        raise LookupError("nobody wants it")

    file = io.BytesIO()
    with pytest.raises(LookupError):
        as_workbook(Sheet("Log", ["a"], portions()), file, tmp_path, most_rows=3)
    assert file.getvalue() == b""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("writer", [as_utf8, as_cp932, as_workbook])
def test_ten_times_the_rows_take_no_more_memory(writer: Writer, tmp_path: Path) -> None:
    def portions(count: int) -> Iterator[list[list[Value]]]:
        for start in range(0, count, 500):
            yield [[AT, f"person {number}", f"髙橋{number}", number] for number in range(start, start + 500)]

    def peak(count: int) -> int:
        with (tmp_path / str(count)).open("wb") as file:
            tracemalloc.start()
            try:
                assert writer(Sheet("Log", list("abcd"), portions(count)), file).rows == count
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

    peak(2_500)
    small, large = peak(2_500), peak(25_000)
    assert large < small + 1024 * 1024
