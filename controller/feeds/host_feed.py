"""Feeds of the host: those that its owner keeps in the settings stand in the list of feeds beside the others, so that
nothing leaves the house of which the list says nothing. No operator changes them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from controller.feeds import feed as feeds
from controller.feeds.feed import Feed
from controller.feeds.handing import Why
from controller.feeds.target import FeedKind
from controller.ledger.kinds import Kind
from controller.ledger.ledger import head
from controller.people.operator import HOST
from controller.premises import site as sites
from controller.premises.site import Site
from controller.settings import HomeAssistantSettings


def keep(session: Session, site: str, now: datetime, told: HomeAssistantSettings | None) -> None:
    """Let the list say what the settings say; recorded where that changes something."""
    owner = sites.by_key(session, site)
    if owner is None:
        return
    kept = _kept(session, owner)
    if told is None:
        if kept is not None:
            kept.ended_at = now
            feeds.record(session, Kind.FEED_ENDED, HOST, now, kept)
        return
    said = {"recipient": told.recipient, "purpose": told.purpose, "target": f"mqtts://{told.host}:{told.port}"}
    if kept is None:
        kept = _made(owner, now, head(session), said)
        session.add(kept)
        session.flush()
        feeds.record(session, Kind.FEED_MADE, HOST, now, kept)
    elif any(getattr(kept, name) != value for name, value in said.items()):
        for name, value in said.items():
            setattr(kept, name, value)
        kept.version += 1
        feeds.record(session, Kind.FEED_CHANGED, HOST, now, kept)


def reached(session: Session, site: str, now: datetime, *, connected: bool) -> None:
    """Whether the recipient is there now."""
    owner = sites.by_key(session, site)
    kept = _kept(session, owner) if owner is not None else None
    if kept is None:
        return
    if connected:
        kept.failing_since, kept.flaw, kept.taken_at = None, "", now
    elif kept.failing_since is None:
        kept.failing_since, kept.flaw = now, Why.AWAY


def _kept(session: Session, site: Site) -> Feed | None:
    ours = select(Feed).where(Feed.site_id == site.id, Feed.kind == FeedKind.HOME_ASSISTANT, Feed.ended_at.is_(None))
    return session.scalar(ours)


def _made(site: Site, now: datetime, place: int, said: dict[str, str]) -> Feed:
    return Feed(
        site_id=site.id,
        kind=FeedKind.HOME_ASSISTANT,
        topics="",
        fields="",
        made_at=now,
        due_at=now,
        version=1,
        record_place=place,
        alarm_place=0,
        **said,
    )
