"""A site's own formats: read from TOML, or refused with every flaw and its mend; written back in one form only."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import canonical
from contract.card_format import BadLayout, CardFormat, Strength
from contract.credential import Source
from contract.formats import FORMATS
from contract.layout import Coding
from contract.published_formats import PUBLISHED
from contract.site_formats import BadFormats, as_table, from_table, from_tables, parse

ACME = """
[[format]]
name = "acme-36"
title = "Acme staff cards"
length = 36
sources = ["wiegand", "osdp"]
one = 1
zero = "2-3"
unused = "34"

[format.fields]
facility = "4-11"
number = { bits = "12-31", coding = "bcd", least = 1 }
issue = { bits = "33-32", most = 2 }

[[format.parity]]
bit = 35
kind = "odd"
covers = "18-33"

[[format.parity]]
bit = 0
kind = "even"
covers = "1-17, 35"
"""


def table(**changes: Any) -> dict[str, Any]:
    sound = {"name": "acme", "length": 12, "sources": ["wiegand"], "fields": {"number": "0-11"}}
    return {key: value for key, value in {**sound, **changes}.items() if value is not None}


def test_a_format_is_read_from_toml() -> None:
    one = parse(ACME)["acme-36"]
    assert one.drawn() == (
        "P100FFFFFFFFNNNNNNNNNNNNNNNNNNNNII.P",
        "..................XXXXXXXXXXXXXXXX.O",
        "EXXXXXXXXXXXXXXXXX.................X",
    )
    bits = one.encode({"facility": 200, "number": 12345, "issue": 1})
    assert bits[12:32] == "00010010001101000101"
    assert bits[32:34] == "10"
    reading = one.decode(bits)
    assert reading is not None
    assert (reading.facility, reading.number, reading.issue, reading.fits) == (200, 12345, 1, True)
    assert [each.coding for each in one.fields] == [Coding.BINARY, Coding.BCD, Coding.BINARY]
    with pytest.raises(ValueError, match="issue must be from 0 to 2"):
        one.encode({"number": 1, "issue": 3})


@pytest.mark.parametrize("one", PUBLISHED, ids=lambda one: one.name)
def test_every_published_format_can_be_written_down_and_read_back(one: CardFormat) -> None:
    written = as_table(one)
    assert from_table(written) == one
    travelled = from_table(canonical.decode(canonical.encode(written)))
    assert set(travelled.fields) == set(one.fields)
    assert replace(travelled, fields=one.fields) == one


def test_what_is_left_out_has_its_plain_meaning() -> None:
    one = from_table(table())
    assert (one.title, one.strength, one.origin, one.parities) == ("", Strength.OPEN_NUMBER, "", ())
    assert one.sources == (Source.WIEGAND,)


@pytest.mark.parametrize(
    ("changes", "flaw"),
    [
        ({"name": None}, "name is not a text"),
        ({"name": "h10301"}, "the name h10301 is taken by a published format; rename it"),
        ({"length": "12"}, "length is not an integer"),
        ({"length": True}, "length is not an integer"),
        ({"length": 13}, 'nothing says what bit 12 is; if it means nothing, write unused = "12"'),
        ({"sources": ["rfid"]}, "sources must be one of wiegand, serial-hex, osdp, not 'rfid'"),
        ({"sources": []}, "no class of reader delivers it"),
        ({"lenght": 12}, "a format has no 'lenght'; did you mean length?"),
        ({"fields": {}}, "there is no field 'number'"),
        ({"fields": "0-11"}, "fields is not an object"),
        ({"fields": {"number": 1.5}}, "field number has no bits; list them"),
        ({"fields": {"number": "0-11", "issue": "11"}}, "bit 11 belongs to field number and to field issue"),
        (
            {"fields": {"number": {"bits": "0-11", "max": 9}}},
            "field 'number' has no 'max'; it has bits, coding, least, most",
        ),
        ({"fields": {"number": {"bits": "0-11", "coding": "gray"}}}, "coding of 'number' must be one of binary, bcd"),
        ({"fields": {"number": {"bits": "0-9", "coding": "bcd"}}, "unused": "10-11"}, "each digit takes 4"),
        ({"fields": {"number": {"bits": "0-11", "most": 4096}}}, "its bits hold 0 to 4095; correct least and most"),
        ({"fields": {"number": {"bits": "0-11", "least": -1}}}, "least is not an integer from 0"),
        ({"fields": {"unused": "0", "number": "1-11"}}, "a field cannot be called 'unused'"),
        ({"unused": "12"}, "unused has bit 12, but a frame of 12 bits ends at 11"),
        ({"unused": "x"}, "'x' is not a bit or a span of bits; write 9 or 9-24"),
        ({"unused": [1]}, 'unused must be bits, such as "9-24"'),
        ({"parity": [{"bit": 0, "kind": "even", "covers": "1-11"}]}, "bit 0 belongs to field number and to parity 1"),
        ({"parity": [{"bit": 0, "kind": "mostly", "covers": "1"}]}, "kind must be one of even, odd, not 'mostly'"),
        ({"parity": [{"bit": 0, "covers": "1"}]}, "kind must be one of even, odd, not None"),
        ({"parity": [1]}, "parity holds something that is not an object"),
        ({"strength": "strong"}, "strength must be one of open-number, managed-number, serial-number"),
    ],
)
def test_a_flawed_format_is_refused_with_its_mend(changes: dict[str, Any], flaw: str) -> None:
    assert from_tables([table()])
    with pytest.raises(BadFormats) as refused:
        from_tables([table(**changes)])
    assert len(refused.value.flaws) >= 1
    assert any(flaw in each for each in refused.value.flaws), refused.value.flaws


def test_all_flaws_of_all_formats_are_told_at_once() -> None:
    with pytest.raises(BadFormats) as refused:
        from_tables([table(), table(name="ACME"), table(name="other", unused="12-13"), 7])
    first, second, third = refused.value.flaws
    assert first == "format 2: the name ACME is taken by another of these formats; rename it"
    assert second.startswith("format 3 ('other'): unused has bit 12-13")
    assert third == "format 4: is not a table"


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("", "there must be 1 to 64 formats"),
        ("format = 1", "there must be 1 to 64 formats"),
        ("[[formats]]\nname = 'a'", "'formats' is not known here; every format begins with [[format]]"),
        ("[[format]", "not TOML"),
        ("a = " + "[" * 5000, "not TOML"),
        ("#" * 300_000, "the file is longer than"),
        ("[[format]]\n" * 65, "there must be 1 to 64 formats"),
    ],
)
def test_a_text_that_is_no_file_of_formats_is_refused(text: str, flaw: str) -> None:
    with pytest.raises(BadFormats) as refused:
        parse(text)
    assert flaw in str(refused.value)


def test_a_format_that_travels_cannot_take_the_name_of_a_published_one() -> None:
    forged = as_table(replace(FORMATS["serial-40"], name="H10301"))
    with pytest.raises(BadFormats, match="the name H10301 is taken by a published format"):
        from_tables([forged])


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
TREES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner))
KEYS = ("name", "length", "sources", "fields", "parity", "one", "zero", "unused", "title", "strength", "origin")


@given(found=st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS, TREES)), sound=st.booleans())
def test_any_table_is_a_format_or_a_list_of_flaws(found: dict[str, Any], sound: bool) -> None:
    flaws: tuple[str, ...] = ()
    try:
        one = from_table({**table(), **found} if sound else found)
    except BadLayout as refused:
        flaws = refused.flaws
    assert flaws or one.decode(one.encode({}))


@given(
    text=st.text(max_size=200) | st.just(ACME).flatmap(lambda text: st.integers(0, len(text)).map(lambda at: text[:at]))
)
def test_any_text_is_formats_or_a_list_of_flaws(text: str) -> None:
    flaws: tuple[str, ...] = ()
    try:
        found = parse(text)
    except BadFormats as refused:
        flaws = refused.flaws
    assert flaws or set(found) == {"acme-36"}


@pytest.mark.parametrize(
    "text",
    ["[[format]]\nname." + "a." * 3000 + "a = 1", "[[format]]\nname = 0x" + "f" * 6000],
    ids=["a name that is a table 3,000 tables deep", "a name that is a number of 7,000 digits"],
)
def test_what_is_too_deep_or_long_to_be_shown_is_refused_like_anything_else(text: str) -> None:
    with pytest.raises(BadFormats, match=r"format 1 \(a value of type .*name is not a text"):
        parse(text)
