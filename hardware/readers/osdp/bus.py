"""Whose turn it is on a shared line, and how long to listen. Sans-I/O: bytes and time in; bytes, signals, a time out.

The law: one message at a time, and after a reader has missed its turn every reader that answered its last message and
is due gets one before any other: dead readers, however many, once each of them has missed a turn, cost a living one at
most one `REPLY_TIMEOUT` between two of its turns. Nobody is waited for who is not due.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hardware.readers.osdp.channel import RandomBytes
from hardware.readers.osdp.frame import LONGEST, MARK, Damaged, Deframer
from hardware.readers.osdp.liveness import REPLY_TIMEOUT, Failure
from hardware.readers.osdp.session import Session
from hardware.readers.osdp.settings import BusSettings
from hardware.signal import Signal

BITS_A_BYTE: Final = 10
QUIET_BYTES: Final = 3
"""Byte times of silence between two messages, so that every receiver sees where one ends (two are required)."""
SHORTEST_QUIET: Final = 0.001
STRAGGLERS: Final = 0.05
"""How long we wait after the last byte of a message that is not whole or is damaged: USB adapters deliver in lumps."""


@dataclass(frozen=True, slots=True)
class Step:
    """What follows: signals to deliver, bytes to send now, and the latest time to come again."""

    signals: tuple[Signal, ...]
    transmit: bytes
    wake_at: float


class Bus:
    """All readers of one line. Call `advance` whenever bytes came or `wake_at` has passed."""

    def __init__(self, settings: BusSettings, now: float, random_bytes: RandomBytes) -> None:
        self.sessions: Sequence[Session] = [Session(reader, now, random_bytes) for reader in settings.readers]
        self._byte_time = BITS_A_BYTE / settings.baud
        self._deframer = Deframer()
        self._turn: Session | None = None
        self._deadline = now
        self._hard_deadline = now
        self._quiet_until = now
        self._damaged = False
        self._said = b""
        self._heard = b""
        self._answering: set[int] = set()
        self._owed: set[int] = set()

    def advance(self, now: float, received: bytes = b"") -> Step:
        """Take what was received until `now`, and begin the next turn if it is time."""
        signals = self._listen(received, now) if self._turn is not None else []
        if self._turn is not None and now >= self._deadline:
            signals += self._miss(self._turn, now)
        transmit = self._begin_turn(now) if self._turn is None and now >= self._quiet_until else b""
        return Step(tuple(signals), transmit, self._wake_at())

    def port_lost(self, detail: str, now: float) -> list[Signal]:
        """The port is gone: every reader is lost at once."""
        self._end_turn(now)
        return [signal for session in self.sessions for signal in session.port_lost(detail, now)]

    def port_opened(self, now: float) -> None:
        """The port is open; what was under way is forgotten."""
        self._end_turn(now)
        for session in self.sessions:
            session.port_opened(now)

    def _listen(self, received: bytes, now: float) -> list[Signal]:
        self._heard += received[: len(self._said) + 1 - len(self._heard)]
        for found in self._deframer.feed(received):
            if isinstance(found, Damaged):
                self._damaged = True
                continue
            signals = self._turn.heard(found, now) if self._turn is not None and found.reply else None
            if signals is not None:
                self._answering.add(id(self._turn))
                self._end_turn(now)
                return signals
        if received and (self._damaged or self._deframer.pending):
            wait = now + STRAGGLERS
            self._deadline = min(wait if self._damaged else max(self._deadline, wait), self._hard_deadline)
        return []

    def _miss(self, session: Session, now: float) -> list[Signal]:
        echo_or_less = self._said.startswith(self._heard)  # some adapters hear what they say
        self._end_turn(now)
        self._answering.discard(id(session))
        self._owed = {id(other) for other in self.sessions if id(other) in self._answering and other.due <= now}
        return session.missed(Failure.SILENCE if echo_or_less else Failure.NOISE, now)

    def _begin_turn(self, now: float) -> bytes:
        session = self._chosen(now)
        if session is None:
            return b""
        message = bytes((MARK,)) + session.message(now)
        self._owed.discard(id(session))
        self._turn = session
        self._damaged = False
        self._said, self._heard = message, b""
        self._deadline = now + len(message) * self._byte_time + REPLY_TIMEOUT
        self._hard_deadline = self._deadline + LONGEST * self._byte_time
        return message

    def _chosen(self, now: float) -> Session | None:
        first = self._foremost()
        return first if first.due <= now else None

    def _foremost(self) -> Session:
        """The session that comes next, whenever that is."""
        owed = [session for session in self.sessions if id(session) in self._owed]
        return min(owed or self.sessions, key=lambda session: session.due)

    def _end_turn(self, now: float) -> None:
        self._turn = None
        self._deframer.reset()
        self._quiet_until = now + max(QUIET_BYTES * self._byte_time, SHORTEST_QUIET)

    def _wake_at(self) -> float:
        if self._turn is not None:
            return self._deadline
        return max(self._quiet_until, self._foremost().due)
