"""One controller a database: a claim that the others see, and that ends with the process that holds it.

Beside a SQLite file it is a lock on `<file>.controller`. On PostgreSQL it is an advisory lock of one session, which a
restart of the server ends without telling: `hold` notices, and takes it again unless another controller was quicker.
"""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine, text

from controller.database import AWAY

_ONE_CONTROLLER = 0x5E415341
_LOOK_EVERY = timedelta(seconds=1)


class SecondControllerError(RuntimeError):
    """Another controller serves this database."""

    safe_to_log = True


class Claim(Protocol):
    """Held from `only_one` on."""

    def hold(self, now: datetime) -> None:
        """Make sure that it is still ours, at most once a second; SecondControllerError when it is another's."""


@contextlib.contextmanager
def only_one(engine: Engine) -> Iterator[Claim]:
    """Claim this database for one controller; SecondControllerError when another has it."""
    if engine.dialect.name == "postgresql":
        claim = _Advisory(engine)
        try:
            yield claim
        finally:
            claim.end()
        return
    with Path(f"{engine.url.database}.controller").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as flaw:
            raise SecondControllerError("another controller serves this database") from flaw
        yield _Locked()


class _Locked:
    """A lock on an open file: nothing but our own end can end it."""

    def hold(self, now: datetime) -> None:  # noqa: ARG002 - the other kind of claim needs it
        return


class _Advisory:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._looked_at: datetime | None = None
        self._session: Connection | None = None
        self._take()

    def hold(self, now: datetime) -> None:
        if self._session is not None and self._looked_at is not None and abs(now - self._looked_at) < _LOOK_EVERY:
            return
        try:
            if self._session is None:
                self._take()
            else:
                self._session.execute(text("SELECT 1"))
                self._session.commit()
        except AWAY:
            self.end()
            raise
        self._looked_at = now

    def end(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            with contextlib.suppress(*AWAY):
                session.invalidate()
            session.close()

    def _take(self) -> None:
        session = self._engine.connect()
        if not session.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _ONE_CONTROLLER}):
            session.close()
            raise SecondControllerError("another controller serves this database")
        session.commit()
        self._session = session
