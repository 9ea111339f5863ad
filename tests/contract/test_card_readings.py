"""What enrolment offers for a frame: every reading that fits, what is printed on the card, and what to beware of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import canonical, reading
from contract.card_format import Verdict
from contract.credential import Identity, Source
from contract.formats import FORMATS
from contract.reading import Caution, Warned, cautions, cut_to_four_bytes, printed, readings, reversed_bytes


def bits(hexadecimal: str) -> str:
    return f"{int(hexadecimal, 16):0{len(hexadecimal) * 4}b}"


def serial(hexadecimal: str, source: Source = Source.SERIAL_HEX) -> Identity:
    return Identity(source, bits(hexadecimal))


def kinds(found: tuple[Caution, ...]) -> list[Warned]:
    return [each.kind for each in found]


def test_every_format_that_fits_is_offered_and_wrong_parity_stands_last() -> None:
    frame = FORMATS["H10304"].encode({"facility": 123, "number": 4567})
    found = readings(frame, FORMATS.values(), Source.WIEGAND)
    assert [each.format.name for each in found if each.fits] == ["H10302", "H10304", "P10004", "MDI37"]
    assert [each.fits for each in found] == sorted((each.fits for each in found), reverse=True)
    wrong = [each for each in found if each.parity is Verdict.WRONG]
    assert [each.format.name for each in wrong] == ["HGen37"]
    assert (found[1].facility, found[1].number, found[1].issue) == (123, 4567, None)
    assert readings(frame, FORMATS.values(), Source.SERIAL_HEX) == ()


def test_bits_of_a_length_that_no_format_has_mean_nothing() -> None:
    for frame in ("", "1", "0101", "0" * 12, "1" * 511, "2" * 26):
        assert readings(frame, FORMATS.values()) == ()


def test_numbers_are_offered_as_people_see_them_printed() -> None:
    expected = {
        ("H10301", "10111101100010001110101110"): ("04567", "4567", "123,04567"),
        ("uid-4", bits("1C78F2BF")): ("1C78F2BF", "1C:78:F2:BF", "0477688511", "477688511", "120,62143"),
        ("uid-4-reversed", bits("1C78F2BF")): ("BFF2781C", "BF:F2:78:1C", "3220338716", "242,30748"),
        ("EM4100", bits("62E3086CED")): ("62E3086CED", "E3086CED", "E3:08:6C:ED", "3808980205", "008,27885"),
    }
    for (name, frame), forms in expected.items():
        found = FORMATS[name].decode(frame)
        assert found is not None
        assert printed(found) == forms


@pytest.mark.parametrize("frame", ["8804C43B", "3BC40488"])
def test_four_bytes_with_the_cascade_tag_are_a_serial_number_cut_short(frame: str) -> None:
    assert kinds(cautions(serial(frame))) == [Warned.CUT_SHORT]
    between = FORMATS["uid-4-parity"].encode({"number": int(frame, 16)})
    assert kinds(cautions(Identity(Source.WIEGAND, between))) == [Warned.CUT_SHORT]


def test_a_cut_serial_number_names_the_whole_one_that_is_enrolled_and_the_other_way_round() -> None:
    whole = serial("04C43BC21C2680")
    assert cut_to_four_bytes(bytes.fromhex("04C43BC21C2680")).hex() == "8804c43b"
    for part in ("8804C43B", "3BC40488", "04C43BC2", "C21C2680", "04C43B"):
        assert Caution(Warned.PART_OF, whole) in cautions(serial(part), enrolled=[whole]), part
        assert cautions(whole, enrolled=[serial(part)]) == (Caution(Warned.WHOLE_OF, serial(part)),), part
    assert cautions(whole, enrolled=[whole, serial("1C78F2BF"), serial("04C4")]) == ()


def test_a_serial_number_that_is_made_anew_each_time_is_warned_of() -> None:
    assert kinds(cautions(serial("08A1B2C3"))) == [Warned.RANDOM]
    assert kinds(cautions(serial("01FE112233445566"))) == [Warned.RANDOM]
    assert cautions(serial("0114112233445566")) == ()


def test_different_meanings_of_one_frame_are_warned_of_and_equal_ones_are_not() -> None:
    frame = FORMATS["H10301"].encode({"facility": 123, "number": 4567})
    identity = Identity(Source.WIEGAND, frame)
    assert kinds(cautions(identity, readings(frame, FORMATS.values()))) == [Warned.AMBIGUOUS]
    same = FORMATS["H10306"].encode({"facility": 123, "number": 4567})
    twins = [FORMATS["H10306"], FORMATS["N10002"]]
    assert cautions(Identity(Source.WIEGAND, same), readings(same, twins)) == ()


def test_a_reading_for_programs_is_plain_and_complete() -> None:
    found = readings(FORMATS["Kastle"].encode({"facility": 7, "number": 55367, "issue": 30}), [FORMATS["Kastle"]])
    shown = reading.as_object(found[0])
    assert canonical.decode(canonical.encode(shown)) == shown
    assert {key: shown[key] for key in ("format", "facility", "number", "issue", "fits", "parity")} == {
        "format": "Kastle",
        "facility": 7,
        "number": 55367,
        "issue": 30,
        "fits": True,
        "parity": "right",
    }


@given(
    frame=st.text("01", min_size=1, max_size=128), others=st.lists(st.text("01", min_size=1, max_size=80), max_size=4)
)
def test_no_frame_makes_enrolment_raise(frame: str, others: list[str]) -> None:
    found = readings(frame, FORMATS.values())
    identity = Identity(Source.WIEGAND, frame)
    enrolled = [Identity(Source.OSDP, each) for each in others]
    for caution in cautions(identity, found, enrolled):
        assert (caution.other is None) == (caution.kind not in (Warned.PART_OF, Warned.WHOLE_OF))
    for each in found:
        assert printed(each)
        assert each.format.encode(each.values) == frame or not each.fits
    assert reversed_bytes(reversed_bytes(frame)) == frame
