"""OSDP readers on the bench: libosdp in processes of its own, our own panel at the port, a hand at the socket."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from hardware.bench.fixture import FixtureError, parse_fixture
from hardware.bench.hand import BenchRefusedError, Hand
from hardware.bench.process import BenchProcess
from hardware.readers.osdp.key import ReaderKey, write_key
from hardware.readers.osdp.line import OsdpBus, OsdpReader
from hardware.readers.osdp.settings import BusSettings, ReaderSettings
from hardware.readers.reader import Shown
from hardware.signal import CardBits, FaultKind, KeysPressed, ReaderTamper
from tests.hardware.osdp.conftest import PATIENCE, Signals, SkippingClock

pytestmark = pytest.mark.building

ADDRESSES = {"maple-out": 1, "maple-side": 2}
ADA, BEN = "0110" * 14, "1001" * 14
KEYS = {name: ReaderKey.new() for name in ADDRESSES}


def tables() -> list[dict[str, object]]:
    return [
        {"id": name, "kind": "osdp", "port": "ports/line", "address": address, "key": f"{name}.key"}
        for name, address in ADDRESSES.items()
    ]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[BenchProcess]:
    """Two readers on one line."""
    fixture = []
    for name, address in ADDRESSES.items():
        write_key(tmp_path / f"{name}.key", KEYS[name])
        fixture.append(
            f'[[reader]]\nid = "{name}"\nkind = "osdp"\nport = "ports/line"\naddress = {address}\nkey = "{name}.key"'
        )
    (tmp_path / "bench.toml").write_text("\n".join(fixture), encoding="utf-8")
    with BenchProcess(tmp_path / "bench.toml", tmp_path / "bench.sock") as running:
        yield running


@pytest.fixture
def signals() -> Signals:
    return Signals()


class Panels:
    """Panels at the line's port, with a clock that a test may put forward."""

    def __init__(self, port: str, stack: ExitStack, signals: Signals) -> None:
        self._port, self._stack, self._signals = port, stack, signals
        self._clock = SkippingClock()
        self._buses: list[OsdpBus] = []

    def __call__(self, *readers: ReaderSettings) -> OsdpReader:
        """Start one for these readers; the first of them."""
        bus = OsdpBus(BusSettings(self._port, readers, 115200), self._signals, self._clock)
        self._stack.callback(bus.close)
        bus.start()
        self._buses.append(bus)
        return bus.readers[readers[0].id]

    def reader(self, name: str) -> OsdpReader:
        """Another one of the last panel."""
        return self._buses[-1].readers[name]

    def skip(self, seconds: float) -> None:
        """Let them believe that so much time has passed."""
        self._clock.ahead += seconds
        for bus in self._buses:
            bus.wish(lambda: None)


@pytest.fixture
def panel(bench: BenchProcess, signals: Signals) -> Iterator[Panels]:
    with ExitStack() as stack:
        yield Panels(bench.port("line"), stack, signals)


def paired(name: str = "maple-out") -> ReaderSettings:
    return ReaderSettings(name, ADDRESSES[name], KEYS[name])


def read(hand: Hand, signals: Signals, reader: OsdpReader, bits: str) -> bool:
    """Present this card at a reader of the bench until it is read."""
    return signals.told(reader, lambda: hand.present(reader.id, bits=bits), lambda: bits in signals.cards)


def test_a_card_is_told_after_the_reader_has_it_and_the_panel_reads_it(
    hand: Hand, panel: Panels, signals: Signals
) -> None:
    reader = panel(paired())
    before = time.monotonic()
    presented = hand.present("maple-out", bits=ADA)
    assert before <= presented <= time.monotonic()
    assert read(hand, signals, reader, ADA)


def test_two_readers_share_one_line_and_keep_their_channels_apart(hand: Hand, panel: Panels, signals: Signals) -> None:
    panel(paired(), paired("maple-side"))
    for name, bits in (("maple-side", ADA), ("maple-out", BEN)):
        assert read(hand, signals, panel.reader(name), bits)
        assert {each.reader for each in list(signals.all) if isinstance(each, CardBits) and each.bits == bits} == {name}
    secure = {reader["id"]: reader["secure"] for reader in hand.describe()["readers"]}
    assert secure == {"maple-out": True, "maple-side": True}


def test_keys_arrive_in_order(hand: Hand, panel: Panels, signals: Signals) -> None:
    reader = panel(paired())
    assert signals.told(
        reader,
        lambda: hand.keys("maple-out", "1234#"),
        lambda: any(isinstance(each, KeysPressed) and each.keys == "1234#" for each in signals.all),
    )


def last_tamper(signals: Signals) -> bool | None:
    return next((each.active for each in reversed(signals.all) if isinstance(each, ReaderTamper)), None)


def test_its_housing_is_an_input_of_the_bench(hand: Hand, panel: Panels, signals: Signals) -> None:
    reader = panel(paired())
    for value in (1, 0):
        assert signals.told(
            reader,
            lambda value=value: hand.set("maple-out.tamper", value),  # type: ignore[misc]
            lambda value=value: last_tamper(signals) is bool(value),  # type: ignore[misc]
        )
        assert hand.value("maple-out.tamper") == value


def test_what_the_panel_shows_is_seen_as_edges_of_light_and_buzzer(hand: Hand, panel: Panels) -> None:
    reader = panel(paired())
    assert reader.wait_open(PATIENCE)
    hand.wait_for("maple-out.red", 1, PATIENCE)
    reader.indicate(Shown.GRANTED)
    green = hand.wait_for("maple-out.green", 1, PATIENCE)
    buzzer = hand.wait_for("maple-out.buzzer", 1, PATIENCE)
    assert 0.15 < hand.wait_for("maple-out.buzzer", 0, PATIENCE).mono - buzzer.mono < 0.25
    assert hand.value("maple-out.red") == 0
    assert 2.9 < hand.wait_for("maple-out.green", 0, PATIENCE).mono - green.mono < 3.1
    assert hand.value("maple-out.red") == 1


def test_a_cut_reader_is_lost_and_comes_back_when_its_cable_is_mended(
    hand: Hand, panel: Panels, signals: Signals
) -> None:
    reader = panel(paired(), paired("maple-side"))
    assert reader.wait_open(PATIENCE)
    hand.cut("maple-out")
    panel.skip(9.0)
    assert signals.fault(FaultKind.LOST)
    with pytest.raises(BenchRefusedError, match="reader maple-out is cut"):
        hand.present("maple-out", bits=ADA)
    assert read(hand, signals, panel.reader("maple-side"), ADA)
    hand.cut("maple-out", on=False)
    panel.skip(6.0)
    assert signals.fault(FaultKind.REOPENED)
    assert read(hand, signals, reader, BEN)


def test_a_reader_without_power_refuses_cards_and_comes_back_by_itself(
    hand: Hand, panel: Panels, signals: Signals
) -> None:
    reader = panel(paired())
    assert reader.wait_open(PATIENCE)
    hand.fault("maple-out", "power")
    panel.skip(9.0)
    assert signals.fault(FaultKind.LOST)
    with pytest.raises(BenchRefusedError, match="reader maple-out has no power"):
        hand.present("maple-out", bits=ADA)
    hand.fault("maple-out", "power", on=False)
    panel.skip(6.0)
    assert signals.fault(FaultKind.REOPENED)
    assert read(hand, signals, reader, ADA)


def test_noise_takes_its_share_and_cards_still_arrive(hand: Hand, panel: Panels, signals: Signals) -> None:
    assert panel(paired()).wait_open(PATIENCE)
    hand.fault("maple-out", "noise", lost=0.01, flipped=0.02)
    cards = [f"{place:056b}" for place in range(1, 11)]
    for bits in cards:
        assert any(hand.present("maple-out", bits=bits) and signals.card(bits, 1.0) for _again in range(8)), bits
    assert set(signals.cards) == set(cards)
    hand.fault("maple-out", "noise", on=False)
    hand.fault("maple-out", "noise", count=200)
    assert any(hand.present("maple-out", bits=ADA) and signals.card(ADA, 1.0) for _again in range(8))


def test_a_panel_with_another_key_gets_no_card(hand: Hand, panel: Panels, signals: Signals) -> None:
    reader = panel(ReaderSettings("maple-out", 1, ReaderKey.new()))
    assert signals.wait(lambda _heard: bool(signals.faults))
    hand.present("maple-out", bits=ADA)
    assert not reader.wait_open(0.5)
    assert (reader.secure, signals.cards) == (False, [])
    assert not hand.describe()["readers"][0]["secure"]


def test_answers_come_in_the_order_of_the_questions(bench: BenchProcess) -> None:
    with Hand(bench.socket) as hand:
        stamps = [hand.present("maple-out", bits=ADA), hand.cut("maple-side"), hand.present("maple-out", bits=ADA)]
    assert stamps == sorted(stamps)


@pytest.mark.parametrize(
    ("deed", "refusal"),
    [
        (lambda hand: hand.present("maple-out", bits="1" * 513), "at most 512 bits"),
        (lambda hand: hand.keys("maple-out", "12A"), "the keys are"),
        (lambda hand: hand.fault("maple-out", "stuck"), "no fault stuck"),
        (lambda hand: hand.fault("maple-out", "noise", lost=1.5), "lost is a share from 0 to 1"),
        (lambda hand: hand.set("maple-out.red", 1), "unknown input"),
    ],
)
def test_what_a_reader_cannot_do_is_refused(hand: Hand, deed: Callable[[Hand], object], refusal: str) -> None:
    with pytest.raises(BenchRefusedError, match=refusal):
        deed(hand)


def test_the_readers_end_with_a_bench_that_is_killed(bench: BenchProcess, hand: Hand) -> None:
    hand.present("maple-out", bits=ADA)
    readers = [int(pid) for pid in _children(bench.process.pid)]
    assert len(readers) == len(ADDRESSES)
    watched = [os.pidfd_open(pid) for pid in readers]
    os.kill(bench.process.pid, signal.SIGKILL)
    for descriptor in watched:
        with open(descriptor, "rb") as ended:
            assert _ends(ended.fileno(), PATIENCE)


def _children(pid: int) -> list[str]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += (task / "children").read_text().split()
    return found


def _ends(descriptor: int, timeout: float) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(timeout * 1000))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"address": 127}, "address"),
        ({"baud": 4800}, "baud"),
        ({"key": ""}, "key is a text"),
        ({"address": 2}, "address 2 at .* is there twice"),
        ({"id": "maple-side"}, "reader maple-side is there twice"),
        ({"framing": "line-hex"}, "unknown key framing"),
    ],
)
def test_a_wrong_reader_is_refused_by_name(tmp_path: Path, change: dict[str, object], complaint: str) -> None:
    first, second = tables()
    with pytest.raises(FixtureError, match=complaint):
        parse_fixture({"reader": [first | change, second]}, tmp_path)


def test_a_port_is_a_serial_readers_or_a_lines(tmp_path: Path) -> None:
    serial = {"id": "elm", "kind": "serial", "framing": "line-hex", "port": "ports/line"}
    with pytest.raises(FixtureError, match=r"port .* is there twice"):
        parse_fixture({"reader": [*tables(), serial]}, tmp_path)
