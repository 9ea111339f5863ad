"""Single-use keys that seal openings to intake, agreed while nothing else is to do.

Agreeing on one costs two X25519 operations, most of what a decision would otherwise take; a person at the door should
not wait for them. A key is taken once and never kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from contract.envelope import SealKey, agreed
from contract.fact import SEAL_PURPOSE

READY = 32
"""More than a rush at the doors of one agent takes before there is a pause."""


class Seals:
    """Keys to `intake`, first made first taken; `random` gives secret bytes."""

    def __init__(self, intake: X25519PublicKey, random: Callable[[int], bytes]) -> None:
        self._intake, self._random = intake, random
        self._ready: deque[SealKey] = deque()

    def prepare(self) -> bool:
        """Make one more key; False when there are enough."""
        if len(self._ready) >= READY:
            return False
        self._ready.append(self._made())
        return True

    def take(self) -> SealKey:
        """A key that nobody else gets: a prepared one, or a new one when none is left."""
        return self._ready.popleft() if self._ready else self._made()

    def _made(self) -> SealKey:
        return agreed(self._intake, SEAL_PURPOSE, X25519PrivateKey.from_private_bytes(self._random(32)))
