"""Syslog over TLS (RFC 5425): a batch of messages on one connection.

The law: a receiver of syslog acknowledges nothing, so the batch counts as taken when all of it was sent and the other
side has closed the connection in good order after us. A connection that breaks is a batch that is sent again.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterable, Sequence

from controller.feeds import reach
from controller.feeds.reach import Network
from controller.feeds.target import Target


def send(target: Target, allowed: Sequence[Network], context: ssl.SSLContext, frames: Iterable[bytes]) -> None:
    """Send all of `frames`; OSError when they may not have been taken."""
    with reach.connection(target, allowed, context) as connected:
        connected.sendall(b"".join(frames))
        _say_goodbye(connected)


def _say_goodbye(connected: socket.socket) -> None:
    """Close our side and wait for theirs. A receiver that ends without TLS's own goodbye had read ours."""
    if not isinstance(connected, ssl.SSLSocket):
        raise TypeError("syslog goes out encrypted or not at all")
    with contextlib.suppress(ssl.SSLEOFError):
        connected.unwrap()
