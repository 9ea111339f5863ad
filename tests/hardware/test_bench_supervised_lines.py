"""Supervised lines of the bench, measured by gpiozero's own MCP3008 driver: what a real agent runs."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest
from gpiozero import MCP3008, DigitalInputDevice, GPIOPinInUse, PinSPIUnsupported

from hardware.bench.converter import answered
from hardware.bench.fixture import FixtureError, parse_fixture
from hardware.bench.hand import BenchRefusedError, Hand
from hardware.bench.pins import BenchFactory
from hardware.bench.process import BenchProcess
from hardware.bench.supervised_line import SupervisedLine
from hardware.lock import Maglock
from hardware.loop import LOOPS, bands_of
from hardware.signal import InputLevel, InputLine, LineState, Signal
from hardware.supervised import LineSampler, SupervisedInput

LINES = {"cedar.fire": "2k2-4k7-nc", "cedar.contact": "1k-1k", "cedar.tamper": "single-4k7"}
FIXTURE = '[[pin]]\nagent = "cedar"\nnumber = 17\nid = "cedar.magnet"\nrole = "output"\nidle = 0\n' + "".join(
    f'[[line]]\nagent = "cedar"\nchannel = {channel}\nid = "{name}"\nscheme = "{scheme}"\n'
    for channel, (name, scheme) in enumerate(LINES.items())
)
STEP = 1 / 1023


@pytest.mark.parametrize("scheme", LOOPS)
@pytest.mark.parametrize("state", [LineState.NORMAL, LineState.SHORT, LineState.OPEN, LineState.FAULT])
@pytest.mark.parametrize("value", [0, 1])
def test_every_scheme_measures_what_its_bands_mean(scheme: str, state: LineState, value: int) -> None:
    loop, line = LOOPS[scheme], SupervisedLine("cedar", 0, "cedar.fire", scheme)
    meant = (LineState.ACTIVE if value else LineState.NORMAL) if state is LineState.NORMAL else state
    if (loop.active == 0 and meant is LineState.SHORT) or (loop.active > 1e9 and meant is LineState.OPEN):
        meant = LineState.ACTIVE  # one resistor alone cannot tell them apart
    assert bands_of(loop).state(line.fraction(value, state), None) is meant


@pytest.mark.parametrize("channel", range(8))
def test_the_converter_answers_bit_for_bit_as_the_chip_does(channel: int) -> None:
    fractions = [0.0, 0.1, 0.25, 0.5, 0.6, 0.75, 0.9, 1.0]
    alone, against = 0b11000 | channel, 0b10000 | channel
    result = min(1023, int(fractions[channel] * 1024))
    beside = min(1023, int(fractions[channel ^ 1] * 1024))
    told = answered((alone << 12).to_bytes(3, "big"), fractions.__getitem__)
    assert told == [0, result >> 8, result & 0xFF]
    told = answered((against << 12).to_bytes(3, "big"), fractions.__getitem__)
    assert int.from_bytes(told, "big") == max(0, result - beside)
    assert answered((alone << 14).to_bytes(3, "big"), fractions.__getitem__) == list((result << 2).to_bytes(3, "big"))


@pytest.mark.parametrize("sent", [b"", b"\0\0\0", b"\x01", b"\x80\0"])
def test_without_a_whole_question_the_converter_answers_nothing(sent: bytes) -> None:
    assert answered(sent, lambda _channel: 1.0) == [0] * len(sent)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("channel = 1", "channel = 0", "channel cedar 0 is there twice"),
        ("channel = 1", "channel = 8", "channel is a number from 0 to 7"),
        ("cedar.contact", "cedar.magnet", r"pin cedar\.magnet is there twice"),
        ("1k-1k", "2k-2k", "scheme is 1k-1k or"),
        ("channel = 1", "chanel = 1", "unknown key chanel in a line"),
    ],
)
def test_a_wrong_line_of_a_fixture_is_refused_by_name(old: str, new: str, complaint: str) -> None:
    with pytest.raises(FixtureError, match=complaint):
        parse_fixture(tomllib.loads(FIXTURE.replace(old, new)), Path("/bench"))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[BenchProcess]:
    (tmp_path / "bench.toml").write_text(FIXTURE, "utf-8")
    with BenchProcess(tmp_path / "bench.toml", tmp_path / "s") as running:
        yield running


@pytest.fixture
def factory(bench: BenchProcess) -> Iterator[BenchFactory]:
    factory = BenchFactory(str(bench.socket), "cedar")
    yield factory
    factory.close()


def test_the_driver_measures_from_its_first_look_what_stands_on_the_line(bench: BenchProcess, hand: Hand) -> None:
    hand.line("cedar.contact", "short")
    factory = BenchFactory(str(bench.socket), "cedar")
    channels = [MCP3008(channel, pin_factory=factory) for channel in range(4)]
    fire = LOOPS["2k2-4k7-nc"]
    expected = [fire.fraction(fire.normal), 0.0, 0.5, 1.0]  # the last one hangs in the air
    assert [each.value for each in channels] == pytest.approx(expected, abs=STEP)
    for each in channels:
        each.close()
    factory.close()


def test_the_converter_takes_its_pins_and_gives_them_back(factory: BenchFactory) -> None:
    one, other = MCP3008(0, pin_factory=factory), MCP3008(1, pin_factory=factory)
    one.close()
    with pytest.raises(GPIOPinInUse):
        DigitalInputDevice(8, pin_factory=factory)
    assert other.value > 0
    other.close()
    DigitalInputDevice(8, pin_factory=factory).close()


def test_a_bus_on_other_pins_is_refused(factory: BenchFactory) -> None:
    with pytest.raises(PinSPIUnsupported):
        MCP3008(0, clock_pin=20, mosi_pin=21, miso_pin=22, select_pin=23, pin_factory=factory)


def test_two_agents_in_one_process_have_a_converter_each(
    bench: BenchProcess, hand: Hand, factory: BenchFactory
) -> None:
    other = BenchFactory(str(bench.socket), "cedar")
    first, second = MCP3008(0, pin_factory=factory), MCP3008(0, pin_factory=other)
    assert first.pin_factory is factory
    assert second.pin_factory is other
    first.close()
    assert 0 < second.value < 1
    second.close()
    other.close()


def heard_of(input: str, factory: BenchFactory, bench: SimpleQueue[Signal]) -> SupervisedInput:
    channel, bands = list(LINES).index(input), bands_of(LOOPS[LINES[input]])
    return SupervisedInput(input, MCP3008(channel, pin_factory=factory), bands, bench.put, trouble_acts=False)


def test_every_state_of_a_line_reaches_its_input_and_a_broken_one_keeps_its_level(
    factory: BenchFactory, hand: Hand
) -> None:
    heard: SimpleQueue[Signal] = SimpleQueue()
    sampler = LineSampler([heard_of("cedar.contact", factory, heard)])
    sampler.start()
    said = [heard.get(timeout=5), heard.get(timeout=5)]
    hand.set("cedar.contact", 1)
    said += [heard.get(timeout=5), heard.get(timeout=5)]
    for state in ("open", "short", "fault"):
        hand.line("cedar.contact", state)
        said.append(heard.get(timeout=5))
    hand.set("cedar.contact", 0)  # nobody can see this
    hand.line("cedar.contact", "normal")
    said += [heard.get(timeout=5), heard.get(timeout=5)]
    sampler.close()
    lines = [each.state for each in said if isinstance(each, InputLine)]
    assert lines == [LineState.NORMAL, LineState.ACTIVE, LineState.OPEN, LineState.SHORT, "fault", LineState.NORMAL]
    assert [each.active for each in said if isinstance(each, InputLevel)] == [False, True, False]


@pytest.mark.parametrize("state", ["open", "short", "fault"])
def test_a_broken_fire_line_releases_the_magnet_and_latches_it(factory: BenchFactory, hand: Hand, state: str) -> None:
    magnet = Maglock(17, factory)
    magnet.secure()
    hand.wait_for("cedar.magnet", 1)
    source = MCP3008(0, pin_factory=factory)

    def release(active: bool) -> None:
        if active:
            magnet.latch_released("fire")

    fire = SupervisedInput("cedar.fire", source, bands_of(LOOPS["2k2-4k7-nc"]), lambda _signal: None, at_once=release)
    sampler = LineSampler([fire])
    sampler.start()
    broken = hand.line("cedar.fire", state)
    assert hand.wait_for("cedar.magnet", 0, after=broken).mono - broken < 2.0
    hand.line("cedar.fire", "normal")
    magnet.secure()
    assert [edge for edge in hand.edges(0.1) if edge.output == "cedar.magnet"] == []
    sampler.close()
    magnet.close()


def test_the_bench_tells_how_each_line_stands(hand: Hand) -> None:
    hand.line("cedar.fire", "open")
    hand.set("cedar.tamper", 1)
    told = {each["id"]: (each["value"], each["line"]) for each in hand.describe()["inputs"]}
    assert told == {"cedar.fire": (0, "open"), "cedar.contact": (0, "normal"), "cedar.tamper": (1, "normal")}
    assert hand.value("cedar.fire") == 0


@pytest.mark.parametrize(
    ("input", "state", "complaint"),
    [
        ("cedar.magnet", "open", "unknown line"),
        ("elm.fire", "open", "unknown line"),
        ("cedar.fire", "wet", "is one of"),
    ],
)
def test_what_is_no_line_or_no_state_of_one_is_refused(hand: Hand, input: str, state: str, complaint: str) -> None:
    with pytest.raises(BenchRefusedError, match=complaint):
        hand.line(input, state)
