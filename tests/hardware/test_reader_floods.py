"""One reader can neither starve the others nor fill the journal, and what was held back is told."""

from hardware.readers.flood import Allowance, FloodGate, TokenBucket, soonest
from hardware.signal import CardBits, FaultKind, KeysPressed, ReaderFault, Signal


def gate(heard: list[Signal]) -> FloodGate:
    return FloodGate("cedar-in", heard.append)


def card(at: float) -> CardBits:
    return CardBits("cedar-in", "wiegand", "01" * 13, at)


def test_what_people_do_passes_whole() -> None:
    heard: list[Signal] = []
    held = gate(heard)
    for second in range(3600):
        held.read(card(float(second)))
    assert len(heard) == 3600
    assert held.wanted(3600.0) is None


def test_a_machine_is_held_to_the_allowance_and_three_faults_a_minute() -> None:
    heard: list[Signal] = []
    held = gate(heard)
    hours = 3
    for now in range(hours * 3600):
        held.read(card(now - 0.5))
        held.read(card(now))
        held.flaw(FaultKind.GARBAGE, "noise", now)
        held.summarise(now)
    assert sum(isinstance(signal, CardBits) for signal in heard) <= 2000 + hours * 3600 + 1
    assert sum(isinstance(signal, ReaderFault) for signal in heard) <= 3 * hours * 60 + 3


def test_the_summary_says_how_many_of_what() -> None:
    heard: list[Signal] = []
    held = gate(heard)
    for _ in range(50):
        held.read(card(5.0))
    for _ in range(7):
        held.flaw(FaultKind.BAD_CHECKSUM, "wrong", 6.0)
    held.summarise(30.0)
    assert held.wanted(30.0) == 35.0
    held.summarise(65.0)
    faults = [signal for signal in heard if isinstance(signal, ReaderFault)]
    assert [fault.kind for fault in faults] == [FaultKind.FLOOD, FaultKind.BAD_CHECKSUM, FaultKind.FLOOD]
    assert faults[-1].detail == "held back in 60 s: 6 bad-checksum, 10 reads"


def test_keys_are_held_back_like_cards_and_never_told() -> None:
    heard: list[Signal] = []
    held = gate(heard)
    for _ in range(100):
        held.read(KeysPressed("cedar-in", "1906#", 1.0))
    assert sum(isinstance(signal, KeysPressed) for signal in heard) == 40
    assert "1906" not in repr(heard)


def test_a_clock_that_goes_back_gives_no_tokens() -> None:
    bucket = TokenBucket(Allowance(1, 1.0))
    assert bucket.refill(100.0)
    bucket.take()
    assert not bucket.refill(50.0)
    assert not bucket.refill(100.5)
    assert bucket.refill(101.0)


def test_the_soonest_of_waits() -> None:
    assert (soonest(None, None), soonest(2.0, None, 1.0)) == (None, 1.0)
