"""The agent's clocks: monotonic for timers, wall for records, and how far the wall clock may be believed."""

from __future__ import annotations

import ctypes
import time
from datetime import UTC, datetime, timedelta

from contract.situation import Moment

_EARLIEST_SANE = datetime(2026, 1, 1, tzinfo=UTC)
_UNCERTAINTY = timedelta(seconds=1)
_STA_UNSYNC = 0x0040
_LOOK_AGAIN_S = 10.0


class SystemClock:
    """`moment()` for everything the agent does; asks the kernel now and then whether the clock is synchronised."""

    def __init__(self, always_trusted: bool) -> None:
        self._always = always_trusted
        self._synchronised = False
        self._asked_at = -_LOOK_AGAIN_S

    def moment(self) -> Moment:
        mono, wall = time.monotonic(), datetime.now(UTC)
        if not self._always and mono - self._asked_at >= _LOOK_AGAIN_S:
            self._synchronised, self._asked_at = synchronised(), mono
        trusted = (self._always or self._synchronised) and wall >= _EARLIEST_SANE
        return Moment(wall, _UNCERTAINTY, mono, trusted)


def synchronised() -> bool:
    """Whether the kernel says that its clock is disciplined by a time service (adjtimex(2))."""
    # struct timex begins with modes (unsigned), then offset, freq, maxerror, esterror (longs), status (int).
    buffer = ctypes.create_string_buffer(256)
    library = ctypes.CDLL(None, use_errno=True)
    if library.adjtimex(buffer) < 0:
        return False
    status = ctypes.c_int.from_buffer(buffer, 5 * ctypes.sizeof(ctypes.c_long)).value
    return not status & _STA_UNSYNC
