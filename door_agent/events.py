"""What reaches the thinking thread, and what it answers: the whole vocabulary between core and edges."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

import msgspec

from contract.presence import Passage, Whereabouts
from contract.record import Pin
from contract.situation import PinVerdict
from contract.topic import Address
from door_agent.entered import Entered
from door_agent.portal import Admission


@dataclass(frozen=True, slots=True)
class Card:
    """An access point's reader delivered bits (None: a frame that was damaged)."""

    access_point: str
    source: str
    bits: str


@dataclass(frozen=True, slots=True)
class Typed:
    """Keys of an access point's keypad, one or many: 0 to 9, * and #. Never written anywhere: they may be a PIN."""

    access_point: str
    keys: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PinVerified:
    """What became of `VerifyPin`: RIGHT, DURESS or WRONG; LATE if it could not be verified at all."""

    ticket: int
    verdict: PinVerdict


@dataclass(frozen=True, slots=True)
class ReaderState:
    """A reader was lost, came back, or sent something that is no card."""

    access_point: str
    state: str
    detail: str


@dataclass(frozen=True, slots=True)
class Level:
    """An input changed. Of a door: contact, rex, break-glass, fire or tamper; of the cabinet (door None): tamper,
    mains, battery, or a reader's supply by the name of the reader; these are active while they fail."""

    door: str | None
    part: str
    active: bool


@dataclass(frozen=True, slots=True)
class LineFault:
    """A supervised input's line was shorted, cut or is otherwise wrong; `normal` when it is right again."""

    door: str | None
    part: str
    state: str


@dataclass(frozen=True, slots=True)
class ReaderTampered:
    """A supervised reader was opened or torn off its wall, or is whole again."""

    access_point: str
    active: bool


@dataclass(frozen=True, slots=True)
class Committed:
    """The journal holds every fact up to `through` durably."""

    through: int


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message came from the broker."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class LinkState:
    """The connection to the broker is up (and subscribed), or down."""

    up: bool


@dataclass(frozen=True, slots=True)
class ResetAsked:
    """An operator on this host resets a door after fire or break-glass."""

    door: str


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed."""


Event: TypeAlias = (
    Card
    | Typed
    | PinVerified
    | ReaderState
    | ReaderTampered
    | Level
    | LineFault
    | Committed
    | Arrived
    | LinkState
    | ResetAsked
    | Tick
)


@dataclass(frozen=True, slots=True)
class Latch:
    """The causes that hold `door` released until an operator resets it; they survive a restart."""

    door: str
    causes: tuple[str, ...]


class Record(msgspec.Struct, frozen=True):
    """Commit this fact, with the presence and the admissions that change with it, in one transaction."""

    sequence: int
    encoded: bytes
    hash: bytes
    openings: bytes
    moved: Passage | None = None
    opened: tuple[Admission, ...] = ()
    ended: int | None = None
    uncertain: tuple[str, ...] = ()
    latch: Latch | None = None
    entered: Entered | None = None
    posture: int = 0


@dataclass(frozen=True, slots=True)
class Forget:
    """The controller holds every fact up to `through`, whose hash is `head`: they may leave the journal."""

    through: int
    head: bytes


@dataclass(frozen=True, slots=True)
class Proven:
    """Keep for the next start: the list was proven fresh at this wall-clock second."""

    at: int


@dataclass(frozen=True, slots=True)
class Tried:
    """Keep for the next start: this many wrong tries in a row, the last one at this UTC second (None: the clock cannot
    be believed), at the PIN with this salt. None wrong: forget it."""

    salt: bytes
    wrong: int
    at: int | None = None


@dataclass(frozen=True, slots=True)
class VerifyPin:
    """Compare what was typed, and answer `PinVerified` with this ticket. Slow: not for the thread that thinks."""

    ticket: int
    holder: bytes = field(repr=False)
    typed: str = field(repr=False)
    pin: Pin = field(repr=False)


class LockWish(StrEnum):
    """RELEASE ends with SECURE, or by the hardware's own cap; HOLD lasts until LIFT, LATCH until RESET, and neither
    hears SECURE."""

    RELEASE = "release"
    SECURE = "secure"
    HOLD = "hold"
    LIFT = "lift"
    LATCH = "latch"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Lock:
    door: str
    wish: LockWish
    cause: str = ""


class Sign(StrEnum):
    """What lamps and buzzer of an access point show."""

    GRANTED = "granted"
    REFUSED = "refused"
    WAITING = "waiting"
    PIN = "pin"
    WARNING = "warning"
    ALARM_ON = "alarm-on"
    ALARM_OFF = "alarm-off"


@dataclass(frozen=True, slots=True)
class Show:
    access_point: str
    sign: Sign


@dataclass(frozen=True, slots=True)
class Send:
    """Publish this envelope; lost ones are sent again by whoever needs an answer."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Listen:
    """Hear what is sent on these topics too, from now on and over every new connection."""

    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What to tell the operator who asked for a reset."""

    door: str
    done: bool
    reason: str


Kept: TypeAlias = Record | Forget | Proven | Tried
"""What the journal writes."""
Command: TypeAlias = Kept | VerifyPin | Lock | Show | Send | Listen | Answer


@dataclass(frozen=True, slots=True)
class Resumed:
    """What an agent remembers when it starts: its chain, presence, unfinished admissions, latches, wrong PINs, its last
    proof."""

    address: Address
    sequence: int
    head: bytes
    presence: dict[bytes, Whereabouts]
    unfinished: tuple[Admission, ...]
    uncertain: dict[str, int]
    uses: dict[bytes, int]
    entered: tuple[Entered, ...]
    latched: tuple[Latch, ...]
    tried: tuple[Tried, ...]
    proven_at: int | None
    first: bool
    clean: bool
