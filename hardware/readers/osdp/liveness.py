"""How long a reader has proved nothing, when to try again, and whether its reads may be old. Sans-I/O.

The law: quick tries first, then one each `RETRY_PAUSE`, and after `OFFLINE_AFTER` of mere silence one each
`OFFLINE_PAUSE`, never minutes. While anything is heard, and for `OFFLINE_AFTER` from then, tries stay quick: a card
right after noise is read in time, though the noise has drowned the last try. A read counts only if it cannot be older
than `OLDEST_READ`: readers keep what they read while the line was down.
"""

from enum import Enum, auto
from typing import Final

REPLY_TIMEOUT: Final = 0.2
"""A reader begins its answer within this time."""
QUICK_TRIES: Final = 3
RETRY_PAUSE: Final = 0.3
OFFLINE_AFTER: Final = 8.0
OFFLINE_PAUSE: Final = 5.0
OLDEST_READ: Final = 1.0


class Failure(Enum):
    """Why a session has failed: nothing came, nothing but noise, or something that was not to be trusted."""

    SILENCE = auto()
    NOISE = auto()
    DISTRUST = auto()


class Liveness:
    """One reader's. `proven` is called for every reply that its channel vouches for."""

    def __init__(self, now: float) -> None:
        self._proven_at = now
        self._heard_at = now
        self._ever = False
        self._restarts = 0
        self._lost = False
        self._fresh_from = now
        self._drained = False

    @property
    def lost(self) -> bool:
        """Has it been reported as lost, and not as back?"""
        return self._lost

    def proven(self, now: float) -> None:
        """A reply came that this reader made for us just now."""
        if not self._ever or now - self._proven_at > OLDEST_READ:
            self._fresh_from = now + OLDEST_READ
            self._drained = False
        self._ever = True
        self._proven_at = self._heard_at = now
        self._restarts = 0

    def drained(self) -> None:
        """It had nothing to tell: whatever it kept from before is out."""
        self._drained = True

    def fresh(self, now: float) -> bool:
        """Was a read that arrives now made while the line was up?"""
        return self._drained and now >= self._fresh_from

    def next_try(self, now: float, why: Failure) -> float:
        """The session has failed: when to begin a new one."""
        self._restarts += 1
        if why is not Failure.SILENCE:
            self._heard_at = now
        if now - self._heard_at >= OFFLINE_AFTER:
            return now + OFFLINE_PAUSE
        return now if self._restarts == 1 else now + RETRY_PAUSE

    def overdue(self, now: float) -> bool:
        """Has it proved nothing for so long that it counts as offline?"""
        return now - self._proven_at >= OFFLINE_AFTER

    def silent_too_long(self, now: float) -> bool:
        """Is this the moment in which it has become lost? True once."""
        if self._lost or not self.overdue(now):
            return False
        self._lost = True
        return True

    def port_lost(self) -> bool:
        """The wire itself is gone: it is lost without waiting. True if it was not already."""
        was, self._lost = self._lost, True
        return not was

    def port_opened(self, now: float) -> None:
        """The wire is there (again): its silence counts from now."""
        self._proven_at = self._heard_at = now
        self._ever = False
        self._restarts = 0

    def back(self) -> bool:
        """It is online. True if it had been lost."""
        was, self._lost = self._lost, False
        return was
