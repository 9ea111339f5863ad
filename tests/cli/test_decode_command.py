"""`sekisho decode` from the outside: what it prints, its JSON, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from tests.contract.test_site_formats import ACME

H10301 = "10111101100010001110101110"


def decode(*words: str) -> Result:
    return CliRunner().invoke(main, ["decode", *words])


def answer(*words: str) -> Any:
    return json.loads(decode(*words, "--json").stdout)


@pytest.mark.parametrize("words", [(H10301,), ("0x2F623AE", "--length", "26"), (H10301, "--length", "26")])
def test_bits_and_hexadecimal_say_the_same(words: tuple[str, ...]) -> None:
    result = decode(*words)
    assert result.exit_code == 0
    assert "H10301: facility 123, number 4567; parity right" in result.stdout
    assert "ind26: facility 1969, number 471; parity right" in result.stdout
    assert "caution: several formats fit" in result.stdout


def test_one_flipped_bit_fits_nothing_and_the_answer_is_no() -> None:
    result = decode("0" + H10301[1:])
    assert result.exit_code == 1
    assert "H10301: facility 123, number 4567; parity WRONG: does not fit" in result.stdout
    assert "no format fits" in result.stdout


def test_a_length_that_no_format_has_names_its_neighbours() -> None:
    result = decode("1" * 25)
    assert result.exit_code == 1
    assert "none of 25 bits; a lost or added bit? there are formats of 26, 27 bits" in result.stdout
    assert decode("1" * 20).stdout.splitlines()[-1] == "no format fits: none of 20 bits"


def test_the_json_has_every_reading_and_caution() -> None:
    found = answer(H10301)
    assert (found["bits"], found["length"], found["hex"], found["fits"]) == (H10301, 26, "2f623ae", True)
    first = found["readings"][0]
    assert {key: first[key] for key in ("format", "facility", "number", "issue", "parity", "fits")} == {
        "format": "H10301",
        "facility": 123,
        "number": 4567,
        "issue": None,
        "parity": "right",
        "fits": True,
    }
    assert [each["kind"] for each in found["cautions"]] == ["ambiguous"]


def test_a_serial_number_is_shown_in_both_byte_orders() -> None:
    found = answer("--uid", "1C:78:F2:BF")
    numbers = {each["format"]: each["number"] for each in found["readings"]}
    assert numbers == {"uid-4": 0x1C78F2BF, "uid-4-reversed": 3220338716, "serial-32": 0x1C78F2BF}
    assert "3220338716" in decode("--uid", "1c78f2bf").stdout


def test_a_longer_serial_number_shows_what_is_left_of_it_on_an_old_reader() -> None:
    result = decode("--uid", "04C43BC21C2680")
    assert result.exit_code == 0
    assert "sends 88:04:C4:3B or 3B:C4:04:88: another identity, never taken for this one" in result.stdout
    assert [each["kind"] for each in answer("--uid", "8804C43B")["cautions"]] == ["cut-short"]
    for length in (7, 8, 10):
        assert answer("--uid", "01" * length)["fits"]


def test_one_format_or_one_class_of_reader_can_be_asked_for() -> None:
    assert [each["format"] for each in answer(H10301, "--format", "h10301")["readings"]] == ["H10301"]
    assert decode("0" + H10301[1:], "--format", "H10301").exit_code == 1
    assert [each["format"] for each in answer("0" * 40, "--source", "serial-hex")["readings"]] == [
        "EM4100",
        "serial-40",
    ]


@pytest.mark.parametrize(
    ("words", "mend"),
    [
        ((), "give BITS, or 0xHEX with --length, or --uid HEX"),
        ((H10301, "--uid", "01020304"), "one of them"),
        (("0x2F623AE",), "0xHEX needs --length"),
        (("0x2F623AE", "--length", "25"), "needs 26 bits, more than 25"),
        (("0xZZ", "--length", "8"), "after 0x come hexadecimal digits"),
        (("0x", "--length", "8"), "after 0x come hexadecimal digits"),
        (("102",), "BITS are 1 to 512 characters 0 or 1"),
        (("1" * 513,), "BITS are 1 to 512 characters 0 or 1"),
        ((H10301, "--length", "27"), "these are 26 bits, not 27"),
        (("--uid", "010203"), "a serial number has 4, 7, 8, 10 bytes"),
        (("--uid", "0102030g"), "a serial number has"),
        (("--uid", "01020304", "--length", "32"), "--length belongs to 0xHEX"),
        ((H10301, "--format", "H1"), "there is no format H1; known: H10301"),
    ],
)
def test_wrong_use_is_one_line_that_names_the_mend(words: tuple[str, ...], mend: str) -> None:
    result = decode(*words)
    assert result.exit_code == 2
    assert mend in result.stderr
    assert result.stdout == ""


def test_a_file_of_own_formats_is_drawn_before_it_is_used(tmp_path: Path) -> None:
    file = tmp_path / "acme.toml"
    file.write_text(ACME, encoding="utf-8")
    result = decode("--formats", str(file))
    assert result.exit_code == 0
    assert "    P100FFFFFFFFNNNNNNNNNNNNNNNNNNNNII.P" in result.stdout.splitlines()
    assert "number: bits 12-31, 1 to 99999, bcd" in result.stdout
    assert "the same length as C15001, S12906, Sie36" in result.stdout
    shown = answer("--formats", str(file))["formats"][0]
    assert (shown["name"], shown["unprotected"], shown["drawn"][0][:4]) == ("acme-36", "", "P100")


def test_own_formats_are_read_beside_the_published_ones(tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_text(
        '[[format]]\nname = "site-20"\nlength = 20\nsources = ["wiegand"]\nfields = { number = "0-19" }',
        encoding="utf-8",
    )
    result = decode("1" * 20, "--formats", str(file))
    assert result.exit_code == 0
    assert "site-20: number 1048575; no parity" in result.stdout
    assert "note: no parity covers bit 0-19" in decode("--formats", str(file)).stdout


def test_a_flawed_file_is_refused_with_every_flaw(tmp_path: Path) -> None:
    file = tmp_path / "acme.toml"
    file.write_text(ACME.replace('"4-11"', '"4-12"').replace('unused = "34"', ""), encoding="utf-8")
    result = decode("--formats", str(file))
    assert result.exit_code == 2
    assert "bit 12 belongs to field facility and to field number; leave it in one of them" in result.stderr
    assert "nothing says what bit 34 is" in result.stderr
    assert decode("--formats", str(tmp_path / "none.toml")).exit_code == 3
    file.write_bytes(b"\xff\xfe")
    assert decode("--formats", str(file)).exit_code == 2
