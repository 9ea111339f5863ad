"""Everything a driver may deliver: card bits, reader faults and input levels, each with its monotonic stamp.

The law: a driver says what was on the wire and when, never what it means. No card data goes into a `detail`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

SERIAL_HEX: Final = "serial-hex"
WIEGAND: Final = "wiegand"


class FaultKind(StrEnum):
    """What went wrong at a reader, or came right again (`REOPENED`)."""

    LOST = "lost"
    REOPENED = "reopened"
    BAD_CHECKSUM = "bad-checksum"
    OVERLONG = "overlong"
    GARBAGE = "garbage"
    TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class CardBits:
    """One clean frame: `bits` is '0101…' in the order of the wire, `mono` the arrival of its last byte or edge."""

    reader: str
    source: str
    bits: str
    mono: float


@dataclass(frozen=True, slots=True)
class ReaderFault:
    """A reader failed, sent something that is no frame, or came back."""

    reader: str
    kind: FaultKind
    detail: str
    mono: float


@dataclass(frozen=True, slots=True)
class InputLevel:
    """An input has this level since `mono` (the stamp of its first settled edge)."""

    input: str
    active: bool
    mono: float


Signal = CardBits | ReaderFault | InputLevel

Deliver = Callable[[Signal], None]
"""Takes a signal from a driver's own thread. It must return at once and must not raise: it only enqueues."""
