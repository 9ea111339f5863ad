"""Our panel against libosdp's peripheral device, in a process of its own, over real ptys and real time."""

import os
import select
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from hardware.bench.osdp_line import Noise, OsdpLine, Pty
from hardware.readers.osdp import command
from hardware.readers.osdp.key import read_key
from hardware.readers.osdp.line import OsdpBus
from hardware.readers.osdp.pairing import Bench, Paired, move, pair
from hardware.readers.osdp.reply import Communication
from hardware.readers.osdp.settings import BusSettings
from hardware.readers.reader import Reader, Shown
from hardware.signal import FaultKind, InputLevel, KeysPressed, ReaderTamper, Signal
from tests.hardware.osdp.conftest import PATIENCE, RealLine
from tests.hardware.osdp.desk import ADA, KEY, OTHER_KEY, settings

pytestmark = pytest.mark.building
HEX = KEY.value.hex()
LED, BUZZER = 2, 3


def card(number: int) -> str:
    return f"{number:026b}"


def test_cards_keys_and_states_arrive_inside_the_secure_channel(real: RealLine) -> None:
    peripheral, _line, reader = real.connected(settings(), key=HEX)
    assert reader.wait_open(PATIENCE)
    assert (reader.online, reader.secure, reader.id) == (True, True, "reader-1")
    assert real.swipe(peripheral, reader, ADA)
    deeds: list[tuple[dict[str, object], Signal]] = [
        ({"do": "keys", "keys": "1234*#"}, KeysPressed("reader-1", "1234*#", 0.0)),
        ({"do": "local", "report": [1, 0]}, ReaderTamper("reader-1", True, 0.0)),
        ({"do": "local", "report": [0, 1]}, InputLevel("reader-1.power", True, 0.0)),
        ({"do": "head", "report": [2]}, ReaderTamper("reader-1", True, 0.0)),
        ({"do": "inputs", "report": [0, 1]}, InputLevel("reader-1.input2", True, 0.0)),
    ]
    for deed, wanted in deeds:
        real.signals.all.clear()
        assert real.signals.told(reader, partial(peripheral.do, deed), partial(told, real, wanted))
    assert not set(real.signals.faults) & {FaultKind.AUTHENTICATION, FaultKind.GARBAGE}


def told(real: RealLine, wanted: Signal) -> bool:
    return wanted in [replace(signal, mono=0.0) for signal in list(real.signals.all)]


def test_cards_of_any_length_arrive_to_the_bit(real: RealLine) -> None:
    peripheral, _line, reader = real.connected(settings(), key=HEX)
    for bits in ("1", "0" * 8 + "1", ADA, "1" * 37, "10" * 64):
        assert real.swipe(peripheral, reader, bits)


def test_what_was_decided_is_shown_by_the_reader(real: RealLine) -> None:
    _peripheral, _line, reader = real.connected(settings(), key=HEX)
    assert reader.wait_open(PATIENCE)
    for shown, colour in ((Shown.GRANTED, 2), (Shown.DENIED, 1), (Shown.WAITING, 3)):
        real.shown.all.clear()
        reader.indicate(shown)
        assert real.shown.wait(lambda said: lights(said) != [])
        assert lights(real.shown.all) == [colour]
    real.shown.all.clear()
    reader.ask(command.text("welcome", 3))
    assert real.shown.wait(lambda said: any("welcome" in str(message) for message in said))


def lights(said: list[dict[str, dict[str, int]]]) -> list[int]:
    commands = [message["command"] for message in said if "command" in message]
    return [command["on_color"] for command in commands if command["command"] == LED]


def test_a_reader_with_another_key_never_is_online(real: RealLine) -> None:
    peripheral, _line, reader = real.connected(settings(), key=OTHER_KEY.value.hex())
    peripheral.do({"do": "card", "bits": ADA})
    assert real.signals.fault(FaultKind.AUTHENTICATION)
    real.skip(10.0)
    assert real.signals.fault(FaultKind.LOST)
    assert not reader.online
    assert not reader.secure
    assert real.signals.cards == []


def test_a_reader_in_its_install_mode_gets_neither_trust_nor_key(real: RealLine) -> None:
    peripheral, _line, reader = real.connected(settings())
    peripheral.do({"do": "card", "bits": ADA})
    assert real.signals.fault(FaultKind.AUTHENTICATION)
    real.skip(10.0)
    assert real.signals.fault(FaultKind.LOST)
    assert not reader.online
    assert real.signals.cards == []
    assert not any("command" in message for message in real.shown.all)


def test_a_reader_in_the_clear_is_read_only_where_that_is_signed_for(real: RealLine) -> None:
    peripheral, line, refused = real.connected(settings(), plain=True)
    assert real.signals.fault(FaultKind.AUTHENTICATION)
    assert not refused.online
    refused.close()
    signed = settings(key=None, sign_off="old reader, to be replaced in May")
    reader = real.panel(line.path, [signed]).readers["reader-1"]
    assert reader.wait_open(PATIENCE)
    assert not reader.secure
    assert real.swipe(peripheral, reader, ADA)


def test_a_cut_line_is_told_and_what_was_read_meanwhile_opens_nothing(real: RealLine) -> None:
    peripheral, line, reader = real.connected(settings(), key=HEX)
    assert reader.wait_open(PATIENCE)
    line.joined = False
    real.skip(10.0)
    assert real.signals.fault(FaultKind.LOST)
    assert not reader.online
    peripheral.do({"do": "card", "bits": card(1)})
    line.joined = True
    real.skip(5.0)
    assert real.signals.fault(FaultKind.REOPENED)
    assert reader.wait_open(PATIENCE)
    assert real.signals.fault(FaultKind.STALE)
    assert real.swipe(peripheral, reader, card(2))
    assert real.signals.cards == [card(2)]


def test_a_noisy_line_invents_no_card_and_heals(real: RealLine, seed: int) -> None:
    peripheral, line, reader = real.connected(settings(), key=HEX)
    assert reader.wait_open(PATIENCE)
    line.noise = Noise(lost=0.01, flipped=0.02)
    wanted = [card(1000 + number) for number in range(40)]
    for bits in wanted:
        assert reader.wait_open(PATIENCE), seed
        peripheral.do({"do": "card", "bits": bits})
        # libosdp does not repeat a reply that was lost: its card is gone. What matters is that none is made up.
        real.signals.card(bits, timeout=0.5)
    line.noise = Noise()
    assert reader.wait_open(PATIENCE), seed
    assert real.swipe(peripheral, reader, ADA), seed
    cards = real.signals.cards
    assert set(cards) <= {*wanted, ADA}, seed
    assert len(cards) == len(set(cards)), seed
    assert len(cards) >= 30, seed
    assert reader.secure


class Tape:
    """A device without a key that answers whatever is asked with the next reply of a recording, from its beginning
    whenever a session begins."""

    def __init__(self, replies: list[bytes]) -> None:
        self.wire = Pty()
        self._replies = replies
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._play)

    def __enter__(self) -> "Tape":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self.wire.close()

    def _play(self) -> None:
        left: list[bytes] = []
        while not self._ended.is_set():
            ready, _, _ = select.select([self.wire.ours], [], [], 0.05)
            asked = os.read(self.wire.ours, 4096) if ready else b""
            left = list(self._replies) if asked and asked[5] & 3 == 0 else left
            if asked and left:
                os.write(self.wire.ours, left.pop(0))


def test_a_recording_of_an_earlier_session_opens_no_channel_and_delivers_no_card(real: RealLine) -> None:
    peripheral, line, reader = real.connected(settings(), key=HEX)
    line.recording = True
    assert reader.wait_open(PATIENCE)
    assert real.swipe(peripheral, reader, ADA)
    reader.close()
    replies = [data for end, data in line.recorded if end == "reader"]
    real.signals.all.clear()
    with Tape(replies) as tape:
        replayed = real.panel(tape.wire.path, [settings()]).readers["reader-1"]
        assert real.signals.fault(FaultKind.AUTHENTICATION)
        real.skip(10.0)
        assert real.signals.fault(FaultKind.LOST)
        assert replayed.authentication_failures >= 1
        assert not replayed.secure
        assert not replayed.online
        assert real.signals.cards == []
        replayed.close()


def test_a_dead_reader_does_not_silence_the_other(real: RealLine) -> None:
    peripherals = [real.peripheral(1, key=HEX), real.peripheral(2, key=OTHER_KEY.value.hex())]
    line = real.wire(*peripherals)
    readers = real.panel(line.path, [settings(1), settings(2, OTHER_KEY)]).readers
    assert all(reader.wait_open(PATIENCE) for reader in readers.values())
    peripherals[1].die()
    for number in range(10):
        assert real.swipe(peripherals[0], readers["reader-1"], card(number))
    real.skip(10.0)
    assert real.signals.wait(lambda _all: not readers["reader-2"].online and FaultKind.LOST in real.signals.faults)
    assert readers["reader-1"].wait_open(PATIENCE)


def test_a_port_that_vanishes_is_told_at_once_and_found_again(real: RealLine, tmp_path: Path) -> None:
    peripheral = real.peripheral(1, key=HEX)
    link = tmp_path / "port"
    first = OsdpLine([peripheral.wire.ours])
    link.symlink_to(first.path)
    reader = real.panel(str(link), [settings()]).readers["reader-1"]
    assert reader.wait_open(PATIENCE)
    link.unlink()
    first.close()
    assert real.signals.fault(FaultKind.LOST)
    second = real.wire(peripheral)
    link.symlink_to(second.path)
    assert real.signals.fault(FaultKind.REOPENED)
    assert reader.wait_open(PATIENCE)
    assert [kind for kind in real.signals.faults if kind in (FaultKind.LOST, FaultKind.REOPENED)] == [
        FaultKind.LOST,
        FaultKind.REOPENED,
    ]


def test_a_bus_without_a_port_is_lost_and_ends_all_the_same(real: RealLine, tmp_path: Path) -> None:
    bus = real.panel(str(tmp_path / "nowhere"), [settings()])
    assert real.signals.fault(FaultKind.LOST)
    assert not bus.readers["reader-1"].wait_open(0.01)
    bus.close()
    assert not bus.alive


def test_nothing_is_left_open_or_running(real: RealLine) -> None:
    def open_files() -> int:
        return len(os.listdir("/proc/self/fd"))

    line = real.wire()
    before, threads = open_files(), threading.active_count()
    bus = OsdpBus(BusSettings(line.path, (settings(),), 115200), real.signals)
    reader: Reader = bus.readers["reader-1"]
    for _ in range(2):
        reader.start()
        reader.indicate(Shown.GRANTED)
    during = reader.alive
    for _ in range(2):
        reader.close()
        reader.indicate(Shown.GRANTED)
    assert (during, reader.alive) == (True, False)
    assert (open_files(), threading.active_count()) == (before, threads)


def test_pairing_gives_a_new_key_that_only_the_file_and_the_reader_hold(real: RealLine, tmp_path: Path) -> None:
    peripheral = real.peripheral(1)
    line = real.wire(peripheral)
    bench = Bench(line.path, 115200, clock=real.clock)
    trouble = move(bench, 1, Communication(1, 115200))
    assert trouble == Communication(1, 115200)
    paired = pair(bench, 1, tmp_path / "reader.key", others_allowed=True)
    assert isinstance(paired, Paired)
    assert read_key(tmp_path / "reader.key") == paired.key
    reader = real.panel(line.path, [settings(1, paired.key, paired=paired.capabilities)]).readers["reader-1"]
    assert reader.wait_open(PATIENCE)
    assert reader.secure
    assert FaultKind.CAPABILITY not in real.signals.faults
    reader.close()
    again = pair(bench, 1, tmp_path / "second.key", others_allowed=True)
    assert not isinstance(again, Paired)
    assert "install mode?" in again.detail
    assert not (tmp_path / "second.key").exists()
    renewed = pair(bench, 1, tmp_path / "third.key", old=paired.key, others_allowed=True)
    assert isinstance(renewed, Paired)
    assert renewed.key != paired.key
