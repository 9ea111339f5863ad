"""What a core reads from keypads: nothing raises or grows, and only what was typed since the card is verified."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Final, cast

from contract.pin import LONGEST
from contract.record import Pin
from contract.room_rules import PinRule
from contract.situation import Moment, PinVerdict
from door_agent.events import Card, PinVerified, Typed, VerifyPin
from door_agent.lists import Lists
from door_agent.pins import Entered, Pins
from tests.fuzz.engine import Target

_NOON: Final = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
_POINT = SimpleNamespace(pin=PinRule())
_CARRIED = SimpleNamespace(
    policy=SimpleNamespace(access_points={"cedar-in": _POINT}), pin=lambda holder: Pin(holder, holder)
)


def keypad(wire: bytes) -> None:
    """A byte is a key, or what no keypad has; its highest values are a card, a pause, and a pause that is too long."""
    pins, mono, typed = Pins(cast("Lists", SimpleNamespace(carried=_CARRIED)), ()), 0.0, ""
    for value in wire:
        now = _at(mono)
        if value == 255:
            pins.another("cedar-in")
            pins.ask(Card("cedar-in", "wiegand", "01"), b"A" * 16, now)
            typed = ""
        elif value >= 253:
            mono += 1.0 if value == 253 else 16.0
            assert all(each.verdict is PinVerdict.LATE for each in pins.late(_at(mono)))
        else:
            key = chr(value)
            typed = "" if key == "*" else typed + key
            found = pins.typed(Typed("cedar-in", key), now)
            if isinstance(found, VerifyPin):
                digits = "".join(each for each in typed if each in "0123456789")
                assert found.typed == digits[: LONGEST + 1], "other digits than were typed"
                told = pins.verified(PinVerified(found.ticket, PinVerdict.RIGHT), now)
                assert told == Entered(Card("cedar-in", "wiegand", "01"), PinVerdict.RIGHT)
                assert pins.typed(Typed("cedar-in", "1#"), now) is None, "asked twice for one card"
            assert all(len(each.typed) <= LONGEST + 1 for each in pins._asked.values()), "it holds more than a PIN"


def _at(mono: float) -> Moment:
    return Moment(_NOON + timedelta(seconds=mono), timedelta(0), mono, trusted=True)


TARGETS = (Target("keypad", keypad, (b"\xff4831#", b"\xff48*9906#\xfe\xff1"), ("door_agent/",), 200),)
