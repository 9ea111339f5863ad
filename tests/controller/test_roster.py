"""A file of people is shown before it is applied, applied as it was shown, and harmless whatever it holds."""

from __future__ import annotations

import contextlib
import csv
import io
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from controller.database import reading, transaction
from controller.formula import is_formula
from controller.ledger.ledger import LedgerRow
from controller.people import cardholder, leaver, roster, roster_file
from controller.people.cardholder import Cardholder
from controller.people.roster import Row, Verdict
from controller.people.roster_file import Column, Encoding
from controller.refusal import Refused
from tests.controller.conftest import NOW, House

ACTOR = "operator:1"
TOKYO = ZoneInfo("Asia/Tokyo")
ODD_NAMES = (
    "=cmd|'/c calc'!A1",
    "+81",
    "-1",
    "@SUM(1)",
    "＝１",
    "'quoted",
    "''=x",
    "'=x",
    '"',
    "a,b",
    "\u202ednuora gnorw\u202c",
    "髙橋 﨑",
    "{{7*7}}",
    "'",
)


def looked_at(house: House, text: str, now: datetime = NOW) -> Sequence[Row]:
    with reading(house.engine) as session:
        return roster.judge(session, house.site(session), now, roster_file.lines(text))


def applied(house: House, rows: Sequence[Row], now: datetime = NOW) -> Sequence[Row]:
    done = list[Row]()
    for part in roster.parts(rows):
        with transaction(house.engine) as session:
            done += roster.apply(session, ACTOR, now, house.site(session), part, "list of November")
    return done


def exported(house: House, encoding: Encoding = Encoding.UTF_8, *, japanese: bool = False) -> bytes:
    with reading(house.engine) as session:
        return roster_file.written(roster.everybody(session, house.site(session)), encoding, japanese=japanese)


def verdicts(rows: Sequence[Row]) -> list[str]:
    return [f"{each.verdict} {each.why}".strip() for each in rows]


def kinds_after(house: House, sequence: int) -> list[tuple[str, str]]:
    with reading(house.engine) as session:
        rows = session.scalars(select(LedgerRow).where(LedgerRow.sequence > sequence).order_by(LedgerRow.sequence))
        return [(row.kind, row.actor) for row in rows]


def head(house: House) -> int:
    with reading(house.engine) as session:
        return session.scalar(select(func.max(LedgerRow.sequence))) or 0


def test_a_file_is_shown_row_by_row_applied_as_shown_and_the_same_afterwards(house: House) -> None:
    text = (
        "number,name,name_kana,leaves\r\n"
        "9001,新田 恵,ニッタ メグミ,\r\n"
        "9002,Zoe,,2027-03-31\r\n"
        "1e00000001,Ada Lovelace,エイダ,\r\n"
        "1e00000002,Ben,,2026-11-20\r\n"
        "1e00000003,Eve,,\r\n"
    )
    rows = looked_at(house, text)
    assert verdicts(rows) == ["new", "new", "changed", "changed", "same"]
    assert [each.line for each in rows] == [2, 3, 4, 5, 6]
    before = head(house)
    assert verdicts(applied(house, rows)) == ["new", "new", "changed", "changed"]
    made = ["cardholder-made", "cardholder-made", "cardholder-changed", "cardholder-changed", "cardholder-ended"]
    assert kinds_after(house, before) == [(kind, ACTOR) for kind in made]
    assert verdicts(looked_at(house, text)) == ["same"] * 5
    with reading(house.engine) as session:
        own = house.site(session)
        zoe, ben = cardholder.by_number(session, own, "9002"), cardholder.by_number(session, own, "1e00000002")
        assert zoe is not None
        assert ben is not None
        assert zoe.leaves_at == datetime(2027, 3, 31, 15, 0, tzinfo=UTC)
        assert not ben.active


def test_applying_again_changes_nothing_and_what_changed_meanwhile_is_not_overwritten(house: House) -> None:
    text = "number,name\n1e00000001,Ada L\n1e00000002,Benjamin\n9001,Zoe\n9002,Yui\n"
    rows = looked_at(house, text)
    with transaction(house.engine) as session:
        cardholder.rename(session, ACTOR, NOW, house.holder(session, "Ben"), "Benedict")
        cardholder.enrol(session, ACTOR, NOW, house.site(session), "Somebody else", "9001")
    assert verdicts(applied(house, rows)) == ["changed", "refused changed-meanwhile"] * 1 + [
        "refused changed-meanwhile",
        "new",
    ]
    before = head(house)
    assert verdicts(applied(house, rows)) == [
        "same",
        "refused changed-meanwhile",
        "refused changed-meanwhile",
        "same",
    ]
    assert head(house) == before
    with reading(house.engine) as session:
        names = [each.name for each in cardholder.of_site(session, house.site(session))]
    assert names == ["Ada L", "Benedict", "Eve", "Somebody else", "Yui"]


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        ("9001,Zoe", "refused row-ragged"),
        ("9001,Zoe,,,x", "refused row-ragged"),
        ("9001,Zoe,,,,", "new"),
        (",Zoe,,", "refused number-missing"),
        ("9001,,,", "refused name-missing"),
        (f"9001,{'Z' * 121},,", "refused text-wrong"),
        (f"{'9' * 41},Zoe,,", "refused text-wrong"),
        ('9001,"Z\noe",,', "refused text-wrong"),
        ("9001,Z\x1boe,,", "refused text-wrong"),
        ("9001,Zoe,,31.3.2027", "refused leaves-wrong"),
        ("9001,Zoe,,2027-02-30", "refused leaves-wrong"),
        ("9001,Zoe,,2027-03-31 25:00", "refused leaves-wrong"),
        ("9001,Zoe,,0001-01-01", "refused validity-absurd"),
        ("9001,Zoe,,9999-12-31", "refused leaves-wrong"),
        ("9001,Zoe,,2199-12-31", "refused validity-absurd"),
        ("9001,Zoe,,２０２７-03-31", "refused leaves-wrong"),
        ("9001,Zoe,,2020/3/31", "refused leaver-unknown"),
        ("9001,Zoe,,2027/3/31 9:05:59", "new"),
        ("1e00000003,Eve,,", "refused cardholder-inactive"),
        ("1e00000003,Eve,,2099-01-01", "refused cardholder-inactive"),
        ("1e00000003,Eve,,2026-11-01", "same"),
        ("1e00000003,Eve Moneypenny,,2026-11-01", "changed"),
    ],
)
def test_a_row_is_refused_for_what_is_wrong_with_it(house: House, row: str, verdict: str) -> None:
    with transaction(house.engine) as session:
        leaver.deactivate(session, ACTOR, NOW - timedelta(days=1), house.holder(session, "Eve"), "left")
    rows = looked_at(house, f"number,name,name_kana,leaves\n{row}\n8000,Next,,\n")
    assert verdicts(rows) == [verdict, "new"]
    done = applied(house, rows)
    assert [each.verdict for each in done if each.verdict is Verdict.REFUSED] == []


def test_a_number_that_stands_twice_is_nobodys(house: House) -> None:
    rows = looked_at(house, "number,name\n9001,Zoe\n9002,Yui\n9001,Zoe\n")
    assert verdicts(rows) == ["refused row-repeated", "new", "refused row-repeated"]


def test_a_column_that_is_not_there_leaves_what_is_there(house: House) -> None:
    with transaction(house.engine) as session:
        ben = house.holder(session, "Ben")
        cardholder.rename(session, ACTOR, NOW, ben, "Ben", "ベン")
        leaver.leave(session, ACTOR, NOW, ben, NOW + timedelta(days=9), "contract")
    assert verdicts(looked_at(house, "name,number\nBen,1e00000002\n")) == ["same"]
    text = "氏名,社員番号,フリガナ,退職日時\nBen,1e00000002,,\n"
    rows = looked_at(house, text)
    assert verdicts(rows) == ["changed"]
    applied(house, rows)
    with reading(house.engine) as session:
        ben = house.holder(session, "Ben")
        assert (ben.name_kana, ben.leaves_at) == ("", None)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file-columns"),
        (b"\n\n,,\n", "file-columns"),
        (b"name\nZoe\n", "file-columns"),
        (b"number,name,salary\n1,Zoe,9\n", "file-columns"),
        (b"number,name,name\n1,Zoe,Zoe\n", "file-columns"),
        (b"," * 2_000_000, "file-columns"),
        (b"," * 10_000_000, "file-large"),
        (b'number,name\n1,"Zoe', "file-broken"),
        (b'number,name\n1,"Zoe"x\n', "file-broken"),
        (b"number,name\n1," + b"Z" * 200_000, "file-broken"),
        (b"number,name\n" + b"1,Z\n" * 10_001, "file-rows"),
        ("number,name\n1,Zoë\n".encode("latin-1"), "file-encoding"),
        ("number,name\n1,Zoe\n".encode("utf-16"), "file-encoding"),
        ("number,name\n1,Zoe\n".encode("utf-16-le"), "file-encoding"),
        (b"number,name\n1,Z\x00\n", "file-encoding"),
        (b"PK\x03\x04\x14\x00\x06\x00", "file-encoding"),
        (b"\xff\xfe\xfd", "file-encoding"),
        (b"\x81", "file-encoding"),
    ],
)
def test_a_file_that_is_none_of_people_is_refused_whole(data: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        list(roster_file.lines(roster_file.decoded(data)[0]))
    assert refused.value.code == code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_what_excel_writes_is_read_in_every_encoding(house: House, encoding: str) -> None:
    data = "社員番号,氏名,フリガナ\r\n9001,髙橋 﨑,ﾀｶﾊｼ\r\n".encode(encoding)
    text, found = roster_file.decoded(data)
    assert found == (Encoding.CP932 if encoding == "cp932" else Encoding.UTF_8)
    (row,) = looked_at(house, text)
    assert row.after is not None
    assert (row.after.name, row.after.name_kana) == ("髙橋 﨑", "ﾀｶﾊｼ")


@pytest.mark.parametrize("encoding", Encoding)
@pytest.mark.parametrize("japanese", [False, True])
def test_what_is_exported_is_the_same_when_it_is_read_again(house: House, encoding: Encoding, japanese: bool) -> None:
    with transaction(house.engine) as session:
        own = house.site(session)
        for number, name in enumerate(ODD_NAMES):
            cardholder.enrol(session, ACTOR, NOW, own, name, f"-{number}", name)
        leaver.deactivate(session, ACTOR, NOW + timedelta(seconds=31), house.holder(session, "Ben"), "left")
        for name, days in (("Eve", 40), ("Ada", 3)):
            leaver.leave(session, ACTOR, NOW, house.holder(session, name), NOW + timedelta(days=days, hours=12), "ends")
    data = exported(house, encoding, japanese=japanese) if encoding is Encoding.UTF_8 else None
    if data is None:
        with transaction(house.engine) as session:
            odd = cardholder.by_number(session, house.site(session), "-10")
            assert odd is not None
            cardholder.rename(session, ACTOR, NOW, odd, "what cp932 holds")
        data = exported(house, encoding, japanese=japanese)
    text, found = roster_file.decoded(data)
    assert found == encoding
    assert set(verdicts(looked_at(house, text, NOW + timedelta(minutes=2)))) == {"same"}
    for row in text.splitlines():
        assert not any(cell.strip('"').startswith(tuple("=+-@＝＋－＠")) for cell in row.split(",")[:1]), row


def test_a_name_that_shift_jis_has_no_letter_for_is_said_and_not_changed(house: House) -> None:
    with transaction(house.engine) as session:
        cardholder.enrol(session, ACTOR, NOW, house.site(session), "𠮷田", "9001")
    with pytest.raises(Refused) as refused:
        exported(house, Encoding.CP932)
    assert refused.value.code == "file-letters"


@settings(max_examples=300)
@given(cell=st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=30).map(str.strip))
@example("'=x")
@example("''")
@example("'")
@example("﹢1")
@example("−1")
@example("\u200d=1")
def test_every_cell_comes_back_as_it_was_and_none_is_a_formula(cell: str) -> None:
    row = {Column.NUMBER: "1", Column.NAME: cell, Column.KANA: cell, Column.LEAVES: ""}
    data = roster_file.written([row], Encoding.UTF_8, japanese=False)
    (line,) = roster_file.lines(roster_file.decoded(data)[0])
    assert line.cells == row
    _, written = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert not any(is_formula(each) for each in written)


def test_every_letter_is_written_in_cp932_as_it_was_or_refused() -> None:
    written, refused = 0, set[str]()
    for letter in (chr(code) for code in range(0x21, 0x10000) if not 0xD800 <= code < 0xE000):
        row = {Column.NUMBER: "1", Column.NAME: f"a{letter}b"}
        try:
            data = roster_file.written([row], Encoding.CP932, japanese=True)
        except Refused:
            refused.add(letter)
            continue
        (line,) = roster_file.lines(roster_file.decoded(data)[0])
        assert line.cells is not None
        assert line.cells[Column.NAME] == row[Column.NAME]
        written += 1
    assert written > 7000
    assert refused > set("〜−é")


@pytest.mark.parametrize(
    "at",
    [NOW, datetime(2027, 3, 31, 15, 0, tzinfo=UTC), datetime(2027, 3, 31, 15, 1, tzinfo=UTC), None],
)
def test_a_minute_is_written_so_that_it_is_read_again(at: datetime | None) -> None:
    assert roster_file.moment(roster_file.moment_text(at, TOKYO), TOKYO) == at


def test_a_day_is_its_end(house: House) -> None:
    assert roster_file.moment("2027-03-31", TOKYO) == datetime(2027, 3, 31, 15, 0, tzinfo=UTC)
    assert roster_file.moment_text(datetime(2027, 3, 31, 15, 0, tzinfo=UTC), TOKYO) == "2027-03-31"


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(data=st.one_of(st.binary(max_size=400), st.text(max_size=200).map(lambda text: text.encode(errors="replace"))))
def test_no_bytes_break_the_reading(data: bytes) -> None:
    for begun in (b"", b"number,name,leaves\n", "社員番号,氏名\n".encode("cp932")):
        with contextlib.suppress(Refused):
            for line in roster_file.lines(roster_file.decoded(begun + data)[0]):
                assert line.cells is None or set(line.cells) >= set(roster_file.NEEDED)


def test_rows_travel_as_values(house: House) -> None:
    rows = looked_at(house, "number,name,leaves\n1e00000001,A,2027-03-31 17:30\n9001,Zoe,\n1e00000002,Ben,\n,,x\n")
    assert list(roster.from_values(roster.as_values(rows))) == [each for each in rows if each.pending]


def test_a_thousand_people_are_new_once_and_then_the_same(house: House, rng: random.Random) -> None:
    text = "number,name\n" + "".join(f"n{number},人 {rng.randrange(10**6)}\n" for number in range(1000))
    assert {each.verdict for each in applied(house, looked_at(house, text))} == {Verdict.NEW}
    assert {each.verdict for each in looked_at(house, text)} == {Verdict.SAME}
    with reading(house.engine) as session:
        assert session.scalar(select(func.count()).select_from(Cardholder)) == 1003
