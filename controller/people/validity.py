"""From when until when something is given: one rule for permissions and cards."""

from __future__ import annotations

from datetime import UTC, datetime

from controller.refusal import Refused

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""A list carries seconds in 32 bits: a date outside of these is a slip of the pen, and would not fit."""


def require_validity(now: datetime, valid_from: datetime | None, valid_until: datetime | None) -> None:
    """Refused validity-absurd, validity-wrong (it ends before it begins), validity-past."""
    if not all(EARLIEST <= each < LATEST for each in (valid_from, valid_until) if each is not None):
        raise Refused("validity-absurd")
    if valid_until is None:
        return
    if valid_from is not None and valid_until <= valid_from:
        raise Refused("validity-wrong")
    if valid_until <= now:
        raise Refused("validity-past")
