"""Servers of tests on loopback: what they took in is asked for, and their clients' rudeness is no fault of a test."""

from __future__ import annotations

import queue
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

Taken = TypeVar("Taken")
Server = TypeVar("Server", bound=socketserver.BaseServer)


class LoopbackServer(socketserver.ThreadingTCPServer, Generic[Taken]):
    """A server at a port of its own, or at the one that is named. Its handlers put into `taken` what comes in."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, handler: type[socketserver.BaseRequestHandler], port: int = 0) -> None:
        self.taken: queue.Queue[Taken] = queue.Queue()
        super().__init__(("127.0.0.1", port), handler)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up, or does not like our certificate, is no error of the test."""

    def all_taken(self) -> list[Taken]:
        """What came in since the last call."""
        found: list[Taken] = []
        while not self.taken.empty():
            found.append(self.taken.get())
        return found


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """The server at work; at the end no thread of it is left."""
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
