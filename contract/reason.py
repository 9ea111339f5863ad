"""Every reason a door, a page, an export or a document may give, in one fixed order.

The order is the precedence: the first reason that applies is the primary one, the others are told as violations.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Reason(StrEnum):
    """Why a decision came out as it did; `docs/reasons.md` explains each to people."""

    NO_LIST = "NO_LIST"
    UNKNOWN_ACCESS_POINT = "UNKNOWN_ACCESS_POINT"
    BAD_FORMAT = "BAD_FORMAT"
    LOCKDOWN = "LOCKDOWN"
    INTERLOCKED = "INTERLOCKED"
    NOT_ON_LIST = "NOT_ON_LIST"
    EXIT_ONLY = "EXIT_ONLY"
    TIME_UNTRUSTED = "TIME_UNTRUSTED"
    NOT_YET_VALID = "NOT_YET_VALID"
    EXPIRED = "EXPIRED"
    OUTSIDE_SCHEDULE = "OUTSIDE_SCHEDULE"
    LIST_EXPIRED = "LIST_EXPIRED"
    LIST_STALE = "LIST_STALE"
    JOURNAL_UNAVAILABLE = "JOURNAL_UNAVAILABLE"
    AWAITING_COMPANY = "AWAITING_COMPANY"
    EXIT_UNVERIFIED = "EXIT_UNVERIFIED"
    EXIT_MODE_NOT_PERMITTED = "EXIT_MODE_NOT_PERMITTED"
    ALREADY_INSIDE = "ALREADY_INSIDE"
    NOT_INSIDE = "NOT_INSIDE"
    PERMITTED = "PERMITTED"


_ORDER = {reason: place for place, reason in enumerate(Reason)}


def in_order(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """The reasons, each once, in the fixed order."""
    return tuple(sorted(set(reasons), key=_ORDER.__getitem__))
