"""The way from a request to the controller: its database, its site, and who wakes whom."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeAlias

from flask import current_app
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from controller import database, poke
from controller.ledger import ledger
from controller.premises import site as sites
from controller.premises.site import Site
from process import logs

Clock: TypeAlias = Callable[[], datetime]
_POLL_S = 1.0
_log = logs.logger("web")


class NotFoundedError(LookupError):
    """The controller has never run on this database."""


def utc_now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


class Centre:
    """One per application. `read` and `write` give a session; after a `write` everybody who follows is woken. `clock`
    says what time it is, in UTC."""

    def __init__(self, engine: Engine, site: str, clock: Clock) -> None:
        self.engine = engine
        self.clock = clock
        self._site = site
        self.news = News(engine)

    @contextmanager
    def read(self) -> Iterator[Session]:
        with database.reading(self.engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        with database.transaction(self.engine) as session:
            yield session
        poke.ring(self.engine)
        self.news.tell()
        self.news.stir()

    @contextmanager
    def trying(self) -> Iterator[Session]:
        """A session whose changes are undone at the end; nobody hears of them."""
        with database.trying(self.engine) as session:
            yield session

    def site(self, session: Session) -> Site:
        """The site; NotFoundedError before the controller has founded it."""
        found = sites.by_key(session, self._site)
        if found is None:
            raise NotFoundedError(f"the database knows no site {self._site}: start the controller first")
        return found


class News:
    """How far the ledger has grown: one thread watches, any number of viewers wait."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._changed = threading.Condition()
        self._head = 0
        self._stirred = 0
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Watch from now on; harmless when it already does."""
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="news", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        with self._changed:
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(2 * _POLL_S)

    @property
    def stopping(self) -> bool:
        return self._stopping

    def tell(self) -> None:
        """Look at the ledger now."""
        with database.reading(self._engine) as session:
            head = ledger.head(session)
        with self._changed:
            if head != self._head:
                self._head = head
                self._changed.notify_all()

    def stir(self) -> None:
        """Let everybody who waits look up: an operator may have signed out."""
        with self._changed:
            self._stirred += 1
            self._changed.notify_all()

    def wait_beyond(self, sequence: int, timeout: float) -> bool:
        """True as soon as the ledger has grown beyond `sequence`; False after `timeout` seconds, or when stirred."""
        with self._changed:
            before = self._stirred
            self._changed.wait_for(
                lambda: self._head > sequence or self._stirred != before or self._stopping,
                timeout,
            )
            return self._head > sequence

    def _watch(self) -> None:
        while not self._stopping:
            try:
                self._listen()
            except (SQLAlchemyError, OSError) as flaw:
                # The database is away: viewers keep their seats and hear of what they missed when it is back.
                logs.event(_log, "news_interrupted", level="warning", error=flaw)
                with self._changed:
                    self._changed.wait_for(lambda: self._stopping, _POLL_S)

    def _listen(self) -> None:
        listener = poke.listen(self._engine)
        try:
            while not self._stopping:
                self.tell()
                listener.wait(_POLL_S)
        finally:
            listener.close()


def centre() -> Centre:
    """The centre of the application that serves this request."""
    found = current_app.extensions["sekisho"]
    if not isinstance(found, Centre):
        raise TypeError("the application has no centre")
    return found


def now() -> datetime:
    return centre().clock()
