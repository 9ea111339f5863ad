"""The thread that verifies PINs: stretching takes a tenth of a second, for which no door may wait."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from contract import pin
from contract.situation import PinVerdict
from door_agent.events import PinVerified, VerifyPin
from process import logs

_log = logs.logger("pins")


class PinThread:
    """Verifies what is put, in order, and posts `PinVerified` for each. `agent_key` is the agent's look-up key."""

    def __init__(self, agent_key: bytes, post: Callable[[PinVerified], None]) -> None:
        self._agent_key, self._post = agent_key, post
        self._work: queue.SimpleQueue[VerifyPin | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="typed", daemon=True)

    @property
    def alive(self) -> bool:
        """Does it run? (It must, between `start` and `stop`.)"""
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def put(self, work: VerifyPin) -> None:
        self._work.put(work)

    def stop(self, within: float = 2.0) -> None:
        """End after what was put; daemonic, so a machine that is too slow holds nobody up."""
        self._work.put(None)
        self._thread.join(within)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            self._post(PinVerified(work.ticket, self._verdict(work)))
            del work  # what was typed is kept no longer than needed

    def _verdict(self, work: VerifyPin) -> PinVerdict:
        """LATE when there is no memory to stretch it in: nobody is let in, and no try is counted."""
        try:
            return pin.verified(work.typed, work.pin, work.holder, self._agent_key)
        except (MemoryError, ValueError):
            logs.event(_log, "pin_not_verified", level="error")
            return PinVerdict.LATE
