"""How fast somebody who is signed in may ask: far faster than anybody reads, and not as fast as a machine that copies.

The law: each session and each token has its own measure, so that whoever took one over slows down nobody else, its
owner in another session neither. It is kept in memory: a start of the pages forgets it.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Final

from controller.people.operator_session import hashed

AT_ONCE: Final = 3000
PER_S: Final = 30.0
_KEPT: Final = 1000


class Pace:
    """at_once: how many requests are let through together; per_s: how many come to be free again in a second."""

    def __init__(
        self, at_once: int = AT_ONCE, per_s: float = PER_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._at_once, self._per_s, self._clock = at_once, per_s, clock
        self._used: dict[bytes, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def wait_s(self, proof: str) -> int:
        """After how many seconds whoever has this proof may ask; 0: now, and it is counted."""
        now, key = self._clock(), hashed(proof)
        with self._lock:
            if len(self._used) > _KEPT:
                self._used = {each: used for each, used in self._used.items() if self._left(used, now) > 0}
            used = self._left(self._used.get(key, (0.0, now)), now)
            if used > self._at_once - 1:
                return math.ceil((used + 1 - self._at_once) / self._per_s)
            self._used[key] = (used + 1, now)
            return 0

    def _left(self, used: tuple[float, float], now: float) -> float:
        """How much of what was used at some time is not free again."""
        count, then = used
        return max(0.0, count - (now - then) * self._per_s)
