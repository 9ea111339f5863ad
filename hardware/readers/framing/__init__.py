"""Bytes from a serial reader become frames of bits: one module for each way of writing, one table of all of them.

The law: a wiring file's word for a reader is a key of `SERIAL_KINDS`, and nowhere else is it taken apart.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from hardware.readers.framing.enclosed import EnclosedDigits
from hardware.readers.framing.framer import INTER_BYTE_GAP, Finding, Flaw, Frame, Framer
from hardware.readers.framing.gwiot import Gwiot7941
from hardware.readers.framing.line import CardDigits, Digits, LineDecimal, LineHex
from hardware.readers.framing.stx_etx_hex import StxEtxHex
from hardware.readers.framing.twn4 import Twn4

__all__ = [
    "INTER_BYTE_GAP",
    "SERIAL_KINDS",
    "Finding",
    "Flaw",
    "Frame",
    "Framer",
    "Gwiot7941",
    "LineDecimal",
    "LineHex",
    "SerialKind",
    "StxEtxHex",
    "Twn4",
    "framer_named",
]


@dataclass(frozen=True, slots=True)
class SerialKind:
    """One word of a wiring file: the framer it means and what such a reader usually wants.

    `make` takes the number of digits of a card, where the installer says it; `counts_digits` says whether it may.
    """

    make: Callable[[int | None], Framer]
    baud: int = 9600
    repeat_window: float = 0.0
    counts_digits: bool = False


def _enclosed(base: Digits, *, lrc: bool) -> SerialKind:
    return SerialKind(lambda digits: EnclosedDigits(CardDigits(base, digits), lrc=lrc), counts_digits=True)


SERIAL_KINDS: Final[Mapping[str, SerialKind]] = {
    "stx-etx-hex": SerialKind(lambda _: StxEtxHex()),
    "id-12la": SerialKind(lambda _: StxEtxHex()),
    "rdm6300": SerialKind(lambda _: StxEtxHex(), repeat_window=2.0),
    "gwiot-7941": SerialKind(lambda _: Gwiot7941(), repeat_window=2.0),
    "twn4": SerialKind(lambda _: Twn4(), repeat_window=2.0),
    "line-hex": SerialKind(LineHex, counts_digits=True),
    "line-decimal": SerialKind(LineDecimal, counts_digits=True),
    "enclosed-hex": _enclosed(Digits.HEX, lrc=False),
    "enclosed-decimal": _enclosed(Digits.DECIMAL, lrc=False),
    "enclosed-hex-lrc": _enclosed(Digits.HEX, lrc=True),
    "enclosed-decimal-lrc": _enclosed(Digits.DECIMAL, lrc=True),
}


def framer_named(name: str, digits: int | None = None) -> Framer:
    """A fresh framer for a wiring file's word; ValueError for any other, or for digits where they mean nothing."""
    kind = SERIAL_KINDS.get(name)
    if kind is None:
        raise ValueError(f"unknown framing {name!r}: it is {', '.join(SERIAL_KINDS)}")
    if digits is not None and not kind.counts_digits:
        raise ValueError(f"a {name} reader has no number of digits to choose")
    return kind.make(digits)
