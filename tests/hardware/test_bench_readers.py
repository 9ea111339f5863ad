"""Every kind of reader on the bench, driven by a hand and read by the real drivers; and what goes wrong with them."""

import shutil
import threading
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import pytest

from hardware.bench.fixture import FixtureError, parse_fixture
from hardware.bench.hand import BenchRefusedError, Hand
from hardware.bench.pins import BenchFactory
from hardware.bench.process import BenchProcess
from hardware.readers.framing import SERIAL_KINDS, framer_named
from hardware.readers.gpiozero_edges import GpiozeroEdges
from hardware.readers.keypad import Keypad
from hardware.readers.reader import Reader, Shown
from hardware.readers.serial_port import SerialReader
from hardware.readers.wiegand import WiegandReader
from hardware.signal import CardBits, FaultKind, KeysPressed, ReaderFault, Signal
from tests.hardware.timed_pins import approx

pytestmark = pytest.mark.building

ELM = Path(__file__).with_name("elm.toml")
CARD = "10110011100011110000111110"
EM4100 = f"{0x2E00B6D7B5:040b}"
FRAMINGS = {"elm-out": "twn4", "elm-gwiot": "gwiot-7941", "elm-rdm": "rdm6300"}
PINS = {"elm-in": (20, 21, Keypad.FOUR_BITS), "elm-slow": (22, 23, Keypad.EIGHT_BITS)}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[BenchProcess]:
    shutil.copy(ELM, tmp_path / "bench.toml")
    with BenchProcess(tmp_path / "bench.toml", tmp_path / "bench.sock") as running:
        yield running


@pytest.fixture
def hand(bench: BenchProcess) -> Iterator[Hand]:
    with Hand(bench.socket) as hand:
        hand.watch()
        yield hand


class Reading:
    """A started reader and what it delivered."""

    def __init__(self, make: Callable[[Callable[[Signal], None]], Reader]) -> None:
        self.heard: SimpleQueue[Signal] = SimpleQueue()
        self.reader = make(self.heard.put)
        self.reader.start()
        assert self.reader.wait_open(5)

    def next(self) -> Any:
        return self.heard.get(timeout=5)

    def fault(self) -> FaultKind:
        fault = self.next()
        assert isinstance(fault, ReaderFault), fault
        return fault.kind

    def card(self) -> CardBits:
        card = self.next()
        assert isinstance(card, CardBits), card
        return card


@pytest.fixture
def reading(bench: BenchProcess) -> Iterator[Callable[[str], Reading]]:
    factory = BenchFactory(str(bench.socket), "elm")
    started: list[Reading] = []

    def start(name: str) -> Reading:
        def make(deliver: Callable[[Signal], None]) -> Reader:
            if name in PINS:
                d0, d1, keypad = PINS[name]
                return WiegandReader(name, GpiozeroEdges(d0, d1, factory), deliver, keypad=keypad)
            kind = SERIAL_KINDS[FRAMINGS[name]]
            framer = framer_named(FRAMINGS[name])
            return SerialReader(name, bench.port(name), framer, deliver, kind.baud, repeat_window=kind.repeat_window)

        started.append(Reading(make))
        return started[-1]

    yield start
    for each in started:
        each.reader.close()
        assert not each.reader.alive
    factory.close()


@pytest.mark.parametrize("name", PINS)
def test_a_wiegand_card_arrives_with_the_stamp_that_the_hand_was_told(
    hand: Hand, reading: Callable[[str], Reading], name: str
) -> None:
    elm = reading(name)
    for bits in (CARD, CARD[::-1], CARD * 4):
        presented = hand.present(name, bits=bits)
        card = elm.card()
        assert (card.source, card.bits) == ("wiegand", bits)
        assert card.mono == approx(presented)


@pytest.fixture
def busy() -> Iterator[None]:
    """Two threads of this process that never rest."""
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            sum(range(1000))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    yield
    stop.set()
    for thread in threads:
        thread.join(5)


@pytest.mark.parametrize("name", PINS)
def test_frames_are_exact_beside_two_busy_threads(
    hand: Hand, reading: Callable[[str], Reading], busy: None, name: str
) -> None:
    elm = reading(name)
    for place in range(12):
        bits = f"{place * 0x2545F49:026b}"[-26:]
        hand.present(name, bits=bits)
        assert elm.card().bits == bits


def test_cards_that_follow_at_once_are_kept_apart_by_their_stamps(
    hand: Hand, reading: Callable[[str], Reading]
) -> None:
    elm = reading("elm-in")
    ends = [hand.present("elm-in", bits=bits) for bits in (CARD, CARD[::-1], CARD)]
    cards = [elm.card() for _ in ends]
    assert [card.bits for card in cards] == [CARD, CARD[::-1], CARD]
    assert [card.mono for card in cards] == pytest.approx(ends, abs=1e-6)


@pytest.mark.parametrize("name", PINS)
def test_keys_arrive_as_one_entry(hand: Hand, reading: Callable[[str], Reading], name: str) -> None:
    elm = reading(name)
    pressed = hand.keys(name, "1906#")
    keys = elm.next()
    assert isinstance(keys, KeysPressed)
    assert keys.keys == "1906#"
    assert keys.mono == approx(pressed)


@pytest.mark.parametrize("name", ["elm-out", "elm-gwiot", "elm-rdm"])
def test_a_serial_card_arrives_once(hand: Hand, reading: Callable[[str], Reading], name: str) -> None:
    elm = reading(name)
    hand.present(name, bits=EM4100)
    assert elm.card().bits == EM4100
    hand.present(name, bits=EM4100[::-1])
    assert elm.card().bits == EM4100[::-1], "and not the first one again"


def test_a_twn4_shows_what_was_decided(hand: Hand, reading: Callable[[str], Reading]) -> None:
    elm = reading("elm-out")
    elm.reader.indicate(Shown.GRANTED)
    hand.wait_for("elm-out.green", 1)
    hand.wait_for("elm-out.buzzer", 1)
    elm.reader.indicate(Shown.DENIED)
    hand.wait_for("elm-out.red", 1)


def test_a_twn4_without_power_is_lost_though_its_port_stands_and_comes_back(
    hand: Hand, reading: Callable[[str], Reading]
) -> None:
    elm = reading("elm-out")
    hand.fault("elm-out", "power")
    assert elm.fault() is FaultKind.LOST
    online = elm.reader.online
    assert not online
    with pytest.raises(BenchRefusedError, match="no power"):
        hand.present("elm-out", bits=EM4100)
    hand.fault("elm-out", "power", on=False)
    assert elm.fault() is FaultKind.REOPENED
    hand.present("elm-out", bits=EM4100)
    assert elm.card().bits == EM4100


def test_a_twn4_that_never_answered_is_lost_too(bench: BenchProcess, hand: Hand) -> None:
    hand.fault("elm-out", "power")
    heard: SimpleQueue[Signal] = SimpleQueue()
    reader = SerialReader("elm-out", bench.port("elm-out"), framer_named("twn4"), heard.put)
    reader.start()
    fault = heard.get(timeout=5)
    assert isinstance(fault, ReaderFault)
    assert (fault.kind, fault.detail, reader.online) == (FaultKind.LOST, "the reader does not answer", False)
    reader.close()


def test_a_card_that_left_a_twn4_before_it_was_asked_is_never_read(
    bench: BenchProcess, hand: Hand, reading: Callable[[str], Reading]
) -> None:
    hand.present("elm-out", bits=EM4100)
    hand.cut("elm-out")
    hand.cut("elm-out", False)
    elm = reading("elm-out")
    hand.present("elm-out", bits=EM4100[::-1])
    assert elm.card().bits == EM4100[::-1]


@pytest.mark.parametrize("name", ["elm-in", "elm-slow"])
def test_wiegand_noise_is_told_and_the_next_card_is_read(
    hand: Hand, reading: Callable[[str], Reading], name: str
) -> None:
    elm = reading(name)
    for seed in range(1, 4):
        hand.fault(name, "noise", count=200, seed=seed)
    hand.present(name, bits=CARD)
    signals = [elm.next()]
    while getattr(signals[-1], "bits", "") != CARD:
        signals.append(elm.next())
    assert signals[0].kind in (FaultKind.OVERLONG, FaultKind.GARBAGE)


@pytest.mark.parametrize("kind", ["bounce", "drip"])
def test_a_bouncing_and_a_dripping_wiegand_card_are_read(
    hand: Hand, reading: Callable[[str], Reading], kind: str
) -> None:
    elm = reading("elm-in")
    hand.fault("elm-in", kind, bits=CARD)
    assert elm.card().bits == CARD


@pytest.mark.parametrize(
    ("fault", "detail"), [({"kind": "stuck", "line": 1}, "D1 stays low"), ({"kind": "short"}, "both lines stay low")]
)
def test_a_wiegand_line_that_is_held_low_is_told(
    hand: Hand, reading: Callable[[str], Reading], fault: dict[str, Any], detail: str
) -> None:
    elm = reading("elm-in")
    hand.fault("elm-in", **fault)
    stuck = elm.next()
    assert (stuck.kind, stuck.detail.partition(":")[0]) == (FaultKind.STUCK, detail)
    hand.present("elm-in", bits=CARD)
    hand.fault("elm-in", **fault, on=False)
    while (kind := elm.fault()) is not FaultKind.REOPENED:
        assert kind is FaultKind.GARBAGE, "what the other line made of the card"
    hand.present("elm-in", bits=CARD[::-1])
    assert elm.card().bits == CARD[::-1]


def test_a_wiegand_reader_that_loses_its_power_or_cable_makes_no_card(
    hand: Hand, reading: Callable[[str], Reading]
) -> None:
    elm = reading("elm-in")
    hand.fault("elm-in", "power")
    assert elm.fault() is FaultKind.GARBAGE
    with pytest.raises(BenchRefusedError, match="no power"):
        hand.present("elm-in", bits=CARD)
    hand.fault("elm-in", "power", on=False)
    hand.fault("elm-in", "cut")
    with pytest.raises(BenchRefusedError, match="cut"):
        hand.present("elm-in", bits=CARD)
    hand.cut("elm-in", False)
    hand.present("elm-in", bits=CARD)
    assert elm.card().bits == CARD


@pytest.mark.parametrize("name", ["elm-gwiot", "elm-rdm"])
def test_serial_noise_short_and_drip_cost_no_card(hand: Hand, reading: Callable[[str], Reading], name: str) -> None:
    elm = reading(name)
    hand.fault(name, "noise", count=200, seed=3)
    assert isinstance(elm.next(), ReaderFault)
    hand.fault(name, "short", count=500)
    dripped = hand.fault(name, "drip", bits=EM4100)
    signals = [elm.next()]
    while not isinstance(signals[-1], CardBits):
        signals.append(elm.next())
    assert signals[-1].bits == EM4100
    assert signals[-1].mono < dripped + 0.5


@pytest.mark.parametrize(
    ("deed", "complaint"),
    [
        ({"kind": "noise", "count": 0}, "count is a number from 1"),
        ({"kind": "noise", "count": 10_000}, "count is a number from 1"),
        ({"kind": "drip"}, "takes the bits of a card"),
        ({"kind": "quake"}, "kind is one of noise, bounce"),
        ({"kind": "stuck", "line": 2}, "line is 0 or 1"),
        ({"kind": "stuck", "lines": 1}, "unknown field"),
    ],
)
def test_a_wrong_fault_is_refused_by_name(hand: Hand, deed: dict[str, Any], complaint: str) -> None:
    with pytest.raises(BenchRefusedError, match=complaint):
        hand.fault("elm-in", **deed)


def test_wrong_wishes_of_a_reader_are_refused(hand: Hand) -> None:
    wishes: list[tuple[Callable[[], float], str]] = [
        (lambda: hand.present("elm-in", raw=b"\x01"), "bits, not bytes"),
        (lambda: hand.present("elm-in", bits="1" * 1000), "1 to 512 bits"),
        (lambda: hand.keys("elm-in", "12a"), "the keys are"),
        (lambda: hand.keys("elm-gwiot", "12"), "no keypad"),
        (lambda: hand.present("elm-out", bits="1"), "8 to 255 bits"),
        (lambda: hand.fault("elm-out", "stuck"), "knows no fault"),
        (lambda: hand.fault("elm-out", "drip", bits=EM4100), "does not speak by itself"),
    ]
    for wish, complaint in wishes:
        with pytest.raises(BenchRefusedError, match=complaint):
            wish()


def test_a_wire_that_is_busy_for_seconds_says_so(hand: Hand) -> None:
    def never_rest() -> None:
        for _ in range(100):
            hand.present("elm-slow", bits=CARD)

    with pytest.raises(BenchRefusedError, match="busy"):
        never_rest()


def test_a_description_names_what_each_reader_is(hand: Hand) -> None:
    found = {reader["id"]: reader for reader in hand.describe()["readers"]}
    assert found["elm-in"] == {
        "id": "elm-in",
        "kind": "wiegand",
        "access_point": "elm-in",
        "cut": False,
        "agent": "elm",
        "d0": 20,
        "d1": 21,
        "keypad": "4-bit",
    }
    assert (found["elm-out"]["kind"], found["elm-out"]["framing"]) == ("serial", "twn4")


def test_one_flooding_reader_does_not_starve_another(hand: Hand, reading: Callable[[str], Reading]) -> None:
    flooding, quiet = reading("elm-rdm"), reading("elm-gwiot")
    for place in range(300):
        hand.present("elm-rdm", bits=f"{place:040b}")
    hand.present("elm-gwiot", bits=EM4100)
    assert quiet.card().bits == EM4100
    cards = 0
    while not isinstance(signal := flooding.next(), ReaderFault):
        cards += isinstance(signal, CardBits)
    assert (signal.kind, cards < 100) == (FaultKind.FLOOD, True)
    with pytest.raises(Empty):
        quiet.heard.get_nowait()


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("d1 = 21", "d1 = 20", "GPIO elm 20 is there twice"),
        ("d1 = 21", "d1 = 99", "d1 is a GPIO"),
        ('"4-bit"', '"5-bit"', "keypad is none or 4-bit"),
        ("spacing_us = 5000", "spacing_us = 20", "spacing_us is a number from 100"),
        ("spacing_us = 5000", "spacing_us = 100\npulse_us = 100", "pulse_us is shorter"),
        ("d0 = 20", 'port = "x"', "unknown key port in reader elm-in"),
        ("number = 5", "number = 23", "GPIO elm 23 is there twice"),
    ],
)
def test_a_wrong_wiegand_table_is_refused_by_name(old: str, new: str, complaint: str) -> None:
    with pytest.raises(FixtureError, match=complaint):
        parse_fixture(tomllib.loads(ELM.read_text("utf-8").replace(old, new, 1)), Path("/bench"))
