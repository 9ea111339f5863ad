"""How long to wait before what failed is tried again: pauses that double, up to a longest one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

_DOUBLINGS: Final = 10


@dataclass(frozen=True, slots=True)
class Patience:
    """first: the pause after the first failure; longest: what the pauses double up to."""

    first: timedelta
    longest: timedelta

    def pause(self, failures: int) -> timedelta:
        """How long to wait after so many failures before the one just now."""
        return min(self.first * (1 << min(failures, _DOUBLINGS)), self.longest)
