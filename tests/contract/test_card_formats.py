"""Card formats: every published one goes round, notices a flipped bit, and agrees with vectors that others made."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract import formats
from contract.card_format import UNUSED, BadLayout, CardFormat, Verdict
from contract.credential import Identity, Source
from contract.formats import FORMATS
from contract.layout import Field, Parity, positions, spans
from contract.published_formats import PUBLISHED
from contract.reading import cut_to_four_bytes
from tests.contract import make_vectors

A_FEW = settings(max_examples=20)
EACH = pytest.mark.parametrize("one", PUBLISHED, ids=lambda one: one.name)

SERIAL_VECTORS = {
    "MIFARE_UID4_LE": "uid-4",
    "MIFARE_UID7_CT4_LE": "uid-4",
    "WIEGAND34_UID_vs_MFRC522": "uid-4",
    "MIFARE_UID4_BYTESWAP": "uid-4",
    "UID6_LE_DECIMAL": "uid-6",
    "RDM6300_TAG": "EM4100",
}
"""Vectors of serial numbers by the name of the form; the fields of the others are named as in `FORMATS`."""


def flipped(bits: str, place: int) -> str:
    return bits[:place] + ("0" if bits[place] == "1" else "1") + bits[place + 1 :]


def values_of(one: CardFormat) -> st.SearchStrategy[dict[str, int]]:
    """Any values that the format can hold, unused bits included."""
    ranges = {each.name: st.integers(each.least, each.largest) for each in one.fields}
    if one.unused:
        ranges[UNUSED] = st.integers(0, 2 ** len(one.unused) - 1)
    return st.fixed_dictionaries(ranges)


@EACH
@A_FEW
@given(data=st.data())
def test_what_is_encoded_is_decoded_again(one: CardFormat, data: st.DataObject) -> None:
    values = data.draw(values_of(one))
    bits = one.encode(values)
    reading = one.decode(bits)
    assert reading is not None
    assert reading.values == values
    assert reading.fits
    assert one.fits(bits)
    assert reading.parity is (Verdict.RIGHT if one.parities else Verdict.NONE)


@EACH
@A_FEW
@given(data=st.data())
def test_any_bits_that_fit_are_encoded_again(one: CardFormat, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, 2**one.length - 1))
    bits = f"{number:0{one.length}b}"
    reading = one.decode(bits)
    assert one.fits(bits) == (reading is not None and reading.fits)
    if reading is not None and reading.fits:
        assert one.encode(reading.values) == bits


@EACH
@A_FEW
@given(data=st.data())
def test_a_flipped_bit_that_a_parity_covers_is_noticed(one: CardFormat, data: st.DataObject) -> None:
    bits = one.encode(data.draw(values_of(one)))
    covered = {place for parity in one.parities for place in (parity.bit, *parity.covers)}
    for place in covered | set(one.ones) | set(one.zeros):
        assert not one.fits(flipped(bits, place)), f"bit {place}"
    for place in one.unprotected():
        assert place not in covered


@EACH
@A_FEW
@given(text=st.text(max_size=80) | st.text("01", max_size=600))
def test_no_text_makes_a_format_raise_but_what_is_not_bits(one: CardFormat, text: str) -> None:
    reading = one.decode(text)
    identity = formats.read(one.sources[0], text, [one.name])
    assert (identity is not None) == (reading is not None and reading.fits)
    if len(text) != one.length:
        assert reading is None


def test_bits_that_only_look_like_a_number_are_no_read() -> None:
    for text in ("1_" * 13, " " + "1" * 25, "0b" + "1" * 24, "１" * 26, "+" + "0" * 25):
        assert formats.read(Source.WIEGAND, text, FORMATS) is None


@pytest.mark.parametrize("case", json.loads((make_vectors.FOLDER / "card-formats.json").read_text(encoding="utf-8")))
def test_the_slow_reference_agrees(case: dict[str, Any]) -> None:
    one = FORMATS[case["format"]]
    assert one.encode(case["values"]) == case["bits"]
    reading = one.decode(case["bits"])
    assert reading is not None
    assert {name: value for name, value in reading.values.items() if name != UNUSED} == case["values"]
    assert reading.parity is Verdict.RIGHT


def test_every_published_vector_is_read_in_both_directions(vectors: Path) -> None:
    with (vectors / "cards.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 100
    checked = [_checked(row) for row in rows]
    assert all(checked)


def _checked(row: dict[str, str]) -> str:
    one = FORMATS[SERIAL_VECTORS.get(row["format"], row["format"])]
    bits = row["wire_bits_first_to_last"] or f"{int(row['wire_bits_hex_right_aligned'], 16):0{row['bits']}b}"
    reading = one.decode(bits)
    assert reading is not None, row
    assert reading.fits, row
    assert one.encode(reading.values) == bits, row
    columns = {"facility": "facility_code", "number": "card_number", "issue": "issue_level", "oem": "oem"}
    stated = {field: int(row[column]) for field, column in columns.items() if row[column] not in ("", "0")}
    if row["tool_unpack_equal"] == "0" and one.name != "H10320":
        return _lost(one, stated, row)
    assert {field: reading.values.get(field) for field in stated} == stated, row
    if one.name in ("uid-4", "uid-6"):
        raw = bytes.fromhex(row["hid_raw_with_preamble_hex"])
        raw = cut_to_four_bytes(raw) if one.name == "uid-4" else raw
        assert FORMATS[f"{one.name}-reversed"].encode(stated) == f"{int.from_bytes(raw, 'big'):0{one.length}b}", row
    kept = {UNUSED: reading.values[UNUSED]} if one.unused else {}
    assert one.encode({**stated, **kept}) == bits, row
    return one.name


def _lost(one: CardFormat, stated: dict[str, int], row: dict[str, str]) -> str:
    """The tool wrote a number wider than its field, and could not read it back: such a number is refused here (or,
    for HPP32, whose number the tool shifts out of the frame, is another one)."""
    if one.name == "HPP32" and stated["number"] == 1:
        assert one.encode({"facility": stated["facility"]}) == row["wire_bits_first_to_last"]
    else:
        with pytest.raises(ValueError, match="number must be from 0 to"):
            one.encode(stated)
    return one.name


def test_a_serial_number_reads_in_both_byte_orders() -> None:
    bits = f"{0x1C78F2BF:032b}"
    orders = [FORMATS[name].decode(bits) for name in ("uid-4", "uid-4-reversed")]
    assert [each.number for each in orders if each] == [0x1C78F2BF, 3220338716]
    assert FORMATS["uid-4-reversed"].encode({"number": 3220338716}) == bits
    between = FORMATS["uid-4-parity-reversed"].encode({"number": 0x7186A61E})
    assert between[1:33] == f"{0x1EA68671:032b}"


def test_lengths_that_several_formats_share_are_told_apart_by_the_name_alone() -> None:
    bits = FORMATS["H10304"].encode({"facility": 123, "number": 4567})
    for name in ("H10304", "H10302"):
        assert formats.read(Source.WIEGAND, bits, [name]) == Identity(Source.WIEGAND, bits)
    assert formats.read(Source.WIEGAND, bits, ["HGen37", "H10301"]) is None
    assert formats.read(Source.OSDP, bits, ["H10304"]) == Identity(Source.OSDP, bits)
    assert formats.read(Source.SERIAL_HEX, bits, ["H10304"]) is None


def test_a_cut_serial_number_is_never_the_whole_one() -> None:
    whole, cut = f"{0x04C43BC21C2680:056b}", f"{0x8804C43B:032b}"
    read = [formats.read(Source.SERIAL_HEX, bits, ["uid-7", "uid-4"]) for bits in (whole, cut, whole[:32], whole[24:])]
    assert None not in read
    assert len(set(read)) == 4
    assert formats.read(Source.SERIAL_HEX, cut, ["uid-7"]) is None


def test_a_format_of_the_site_is_read_by_its_name() -> None:
    own = CardFormat("acme", (Source.WIEGAND,), 12, (Field("number", positions("0-11"), most=4000),))
    assert formats.read(Source.WIEGAND, "0" * 12, ["acme"]) is None
    assert formats.read(Source.WIEGAND, "0" * 12, ["acme"], {"acme": own}) == Identity(Source.WIEGAND, "0" * 12)
    assert formats.read(Source.WIEGAND, "1" * 12, ["acme"], {"acme": own}) is None


def test_encoding_refuses_strange_names_and_numbers_out_of_range() -> None:
    one = FORMATS["H10301"]
    with pytest.raises(ValueError, match="H10301 has no issue; it has facility, number"):
        one.encode({"number": 1, "issue": 1})
    for wrong in (-1, 65536):
        with pytest.raises(ValueError, match="number must be from 0 to 65535"):
            one.encode({"number": wrong})


def test_a_reading_does_not_show_its_number_in_a_log() -> None:
    reading = FORMATS["H10301"].decode(FORMATS["H10301"].encode({"facility": 77, "number": 54321}))
    assert "54321" not in repr(reading)


def test_a_layout_is_drawn_as_the_trade_draws_it() -> None:
    assert FORMATS["H10301"].drawn() == (
        "PFFFFFFFFNNNNNNNNNNNNNNNNP",
        "EXXXXXXXXXXXX.............",
        ".............XXXXXXXXXXXXO",
    )


@given(places=st.lists(st.integers(0, 511), max_size=40))
def test_positions_are_read_back_from_their_shortest_text(places: list[int]) -> None:
    assert positions(spans(places)) == tuple(places)


def test_positions_count_down_and_refuse_what_is_none() -> None:
    assert positions("7-4, 9") == (7, 6, 5, 4, 9)
    assert positions("") == ()
    for wrong in ("a", "1-", "-1", "1.5", "1--2", "1000", "1 2", "²"):
        with pytest.raises(ValueError, match="is not a bit or a span"):
            positions(wrong)


NUMBER = Field("number", positions("1-10"))


@pytest.mark.parametrize(
    ("parts", "flaw"),
    [
        ({"name": "a b"}, "the name 'a b' must be 1 to 32 letters, digits and hyphens; rename it"),
        ({"length": 9}, "length 9 must be from 10 to 512 bits"),
        ({"sources": ()}, "no class of reader delivers it"),
        ({"unused": (11,)}, "nothing says what bit 0 is; if it means nothing, write unused"),
        ({"unused": (0, 10, 11)}, "bit 10 belongs to field number and to unused; leave it in one of them"),
        ({"unused": (0, 11, 12)}, "unused has bit 12, but a frame of 12 bits ends at 11"),
        ({"ones": (0,)}, "bit 0 belongs to one and to unused"),
        ({"fields": (Field("issue", positions("1-10")),)}, "there is no field 'number'"),
        ({"fields": (Field("number", (1,)), Field("number", positions("2-10")))}, "two fields 'number'; rename one"),
        ({"fields": (NUMBER, Field("Issue", ()))}, "a field cannot be called 'Issue'"),
        ({"fields": (NUMBER, Field("issue", ()))}, "field issue has no bits"),
        ({"fields": (Field("number", positions("1-10"), most=1024),)}, "is 0 to 1024, but its bits hold 0 to 1023"),
        ({"fields": (Field("number", positions("1-10"), least=9, most=8),)}, "field number is 9 to 8"),
        ({"unused": (0,), "parities": (Parity(11, (), odd=True),)}, "parity 1 covers nothing"),
        ({"unused": (0,), "parities": (Parity(11, (11,), odd=True),)}, "parity 1 covers its own bit 11"),
        ({"unused": (0,), "parities": (Parity(11, (1, 1), odd=True),)}, "parity 1 covers a bit twice"),
        ({"unused": (0,), "parities": (Parity(11, (12,), odd=True),)}, "covers bit 12, but the frame ends at 11"),
        (
            {"unused": (), "parities": (Parity(11, (0,), odd=True), Parity(0, (1,), odd=True))},
            "parity 1 covers bit 0, a parity listed after it; list that one first",
        ),
    ],
)
def test_a_layout_that_contradicts_itself_cannot_be_made(parts: dict[str, Any], flaw: str) -> None:
    sound: dict[str, Any] = {
        "name": "acme",
        "sources": (Source.WIEGAND,),
        "length": 12,
        "fields": (NUMBER,),
        "unused": (0, 11),
    }
    CardFormat(**sound)
    with pytest.raises(BadLayout) as refused:
        CardFormat(**{**sound, **parts})
    assert any(flaw in each for each in refused.value.flaws), refused.value.flaws
