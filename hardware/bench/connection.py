"""One connection to the bench, without a thread: what it said so far and what it has yet to hear.

The law: sending never blocks and never holds more than `BACKLOG` bytes; who does not listen is gone, and so is who
says more than that while an answer is awaited.
"""

import socket
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, Final

from hardware.bench.wire import LineBuffer, line_of

BACKLOG: Final = 256 * 1024


class Connection:
    """A hand, a watcher or an agent's pin factory. `gone`: it is to be dropped; `held`: an answer is not there yet."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.sock = sock
        self.agent: str | None = None
        self.watching = False
        self.gone = False
        self.held = False
        self._waiting: deque[bytes | None] = deque()
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

    def receive(self) -> None:
        """Take in what came; `gone` after the end of the stream."""
        try:
            data = self.sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.gone = True
        self._waiting += self._lines.feed(data)
        if self.held and sum(len(line or b"") + 1 for line in self._waiting) > BACKLOG:
            self.gone = True

    def lines(self) -> Iterator[bytes | None]:
        """The lines that came (None: one too long), in order, as long as this connection is neither gone nor held."""
        while self._waiting and not self.gone and not self.held:
            yield self._waiting.popleft()
