"""The wire of a bus: a serial port opened for us alone, half-duplex, with the kernel's RS-485 mode where it is wanted.

The law: it blocks only in `wait`, which ends on bytes, on a wish to stop, or in time.
"""

import os
import select
import termios
from types import TracebackType
from typing import Final, Self

import serial
from serial.rs485 import RS485Settings

MOST_AT_ONCE: Final = 4096
PORT_ERRORS: Final = (OSError, termios.error)
"""How a port fails: `termios.error` is no OSError, and pyserial lets it through."""


class Bell:
    """Wakes a thread that waits at a port. Rings from any thread; may be closed twice."""

    def __init__(self) -> None:
        self._descriptor = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._open = True

    def ring(self) -> None:
        """Wake the thread that waits; nothing once it is closed."""
        if self._open:
            os.eventfd_write(self._descriptor, 1)

    def wait(self, timeout: float, port: int | None = None) -> bool:
        """Wait for a ring, for bytes at `port`, or `timeout` seconds. True if there are bytes."""
        watched = [self._descriptor] if port is None else [self._descriptor, port]
        ready, _, _ = select.select(watched, [], [], max(0.0, timeout))
        if self._descriptor in ready:
            os.eventfd_read(self._descriptor)
        return port in ready

    def close(self) -> None:
        """Give it back; only when no thread waits any more."""
        if self._open:
            self._open = False
            os.close(self._descriptor)


class Port:
    """An open serial port, 8N1, exclusive. OSError or termios.error if it cannot be opened or is gone."""

    def __init__(self, path: str, baud: int, *, rs485: bool = False) -> None:
        self._serial = serial.Serial(path, baud, timeout=0, write_timeout=1.0, exclusive=True)
        try:
            if rs485:
                self._serial.rs485_mode = RS485Settings(rts_level_for_tx=True, rts_level_for_rx=False)
        except (OSError, ValueError) as error:
            self._serial.close()
            raise OSError(f"{path} cannot switch its RS-485 driver: {error}") from error

    def fileno(self) -> int:
        """For `Bell.wait`."""
        return int(self._serial.fileno())

    def read(self) -> bytes:
        """What has come, at most `MOST_AT_ONCE` bytes; a port that is gone raises."""
        return bytes(self._serial.read(MOST_AT_ONCE))

    def discard(self) -> None:
        """Throw away what has come: it is no answer to what will be said next."""
        self._serial.reset_input_buffer()

    def write(self, data: bytes) -> None:
        """Send, waiting a second at most for room."""
        self._serial.write(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._serial.close()
