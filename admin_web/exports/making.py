"""Making files beside the requests: one at a time, on a thread of its own, and kept for a while for whoever asked.

The law: a file has no name on the disk and ends with this process, or after an hour, or when its operator asks for more
than a few; nobody else can fetch it. Making one holds no thread of the server and no transaction of the database.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import IO

from sqlalchemy.exc import SQLAlchemyError
from xlsxwriter.exceptions import XlsxWriterException

from admin_web.exports.sheet import Row, Sheet, StoppedError, Writer
from controller.refusal import Refused
from process import logs

KEPT_FOR = timedelta(hours=1)
KEPT_EACH = 3
_LOOK_EVERY_S = 60.0
_log = logs.logger("web")


class State(StrEnum):
    WAITING = "waiting"
    GOING = "going"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Order:
    """owner: the operator; title: what it is a list of; name, mimetype: of the file; expected: how many rows were
    counted; sheet: gives the rows, on the thread that makes the file."""

    owner: int
    title: str
    name: str
    mimetype: str
    expected: int
    asked_at: datetime
    writer: Writer
    sheet: Callable[[], contextlib.AbstractContextManager[Sheet]]


@dataclass(slots=True)
class Making:
    """A file that is being made, and how far it is. replaced: characters that stand as their names in it; flaw: the
    rule by which it could not be made."""

    order: Order
    key: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    state: State = State.WAITING
    rows: int = 0
    replaced: int = 0
    size: int = 0
    flaw: Refused | None = None
    file: IO[bytes] | None = None
    finished: threading.Event = field(default_factory=threading.Event)

    @property
    def over(self) -> bool:
        return self.state not in (State.WAITING, State.GOING)

    def end(self, state: State) -> None:
        """Be over, and keep the file only when it is done."""
        self.state = state
        if state is not State.DONE and self.file is not None:
            self.file.close()
            self.file = None
        self.finished.set()


class Exports:
    """The files of one process. `folder` lies on a real disk: files may be larger than memory."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self.folder, self._now = folder, now
        self._changed = threading.Condition()
        self._makings: list[Making] = []
        self._stopping = False
        self._thread: threading.Thread | None = None

    def ask(self, order: Order) -> Making:
        """Have a file made; the operator's oldest one is forgotten when they have too many."""
        making = Making(order)
        with self._changed:
            mine = [each for each in self._makings if each.order.owner == order.owner]
            for old in mine[: max(0, len(mine) + 1 - KEPT_EACH)]:
                self._forget(old)
            self._makings.append(making)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="exports", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return making

    def of(self, owner: int) -> Sequence[Making]:
        """The operator's own files, the newest first."""
        with self._changed:
            self._forget_old()
            return [each for each in reversed(self._makings) if each.order.owner == owner]

    def find(self, owner: int, key: str) -> Making | None:
        """One of the operator's own files."""
        return next((each for each in self.of(owner) if secrets.compare_digest(each.key.encode(), key.encode())), None)

    def open(self, making: Making) -> IO[bytes] | None:
        """A finished file for one reader; None when it is not there, or not any more."""
        with self._changed:
            if making.file is None or making.state is not State.DONE:
                return None
            # Opened anew rather than shared: each reader has a place of its own in the file.
            return Path(f"/proc/self/fd/{making.file.fileno()}").open("rb")

    def discard(self, making: Making) -> None:
        """Stop making it, or forget it."""
        with self._changed:
            if making in self._makings:
                self._forget(making)

    def stop(self) -> None:
        """Make no more, and forget everything."""
        with self._changed:
            self._stopping = True
            for each in list(self._makings):
                self._forget(each)
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(5.0)

    def _forget_old(self) -> None:
        border = self._now() - KEPT_FOR
        for each in list(self._makings):
            if each.over and each.order.asked_at < border:
                self._forget(each)

    def _forget(self, making: Making) -> None:
        self._makings.remove(making)
        if making.state is State.GOING:
            making.state = State.STOPPED  # Its thread sees it at the next portion, and closes the file.
        else:
            making.end(State.STOPPED)

    def _work(self) -> None:
        while (making := self._next()) is not None:
            self._make(making)

    def _next(self) -> Making | None:
        with self._changed:
            while not self._stopping:
                self._forget_old()
                waiting = next((each for each in self._makings if each.state is State.WAITING), None)
                if waiting is not None:
                    waiting.state = State.GOING
                    return waiting
                self._changed.wait(_LOOK_EVERY_S)
        return None

    def _make(self, making: Making) -> None:
        made = State.FAILED
        try:
            self._write(making)
            made = State.DONE
        except StoppedError:
            made = State.STOPPED
        except Refused as flaw:
            making.flaw = flaw
        except (SQLAlchemyError, OSError, ValueError, XlsxWriterException) as flaw:
            logs.event(_log, "export_failed", level="error", error=flaw)
        finally:
            with self._changed:
                making.end(State.STOPPED if making.state is State.STOPPED else made)

    def _write(self, making: Making) -> None:
        # Unnamed from the beginning: not even a killed process leaves it behind.
        making.file = tempfile.TemporaryFile(dir=self.folder)  # noqa: SIM115 - closed when the making ends
        with making.order.sheet() as sheet:
            watched = replace(sheet, portions=_counted(making, sheet.portions), wanted=lambda: _is_wanted(making))
            told = making.order.writer(watched, making.file)
        making.file.flush()
        making.replaced, making.size = told.replaced, os.fstat(making.file.fileno()).st_size


def _counted(making: Making, portions: Iterable[Sequence[Row]]) -> Iterator[Sequence[Row]]:
    """The portions, with progress told and an end when nobody wants them."""
    for portion in portions:
        if not _is_wanted(making):
            raise StoppedError
        yield portion
        making.rows += len(portion)


def _is_wanted(making: Making) -> bool:
    return making.state is not State.STOPPED
