"""Requests that were refused and that no row of the ledger is about: counted, and told by lines that nobody multiplies.

The law: a line is of the words below and a number. It comes at the first refusal of its kind and at every doubling, and
the count begins anew a day after it began: however many there are, some twenty lines a day tell of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

from flask import current_app

from controller.people.sign_in_failure import is_doubling
from process import logs

EXTENSION = "sekisho-turned-away"
COUNTED_FOR = timedelta(days=1)
_log = logs.logger("web")


class Why(StrEnum):
    """TOKEN_UNKNOWN: of the API, which nobody ever had; PASSKEY_UNASKED: an answer to nothing that this browser was
    asked, or far too long; BUSY: too many passwords were judged just then; SEATS_FULL: too many live streams."""

    FORM_FORGED = "form-forged"
    SITE_FOREIGN = "site-foreign"
    HOST_UNKNOWN = "host-unknown"
    TOKEN_UNKNOWN = "token-unknown"  # noqa: S105 - a word
    PASSKEY_UNASKED = "passkey-unasked"
    FIELDS_WRONG = "fields-wrong"
    SEATS_FULL = "seats-full"
    BUSY = "busy"


class TurnedAway:
    """One per application."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._counts: dict[Why, tuple[datetime, int]] = {}
        self.total = 0

    def note(self, why: Why) -> None:
        now = self._clock()
        with self._lock:
            since, count = self._counts.get(why, (now, 0))
            if now - since >= COUNTED_FOR:
                since, count = now, 0
            count += 1
            self._counts[why] = since, count
            self.total += 1
        if is_doubling(count):
            logs.event(_log, "turned_away", level="warning", why=why, count=count)


def note(why: Why) -> None:
    """Count a refused request of the application that serves it."""
    _of_this_application().note(why)


def total() -> int:
    """How many were refused since the start."""
    return _of_this_application().total


def _of_this_application() -> TurnedAway:
    found = current_app.extensions[EXTENSION]
    if not isinstance(found, TurnedAway):
        raise TypeError("the application counts nobody who is turned away")
    return found
