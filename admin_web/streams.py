"""Server-sent events: what the ledger brings, from where the viewer last was.

The law: viewers have a bounded number of seats, so that nobody else starves; a seat comes back when its viewer leaves,
dies, signs out or may no longer look, and at the latest after LIFE_S, when a viewer that still lives comes again.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, request

from admin_web import guard, turned_away
from admin_web.centre import Centre, centre
from admin_web.turned_away import Why
from controller.ledger import ledger
from controller.record import enquiry
from controller.record.enquiry import LogRow

HEARTBEAT_S = 5.0
LIFE_S = 600.0
RETRY_MS = 2000
_AT_ONCE = 100
_LARGEST = 2**63 - 1


class Seats:
    """A bounded number of viewers, so that the other threads of the server stay free for everybody else."""

    def __init__(self, count: int) -> None:
        self.count, self.taken = count, 0
        self._lock = threading.Lock()

    def take(self) -> bool:
        with self._lock:
            if self.taken >= self.count:
                return False
            self.taken += 1
            return True

    def leave(self) -> None:
        with self._lock:
            self.taken -= 1


@dataclass(frozen=True, slots=True)
class Viewer:
    """after: the last place in the ledger they have seen; may_look: asked again and again; shown: a row for them."""

    after: int
    may_look: Callable[[], bool]
    shown: Callable[[LogRow], Any]


class Stream:
    """The body of one answer. Closing it (the server does, whatever happens) gives the seat back, once."""

    def __init__(self, source: Centre, taken: Seats, viewer: Viewer) -> None:
        self._seats: Seats | None = taken
        self._lines = _lines(source, viewer)

    def __iter__(self) -> Iterator[bytes]:
        return self._lines

    def close(self) -> None:
        taken, self._seats = self._seats, None
        if taken is not None:
            taken.leave()


def seats() -> Seats:
    """The seats of the application that serves this request."""
    found = current_app.extensions["sekisho-seats"]
    if not isinstance(found, Seats):
        raise TypeError("the application has no seats")
    return found


def respond(shown: Callable[[LogRow], Any], after: int | None) -> Response | None:
    """A stream of events from where `Last-Event-ID` (or `after`) says, or from now; None when every seat is taken."""
    source, taken = centre(), seats()
    viewer = Viewer(_resumed(source, after), guard.still(), shown)
    if not taken.take():
        turned_away.note(Why.SEATS_FULL)
        return None
    source.news.start()
    answer = Response(Stream(source, taken, viewer), mimetype="text/event-stream")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


def _resumed(source: Centre, after: int | None) -> int:
    """Never beyond the newest row: a viewer of a database that was since restored must not wait for ever."""
    asked = request.headers.get("Last-Event-ID", "").strip()
    with source.read() as session:
        head = ledger.head(session)
    if asked.isascii() and asked.isdigit() and len(asked) <= 19 and int(asked) <= _LARGEST:
        return min(int(asked), head)
    return head if after is None else min(after, head)


def _lines(source: Centre, viewer: Viewer) -> Iterator[bytes]:
    after, until = viewer.after, time.monotonic() + LIFE_S
    yield f"retry: {RETRY_MS}\n\n".encode()
    while not source.news.stopping and time.monotonic() < until:
        grown = source.news.wait_beyond(after, HEARTBEAT_S)
        if not viewer.may_look():
            return
        if not grown:
            yield b": still here\n\n"
            continue
        after, events = _since(source, after, viewer.shown)
        yield b"".join(events) or f"id: {after}\nevent: change\ndata: {{}}\n\n".encode()


def _since(source: Centre, after: int, shown: Callable[[LogRow], Any]) -> tuple[int, list[bytes]]:
    """The next events, and how far they reach: to the newest row, unless there are more than fit at once."""
    with source.read() as session:
        head = ledger.head(session)
        rows = enquiry.feed_after(session, after, _AT_ONCE)
        events = [_written(row.fact.ledger_sequence, shown(row)) for row in rows]
    if len(rows) == _AT_ONCE:
        return rows[-1].fact.ledger_sequence, events
    return max(head, after), events


def _written(sequence: int, shown: Any) -> bytes:
    return f"id: {sequence}\nevent: fact\ndata: {json.dumps(shown, ensure_ascii=False)}\n\n".encode()
