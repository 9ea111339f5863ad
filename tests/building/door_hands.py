"""What somebody with a card does at a door of a running building, and what lock and lights answer."""

from __future__ import annotations

from hardware.bench.hand import Hand
from tests.building.demo_hands import Demo, is_newer, newest, wait_until

LOCKED_AGAIN = 15.0
"""Seconds in which a strike falls back after it was released for 5 s."""
ANSWERED = 5.0
"""Seconds in which a light answers a card, on a machine that does other work beside; a refusal is red for 1.5 s."""


def door_of(reader: str) -> str:
    return reader.removesuffix("-in").removesuffix("-out")


def is_locked(hand: Hand, door: str) -> None:
    """Wait until what was released for whoever came before is over."""
    wait_until(lambda: hand.value(f"{door}.strike") == 0, LOCKED_AGAIN)


def passes(hand: Hand, building: Demo, reader: str, card: str) -> None:
    """The card is taken, the strike lets go, the door is opened and, when the centre has the passage, shut again; the
    strike may still be released for a few seconds."""
    door, before = door_of(reader), newest(building, "PASSAGE")["id"]
    is_locked(hand, door)
    answered = hand.present(reader, bits=card)
    hand.wait_for(f"{door}.strike", 1, ANSWERED, after=answered)
    hand.set(f"{door}.contact", 1)
    assert is_newer(building, "PASSAGE", before)["access_point"] == reader
    hand.set(f"{door}.contact", 0)


def is_refused(hand: Hand, building: Demo, reader: str, card: str) -> str:
    """The reader turns red and dark again, and the strike stays; the reason at the centre."""
    before = newest(building, "DECISION")["id"]
    is_locked(hand, door_of(reader))
    answered = hand.present(reader, bits=card)
    red = hand.wait_for(f"{reader}.red", 1, ANSWERED, after=answered)
    decided = is_newer(building, "DECISION", before)
    assert decided["outcome"] == "REFUSE"
    hand.wait_for(f"{reader}.red", 0, ANSWERED, after=red.mono)
    assert hand.value(f"{door_of(reader)}.strike") == 0
    return str(decided["reason"])
