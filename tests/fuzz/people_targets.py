"""What people bring to the centre: a file of people is rows or refused and written back the same; a name is found."""

from __future__ import annotations

from typing import Final

from controller.people import folding, roster_file
from controller.people.roster_file import NEEDED, Cells, Column, Encoding
from controller.refusal import Refused
from tests.fuzz.engine import Target

_WATCHED: Final = ("controller/people/",)
_FILE: Final = 'number,name,name_kana,leaves\r\n1,"A, B",ア,2027-03-31\r\n2,\'=x,,2027/3/31 9:05\r\n'
_NAMES: Final = ("渡邊 翔太 ﾜﾀﾅﾍﾞ ショウタ", "Satoh O'Brien-Zoë", "jun'ichi シヨウ ヴぁ っちー", "=cmd 🙂 \u202e12-A")


def people_files(wire: bytes) -> None:
    try:
        found = list(roster_file.lines(roster_file.decoded(wire)[0]))
    except Refused as refused:
        if not refused.code.startswith("file-"):
            raise
        return
    rows = [each.cells for each in found if each.cells is not None]
    assert all(row.keys() >= set(NEEDED) for row in rows), "a row without a number or a name"
    for encoding in Encoding:
        _written_again(rows, encoding)


def _written_again(rows: list[Cells], encoding: Encoding) -> None:
    try:
        data = roster_file.written(rows, encoding, japanese=False)
    except Refused:
        assert encoding is Encoding.CP932, "UTF-8 has no letter for it"
        return
    text, found = roster_file.decoded(data)
    assert found is encoding, "taken for the other encoding"
    nobody = dict.fromkeys(Column, "")
    assert [each.cells for each in roster_file.lines(text)] == [{**nobody, **row} for row in rows], "read otherwise"


def names(wire: bytes) -> None:
    """Whatever is given as a name is found by each of its own words."""
    name = wire.decode("utf-8", "replace")
    key = folding.key(name)
    assert len(key) <= folding.LONGEST_KEY
    for term in folding.terms(name):
        assert len(key) == folding.LONGEST_KEY or any(each in key for each in term), "not found by its own name"


TARGETS = (
    Target("people-files", people_files, (_FILE.encode(), _FILE.encode("cp932")), _WATCHED, 600),
    Target("names", names, tuple(each.encode() for each in _NAMES), _WATCHED, 80),
)
