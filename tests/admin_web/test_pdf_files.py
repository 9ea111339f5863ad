"""A PDF says what its rows say: nothing is blank, acts or is left out, and its hash is that of the rows within."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale
from pypdf import PdfReader

from admin_web.exports import columns, fonts, glyphs, pdf_file
from admin_web.exports.kinds_of_file import KINDS
from admin_web.exports.making import Exports
from admin_web.exports.pdf_file import MOST_ROWS, as_pdf
from admin_web.exports.sheet import Made, Row, Sheet, StoppedError
from controller.database import transaction
from controller.people import cardholder
from controller.refusal import Refused
from tests.admin_web.conftest import BASE, field, signed_in
from tests.admin_web.test_reports_and_exports import asked, exports, fetched, site, text
from tests.conftest import need
from tests.controller.conftest import NOW, House
from tests.controller.doorway import Site

__all__ = ["exports", "site"]
AT = datetime(2026, 11, 24, 12, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
HOSTILE = (
    '#read("/etc/passwd")', "$ x^2 $ *bold* _it_ `raw` @ref <label> // no /* no */", "\\ \\u{41} = heading - + /",
    "[#panic()]", "a\u202eb\u2066c", "\x1b[31m\x00\r\n\t", "=1+1", '"; drop', "fi ffl --- ... 'quote' \"quote\"",
)  # fmt: skip


@pytest.fixture(autouse=True)
def japanese() -> None:
    need("fonts-noto-cjk", fonts.installed())


def sheet(rows: Sequence[Row], language: str = "en", **more: Any) -> Sheet:
    headings = [f"h{place}" for place in range(len(rows[0]) if rows else 1)]
    given = {"headings": headings, "portions": [rows], "about": [("Filters", "Door: Cedar")], **more}
    return Sheet("Refusals", made=Made("Olu", AT, language), **given)


@pytest.fixture
def set_by(app: Flask, tmp_path: Path) -> Any:
    names = count()

    def set_it(given: Sheet, language: str = "en") -> PdfReader:
        path = tmp_path / f"{next(names)}.pdf"
        with app.app_context(), force_locale(language), path.open("wb") as file:
            as_pdf(given, file)
        return PdfReader(path)

    return set_it


def words_of(read: PdfReader) -> str:
    """All text without its spaces and line ends, which lie where lines were broken, and without chances to break."""
    return re.sub(r"[\s\u200b]", "", "".join(page.extract_text() for page in read.pages))


def fonts_of(read: PdfReader) -> Iterator[Any]:
    for page in read.pages:
        resources: Any = page["/Resources"]
        for font in resources.get("/Font", {}).values():
            for each in font.get_object().get("/DescendantFonts", [font]):
                yield each.get_object()["/FontDescriptor"].get_object()


def attached(read: PdfReader) -> bytes:
    [data] = read.attachments["rows.csv"]
    return data


def test_it_is_pdf_a_with_every_font_within_and_opens_nothing(set_by: Any) -> None:
    read = set_by(sheet([["髙橋 𠮷郎", "שלום"]]))
    told = read.xmp_metadata.stream.get_data().decode()
    assert re.search(r'pdfaid:part(>|=")3', told)
    assert re.search(r'pdfaid:conformance(>|=")B', told)
    [intent] = read.trailer["/Root"]["/OutputIntents"]
    assert intent.get_object()["/S"] == "/GTS_PDFA1"
    assert intent.get_object()["/DestOutputProfile"].get_object().get_data()
    assert all({"/FontFile", "/FontFile2", "/FontFile3"} & each.keys() for each in fonts_of(read))
    assert not {"/OpenAction", "/AA", "/AcroForm"} & read.trailer["/Root"].keys()
    assert not read.is_encrypted
    assert (read.metadata.title, read.metadata.author) == ("Refusals", "Olu")


def test_every_row_stands_in_its_text_and_its_hash_on_every_page(set_by: Any) -> None:
    rows = [[f"row{number}", "Cedar room", f"{AT:%Y-%m-%d %H:%M:%S}", number, None] for number in range(200)]
    read = set_by(sheet(rows))
    shown = words_of(read)
    for row in rows:
        assert f"{row[0]}Cedarroom2026-11-2412:00:00{row[3]}" in shown
    digest = hashlib.sha256(attached(read)).hexdigest()
    pages = len(read.pages)
    assert pages > 2
    for number, page in enumerate(read.pages, 1):
        assert f"Page {number} of {pages}" in page.extract_text()
        assert digest in page.extract_text()
        assert "h0" in page.extract_text()
    for each in ("Filters", "Door:Cedar", "Asia/Tokyo", "MadebyOlu", "2026-11-2412:00:00", "Rows200"):
        assert each in shown
    found = list(csv.reader(io.StringIO(attached(read).decode("utf-8-sig"), newline="")))
    assert [each[0] for each in found[1:]] == [row[0] for row in rows]


def test_it_is_in_the_language_of_whoever_asked(set_by: Any) -> None:
    read = set_by(sheet([["髙橋"]], "ja"), "ja")
    assert "1/1ページ" in words_of(read)
    assert read.trailer["/Root"]["/Lang"] == "ja"


def test_what_somebody_wrote_is_data_and_stands_as_it_was_written(set_by: Any) -> None:
    read = set_by(sheet([[each, "x" * 5] for each in HOSTILE], about=[("Filters", HOSTILE[0])]))
    shown = words_of(read)
    for each in HOSTILE:
        assert re.sub(r"\s", "", pdf_file._text(each)) in shown, each
    assert shown.count(HOSTILE[0]) == 2
    assert "[U+202E]" in shown
    assert "[U+001B]" in shown


def test_a_word_wider_than_its_column_is_broken_and_whole(set_by: Any) -> None:
    long = ["W" * 400, "あ" * 300, "1e00000002", "2026-11-24T03:01:40.000000Z"]
    shown = words_of(set_by(sheet([long * 2])))
    for each in long:
        assert shown.count(each) == 2


def test_columns_give_way_only_where_the_page_ends() -> None:
    narrow = columns.fitted([["abc", "de"]])
    assert not narrow.flipped
    assert columns.breakable("abc", narrow.widths[0]) == "abc"
    wide = columns.fitted([["a" * 400, "1e00000002"]])
    assert wide.flipped
    assert sum(wide.widths) == pytest.approx(columns.LANDSCAPE)
    assert columns.breakable("1e00000002", wide.widths[1]) == "1e00000002"
    assert columns.breakable("ab c\u0301d", 1) == "a\u200bb c\u0301\u200bd"


@pytest.mark.parametrize(("text", "codes"), [("ก", "U+0E01"), ("a\U000e0100", "U+0061 U+E0100"), ("\ue000", "U+E000")])
def test_a_character_that_no_font_has_is_refused_by_row_and_name(set_by: Any, text: str, codes: str) -> None:
    with pytest.raises(Refused) as refused:
        set_by(sheet([["a", "b"], ["c", f"Somchai {text}"]]))
    assert refused.value.code == "pdf-glyph"
    assert refused.value.details == {"row": 2, "column": "h1", "character": codes, "text": f"Somchai {text}"}
    for above in ({"about": [("Filters", text)]}, {"headings": [text]}, {"made": Made(text, AT, "en")}):
        with pytest.raises(Refused) as refused:
            set_by(replace(sheet([["a"]]), **above))
        assert refused.value.details["row"] == 0


def test_forms_of_a_kanji_that_the_font_knows_are_kept(set_by: Any) -> None:
    assert "葛\U000e0100城" in words_of(set_by(sheet([["葛\U000e0100城", "a"]])))


def test_the_characters_of_a_font_are_read_from_its_own_table(tmp_path: Path) -> None:
    found = fonts.installed()
    assert found is not None
    noto = found.characters()[0]
    assert glyphs.missing("髙﨑𠮷辻邉邊齋濵祐彅咖鷗 Aé", [noto]) == ""
    assert glyphs.missing("ab\U0001f600", [noto]) == "\U0001f600"
    assert glyphs.missing("\U000e0100", [noto]) == "\U000e0100"
    for data in (b"", b"ttcf", b"not a font at all" * 9):
        (tmp_path / f"{len(data)}.ttf").write_bytes(data)
        with pytest.raises(ValueError, match="no font"):
            glyphs.characters(tmp_path / f"{len(data)}.ttf")


def test_more_than_it_holds_is_refused_as_soon_as_it_is_read(app: Flask, tmp_path: Path) -> None:
    def endless() -> Iterator[list[Row]]:
        for number in count():
            assert number <= MOST_ROWS // 1000
            yield [["a"]] * 1000

    with (tmp_path / "x").open("wb") as file, pytest.raises(Refused, match="10,000"):
        as_pdf(Sheet("a", ["h"], endless(), made=Made("Olu", AT, "en")), file)


def test_one_that_nobody_wants_any_more_ends_the_press(set_by: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_file, "_LOOK_EVERY_S", 0.0)
    with pytest.raises(StoppedError):
        set_by(sheet([["a"]], wanted=lambda: False))


def test_a_long_job_comes_to_its_end_however_often_it_is_looked_after(
    set_by: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf_file, "_LOOK_EVERY_S", 0.001)
    read = set_by(sheet([[f"row {number}", "x" * 200] for number in range(1000)]))
    assert "row999" in words_of(read)


def test_a_press_without_memory_says_so(set_by: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    small = (
        f"import sys; from admin_web.exports import press; press.MOST_MEMORY = {48 * 1024**2}; sys.exit(press.main())"
    )
    monkeypatch.setattr(pdf_file, "_COMMAND", [sys.executable, "-P", "-c", small])
    with pytest.raises(Refused, match="memory"):
        set_by(sheet([["a", "b"]] * 5000))


def test_it_is_asked_for_and_fetched_like_any_other_file(
    client: FlaskClient, exports: Exports, house: House, site: Site
) -> None:
    signed_in(client, "olu")
    page = asked(client, "/exports/of/log?outcome=REFUSE", "pdf")
    answer = fetched(client, exports, page)
    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF-")
    shown = words_of(PdfReader(io.BytesIO(answer.data)))
    for each in ("Ben1e00000002", "Result:Refused", "Nopermissionhere", "MadebyOlu"):
        assert each in shown
    table = fetched(client, exports, asked(client, "/exports/of/log?outcome=REFUSE", "csv"))
    assert attached(PdfReader(io.BytesIO(answer.data))) == table.data
    answer = fetched(client, exports, asked(client, "/exports/of/muster", "pdf"))
    assert "Ada" in words_of(PdfReader(io.BytesIO(answer.data)))


def test_what_cannot_be_made_is_said_before_and_refused(
    client: FlaskClient, exports: Exports, house: House, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in(client, "olu")

    def check(sentence: str) -> None:
        shown = text(client, "/exports/of/log")
        assert re.search(r'value="pdf" disabled', shown)
        assert sentence in shown
        data = {"form": "pdf", "purpose": "x", "csrf_token": field(shown)}
        answer = client.post("/exports/of/log", data=data, base_url=BASE)
        assert answer.status_code == 409
        assert sentence in answer.get_data(as_text=True)

    with monkeypatch.context() as patched:
        patched.setitem(KINDS, "pdf", replace(KINDS["pdf"], most=1))
        check("10,000 rows")
    with monkeypatch.context() as patched:
        patched.setattr(fonts, "JAPANESE", ())
        check("fonts-noto-cjk")
    monkeypatch.setattr(sys, "path", [])
    check("library typst")
    assert exports._makings == []


def test_a_name_that_no_font_has_is_told_on_the_page_of_the_file(
    client: FlaskClient, exports: Exports, house: House, site: Site
) -> None:
    with transaction(house.engine) as session:
        cardholder.rename(session, "operator:1", NOW, house.holder(session, "Ben"), "สมชาย")
    signed_in(client, "olu")
    page = asked(client, "/exports/of/log?outcome=REFUSE", "pdf")
    assert fetched(client, exports, page).status_code == 404
    assert "It is U+0E2A in row 1, Person: สมชาย" in text(client, page)
