"""The courier: brings each feed what happened since it was last taken, in order, for as long as the feed is open.

The law: a place moves on only after the recipient has taken what lies before it, so an event comes at least once and
under the same name, whatever is killed in between. No transaction is open while somebody outside is spoken to. One
recipient who is away or slow holds up no other; one who takes nothing for a day is paused, which the page says.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import Engine, or_, select
from sqlalchemy.orm import Session

from contract.envelope import CannotUnseal
from controller import database
from controller.database import reading, transaction
from controller.feeds import event, signing_secret
from controller.feeds import feed as feeds
from controller.feeds import target as targets
from controller.feeds.event import Batch, Place
from controller.feeds.feed import Feed
from controller.feeds.handing import Hands, NotTaken, Why
from controller.feeds.target import FeedKind
from controller.patience import Patience
from controller.premises import site as sites
from controller.settings import ControllerSettings, FeedSettings
from process import logs
from process.readiness import StopSignal

AT_ONCE: Final = 20
"""Most events of a kind between two looks at the feed."""
PATIENCE: Final = Patience(timedelta(seconds=10), timedelta(minutes=10))
POLL_S: Final = 1.0
_FAR = 500
"""Rows that a feed does not carry, after which its place is moved over them."""
_log = logs.logger("feeds")


class Courier:
    """`turn` brings everything that is due on the calling thread; `run` gives each feed that is due one of its own."""

    def __init__(self, engine: Engine, site: str, told: FeedSettings, private: X25519PrivateKey) -> None:
        self._engine, self._site, self._private = engine, site, private
        self._hands = Hands(site, told)
        self._pause_after = timedelta(hours=told.pause_after_h)
        self._busy: dict[int, threading.Thread] = {}
        """The thread at work on each feed."""
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Say for whom the secrets of feeds are sealed; a site that is not there yet has none."""
        with transaction(self._engine) as session:
            site = sites.by_key(session, self._site)
            if site is not None:
                signing_secret.let_read(session, site.id, self._private.public_key().public_bytes_raw())

    def run(self, stop: StopSignal) -> None:
        """Bring what is due, once a second until told to stop."""
        while not stop.is_set():
            try:
                for feed_id in self._due(datetime.now(UTC)):
                    self._begin(feed_id, stop)
            except database.AWAY as flaw:
                logs.event(_log, "database_away", level="error", error=flaw)
            stop.wait(POLL_S)
        with self._lock:
            working = list(self._busy.values())
        for each in working:
            # It may be waiting for somebody who does not answer: what it has not noted is brought again.
            each.join(POLL_S / len(working))

    def turn(self, now: datetime) -> None:
        """Bring all that is due, feed by feed."""
        for feed_id in self._due(now):
            while self._bring(feed_id, now):
                pass

    def _due(self, now: datetime) -> list[int]:
        """A clock that was set back ends a pause: the old time may be years away."""
        with reading(self._engine) as session:
            site = sites.by_key(session, self._site)
            if site is None:
                return []
            due = or_(Feed.due_at <= now, Feed.due_at > now + PATIENCE.longest)
            ours = select(Feed).where(Feed.site_id == site.id, Feed.ended_at.is_(None), due)
            brought = ours.where(Feed.kind != FeedKind.HOME_ASSISTANT).order_by(Feed.id)
            return [each.id for each in session.scalars(brought) if each.is_open]

    def _begin(self, feed_id: int, stop: StopSignal) -> None:
        """Give the feed a thread, unless one is at work on it."""
        with self._lock:
            if feed_id in self._busy:
                return
            made = threading.Thread(target=self._bring_all, args=(feed_id, stop), name="feed", daemon=True)
            self._busy[feed_id] = made
            made.start()

    def _bring_all(self, feed_id: int, stop: StopSignal) -> None:
        try:
            while not stop.is_set() and self._bring(feed_id, datetime.now(UTC)):
                pass
        except database.AWAY as flaw:
            # What was taken and not noted is brought again, under the same names.
            logs.event(_log, "database_away", level="error", error=flaw)
        finally:
            with self._lock:
                self._busy.pop(feed_id, None)

    def _bring(self, feed_id: int, now: datetime) -> bool:
        """Bring one batch; whether there may be more at once."""
        with reading(self._engine) as session:
            feed = session.get_one(Feed, feed_id)
            if not feed.is_open:
                return False
            found = event.batch(session, feed, AT_ONCE)
        if not found.events:
            if found.end.record - feed.record_place >= _FAR:
                self._pass_over(feed, found.end)
            return False
        try:
            place, flaw = self._carried(feed, found, now)
        except Exception as defect:  # noqa: BLE001 - whatever is wrong with one event must be seen, and stop no other feed
            logs.event(_log, "feed_defect", level="error", feed=feed.id, error=defect)
            place, flaw = _place(feed), NotTaken(Why.DEFECT)
        self._note(feed, place, flaw, now)
        return flaw is None and len(found.events) >= AT_ONCE

    def _carried(self, feed: Feed, found: Batch, now: datetime) -> tuple[Place, NotTaken | None]:
        """How far the recipient took it, and why no further."""
        place = Place(feed.record_place, feed.alarm_place)
        try:
            target = targets.understood(feed.target)
            if target.kind is FeedKind.SYSLOG:
                self._hands.send(target, found.events)
                return found.end, None
            secret = signing_secret.opened(feed.sealed, feed.id, self._private)
            for each in found.events:
                if not self._stands(feed):
                    return place, None
                self._hands.post(target, secret, each, now)
                place = each.place
        except CannotUnseal:
            return place, NotTaken(Why.SECRET)
        except NotTaken as flaw:
            return place, flaw
        return found.end, None

    def _stands(self, feed: Feed) -> bool:
        """Whether the feed is still open, as it was read: an approval may be withdrawn between two events."""
        with reading(self._engine) as session:
            row = session.get(Feed, feed.id)
            return row is not None and row.is_open and row.version == feed.version

    def _note(self, feed: Feed, place: Place, flaw: NotTaken | None, now: datetime) -> None:
        """Move the place on, and say what went wrong; unless somebody changed the feed meanwhile."""
        with transaction(self._engine) as session:
            row = session.get_one(Feed, feed.id, with_for_update=True)
            if not row.is_open or row.version != feed.version or _place(row) != _place(feed):
                return
            moved = _place(row) != place
            row.record_place, row.alarm_place = place.record, place.alarm
            if moved:
                row.taken_at, row.failures, row.failing_since, row.flaw = now, 0, None, ""
            if flaw is not None:
                self._fail(session, row, flaw, now)

    def _pass_over(self, feed: Feed, end: Place) -> None:
        """Move the place over what the feed does not carry."""
        with transaction(self._engine) as session:
            row = session.get_one(Feed, feed.id, with_for_update=True)
            if _place(row) == _place(feed):
                row.record_place = end.record

    def _fail(self, session: Session, row: Feed, flaw: NotTaken, now: datetime) -> None:
        row.due_at = now + PATIENCE.pause(row.failures)
        row.failures, row.flaw, row.failing_since = row.failures + 1, flaw.code, row.failing_since or now
        paused = flaw.why is Why.GONE or now - row.failing_since >= self._pause_after
        if paused:
            feeds.pause(session, now, row)
        told = "feed_paused" if paused else "feed_not_taken"
        logs.event(_log, told, level="error" if paused else "warning", feed=row.id, why=flaw.code)


def _place(feed: Feed) -> Place:
    return Place(feed.record_place, feed.alarm_place)


@contextmanager
def carrying(engine: Engine, told: ControllerSettings, private: X25519PrivateKey, stop: StopSignal) -> Iterator[None]:
    """A courier at work on a thread of its own. private: the controller's intake key, for which secrets are sealed."""
    courier = Courier(engine, told.site, told.feeds or FeedSettings(), private)
    courier.begin()
    thread = threading.Thread(target=courier.run, args=(stop,), name="feeds", daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join(3 * POLL_S)
