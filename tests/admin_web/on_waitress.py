"""The application on the real server, as `web serve` starts it, for as long as a test asks it something."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import Flask

from admin_web import serve

PATIENCE = 20.0


@contextmanager
def served(app: Flask, viewers: int, *, proxied: bool = False) -> Iterator[int]:
    """The port on loopback. At the end nobody watches any more, and no thread is left."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = serve.listened(app, listening, viewers, proxied=proxied)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            app.extensions["sekisho"].news.stop()
            app.extensions["sekisho-exports"].stop()
            until(lambda: app.extensions["sekisho-seats"].taken == 0)
            server.task_dispatcher.shutdown()
            server.close()
            thread.join(5)


def until(done: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    deadline, pause = time.monotonic() + PATIENCE, threading.Event()
    while not done():
        assert time.monotonic() < deadline, "it did not happen in time"
        pause.wait(0.01)
