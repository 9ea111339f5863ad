"""What readers may say, and what they may say wrongly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.readers.osdp.reply import (
    Ack,
    Card,
    Identity,
    InputStatus,
    Keypad,
    LocalStatus,
    Nak,
    Other,
    ReaderStatus,
    Unreadable,
    read_reply,
)
from tests.hardware.osdp.desk import ADA
from tests.hardware.osdp.reference_peripheral import raw


@given(st.text("01", min_size=1, max_size=1024))
def test_a_card_of_any_length_is_read_to_the_bit(bits: str) -> None:
    assert read_reply(raw(bits)) == Card(0, bits)


@given(st.binary(min_size=1, max_size=300))
def test_no_bytes_are_more_than_unreadable(payload: bytes) -> None:
    reply = read_reply(payload)
    assert not isinstance(reply, Card) or 0 < len(reply.bits) <= 8 * len(payload)


@pytest.mark.parametrize(
    "payload",
    [
        "50 00 01 0000",  # no bits
        "50 00 01 1a00 9e0010",  # fewer than said
        "50 00 01 1a00 9e001080 00",  # more than said
        "50 00 01 ffff 9e001080",  # far more said than there are
        "50 00 02 0800 9e",  # a format nobody has defined
        "50 00",
        "51 00 00 05 31323334",  # text shorter than said
        "51 00 01 04 31323334",  # drawn backwards
        "53 00 05 31323334",  # fewer keys than said
        "53 00 01 41",  # no key of a keypad
        "53 00 00",
        "40 00",  # an ACK with data
        "41",
        "45 0102",
        "46 0101",
        "46 010101 010102",  # one function twice
        "48 01",
        "54 01",
        "76 00",
        "78 00",
    ],
)
def test_a_reply_whose_lengths_do_not_fit_is_not_guessed_at(payload: str) -> None:
    assert isinstance(read_reply(bytes.fromhex(payload)), Unreadable)


def test_the_replies_of_a_reader_are_understood() -> None:
    assert read_reply(bytes.fromhex("40")) == Ack()
    assert read_reply(bytes.fromhex("41 03 69")) == Nak(3)
    assert read_reply(bytes.fromhex("45 123456 01 02 4d000000 030201")) == Identity("123456", 1, 2, 77, "3.2.1")
    assert read_reply(bytes.fromhex("48 01 00")) == LocalStatus(tamper=True, power_failed=False)
    assert read_reply(bytes.fromhex("49 01 00 01")) == InputStatus((True, False, True))
    assert read_reply(bytes.fromhex("4b 02")) == ReaderStatus((2,))
    assert read_reply(bytes.fromhex("51 00 00 02 3132")) == Card(0, "0011000100110010")
    assert read_reply(bytes.fromhex("53 00 06 31 39 7f 0d 2a 23")) == Keypad(0, "19*#*#")
    assert read_reply(bytes.fromhex("90 010203 04")) == Other(0x90)


def test_no_reply_shows_what_was_on_a_card_or_a_keypad() -> None:
    assert ADA not in repr(read_reply(raw(ADA)))
    assert "1234" not in repr(read_reply(b"\x53\x00\x041234"))
    assert "9e" not in repr(read_reply(bytes.fromhex("50 00 01 1a00 9e")))
