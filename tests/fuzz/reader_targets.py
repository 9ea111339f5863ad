"""Framers of serial lines and Wiegand: nothing raises, grows, or reads a card that was not on the wire; the next card
after any of it is read."""

from __future__ import annotations

from hardware.bench.encoding import encoded
from hardware.readers.framing import SERIAL_KINDS, Frame, framer_named
from hardware.readers.wiegand_frame import WiegandFrame
from tests.fuzz.engine import Attempt, Target

CARD = f"{0x62E3086CED:040b}"
SPEAKING = [name for name, kind in SERIAL_KINDS.items() if not kind.make(None).asked]
_WATCHED = ("hardware/readers/",)


def card_for(name: str) -> str:
    """Bits that a reader of this kind can send."""
    return CARD[:32] if "decimal" in name else CARD


def serial(name: str) -> Attempt:
    """Every eighth byte value is also a pause, so that time is part of the input."""

    def attempt(wire: bytes) -> None:
        framer, now, card = framer_named(name), 0.0, card_for(name)
        framer.outgoing(now)
        for value in wire:
            now += 0.2 if value % 32 == 31 else 0.001
            framer.feed(bytes((value,)), now)
            framer.outgoing(now)
            assert len(framer._part) <= 128, "it holds more than any card has"
        if framer.asked:
            return
        found = framer.feed(encoded(name, card), now + 0.5) + framer.tick(now + 1.0)
        assert any(isinstance(each, Frame) and each.bits == card for each in found), "the next card was not read"

    return attempt


def wiegand(wire: bytes) -> None:
    """A byte is an edge: its lowest bit the line, the others the pause before it."""
    collector, at = WiegandFrame(), 1.0
    for value in wire:
        at += (0.0, 5e-6, 3e-5, 0.0002, 0.002, 0.02, 0.024, 0.03)[value >> 1 & 7] * (1 + (value >> 4))
        collector.edge(value & 1, at, after_loss=value == 255)
        assert len(collector._bits) <= 128, "it holds more than any card has"
    at += 0.5
    found = []
    for bit in CARD:
        at += 0.002
        found += collector.edge(int(bit), at)
    assert collector.tick(at + 1) == [Frame(CARD, at)], "the next card was not read"


def _seeds(name: str) -> tuple[bytes, ...]:
    return (encoded(name, card_for(name)),) if name in SPEAKING else (b"0000\r00",)


TARGETS = (
    *(Target(name, serial(name), _seeds(name), _WATCHED, 400) for name in SERIAL_KINDS),
    Target("wiegand", wiegand, (bytes(0b1000 | int(bit) for bit in CARD),), _WATCHED, 400),
)
