"""Everything a driver may deliver: card bits, keys, reader states and faults, input levels; each with its stamp.

The law: a driver says what was on the wire and when, never what it means. No card data goes into a `detail`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

SERIAL_HEX: Final = "serial-hex"
WIEGAND: Final = "wiegand"
OSDP: Final = "osdp"


class FaultKind(StrEnum):
    """What went wrong at a reader, or came right again (`REOPENED`).

    STALE: a read that was made while the line was down, and was dropped; FLOOD: more than a reader may deliver;
    LOST_EDGE: the kernel lost an edge, so the frame cannot be trusted; STUCK: a line that stays active;
    AUTHENTICATION: a message of a secure channel that does not verify; CAPABILITY: a paired reader offers less than
    when it was paired.
    """

    LOST = "lost"
    REOPENED = "reopened"
    BAD_CHECKSUM = "bad-checksum"
    OVERLONG = "overlong"
    GARBAGE = "garbage"
    TIMEOUT = "timeout"
    STALE = "stale"
    FLOOD = "flood"
    LOST_EDGE = "lost-edge"
    STUCK = "stuck"
    AUTHENTICATION = "authentication"
    CAPABILITY = "capability"


@dataclass(frozen=True, slots=True)
class CardBits:
    """One clean frame: `bits` is '0101…' in the order of the wire, `mono` the arrival of its last byte or edge."""

    reader: str
    source: str
    bits: str
    mono: float


@dataclass(frozen=True, slots=True)
class KeysPressed:
    """Keys of a reader's keypad in the order they were pressed: 0 to 9, * and #. Never logged: they may be a PIN."""

    reader: str
    keys: str = field(repr=False)
    mono: float


@dataclass(frozen=True, slots=True)
class ReaderFault:
    """A reader failed, sent something that is no frame, or came back."""

    reader: str
    kind: FaultKind
    detail: str
    mono: float


@dataclass(frozen=True, slots=True)
class ReaderTamper:
    """A supervised reader says that its housing was opened or that it was torn off its wall, or closed again."""

    reader: str
    active: bool
    mono: float


@dataclass(frozen=True, slots=True)
class InputLevel:
    """An input has this level since `mono` (the stamp of its first settled edge)."""

    input: str
    active: bool
    mono: float


class LineState(StrEnum):
    """What a supervised line says. SHORT, OPEN and FAULT (unsteady, unreadable, or a value that no resistor of ours
    makes) are trouble: of the line, not of what it watches."""

    NORMAL = "normal"
    ACTIVE = "active"
    SHORT = "short"
    OPEN = "open"
    FAULT = "fault"

    @property
    def trouble(self) -> bool:
        return self in (LineState.SHORT, LineState.OPEN, LineState.FAULT)


@dataclass(frozen=True, slots=True)
class InputLine:
    """The line of a supervised input is in this state since `mono`. Comes before the `InputLevel` that follows from it;
    an input without supervision never sends one."""

    input: str
    state: LineState
    mono: float


Signal = CardBits | KeysPressed | ReaderFault | ReaderTamper | InputLevel | InputLine

Deliver = Callable[[Signal], None]
"""Takes a signal from a driver's own thread. It must return at once and must not raise: it only enqueues."""
