"""What leaves the house: files that operators took out, lists that they keep, and what was done with feeds.

The law: it says who, when, which list, how many rows and what for; never a row, nor whom a list was narrowed to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.feeds.feed import Feed
from controller.ledger import acts
from controller.ledger.acts import ActFilter
from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow, head

OF_FEEDS: Final = (
    Kind.FEED_MADE,
    Kind.FEED_CHANGED,
    Kind.FEED_APPROVED,
    Kind.FEED_DECLINED,
    Kind.FEED_WITHDRAWN,
    Kind.FEED_STOPPED,
    Kind.FEED_RESUMED,
    Kind.FEED_SECRET_RENEWED,
    Kind.FEED_ENDED,
    Kind.FEED_PAUSED,
)
OF_LISTS: Final = (Kind.RECORD_EXPORTED, Kind.REPORT_SAVED, Kind.REPORT_REMOVED)
_LOOKED_AT: Final = 500
"""Rows of the ledger do not know their feeds by an index: so many of the latest acts on feeds are looked through."""


@dataclass(frozen=True, slots=True)
class Left:
    """One act; words: what its operator wrote, by what it is (purpose, reason, recipient, name); None where erased."""

    row: LedgerRow
    words: Mapping[str, str | None]

    @property
    def feed(self) -> int | None:
        """The feed that it is about."""
        found = self.row.subjects.get("feed")
        return found if isinstance(found, int) else None

    @property
    def narrowed(self) -> Sequence[str]:
        """By which filters a list was narrowed: their names alone."""
        found = self.row.content.get("narrowed")
        return [name for name, value in found.items() if value] if isinstance(found, dict) else []


def listed(session: Session, before: int, limit: int) -> Sequence[Left]:
    """The next acts below `before` in the ledger, the newest first."""
    return _told(session, acts.listed(session, ActFilter(among=(*OF_LISTS, *OF_FEEDS)), before, limit))


def of_feed(session: Session, feed: Feed, most: int) -> Sequence[Left]:
    """What was done with one feed, the newest first."""
    rows = acts.listed(session, ActFilter(among=OF_FEEDS), head(session) + 1, _LOOKED_AT)
    return _told(session, [row for row in rows if row.subjects.get("feed") == feed.id][:most])


def living(session: Session, found: Sequence[Left]) -> Mapping[int, Feed]:
    """The feeds among them that were not removed, by their ids."""
    ids = {each.feed for each in found if each.feed is not None}
    return {feed.id: feed for feed in session.scalars(select(Feed).where(Feed.id.in_(ids), Feed.ended_at.is_(None)))}


def _told(session: Session, rows: Sequence[LedgerRow]) -> Sequence[Left]:
    words = acts.words(session, rows)
    return [Left(row, words.get(row.sequence, {})) for row in rows]
