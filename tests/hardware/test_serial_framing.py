"""Bytes become frames or flaws, however they are cut into pieces."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.readers.framing import (
    INTER_BYTE_GAP,
    SERIAL_KINDS,
    Finding,
    Flaw,
    Frame,
    Framer,
    LineHex,
    StxEtxHex,
    framer_named,
)
from hardware.readers.repeats import RepeatSuppression
from hardware.signal import FaultKind

RDM6300 = b"\x0262E3086CED08\x03"
ID_12LA = b"\x0262E3086CED08\r\n\x03"
BITS = f"{0x62E3086CED:040b}"

NAMES = st.sampled_from([*SERIAL_KINDS])
WIRE_BYTES = st.lists(
    st.one_of(
        st.binary(max_size=20), st.sampled_from([RDM6300, ID_12LA, b"1A2B3C4D\r\n", b"\x02", b"\x03", b"A" * 70])
    ),
    max_size=12,
).map(b"".join)


def frames(found: list[Finding]) -> list[str]:
    return [finding.bits for finding in found if isinstance(finding, Frame)]


def kinds(found: list[Finding]) -> list[FaultKind]:
    return [finding.kind for finding in found if isinstance(finding, Flaw)]


@pytest.mark.parametrize("card", [RDM6300, ID_12LA])
def test_both_kinds_of_stx_readers_give_forty_bits_and_the_stamp_of_the_last_byte(card: bytes) -> None:
    framer = StxEtxHex()
    assert framer.feed(card[:5], 1.0) == []
    assert framer.feed(card[5:], 1.05) == [Frame(BITS, 1.05)]


def test_a_flipped_digit_is_a_bad_checksum_and_no_card() -> None:
    assert kinds(found := StxEtxHex().feed(RDM6300.replace(b"62", b"63"), 0.0)) == [FaultKind.BAD_CHECKSUM]
    assert frames(found) == []


def test_half_a_frame_and_then_a_whole_one_give_one_card() -> None:
    found = StxEtxHex().feed(RDM6300[:7] + RDM6300, 0.0)
    assert frames(found) == [BITS]
    assert kinds(found) == [FaultKind.GARBAGE]


def test_noise_before_a_frame_is_told_once_and_costs_no_card() -> None:
    found = StxEtxHex().feed(b"\xff\x00noise" + RDM6300, 0.0)
    assert (kinds(found), frames(found)) == ([FaultKind.GARBAGE], [BITS])


def test_a_frame_without_its_end_is_overlong_and_the_next_one_is_read() -> None:
    found = StxEtxHex().feed(b"\x02" + b"A" * 40 + RDM6300, 0.0)
    assert (kinds(found), frames(found)) == ([FaultKind.OVERLONG], [BITS])


@pytest.mark.parametrize("framer", [StxEtxHex(), LineHex()])
def test_a_frame_that_stops_half_way_is_dropped_after_the_gap(framer: Framer) -> None:
    framer.feed(b"\x0262E3" if isinstance(framer, StxEtxHex) else b"62E3", 1.0)
    assert framer.pending
    assert framer.tick(1.0 + INTER_BYTE_GAP / 2) == []
    assert kinds(framer.tick(1.0 + INTER_BYTE_GAP)) == [FaultKind.TIMEOUT]
    assert not framer.pending


def test_bytes_after_the_gap_begin_a_new_line_even_without_a_tick() -> None:
    framer = LineHex()
    framer.feed(b"DEAD", 0.0)
    assert frames(framer.feed(b"BEEF\r\n", 0.2)) == [f"{0xBEEF:016b}"]


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
@pytest.mark.parametrize("digits", [b"00AF", b"1a2B3", b"F" * 64])
def test_a_line_gives_four_bits_a_digit(digits: bytes, end: bytes) -> None:
    expected = "".join(f"{int(chr(digit), 16):04b}" for digit in digits)
    assert frames(LineHex().feed(digits + end, 0.0)) == [expected]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b"1A2", FaultKind.GARBAGE),
        (b"F" * 65, FaultKind.OVERLONG),
        (b"12 34", FaultKind.GARBAGE),
        (b"\xff1234", "garbage"),
    ],
)
def test_a_spoilt_line_is_one_flaw_and_the_next_line_is_read(line: bytes, kind: FaultKind) -> None:
    found = LineHex().feed(line + b"\r\n1234\r\n", 0.0)
    assert (kinds(found), frames(found)) == ([kind], [f"{0x1234:016b}"])


def test_a_line_whose_beginning_was_lost_is_refused_where_the_digits_are_known() -> None:
    assert kinds(LineHex(digits=8).feed(b"2B3C4D\r\n", 0.0)) == [FaultKind.GARBAGE]
    assert frames(LineHex(digits=8).feed(b"1A2B3C4D\r\n", 0.0)) == [f"{0x1A2B3C4D:032b}"]


def test_an_unknown_framing_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="morse"):
        framer_named("morse")


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(NAMES, WIRE_BYTES, st.data())
def test_any_bytes_in_any_pieces_give_the_same_findings(name: str, wire: bytes, data: st.DataObject) -> None:
    whole = framer_named(name).feed(wire, 0.0)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=8)))
    framer, found = framer_named(name), []
    for begin, end in zip([0, *cuts], [*cuts, len(wire)], strict=True):
        found += framer.feed(wire[begin:end], 0.0)
    assert found == whole


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(NAMES, st.lists(st.tuples(st.binary(max_size=200), st.floats(0, 0.3)), max_size=20))
def test_no_bytes_at_any_times_raise_or_are_kept_beyond_a_frame(name: str, wire: list[tuple[bytes, float]]) -> None:
    framer, now = framer_named(name), 0.0
    for data, pause in wire:
        now += pause
        framer.feed(data, now)
        framer.tick(now)
        framer.outgoing(now)
        assert len(framer._part) <= 128
    framer.tick(now + 1)
    assert not framer.pending


def test_a_card_that_lies_on_the_reader_is_one_presentation_and_the_window_renews() -> None:
    repeats = RepeatSuppression(2.0)
    assert [repeats.fresh("01", at) for at in (0.0, 1.5, 3.0, 4.9, 7.0)] == [True, False, False, False, True]


def test_another_card_between_does_not_end_the_window() -> None:
    repeats = RepeatSuppression(2.0)
    assert [repeats.fresh(bits, at) for bits, at in (("01", 0.0), ("10", 0.5), ("01", 1.0))] == [True, True, False]


def test_a_window_of_nothing_swallows_nothing_and_memory_is_bounded() -> None:
    repeats = RepeatSuppression(0.0)
    assert all(repeats.fresh("01", 1.0) for _ in range(3))
    for card in range(1000):
        repeats.fresh(f"{card:b}", 1.0)
    assert len(repeats._seen) <= 64
