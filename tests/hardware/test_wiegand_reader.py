"""The Wiegand reader over pins: published cards, noise, stuck lines, keys, lights; all on simulated stamps."""

import csv
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from gpiozero import InputDevice
from gpiozero.pins.mock import MockFactory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hardware.indicator import Indicator
from hardware.readers.gpiozero_edges import GpiozeroEdges
from hardware.readers.keypad import Keypad, burst_of
from hardware.readers.reader import Reader, Shown
from hardware.readers.wiegand import WiegandReader
from hardware.signal import CardBits, FaultKind, KeysPressed, ReaderFault
from tests.hardware.timed_pins import D0, D1, TellingPin, WiegandBed, approx

CARD = "10110011100011110000111110"


@pytest.fixture
def bed() -> Iterator[WiegandBed]:
    bed = WiegandBed()
    yield bed
    bed.close()


@pytest.fixture
def keypad_bed(request: pytest.FixtureRequest) -> Iterator[WiegandBed]:
    bed = WiegandBed(request.param)
    yield bed
    bed.close()


def bits_of(bed: WiegandBed) -> str:
    card = bed.next()
    assert isinstance(card, CardBits), card
    assert (card.reader, card.source) == ("elm-in", "wiegand")
    return card.bits


def fault_of(bed: WiegandBed) -> FaultKind:
    fault = bed.next()
    assert isinstance(fault, ReaderFault), fault
    return fault.kind


def test_a_card_is_delivered_with_the_stamp_of_its_last_bit(bed: WiegandBed) -> None:
    last = bed.send(CARD)
    bed.rest()
    assert bed.next() == CardBits("elm-in", "wiegand", CARD, approx(last))
    reader: Reader = bed.reader
    assert (reader.id, reader.online, reader.alive, reader.secure) == ("elm-in", True, True, False)


@pytest.mark.parametrize("spacing", [0.0002, 0.002, 0.02])
def test_every_published_card_comes_through_the_pins(bed: WiegandBed, vectors: Path, spacing: float) -> None:
    with (vectors / "cards.csv").open(newline="", encoding="utf-8") as file:
        cards = [row["wire_bits_first_to_last"] for row in csv.DictReader(file)]
    cards = [bits for bits in cards if bits and len(bits) >= 24]
    assert len(cards) > 80
    for bits in cards:
        bed.send(bits, spacing)
        bed.rest(2.0)
        assert bits_of(bed) == bits


def test_frames_that_are_looked_at_late_are_neither_merged_nor_split(bed: WiegandBed) -> None:
    for bits in (CARD, CARD[::-1], CARD * 2):
        bed.send(bits)
    bed.rest()
    assert [bits_of(bed) for _ in range(3)] == [CARD, CARD[::-1], CARD * 2]


def test_a_half_handed_over_frame_is_not_closed_by_the_time_that_passes(bed: WiegandBed) -> None:
    """The clock of the stamps stands while the rest of a train is under way, however long that takes."""
    begin = bed.factory.now + 1
    for place, bit in enumerate(CARD):
        bed.pulse(int(bit), begin + place * 0.02)
        bed.source.wake()
    bed.rest()
    assert bits_of(bed) == CARD


def test_ringing_costs_no_bit_and_makes_none(bed: WiegandBed) -> None:
    begin = bed.factory.now + 1
    for place, bit in enumerate(CARD):
        at = begin + place * 0.002
        bed.pulse(int(bit), at, 3e-6)
        bed.pulse(int(bit), at + 6e-6)
    bed.rest()
    assert bits_of(bed) == CARD


def test_both_lines_at_once_are_no_card_and_the_next_card_is_read(bed: WiegandBed) -> None:
    begin = bed.factory.now + 1
    for place, bit in enumerate(CARD):
        bed.pulse(int(bit), begin + place * 0.002)
    bed.pulse(1 - int(CARD[-1]), begin + 25 * 0.002 + 10e-6)
    bed.rest()
    assert fault_of(bed) is FaultKind.GARBAGE
    bed.send(CARD)
    bed.rest()
    assert bits_of(bed) == CARD


def test_a_lost_bit_gives_another_length_and_a_flipped_bit_is_delivered_as_it_was(bed: WiegandBed) -> None:
    """The framer cannot know: the formats above it refuse the length and the parity."""
    bed.send(CARD[:-1])
    bed.rest()
    assert bits_of(bed) == CARD[:-1]
    flipped = CARD[:5] + str(1 - int(CARD[5])) + CARD[6:]
    bed.send(flipped)
    bed.rest()
    assert bits_of(bed) == flipped


@pytest.mark.parametrize("line", [0, 1])
def test_a_line_that_stays_low_is_told_once_with_its_return_and_spoils_its_frame(bed: WiegandBed, line: int) -> None:
    bed.send(CARD)
    bed.level(line, False, bed.factory.now + 0.002)
    bed.rest()
    fault = bed.next()
    assert isinstance(fault, ReaderFault)
    assert (fault.kind, fault.detail) == (FaultKind.STUCK, f"D{line} stays low")
    stuck_online = bed.reader.online
    assert not stuck_online
    bed.rest(10)
    bed.level(line, True, bed.factory.now + 1)
    bed.rest(10)
    assert fault_of(bed) is FaultKind.REOPENED
    assert bed.reader.online
    bed.send(CARD)
    bed.rest()
    assert bits_of(bed) == CARD


def test_both_lines_low_are_a_cut_or_a_short(bed: WiegandBed) -> None:
    for line in (0, 1):
        bed.level(line, False, bed.factory.now + 1e-6)
    bed.rest()
    fault = bed.next()
    assert (fault.kind, fault.detail[:20]) == (FaultKind.STUCK, "both lines stay low:")


def test_a_line_that_never_rests_is_overlong_at_once(bed: WiegandBed) -> None:
    begin = bed.factory.now + 1
    for place in range(3000):
        bed.pulse(place % 2, begin + place * 0.0002)
    assert fault_of(bed) is FaultKind.OVERLONG
    bed.rest()
    bed.send(CARD)
    bed.rest()
    assert bits_of(bed) == CARD


def test_a_few_stray_pulses_are_no_card(bed: WiegandBed) -> None:
    bed.send("0110011")
    bed.rest()
    assert fault_of(bed) is FaultKind.GARBAGE
    bed.send("01" * 11)
    bed.send(CARD)
    bed.rest()
    assert bits_of(bed) == CARD, "the second flaw of a kind is counted only"


@pytest.mark.parametrize("keypad_bed", list(Keypad)[1:], indirect=True)
def test_the_keys_of_one_entry_are_delivered_together(keypad_bed: WiegandBed, request: pytest.FixtureRequest) -> None:
    bed = keypad_bed
    kind = request.node.callspec.params["keypad_bed"]
    for key in "1906#":
        bed.send(burst_of(kind, key))
    bed.rest()
    keys = bed.next()
    assert (keys.reader, keys.keys) == ("elm-in", "1906#")
    assert "1906" not in repr(keys)


@pytest.mark.parametrize("keypad_bed", [Keypad.EIGHT_BITS], indirect=True)
def test_an_entry_ends_by_itself_and_a_wrong_burst_is_no_key(keypad_bed: WiegandBed) -> None:
    bed = keypad_bed
    bed.send(burst_of(Keypad.EIGHT_BITS, "4"))
    bed.send("11111111")
    bed.rest()
    assert fault_of(bed) is FaultKind.GARBAGE
    bed.rest(4)
    assert isinstance(keys := bed.next(), KeysPressed)
    assert keys.keys == "4"


@pytest.mark.parametrize("keypad_bed", [Keypad.FOUR_BITS], indirect=True)
def test_a_card_ends_an_entry(keypad_bed: WiegandBed) -> None:
    bed = keypad_bed
    bed.send(burst_of(Keypad.FOUR_BITS, "7"))
    bed.send(CARD)
    bed.rest()
    assert isinstance(keys := bed.next(), KeysPressed)
    assert keys.keys == "7"
    assert bits_of(bed) == CARD


def test_a_flood_of_cards_is_cut_off_told_and_counted(bed: WiegandBed) -> None:
    for _ in range(200):
        bed.send(CARD, 0.0002)
        bed.factory.now -= 0.17  # the reader of the flood leaves no more than it must
    bed.rest()
    signals: list[Any] = []
    while not isinstance(signals[-1] if signals else None, ReaderFault):
        signals.append(bed.next())
    assert signals[-1].kind is FaultKind.FLOOD
    assert len(signals) < 150
    bed.rest(61)
    summary = next(each for each in iter(bed.next, None) if isinstance(each, ReaderFault))
    assert summary.kind is FaultKind.FLOOD
    assert summary.detail.endswith("reads")
    bed.send(CARD)
    bed.rest()
    assert bits_of(bed) == CARD


Pulses = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.one_of(st.floats(0, 0.0005), st.floats(0, 0.03), st.sampled_from([0.0, 1e-6, 0.0002, 0.002, 0.02, 0.025])),
        st.sampled_from([1e-6, 20e-6, 50e-6, 100e-6, 0.004]),
    ),
    max_size=150,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pulses=Pulses)
def test_after_any_pulse_train_a_valid_card_is_read_within_two_seconds(bed: WiegandBed, pulses: object) -> None:
    assert isinstance(pulses, list)
    for line, pause, width in pulses:
        bed.pulse(line, bed.factory.now + pause, width)
    bed.rest(0.1)
    last = bed.send(CARD[::-1])
    bed.rest(1.0)
    signals: list[Any] = []
    while not (signals and isinstance(signals[-1], CardBits) and signals[-1].mono == approx(last)):
        signals.append(bed.next())
    assert signals[-1].bits == CARD[::-1]
    bed.rest(200)


def test_the_readers_own_wires_are_active_low_and_show_what_was_decided() -> None:
    lights = MockFactory(pin_class=TellingPin)
    lights.edges = SimpleQueue()
    bed = WiegandBed(indicator=Indicator(5, None, 6, lights, active_high=False, pace=20))
    assert lights.pin(5).state == 1
    bed.reader.indicate(Shown.GRANTED)
    found = [lights.edges.get(timeout=5) for _ in range(6)]
    assert found == [(5, True), (6, True), (5, False), (6, False), (6, True), (5, True)]
    for shown in Shown:
        bed.reader.indicate(shown)
    bed.close()
    lights.close()


def test_a_pin_that_is_taken_is_a_lost_reader_and_not_a_dead_one_until_it_is_free(
    bed: WiegandBed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hardware.readers.wiegand._RETRY", 0.01)
    taken = InputDevice(6, pin_factory=bed.factory)
    second = WiegandReader("elm-out", GpiozeroEdges(5, 6, bed.factory), bed.heard.put)
    second.start()
    assert fault_of(bed) is FaultKind.LOST
    assert (second.alive, second.online) == (True, False)
    taken.close()
    assert fault_of(bed) is FaultKind.REOPENED
    assert second.wait_open(5)
    second.close()
    assert not second.alive


def test_closing_leaves_no_thread_and_gives_the_pins_back() -> None:
    before = threading.active_count()
    bed = WiegandBed()
    source = GpiozeroEdges(D0, D1, bed.factory)
    bed.reader.close()
    assert threading.active_count() == before
    source.open()
    source.close()
    bed.close()
