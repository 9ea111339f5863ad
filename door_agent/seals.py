"""Single-use secrets that a fact's openings are sealed with, made while nothing else is to do.

Agreeing on a key with intake costs two X25519 operations, most of what a decision would otherwise take, and a salt
begins its hash; a person at the door should not wait for them. Each is taken once and never kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from contract.commitment import SALT_BYTES, Salt
from contract.envelope import SealKey, agreed
from contract.fact import SEAL_PURPOSE

READY = 32
"""More than a rush at the doors of one agent takes before there is a pause."""
_SALTS = 2 * READY
"""A decision commits to its input, and to whose card it was."""


class Seals:
    """Keys to `intake`, and salts, first made first taken; `random` gives secret bytes."""

    def __init__(self, intake: X25519PublicKey, random: Callable[[int], bytes]) -> None:
        self._intake, self._random = intake, random
        self._keys: deque[SealKey] = deque()
        self._salts: deque[Salt] = deque()

    def prepare(self) -> bool:
        """Make one more; False when there are enough."""
        if len(self._keys) < READY:
            self._keys.append(self._new_key())
        elif len(self._salts) < _SALTS:
            self._salts.append(self._new_salt())
        else:
            return False
        return True

    def key(self) -> SealKey:
        """A key that nobody else gets: a prepared one, or a new one when none is left."""
        return self._keys.popleft() if self._keys else self._new_key()

    def salt(self) -> Salt:
        """A salt that nobody else gets, prepared or new like a key."""
        return self._salts.popleft() if self._salts else self._new_salt()

    def _new_key(self) -> SealKey:
        return agreed(self._intake, SEAL_PURPOSE, X25519PrivateKey.from_private_bytes(self._random(32)))

    def _new_salt(self) -> Salt:
        return Salt(self._random(SALT_BYTES))
