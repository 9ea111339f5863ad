"""gpiozero devices whose wires end on the bench."""

import threading
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest
from gpiozero import DigitalInputDevice, DigitalOutputDevice

from hardware.bench.hand import Hand
from hardware.bench.pins import BenchFactory, BenchUnreachableError
from hardware.bench.process import BenchProcess
from hardware.indicator import Indicator
from hardware.inputs import Input, Pull
from hardware.lock import Maglock, Strike
from hardware.signal import InputLevel, Signal


@pytest.fixture
def factory(bench: BenchProcess, hand: Hand) -> Iterator[BenchFactory]:
    factory = BenchFactory(str(bench.socket), "cedar")
    yield factory
    factory.close()
    assert not any(thread.name == "bench pins" for thread in threading.enumerate())


def test_outputs_are_mirrored_with_the_benchs_stamps(factory: BenchFactory, hand: Hand) -> None:
    strike = Strike(17, factory)
    strike.release()
    on = hand.wait_for("cedar.strike", 1)
    strike.secure()
    off = hand.wait_for("cedar.strike", 0)
    assert off.mono >= on.mono
    strike.close()


def test_an_output_has_its_first_level_without_a_pulse_of_the_other(factory: BenchFactory, hand: Hand) -> None:
    magnet = Maglock(27, factory)  # idle is 1 there: energised is value 0
    strike = Strike(17, factory)
    strike.release()
    hand.wait_for("cedar.strike", 1)
    assert [edge for edge in hand.edges(0.0) if edge.output == "cedar.lamp"] == []
    magnet.release()
    hand.wait_for("cedar.lamp", 1)
    magnet.close()
    strike.close()


def test_a_device_that_is_closed_lets_its_output_float(factory: BenchFactory, hand: Hand) -> None:
    lamp = DigitalOutputDevice(17, initial_value=True, pin_factory=factory)
    hand.wait_for("cedar.strike", 1)
    lamp.close()
    hand.wait_for("cedar.strike", 0)


def test_the_snapshot_is_there_before_the_first_pin(bench: BenchProcess, hand: Hand) -> None:
    hand.set("cedar.contact", 1)
    factory = BenchFactory(str(bench.socket), "cedar")
    contact = DigitalInputDevice(5, pull_up=False, pin_factory=factory)
    fire = DigitalInputDevice(6, pull_up=True, pin_factory=factory)
    assert (contact.value, fire.value) == (1, 0)
    contact.close()
    fire.close()
    factory.close()


def test_a_pull_never_overrides_what_the_bench_drives(factory: BenchFactory) -> None:
    contact = DigitalInputDevice(5, pull_up=True, pin_factory=factory)
    unconnected = DigitalInputDevice(12, pull_up=True, pin_factory=factory)
    assert (contact.value, unconnected.value) == (1, 0)
    contact.close()
    unconnected.close()


def test_an_input_is_delivered_with_the_benchs_own_stamp(factory: BenchFactory, hand: Hand) -> None:
    heard: SimpleQueue[Signal] = SimpleQueue()
    contact = Input("cedar.contact", 5, heard.put, pull=Pull.DOWN, debounce=0.005, pin_factory=factory)
    contact.start()
    assert isinstance(first := heard.get(timeout=5), InputLevel)
    assert not first.active
    stamp = hand.set("cedar.contact", 1)
    assert heard.get(timeout=5) == InputLevel("cedar.contact", True, stamp)
    contact.close()


def test_fire_releases_the_strike_seen_from_the_bench(factory: BenchFactory, hand: Hand) -> None:
    strike = Strike(17, factory)
    heard: SimpleQueue[Signal] = SimpleQueue()

    def at_once(active: bool) -> None:
        if active:
            strike.latch_released("fire")

    fire = Input(
        "cedar.fire", 6, heard.put, active_high=False, pull=Pull.UP, debounce=5.0, at_once=at_once, pin_factory=factory
    )
    fire.start()
    stamp = hand.set("cedar.fire", 1)
    assert hand.wait_for("cedar.strike", 1).mono >= stamp
    assert not strike.secure()
    fire.close()
    strike.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_callback_that_raises_is_reported_and_stops_no_other_input(
    factory: BenchFactory, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: SimpleQueue[str] = SimpleQueue()
    monkeypatch.setattr(threading, "excepthook", lambda args: reported.put(args.exc_type.__name__))
    heard: SimpleQueue[Signal] = SimpleQueue()

    def broken(signal: Signal) -> None:
        if isinstance(signal, InputLevel) and signal.active:
            raise ZeroDivisionError

    contact = Input("cedar.contact", 5, broken, pull=Pull.DOWN, debounce=0, pin_factory=factory)
    fire = Input("cedar.fire", 6, heard.put, active_high=False, pull=Pull.UP, debounce=0, pin_factory=factory)
    contact.start()
    fire.start()
    heard.get(timeout=5)
    hand.set("cedar.contact", 1)
    assert reported.get(timeout=5) == "ZeroDivisionError"
    hand.set("cedar.fire", 1)
    assert isinstance(level := heard.get(timeout=5), InputLevel)
    assert level.active
    contact.close()
    fire.close()


def test_the_lights_are_seen_from_the_bench(factory: BenchFactory, hand: Hand) -> None:
    indicator = Indicator(17, None, None, factory, pace=20)
    indicator.granted()
    hand.wait_for("cedar.strike", 1)
    hand.wait_for("cedar.strike", 0)
    indicator.close()


def test_a_newer_agent_of_the_same_name_takes_over(bench: BenchProcess, factory: BenchFactory, hand: Hand) -> None:
    strike = Strike(17, factory)
    strike.release()
    hand.wait_for("cedar.strike", 1)
    newer = BenchFactory(str(bench.socket), "cedar")
    hand.wait_for("cedar.strike", 0)
    strike.secure()
    strike.close()
    assert hand.describe()["agents"] == [{"name": "cedar", "connected": True}]
    newer.close()


def test_a_bench_that_dies_leaves_the_agent_running(bench: BenchProcess, factory: BenchFactory) -> None:
    strike = Strike(17, factory)
    bench.process.kill()
    bench.process.wait(5)
    strike.release()
    strike.secure()
    strike.close()
    assert not factory.connected


def test_an_agent_that_the_bench_does_not_know_is_told_so(bench: BenchProcess) -> None:
    with pytest.raises(BenchUnreachableError, match="unknown agent"):
        BenchFactory(str(bench.socket), "elm")


def test_without_a_bench_there_is_no_factory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BenchUnreachableError, match="no bench at"):
        BenchFactory(str(tmp_path / "none"), "cedar")
    monkeypatch.delenv("SEKISHO_BENCH_SOCKET", raising=False)
    with pytest.raises(BenchUnreachableError, match="SEKISHO_BENCH_SOCKET"):
        BenchFactory()
