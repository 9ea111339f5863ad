"""What somebody with a card does at a door of a running building, and what lock and lights answer."""

from __future__ import annotations

from hardware.bench.hand import Hand
from tests.building.demo_hands import Demo, is_newer, newest

DOORS_SHUT = 15.0
"""Seconds for the strike to fall back after the door was opened."""
ANSWERED = 5.0
"""Seconds in which a light answers a card, on a machine that does other work beside; a refusal is red for 1.5 s."""


def door_of(reader: str) -> str:
    return reader.removesuffix("-in").removesuffix("-out")


def passes(hand: Hand, building: Demo, reader: str, card: str) -> None:
    """The card is taken, the strike lets go, the door is opened and shut; returns when the centre has the passage."""
    door, before = door_of(reader), newest(building, "PASSAGE")["id"]
    answered = hand.present(reader, bits=card)
    hand.wait_for(f"{door}.strike", 1, ANSWERED, after=answered)
    opened = hand.set(f"{door}.contact", 1)
    hand.wait_for(f"{door}.strike", 0, DOORS_SHUT, after=opened)
    hand.set(f"{door}.contact", 0)
    assert is_newer(building, "PASSAGE", before)["access_point"] == reader


def is_refused(hand: Hand, building: Demo, reader: str, card: str) -> str:
    """The reader turns red and dark again, and the strike stays; the reason at the centre."""
    before = newest(building, "DECISION")["id"]
    answered = hand.present(reader, bits=card)
    red = hand.wait_for(f"{reader}.red", 1, ANSWERED, after=answered)
    decided = is_newer(building, "DECISION", before)
    assert decided["outcome"] == "REFUSE"
    hand.wait_for(f"{reader}.red", 0, ANSWERED, after=red.mono)
    assert hand.value(f"{door_of(reader)}.strike") == 0
    return str(decided["reason"])
