"""Supervised inputs over gpiozero's own MCP3008, whose chip at the other end of the SPI wires is simulated."""

import threading
from collections.abc import Callable, Iterator, Sequence
from queue import SimpleQueue
from typing import Any

import pytest
from gpiozero import MCP3008, Device
from gpiozero.pins.mock import MockFactory, MockSPIDevice

from hardware.inputs import AtOnce
from hardware.lock import Strike
from hardware.loop import LOOPS, bands_of
from hardware.signal import InputLevel, InputLine, LineState, Signal
from hardware.supervised import SETTLE, LineSampler, SupervisedInput

NORMAL, ACTIVE, SHORT, OPEN, FAULT = LineState
LOOP = LOOPS["2k2-8k2"]
BANDS = bands_of(LOOP)
VALUES = {NORMAL: LOOP.fraction(10_400), ACTIVE: LOOP.fraction(2_200), SHORT: 0.0, OPEN: 1.0, FAULT: 0.5}
SPI = {"clock_pin": 21, "mosi_pin": 20, "miso_pin": 19, "select_pin": 26}


class Chip(MockSPIDevice):
    """The far end of the wires: answers with the value of the asked channel, as the data sheet says."""

    def __init__(self, factory: MockFactory) -> None:
        super().__init__(*SPI.values(), pin_factory=factory)
        self.channels = [0.0] * 8

    def on_start(self) -> None:
        super().on_start()
        self.tx_buf = [0] * 24

    def on_bit(self) -> None:
        if self.rx_bit == 12:
            channel = self.rx_buf[9] << 2 | self.rx_buf[10] << 1 | self.rx_buf[11]
            self.tx_buf = [int(bit) for bit in f"{round(self.channels[channel] * 1023):012b}"]


class Broken:
    """A source whose bus fails."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    @property
    def value(self) -> float:
        raise self._error

    def close(self) -> None:
        return


def nothing(_told: object) -> None:
    return


@pytest.fixture
def factory(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockFactory]:
    factory = MockFactory()
    monkeypatch.setattr(Device, "pin_factory", factory)  # gpiozero's SPI over plain pins asks for no other
    yield factory
    factory.close()


@pytest.fixture
def chip(factory: MockFactory) -> Iterator[Chip]:
    with Chip(factory) as chip:
        chip.channels = [VALUES[NORMAL]] * 8
        yield chip


@pytest.fixture
def adc(factory: MockFactory, chip: Chip) -> Callable[[int], Any]:
    return lambda channel: MCP3008(channel, pin_factory=factory, **SPI)


def samples(watched: SupervisedInput, start: float, count: int = 5) -> None:
    for place in range(count):
        watched.sample(start + place * SETTLE / 3)


def said(heard: Sequence[Signal]) -> list[LineState | bool]:
    told = [each for each in heard if isinstance(each, InputLine | InputLevel)]
    assert len(told) == len(heard)
    return [each.state if isinstance(each, InputLine) else each.active for each in told]


def test_each_channel_of_the_adc_is_measured_for_itself(chip: Chip, adc: Callable[[int], Any]) -> None:
    heard: list[Signal] = []
    chip.channels = [VALUES[ACTIVE], VALUES[NORMAL], *[0.0] * 6]
    watched = [SupervisedInput(f"cedar.{channel}", adc(channel), BANDS, heard.append) for channel in (0, 1)]
    for each in watched:
        each.sample(1.0)
        each.close()
        each.close()
    assert heard == [
        InputLine("cedar.0", ACTIVE, 1.0),
        InputLevel("cedar.0", True, 1.0),
        InputLine("cedar.1", NORMAL, 1.0),
        InputLevel("cedar.1", False, 1.0),
    ]


@pytest.mark.parametrize("trouble", [SHORT, OPEN, FAULT])
def test_trouble_of_a_life_safety_line_releases_and_says_what_it_was(
    chip: Chip, adc: Callable[[int], Any], factory: MockFactory, trouble: LineState
) -> None:
    strike, order = Strike(17, factory), list[object]()

    def at_once(active: bool) -> None:
        if active:
            strike.latch_released("fire")
            order.append("released")

    fire = SupervisedInput("cedar.fire", adc(3), BANDS, order.append, at_once=at_once)
    samples(fire, 1.0)
    order.clear()
    chip.channels[3] = VALUES[trouble]
    samples(fire, 2.0)
    assert order == ["released", InputLine("cedar.fire", trouble, 2.0), InputLevel("cedar.fire", True, 2.0)]
    chip.channels[3] = VALUES[NORMAL]
    samples(fire, 3.0)
    assert order[3:] == [InputLine("cedar.fire", NORMAL, 3.0), InputLevel("cedar.fire", False, 3.0)]
    assert (strike.released, strike.causes) == (True, ("fire",))  # a mended line secures nothing
    strike.close()


def test_fire_acts_with_its_first_sample(chip: Chip, adc: Callable[[int], Any]) -> None:
    acted: list[bool] = []
    fire = SupervisedInput("cedar.fire", adc(3), BANDS, nothing, at_once=acted.append)
    fire.sample(1.0)
    chip.channels[3] = VALUES[ACTIVE]
    fire.sample(1.02)
    assert acted == [False, True]


def test_trouble_after_the_alarm_ends_nothing(chip: Chip, adc: Callable[[int], Any]) -> None:
    heard: list[Signal] = []
    acted: list[bool] = []
    fire = SupervisedInput("cedar.fire", adc(3), BANDS, heard.append, at_once=acted.append)
    for place, state in enumerate((NORMAL, ACTIVE, OPEN, SHORT)):  # the fire reaches the cable
        chip.channels[3] = VALUES[state]
        samples(fire, place * 1.0)
    assert said(heard) == [NORMAL, False, ACTIVE, True, OPEN, SHORT]
    assert acted == [False, True, True, True]
    assert fire.active


@pytest.mark.parametrize("trouble", [SHORT, OPEN, FAULT])
def test_trouble_of_a_line_that_must_open_nothing_keeps_the_level_and_is_told(
    chip: Chip, adc: Callable[[int], Any], trouble: LineState
) -> None:
    heard: list[Signal] = []
    rex = SupervisedInput("cedar.rex", adc(2), BANDS, heard.append, trouble_acts=False)
    for place, state in enumerate((NORMAL, trouble, ACTIVE, trouble)):
        chip.channels[2] = VALUES[state]
        samples(rex, place * 1.0)
    assert said(heard) == [NORMAL, False, trouble, ACTIVE, True, trouble]
    assert rex.active


def test_a_life_safety_line_cannot_be_told_to_keep_its_level() -> None:
    with pytest.raises(ValueError, match="life-safety"):
        SupervisedInput("f", Broken(OSError()), BANDS, nothing, at_once=nothing, trouble_acts=False)


@pytest.mark.parametrize("error", [OSError("no such bus"), Exception("bad SPI transfer"), ValueError("nothing read")])
def test_a_bus_that_fails_is_a_fault_of_the_line(error: Exception) -> None:
    heard: list[Signal] = []
    fire = SupervisedInput("cedar.fire", Broken(error), BANDS, heard.append)
    samples(fire, 1.0)
    assert heard == [InputLine("cedar.fire", FAULT, 1.0), InputLevel("cedar.fire", True, 1.0)]


def test_a_deed_that_raises_keeps_nothing_from_being_delivered(adc: Callable[[int], Any]) -> None:
    heard: list[Signal] = []

    def broken(active: bool) -> None:
        raise OSError("the pin is gone")

    fire = SupervisedInput("cedar.fire", adc(3), BANDS, heard.append, at_once=broken)
    with pytest.raises(OSError, match="the pin is gone"):
        fire.sample(1.0)
    assert said(heard) == [NORMAL, False]


def sampler_of(
    heard: "SimpleQueue[Signal]", adc: Callable[[int], Any], *at_once: AtOnce | None, rate: float = 200.0
) -> LineSampler:
    return LineSampler(
        [
            SupervisedInput(f"cedar.{place}", adc(place), BANDS, heard.put, at_once=each)
            for place, each in enumerate(at_once)
        ],
        rate,
    )


def alive(sampler: LineSampler) -> bool:
    return sampler.alive


def test_the_sampler_tells_what_stands_before_start_returns_and_every_change_after(
    chip: Chip, adc: Callable[[int], Any]
) -> None:
    heard: SimpleQueue[Signal] = SimpleQueue()
    chip.channels[1] = VALUES[ACTIVE]
    sampler = sampler_of(heard, adc, None, None)
    assert not alive(sampler)
    sampler.start()
    assert heard.qsize() == 4
    assert said([heard.get_nowait() for _ in range(4)]) == [NORMAL, False, ACTIVE, True]
    chip.channels[0] = VALUES[OPEN]
    assert said([heard.get(timeout=5), heard.get(timeout=5)]) == [OPEN, True]
    assert alive(sampler)
    with pytest.raises(RuntimeError, match="started once"):
        sampler.start()
    sampler.close()
    sampler.close()
    assert not alive(sampler)
    assert not any(thread.name == "supervised lines" for thread in threading.enumerate())


def test_one_deed_that_raises_stops_no_other_line(
    chip: Chip, adc: Callable[[int], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    reported, heard = threading.Event(), SimpleQueue[Signal]()
    monkeypatch.setattr(threading, "excepthook", lambda _told: reported.set())

    def broken(active: bool) -> None:
        if active:
            raise OSError("the pin is gone")

    sampler = sampler_of(heard, adc, broken, None)
    sampler.start()
    for _ in range(4):
        heard.get(timeout=5)
    chip.channels[0] = chip.channels[1] = VALUES[ACTIVE]
    found = {heard.get(timeout=5) for _ in range(4)}
    assert {each.input for each in found if isinstance(each, InputLevel) and each.active} == {"cedar.0", "cedar.1"}
    assert reported.wait(5)
    chip.channels[1] = VALUES[OPEN]
    assert said([heard.get(timeout=5)]) == [OPEN]
    sampler.close()


def test_a_sampler_that_hangs_in_its_bus_is_not_alive() -> None:
    now, hung, go_on = [10.0], threading.Event(), threading.Event()

    class Hanging:
        reads = 0

        @property
        def value(self) -> float:
            self.reads += 1
            if self.reads > 1:
                hung.set()
                go_on.wait(10)
            return VALUES[NORMAL]

        def close(self) -> None:
            return

    sampler = LineSampler([SupervisedInput("f", Hanging(), BANDS, nothing)], 200.0, lambda: now[0])
    sampler.start()
    assert hung.wait(5)
    assert alive(sampler)
    now[0] += 1.5
    assert not alive(sampler)
    go_on.set()
    sampler.close()


@pytest.mark.parametrize("rate", [0.0, 0.5, 201.0])
def test_the_rate_is_bounded(rate: float) -> None:
    with pytest.raises(ValueError, match="rate"):
        LineSampler([], rate)
