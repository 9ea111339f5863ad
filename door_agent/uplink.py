"""Sending facts: always from the first unacknowledged one, packed, until the controller's acknowledgement covers them.

Runs on a thread of its own with its own view of the journal. PUBACK means nothing here: what was published stays in the
journal, and is published again when no acknowledgement came in time: soon at first, since the controller may just have
come up, then every RESEND_S. New facts do not put that off: behind one that was lost the centre takes none of them.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.envelope import Kind, signed
from contract.message import Events, packed
from contract.topic import Address, Up
from door_agent.journal import Journal
from process import logs

FIRST_RESEND_S = 1.0
RESEND_S = 5.0
IN_FLIGHT = 2000
_log = logs.logger("uplink")


class Uplink:
    """`wake` when facts were committed or the link came up; `acknowledged` when some were."""

    def __init__(
        self,
        address: Address,
        key: Ed25519PrivateKey,
        journal: Journal,
        publish: Callable[[str, bytes], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address, self._key, self._journal, self._publish = address, key, journal, publish
        self._clock = clock
        self._wake = threading.Event()
        self._stopping = False
        self._acknowledged = 0
        self._sent = 0
        self._waiting_since = 0.0
        """For an acknowledgement of what was sent first of all that has none."""
        self._patience = FIRST_RESEND_S
        self._thread = threading.Thread(target=self._run, name="uplink", daemon=True)

    @property
    def alive(self) -> bool:
        """Does it run? (It must, between `start` and `stop`.)"""
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._wake.set()

    def connected(self) -> None:
        """A new connection: begin again from the first unacknowledged fact."""
        self._sent, self._patience = 0, FIRST_RESEND_S
        self._wake.set()

    def acknowledged(self, through: int) -> None:
        if through > self._acknowledged:
            self._acknowledged, self._waiting_since, self._patience = through, self._clock(), FIRST_RESEND_S
        self._wake.set()

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()
        self._thread.join(2.0)

    def send_due(self) -> int:
        """Publish what is due; returns how many facts."""
        if self._outstanding and self._clock() - self._waiting_since > self._patience:
            self._sent, self._patience = 0, min(2 * self._patience, RESEND_S)
        after, total = max(self._sent, self._acknowledged), 0
        while after - self._acknowledged < IN_FLIGHT:
            waiting = self._journal.unsent(after)
            facts = packed(fact for _, fact in waiting)
            if not facts:
                break
            held = self._journal.first_unsent() or waiting[0][0]
            envelope = signed(Kind.EVENTS, Events(self._address, held, facts).encoded(), self._key)
            if not self._publish(self._address.up(Up.EVENTS), envelope):
                break
            if not self._outstanding:
                self._waiting_since = self._clock()
            after = waiting[len(facts) - 1][0]
            self._sent, total = after, total + len(facts)
        return total

    @property
    def _outstanding(self) -> bool:
        """Something was sent on this connection that was not acknowledged."""
        return self._sent > self._acknowledged

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait(self._patience if self._outstanding else RESEND_S)
            self._wake.clear()
            if not self._stopping:
                self._send_if_readable()

    def _send_if_readable(self) -> None:
        """A journal that cannot be read now is read again later: this thread outlives the disk's bad moments."""
        try:
            self.send_due()
        except sqlite3.Error as flaw:
            logs.event(_log, "journal_not_read", level="error", error=flaw)
