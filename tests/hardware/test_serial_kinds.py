"""Each kind of serial reader: what its maker publishes, what the bench sends, what goes wrong on the way."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.bench.encoding import encoded
from hardware.readers.framing import SERIAL_KINDS, Finding, Flaw, Frame, Framer, Gwiot7941, Twn4, framer_named
from hardware.readers.framing.twn4 import GREEN, OUTPUTS, PATIENCE, PAUSE, RED, SEARCH, SHOWN_FOR, beep, dark, lit
from hardware.readers.reader import Shown
from hardware.signal import FaultKind

GWIOT = bytes.fromhex("020A022E00B6D7B5F203")
SPEAKING = [name for name, kind in SERIAL_KINDS.items() if not kind.make(None).asked]
LENGTHS = (
    {"gwiot-7941": [32, 40, 56, 64, 80]}
    | {name: [32] for name in SPEAKING if "decimal" in name}
    | {name: [16, 32, 40, 56, 64, 256] for name in SPEAKING if name in ("line-hex", "enclosed-hex", "enclosed-hex-lrc")}
)


def frames(found: list[Finding]) -> list[str]:
    return [finding.bits for finding in found if isinstance(finding, Frame)]


def kinds(found: list[Finding]) -> list[FaultKind]:
    return [finding.kind for finding in found if isinstance(finding, Flaw)]


def card_of(name: str, rng: random.Random) -> str:
    length = rng.choice(LENGTHS.get(name, [40]))
    return f"{rng.getrandbits(length):0{length}b}"


@pytest.mark.parametrize("name", SPEAKING)
def test_what_the_bench_sends_is_read_bit_for_bit(name: str, rng: random.Random) -> None:
    for _ in range(200):
        bits = card_of(name, rng)
        found = framer_named(name).feed(encoded(name, bits), 1.0)
        assert set(frames(found)) == {bits}
        assert kinds(found) == []


def test_the_published_gwiot_frame_is_forty_bits_of_the_card() -> None:
    assert frames(Gwiot7941().feed(GWIOT, 0.0)) == [f"{0x2E00B6D7B5:040b}"]


def test_a_gwiot_card_may_hold_the_bytes_of_beginning_and_end() -> None:
    bits = f"{0x0203020302:040b}"
    assert frames(Gwiot7941().feed(encoded("gwiot-7941", bits), 0.0)) == [bits]


@pytest.mark.parametrize("before", [b"\x02", b"\x02\x0a", b"\x02\x0f\x02", b"\xff\x02\x09\x02", GWIOT[:6], b"\x02" * 9])
def test_noise_that_looks_like_the_beginning_of_a_frame_costs_no_card(before: bytes) -> None:
    framer = Gwiot7941()
    found = framer.feed(before + GWIOT, 1.0) + framer.tick(2.0)
    assert frames(found) == [f"{0x2E00B6D7B5:040b}"]
    assert not framer.pending


@pytest.mark.parametrize("place", range(1, 9))
def test_a_gwiot_frame_with_a_flipped_bit_is_no_card(place: int) -> None:
    wrong = bytearray(GWIOT)
    wrong[place] ^= 0x10
    framer = Gwiot7941()
    assert frames(framer.feed(bytes(wrong), 0.0) + framer.tick(1.0)) == []


@pytest.mark.parametrize("ending", [b"", b"\r", b"\n", b"\r\n"])
def test_enclosed_digits_may_have_any_line_ending_before_the_end(ending: bytes) -> None:
    assert frames(framer_named("enclosed-hex").feed(b"\x0200af" + ending + b"\x03", 0.0)) == [f"{0xAF:016b}"]


def test_a_check_byte_is_taken_by_its_place_though_it_looks_like_a_beginning_or_an_end(rng: random.Random) -> None:
    special: set[int] = set()
    while special != {0x02, 0x03}:
        digits = f"{rng.getrandbits(64):016X}".encode()
        frame = b"\x02" + digits + b"\x03"
        check = 0
        for value in frame[1:]:
            check ^= value
        if check in (0x02, 0x03):
            special.add(check)
            found = framer_named("enclosed-hex-lrc").feed((frame + bytes((check,))) * 2, 0.0)
            assert (len(frames(found)), kinds(found)) == (2, [])


def test_a_wrong_check_byte_is_no_card_and_the_next_frame_is_read() -> None:
    good = encoded("enclosed-decimal-lrc", f"{8844356:032b}")
    found = framer_named("enclosed-decimal-lrc").feed(good[:-1] + good, 0.0)
    assert kinds(found) == [FaultKind.BAD_CHECKSUM]
    assert frames(found) == [f"{8844356:032b}"]


def test_a_decimal_number_that_does_not_fit_its_bits_is_no_card() -> None:
    found = framer_named("line-decimal").feed(b"4294967295\r4294967296\r12a4\r", 0.0)
    assert frames(found) == ["1" * 32]
    assert kinds(found) == [FaultKind.GARBAGE] * 2


def test_a_number_of_digits_is_kept_where_it_means_something() -> None:
    assert kinds(framer_named("line-decimal", 10).feed(b"844356\r", 0.0)) == [FaultKind.GARBAGE]
    with pytest.raises(ValueError, match="no number of digits"):
        framer_named("rdm6300", 10)


# --- the reader that is asked


def answer(framer: Twn4, line: bytes, now: float) -> list[Finding]:
    return framer.feed(line + b"\r", now)


def ready(now: float = 1.0) -> Twn4:
    framer = Twn4()
    assert framer.outgoing(now) == OUTPUTS.hex().upper().encode() + b"\r"
    answer(framer, b"00", now)
    assert framer.outgoing(now) == b"040303\r"
    answer(framer, b"00", now)
    return framer


def test_a_twn4_is_asked_for_a_card_again_and_again_and_the_found_one_is_read() -> None:
    framer = ready()
    assert framer.outgoing(1.0) == b""
    assert framer.wanted(1.0) == pytest.approx(PAUSE)
    assert framer.outgoing(1.1) == b"050028\r"
    assert answer(framer, b"0000", 1.15) == []
    assert framer.outgoing(1.3) == b"050028\r"
    assert answer(framer, b"0001402005" + b"62E3086C", 1.35) != [], "count of bytes that does not fit"
    assert framer.outgoing(1.5) == b"050028\r"
    assert answer(framer, b"00014028" + b"0562E3086CED", 1.55) == [Frame(f"{0x62E3086CED:040b}", 1.55)]
    assert framer.answers


def test_bits_that_are_no_whole_bytes_are_the_first_ones() -> None:
    framer = ready()
    framer.outgoing(1.1)
    assert frames(answer(framer, b"0001491A04" + b"C0000040", 1.2)) == ["11000000000000000000000001"]


@pytest.mark.parametrize(
    "line", [b"00", b"01", b"0001", b"000140280562E308", b"00024028" + b"0562E3086CED", b"0001400000", b"123"]
)
def test_an_answer_that_is_no_card_is_a_flaw(line: bytes) -> None:
    framer = ready()
    framer.outgoing(1.1)
    found = answer(framer, line, 1.2)
    assert (frames(found), kinds(found)) == ([], [FaultKind.GARBAGE])


def test_a_card_that_nobody_asked_for_is_no_read() -> None:
    framer = ready()
    found = answer(framer, b"00014028" + b"0562E3086CED", 1.01)
    assert (frames(found), kinds(found)) == ([], [FaultKind.GARBAGE])


def test_a_twn4_that_does_not_answer_is_known_to_be_silent_and_asked_on() -> None:
    framer = ready()
    now, asked = 1.1, 0
    while framer.answers:
        asked += bool(framer.outgoing(now))
        now += PATIENCE / 2
    assert asked == 4
    answer(framer, b"0000", now)
    assert framer.answers


def test_granted_is_green_with_one_beep_and_ends_by_itself() -> None:
    framer = ready()
    framer.show(Shown.GRANTED, 2.0)
    orders, now = [], 2.0
    while now < 2.0 + SHOWN_FOR + 1:
        if out := framer.outgoing(now):
            orders.append(bytes.fromhex(out.decode()))
            answer(framer, b"0000" if orders[-1] == SEARCH else b"00", now)
        now += 0.05
    shown = [order for order in orders if order != SEARCH]
    assert shown == [dark(RED), lit(GREEN), beep(100), dark(RED | GREEN)]
    assert orders.index(SEARCH) < len(orders) - 1, "cards are searched while the light is on"


def test_what_is_shown_is_bounded_and_the_last_wish_wins() -> None:
    framer = ready()
    for _ in range(1000):
        for shown in Shown:
            framer.show(shown, 2.0)
    framer.show(Shown.DENIED, 2.0)
    assert len(framer._orders) <= 8
    assert framer.outgoing(2.0) == dark(GREEN).hex().upper().encode() + b"\r"


# --- any bytes

Wire = st.lists(
    st.one_of(
        st.binary(max_size=30),
        st.sampled_from(
            [GWIOT, b"\x02", b"\x03", b"\r\n", b"0001402804", b"\x0262E3086CED08\x03", b"12345678", b"A" * 90]
        ),
    ),
    max_size=12,
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(SPEAKING), Wire, st.randoms(use_true_random=False))
def test_nothing_is_read_that_was_not_on_the_wire_whole_and_the_next_card_always_is(
    name: str, pieces: list[bytes], rng: random.Random
) -> None:
    framer, now, found = framer_named(name), 0.0, []
    for piece in pieces:
        now += rng.choice([0.0, 0.01, 0.3])
        found += framer.feed(piece, now)
    wire = b"".join(pieces)
    for bits in frames(found):
        assert was_sent(name, bits, wire)
    bits = card_of(name, rng)
    found = framer.feed(encoded(name, bits), now + 0.5) + framer.tick(now + 1.0)
    assert bits in frames(found)
    assert len(set(frames(found)) - {bits}) <= 1  # a card that lay behind the beginning of another one


def was_sent(name: str, bits: str, wire: bytes) -> bool:
    """Are the very digits or bytes of the card on the wire?"""
    if name == "gwiot-7941":
        return int(bits, 2).to_bytes(len(bits) // 8, "big") in wire
    if "decimal" in name:
        return str(int(bits, 2)).encode() in wire
    return f"{int(bits, 2):0{len(bits) // 4}X}".encode() in wire.upper()


def pieces_of(framer: Framer) -> int:
    return len(framer._part)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=60), st.floats(0, 0.7), st.sampled_from(Shown)), max_size=30))
def test_a_twn4_survives_any_answers_and_reads_a_card_within_two_seconds(
    talk: list[tuple[bytes, float, Shown]],
) -> None:
    framer, now = Twn4(), 0.0
    for data, pause, shown in talk:
        now += pause
        framer.outgoing(now)
        framer.feed(data, now)
        framer.show(shown, now)
        assert pieces_of(framer) <= 128
    until, found = now + 2.0, []
    while now < until:
        now += 0.02
        found += framer.tick(now)
        if out := framer.outgoing(now):
            found += answer(framer, b"000140280562E3086CED" if out == b"050028\r" else b"00", now)
    assert f"{0x62E3086CED:040b}" in frames(found)
