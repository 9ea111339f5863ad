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
    EVACUATION = "EVACUATION"
    INTERLOCKED = "INTERLOCKED"
    NOT_ON_LIST = "NOT_ON_LIST"
    CARD_LOST = "CARD_LOST"
    CARD_STOLEN = "CARD_STOLEN"
    CARD_DAMAGED = "CARD_DAMAGED"
    CARD_RETURNED = "CARD_RETURNED"
    CARD_DESTROYED = "CARD_DESTROYED"
    CARD_SUSPENDED = "CARD_SUSPENDED"
    CARD_SUPERSEDED = "CARD_SUPERSEDED"
    CARD_INACTIVE = "CARD_INACTIVE"
    USES_EXHAUSTED = "USES_EXHAUSTED"
    EXIT_ONLY = "EXIT_ONLY"
    TIME_UNTRUSTED = "TIME_UNTRUSTED"
    CARD_NOT_YET_VALID = "CARD_NOT_YET_VALID"
    CARD_EXPIRED = "CARD_EXPIRED"
    NOT_YET_VALID = "NOT_YET_VALID"
    EXPIRED = "EXPIRED"
    OUTSIDE_SCHEDULE = "OUTSIDE_SCHEDULE"
    TRAINING_EXPIRED = "TRAINING_EXPIRED"
    THREAT_LEVEL = "THREAT_LEVEL"
    PIN_LOCKED = "PIN_LOCKED"
    PIN_MISSING = "PIN_MISSING"
    PIN_LATE = "PIN_LATE"
    PIN_WRONG = "PIN_WRONG"
    AWAITING_PIN = "AWAITING_PIN"
    LIST_EXPIRED = "LIST_EXPIRED"
    LIST_STALE = "LIST_STALE"
    JOURNAL_UNAVAILABLE = "JOURNAL_UNAVAILABLE"
    PRESENCE_UNKNOWN = "PRESENCE_UNKNOWN"
    ALREADY_INSIDE = "ALREADY_INSIDE"
    NOT_INSIDE = "NOT_INSIDE"
    REPEATED_CARD = "REPEATED_CARD"
    REPEATED_AT_DOOR = "REPEATED_AT_DOOR"
    OCCUPANCY_MAX = "OCCUPANCY_MAX"
    OCCUPANCY_MIN = "OCCUPANCY_MIN"
    SUPERVISOR_MISSING = "SUPERVISOR_MISSING"
    ESCORT_MISSING = "ESCORT_MISSING"
    VISITOR_ALONE = "VISITOR_ALONE"
    AWAITING_COMPANY = "AWAITING_COMPANY"
    EXIT_UNVERIFIED = "EXIT_UNVERIFIED"
    EXIT_MODE_NOT_PERMITTED = "EXIT_MODE_NOT_PERMITTED"
    PROTECTION_WEAKENED = "PROTECTION_WEAKENED"
    DURESS = "DURESS"
    PERMITTED = "PERMITTED"


_ORDER = {reason: place for place, reason in enumerate(Reason)}


def in_order(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """The reasons, each once, in the fixed order."""
    found = set(reasons)
    return tuple(sorted(found, key=_ORDER.__getitem__) if len(found) > 1 else found)
