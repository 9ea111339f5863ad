"""Server-sent events: what the ledger brings, from where the viewer last was. Viewers are few, so nobody starves."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

from flask import Response, current_app, request

from admin_web.centre import Centre, centre
from controller.ledger import ledger
from controller.record import enquiry
from controller.record.enquiry import LogRow

HEARTBEAT_S = 15.0
_LARGEST = 2**63 - 1


class Seats:
    """A bounded number of viewers, so that the other threads of the server stay free for everybody else."""

    def __init__(self, count: int) -> None:
        self._free = threading.BoundedSemaphore(count)

    def take(self) -> bool:
        return self._free.acquire(blocking=False)

    def leave(self) -> None:
        self._free.release()


class Stream:
    """The body of one answer. Closing it (the server does, whatever happens) gives the seat back, once."""

    def __init__(self, source: Centre, seats: Seats, after: int, shown: Callable[[LogRow], Any]) -> None:
        self._seats: Seats | None = seats
        self._lines = _lines(source, after, shown)

    def __iter__(self) -> Iterator[bytes]:
        return self._lines

    def close(self) -> None:
        seats, self._seats = self._seats, None
        if seats is not None:
            seats.leave()


def respond(shown: Callable[[LogRow], Any]) -> Response | None:
    """A stream of events from where `Last-Event-ID` (or ?after=) says, or from now; None when every seat is taken."""
    source, seats = centre(), current_app.extensions["sekisho-seats"]
    after = _after(source)
    if not seats.take():
        return None
    source.news.start()
    answer = Response(Stream(source, seats, after, shown), mimetype="text/event-stream")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


def _after(source: Centre) -> int:
    asked = request.headers.get("Last-Event-ID") or request.args.get("after", "")
    if asked.isascii() and asked.isdigit() and int(asked) <= _LARGEST:
        return int(asked)
    with source.read() as session:
        return ledger.head(session)


def _lines(source: Centre, after: int, shown: Callable[[LogRow], Any]) -> Iterator[bytes]:
    yield b"retry: 2000\n\n"
    while not source.news.stopping:
        if not source.news.wait_beyond(after, HEARTBEAT_S):
            yield b": still here\n\n"
            continue
        with source.read() as session:
            head = ledger.head(session)
            rows = enquiry.feed_after(session, after)
            events = [(row.fact.ledger_sequence, json.dumps(shown(row), ensure_ascii=False)) for row in rows]
        for sequence, data in events:
            yield f"id: {sequence}\nevent: fact\ndata: {data}\n\n".encode()
        after = events[-1][0] if len(events) == 100 else max(head, after)
        if not events:
            yield f"id: {after}\nevent: change\ndata: {{}}\n\n".encode()
