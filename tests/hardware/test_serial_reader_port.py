"""The serial reader over a real pty: cards, lost cables, nothing left behind."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

from hardware.bench.encoding import encoded
from hardware.bench.fixture_readers import SerialOnBench
from hardware.bench.reader_line import Surroundings
from hardware.bench.serial_line import SerialLine
from hardware.readers.framing import LineHex, StxEtxHex
from hardware.readers.serial_port import SerialReader
from hardware.signal import CardBits, FaultKind, ReaderFault, Signal

ADA = f"{0x62E3086CED:040b}"


@pytest.fixture
def line(tmp_path: Path) -> Iterator[SerialLine]:
    around = Surroundings(
        time.monotonic,
        lambda _agent, _message: None,
        lambda _name, _value: 0.0,
        lambda _edge: None,
        lambda _, act: act(),
        lambda _output, _value, _mono: None,
    )
    line = SerialLine(SerialOnBench("cedar-in", "stx-etx-hex", tmp_path / "port", "cedar-in"), around)
    line.mend()
    yield line
    line.cut()


@pytest.fixture
def heard() -> "SimpleQueue[Signal]":
    return SimpleQueue()


@pytest.fixture
def reader(line: SerialLine, heard: "SimpleQueue[Signal]") -> Iterator[SerialReader]:
    reader = SerialReader("cedar-in", str(line.reader.port), StxEtxHex(), heard.put, repeat_window=0.0)
    reader.start()
    assert reader.wait_open(5)
    yield reader
    reader.close()
    assert not reader.alive


def fault(heard: "SimpleQueue[Signal]") -> FaultKind:
    signal = heard.get(timeout=5)
    assert isinstance(signal, ReaderFault)
    return signal.kind


def test_a_card_arrives_as_bits_with_a_stamp(
    line: SerialLine, reader: SerialReader, heard: "SimpleQueue[Signal]"
) -> None:
    line.write(encoded("stx-etx-hex", ADA))
    card = heard.get(timeout=5)
    assert isinstance(card, CardBits)
    assert (card.reader, card.source, card.bits) == ("cedar-in", "serial-hex", ADA)
    assert card.mono > 0


def test_a_frame_that_stops_half_way_is_told_by_the_reader_itself(
    line: SerialLine, reader: SerialReader, heard: "SimpleQueue[Signal]"
) -> None:
    line.write(b"\x0262E3")
    assert fault(heard) is FaultKind.TIMEOUT


def test_a_reader_that_sends_rubbish_does_not_flood_the_agent(
    line: SerialLine, reader: SerialReader, heard: "SimpleQueue[Signal]"
) -> None:
    line.write(b"\x0262E3086CED09\x03" * 20 + encoded("stx-etx-hex", ADA))
    assert fault(heard) is FaultKind.BAD_CHECKSUM
    assert isinstance(heard.get(timeout=5), CardBits)


def test_a_cut_cable_is_told_once_and_its_return_once(
    line: SerialLine, reader: SerialReader, heard: "SimpleQueue[Signal]"
) -> None:
    line.cut()
    assert fault(heard) is FaultKind.LOST
    line.mend()
    assert fault(heard) is FaultKind.REOPENED
    line.write(encoded("stx-etx-hex", ADA))
    assert isinstance(heard.get(timeout=5), CardBits)


def test_a_badge_from_before_the_port_was_opened_is_thrown_away(line: SerialLine, heard: "SimpleQueue[Signal]") -> None:
    line.write(encoded("stx-etx-hex", ADA))
    ben = ADA[::-1]
    reader = SerialReader("cedar-in", str(line.reader.port), StxEtxHex(), heard.put)
    reader.start()
    assert reader.wait_open(5)
    line.write(encoded("stx-etx-hex", ben))
    card = heard.get(timeout=5)
    reader.close()
    assert isinstance(card, CardBits)
    assert card.bits == ben


def test_a_port_that_never_was_there_is_lost_and_the_reader_still_ends(
    tmp_path: Path, heard: "SimpleQueue[Signal]"
) -> None:
    reader = SerialReader("cedar-in", str(tmp_path / "nowhere"), LineHex(), heard.put)
    reader.start()
    assert fault(heard) is FaultKind.LOST
    reader.close()
    assert not reader.alive


def test_nothing_is_left_open_or_running(line: SerialLine, heard: "SimpleQueue[Signal]") -> None:
    def open_files() -> int:
        return len(os.listdir("/proc/self/fd"))

    before, threads = open_files(), threading.active_count()
    reader = SerialReader("cedar-in", str(line.reader.port), StxEtxHex(), heard.put)
    reader.start()
    assert reader.wait_open(5)
    reader.close()
    reader.close()
    assert (open_files(), threading.active_count()) == (before, threads)


def test_a_second_opener_of_the_port_is_refused(
    line: SerialLine, reader: SerialReader, heard: "SimpleQueue[Signal]"
) -> None:
    second = SerialReader("cedar-in", str(line.reader.port), StxEtxHex(), heard.put)
    second.start()
    assert fault(heard) is FaultKind.LOST
    second.close()


def test_a_card_that_lies_on_the_reader_is_delivered_once(line: SerialLine, heard: "SimpleQueue[Signal]") -> None:
    reader = SerialReader("r", str(line.reader.port), StxEtxHex(), heard.put, clock=lambda: 7.0, repeat_window=2.0)
    reader.start()
    assert reader.wait_open(5)
    line.write(encoded("stx-etx-hex", ADA) * 5 + encoded("stx-etx-hex", ADA[::-1]))
    cards = [heard.get(timeout=5), heard.get(timeout=5)]
    reader.close()
    assert [card.bits for card in cards if isinstance(card, CardBits)] == [ADA, ADA[::-1]]
