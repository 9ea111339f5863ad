"""How often a PIN was entered wrongly in a row, and whether it is refused for that: at this agent, and over a restart.

Counted by the PIN's salt, so a newly set PIN begins anew. The count outlives the lock-out: whoever was locked out once
is locked out again by every further wrong PIN, until a right one.
"""

from __future__ import annotations

from collections.abc import Iterable

from contract.room_rules import PinRule
from contract.situation import Moment
from door_agent.events import Tried


class Lockouts:
    """Within one start it is timed by the monotonic clock, from before it by the wall clock. Where that cannot be
    believed, the lock-out begins when it is first asked for: longer, never shorter."""

    def __init__(self, tried: Iterable[Tried]) -> None:
        self._tried = {each.salt: each for each in tried}
        self._mono: dict[bytes, float] = {}

    def locked(self, salt: bytes, rule: PinRule, moment: Moment) -> bool:
        """Whether this PIN is refused now, whatever is typed."""
        tried = self._tried.get(salt)
        return tried is not None and tried.wrong >= rule.tries and self._since(tried, moment) < rule.lockout_s

    def wrong(self, salt: bytes, moment: Moment) -> Tried:
        """One more wrong one."""
        before = self._tried.get(salt)
        at = moment.earliest_s if moment.trusted else None
        tried = Tried(salt, 1 if before is None else before.wrong + 1, at)
        self._tried[salt], self._mono[salt] = tried, moment.mono
        return tried

    def right(self, salt: bytes) -> Tried | None:
        """The count ends; None when there was none."""
        self._mono.pop(salt, None)
        return None if self._tried.pop(salt, None) is None else Tried(salt, 0)

    def _since(self, tried: Tried, moment: Moment) -> float:
        """Seconds since the last wrong one, at least."""
        if tried.salt not in self._mono:
            known = moment.trusted and tried.at is not None
            passed = max(0, moment.earliest_s - tried.at) if known and tried.at is not None else 0
            self._mono[tried.salt] = moment.mono - passed
        return moment.mono - self._mono[tried.salt]
