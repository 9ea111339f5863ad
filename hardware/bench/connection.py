"""One connection to the bench, without a thread: what it said so far and what it has yet to hear.

The law: sending never blocks and never holds more than `BACKLOG` bytes; who does not listen is gone.
"""

import socket
from collections.abc import Mapping
from typing import Any, Final

from hardware.bench.wire import LineBuffer, line_of

BACKLOG: Final = 256 * 1024


class Connection:
    """A hand, a watcher or an agent's pin factory. `gone` says that it is to be dropped."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.sock = sock
        self.agent: str | None = None
        self.watching = False
        self.gone = False
        self._lines = LineBuffer()
        self._outgoing = bytearray()

    @property
    def unsent(self) -> bool:
        """Is something waiting for room in the socket?"""
        return bool(self._outgoing)

    def send(self, message: Mapping[str, Any]) -> None:
        """Send, or keep what does not fit; a backlog over the limit makes this connection gone."""
        self._outgoing += line_of(message)
        self.flush()
        if len(self._outgoing) > BACKLOG:
            self.gone = True

    def flush(self) -> None:
        """Send what fits now."""
        while self._outgoing and not self.gone:
            try:
                del self._outgoing[: self.sock.send(self._outgoing)]
            except BlockingIOError:
                return
            except OSError:
                self.gone = True

    def receive(self) -> list[bytes | None]:
        """The lines that came (None: one too long); `gone` after the end of the stream."""
        try:
            data = self.sock.recv(65536)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        if not data:
            self.gone = True
        return self._lines.feed(data)
