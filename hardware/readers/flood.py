"""How much one reader may deliver: a card table held against the reader must not starve others or fill the journal.

The law: what is held back is counted, and the counts are told; state changes (lost, back, stuck) are never held back.
Sans-I/O: time is an argument, seconds of one monotonic clock.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from hardware.signal import CardBits, Deliver, FaultKind, KeysPressed, ReaderFault

QUIET: Final = 60.0
"""A kind of fault that was told is only counted for this long, and counts are told at most this often."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """At most `burst` at once, and `rate` a second in the long run."""

    burst: float
    rate: float


ALLOWANCES: Final = (Allowance(40, 20.0), Allowance(2000, 1.0))
"""The first spares the thinking thread, the second the journal: a busy turnstile passes, a machine does not."""


class TokenBucket:
    """Full at first."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._tokens = allowance.burst
        self._at: float | None = None

    def refill(self, now: float) -> bool:
        """Let time pass; is there a token?"""
        passed = 0.0 if self._at is None else max(0.0, now - self._at)
        self._at = now if self._at is None else max(self._at, now)
        self._tokens = min(self._allowance.burst, self._tokens + passed * self._allowance.rate)
        return self._tokens >= 1

    def take(self) -> None:
        """Spend one."""
        self._tokens -= 1


class FloodGate:
    """Stands between one reader's thread and `deliver`."""

    def __init__(
        self, reader: str, deliver: Deliver, allowances: tuple[Allowance, ...] = ALLOWANCES, quiet: float = QUIET
    ) -> None:
        self._reader = reader
        self._deliver = deliver
        self._buckets = [TokenBucket(allowance) for allowance in allowances]
        self._quiet = quiet
        self._told: dict[FaultKind, float] = {}
        self._held: Counter[str] = Counter()
        self._held_since = 0.0

    def read(self, signal: CardBits | KeysPressed) -> None:
        """Deliver a read, if the reader may deliver one more now."""
        ready = [bucket.refill(signal.mono) for bucket in self._buckets]
        if all(ready):
            for bucket in self._buckets:
                bucket.take()
            self._deliver(signal)
            return
        self._hold("reads", signal.mono)
        if self._may_tell(FaultKind.FLOOD, signal.mono):
            self._deliver(ReaderFault(self._reader, FaultKind.FLOOD, "more reads than people make", signal.mono))

    def flaw(self, kind: FaultKind, detail: str, mono: float) -> None:
        """Tell of something that was no frame, once in a while for each kind; count the others."""
        if self._may_tell(kind, mono):
            self._deliver(ReaderFault(self._reader, kind, detail, mono))
        else:
            self._hold(kind, mono)

    def wanted(self, now: float) -> float | None:
        """In how many seconds `summarise` is wanted; None: nothing is held back."""
        return max(0.0, self._held_since + self._quiet - now) if self._held else None

    def summarise(self, now: float) -> None:
        """Tell the counts of what was held back, if it is time."""
        if self._held and now - self._held_since >= self._quiet:
            counts = ", ".join(f"{count} {what}" for what, count in sorted(self._held.items()))
            self._held.clear()
            detail = f"held back in {now - self._held_since:.0f} s: {counts}"
            self._told[FaultKind.FLOOD] = now
            self._deliver(ReaderFault(self._reader, FaultKind.FLOOD, detail, now))

    def _hold(self, what: str, now: float) -> None:
        if not self._held:
            self._held_since = now
        self._held[what] += 1

    def _may_tell(self, kind: FaultKind, now: float) -> bool:
        told = self._told.get(kind)
        if told is not None and now - told < self._quiet:
            return False
        self._told[kind] = now
        return True


def soonest(*waits: float | None) -> float | None:
    """The shortest of these waits (seconds; None: for ever)."""
    known = [wait for wait in waits if wait is not None]
    return min(known) if known else None
