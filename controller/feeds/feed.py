"""Feeds: who outside is told what of the house, what for, and who has agreed to it.

The law: a feed that carries anything of a person is closed until somebody else, who guards privacy, has approved
exactly this recipient, purpose, address and content; a change of any of them closes it again. It carries what happens
from then on: what happened while it was closed is never sent. A no has its reason, and stands until the feed is changed
or approved after all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller import line
from controller.database import Base, UtcDateTime
from controller.feeds import signing_secret
from controller.feeds import target as targets
from controller.feeds.target import FeedKind
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append, head
from controller.people.operator import Operator
from controller.people.two_people import require_second_person
from controller.premises.site import Site
from controller.record.alarm import Alarm
from controller.refusal import Refused

MOST: Final = 50
_LONGEST_PURPOSE = 400


class Topic(StrEnum):
    """What a feed carries: alarms and who saw them; what happened at the doors; what people changed."""

    ALARMS = "alarms"
    ACCESS = "access"
    CHANGES = "changes"


class Personal(StrEnum):
    """What of a person a feed may carry besides: the opaque handle that stands for them at the doors, with the numbers
    of rows about them; name and staff number; the card's label; which operator did it."""

    HANDLE = "handle"
    PERSON = "person"
    CARD = "card"
    OPERATOR = "operator"


class State(StrEnum):
    """WAITING: for an approval; DECLINED: there is none, or none any more; STOPPED: by an operator; PAUSED: by itself,
    because nothing was taken for too long; FAILING: it is tried again; ON: all was taken."""

    WAITING = "waiting"
    DECLINED = "declined"
    STOPPED = "stopped"
    PAUSED = "paused"
    FAILING = "failing"
    ON = "on"


class Feed(Base):
    """made_by, written_by: who made it and who last changed what it says (null: the host); version: counts those
    changes; declined_by: who said no to this version, or approves it no longer; declined_why: in their words; sealed: a
    webhook's secret, for `SecretReader` alone; stopped: an operator wants it quiet; record_place, alarm_place: up to
    which ledger row and alarm it was taken; failing_since: nothing was taken since; flaw: why."""

    __tablename__ = "feed"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    kind: Mapped[str] = mapped_column(String(16))
    recipient: Mapped[str] = mapped_column(String(120))
    purpose: Mapped[str] = mapped_column(String(_LONGEST_PURPOSE))
    target: Mapped[str] = mapped_column(String(targets.LONGEST))
    topics: Mapped[str] = mapped_column(String(80))
    fields: Mapped[str] = mapped_column(String(80))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    made_by: Mapped[int | None]
    written_by: Mapped[int | None]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)
    approved_by: Mapped[int | None]
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    declined_by: Mapped[int | None]
    declined_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    declined_why: Mapped[str] = mapped_column(String(_LONGEST_PURPOSE), default="")
    stopped: Mapped[bool] = mapped_column(default=False)
    record_place: Mapped[int] = mapped_column(BigInteger)
    alarm_place: Mapped[int] = mapped_column(BigInteger)
    failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    flaw: Mapped[str] = mapped_column(String(32), default="")
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def carries(self) -> tuple[Topic, ...]:
        return tuple(Topic(each) for each in self.topics.split())

    @property
    def tells(self) -> tuple[Personal, ...]:
        return tuple(Personal(each) for each in self.fields.split())

    @property
    def state(self) -> State:
        if self.fields and self.approved_by is None:
            return State.WAITING if self.declined_by is None else State.DECLINED
        if self.stopped:
            return State.STOPPED
        if self.paused_at is not None:
            return State.PAUSED
        return State.FAILING if self.failing_since is not None else State.ON

    @property
    def is_open(self) -> bool:
        """Whether it is sent now."""
        return self.ended_at is None and self.state in (State.ON, State.FAILING)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a feed is to say: to whom, what for, where, and what."""

    recipient: str
    purpose: str
    target: str
    topics: Sequence[Topic]
    fields: Sequence[Personal]

    def checked(self) -> tuple[FeedKind, dict[str, str]]:
        """Its columns; Refused feed-unexplained, feed-target-wrong, feed-empty."""
        try:
            recipient, purpose = line.told(self.recipient), line.told(self.purpose, _LONGEST_PURPOSE)
        except Refused as flaw:
            raise Refused("feed-unexplained") from flaw
        if not self.topics:
            raise Refused("feed-empty")
        address = self.target.strip()
        kind = targets.understood(address).kind
        return kind, {
            "recipient": recipient,
            "purpose": purpose,
            "target": address,
            "topics": _words(Topic, self.topics),
            "fields": _words(Personal, self.fields),
        }


def make(session: Session, by: Operator, now: datetime, site: Site, wanted: Wanted) -> tuple[Feed, str | None]:
    """A new feed, and a webhook's secret, which nobody can read here again. One that carries nothing of a person is
    open at once. Refused feed-unexplained, feed-target-wrong, feed-empty, feeds-full, feed-not-ready."""
    kind, columns = wanted.checked()
    if len(of_site(session, site)) >= MOST:
        raise Refused("feeds-full")
    made = Feed(site_id=site.id, kind=kind, made_by=by.id, written_by=by.id, made_at=now, due_at=now, **columns)
    made.version = 1
    _from_now_on(session, made, now)
    session.add(made)
    session.flush()
    secret = _renew(session, made) if kind is FeedKind.WEBHOOK else None
    record(session, Kind.FEED_MADE, by.actor, now, made)
    return made, secret


def change(session: Session, by: Operator, now: datetime, feed: Feed, version: int, wanted: Wanted) -> str | None:
    """Say something else from now on; it waits for an approval again if it carries anything of a person. The secret if
    it goes elsewhere: the old recipient must not be able to sign for the new one. Refused as `make`, and feed-changed,
    feed-of-the-host, feed-as-it-is, not-found."""
    _lock(session, feed, version)
    kind, columns = wanted.checked()
    if all(getattr(feed, name) == value for name, value in columns.items()):
        raise Refused("feed-as-it-is")
    moved = feed.target != columns["target"]
    for name, value in columns.items():
        setattr(feed, name, value)
    feed.kind, feed.written_by, feed.version = kind, by.id, feed.version + 1
    feed.approved_by = feed.approved_at = None
    _decide_anew(feed)
    _from_now_on(session, feed, now)
    secret = None
    if kind is not FeedKind.WEBHOOK:
        feed.sealed = None
    elif moved or feed.sealed is None:
        secret = _renew(session, feed)
    record(session, Kind.FEED_CHANGED, by.actor, now, feed)
    return secret


def approve(session: Session, by: Operator, now: datetime, feed: Feed, version: int) -> None:
    """Open a feed as it stands in `version`, also after a no. Refused same-person, not-independent (whoever made it or
    last changed it does not approve it), feed-changed, feed-decided, not-found."""
    _lock(session, feed, version)
    if feed.state not in (State.WAITING, State.DECLINED):
        raise Refused("feed-decided")
    for author in {feed.made_by, feed.written_by} - {None}:
        require_second_person(session, int(author or 0), by)
    feed.approved_by, feed.approved_at = by.id, now
    _decide_anew(feed)
    _from_now_on(session, feed, now)
    record(session, Kind.FEED_APPROVED, by.actor, now, feed)


def decline(session: Session, by: Operator, now: datetime, feed: Feed, version: int, reason: str) -> None:
    """Say no to a feed as it stands in `version`; Refused reason-missing, feed-changed, feed-decided, not-found."""
    why = _why(reason)
    _lock(session, feed, version)
    if feed.state is not State.WAITING:
        raise Refused("feed-decided")
    _say_no(session, Kind.FEED_DECLINED, by, now, feed, why)


def withdraw(session: Session, by: Operator, now: datetime, feed: Feed, reason: str) -> None:
    """Approve it no longer, at once and by one person; Refused reason-missing, feed-decided, not-found."""
    why = _why(reason)
    _lock(session, feed, None)
    if feed.approved_by is None:
        raise Refused("feed-decided")
    feed.approved_by = feed.approved_at = None
    _say_no(session, Kind.FEED_WITHDRAWN, by, now, feed, why)


def stop(session: Session, by: Operator, now: datetime, feed: Feed) -> None:
    """Send nothing more until it is resumed; Refused feed-as-it-is, feed-of-the-host, not-found."""
    _lock(session, feed, None)
    if feed.stopped:
        raise Refused("feed-as-it-is")
    feed.stopped = True
    record(session, Kind.FEED_STOPPED, by.actor, now, feed)


def resume(session: Session, by: Operator, now: datetime, feed: Feed, *, skip: bool) -> None:
    """Send again, from where it stopped or paused, or (skip) only what happens from now on. Refused feed-as-it-is,
    feed-of-the-host, not-found."""
    _lock(session, feed, None)
    if not feed.stopped and feed.paused_at is None:
        raise Refused("feed-as-it-is")
    feed.stopped = False
    before = {"record": feed.record_place, "alarm": feed.alarm_place}
    if skip:
        _from_now_on(session, feed, now)
    else:
        _afresh(feed, now)
    places = {"before": before, "after": {"record": feed.record_place, "alarm": feed.alarm_place}}
    append(session, Kind.FEED_RESUMED, by.actor, now, {"feed": feed.id}, places)


def renew_secret(session: Session, by: Operator, now: datetime, feed: Feed) -> str:
    """Another secret, from the next request on; Refused feed-as-it-is (it has none), not-found, feed-not-ready."""
    _lock(session, feed, None)
    if feed.kind != FeedKind.WEBHOOK:
        raise Refused("feed-as-it-is")
    secret = _renew(session, feed)
    append(session, Kind.FEED_SECRET_RENEWED, by.actor, now, {"feed": feed.id})
    return secret


def end(session: Session, by: Operator, now: datetime, feed: Feed) -> None:
    """Remove it for good; Refused not-found, feed-of-the-host."""
    _lock(session, feed, None)
    feed.ended_at, feed.sealed = now, None
    record(session, Kind.FEED_ENDED, by.actor, now, feed)


def pause(session: Session, now: datetime, feed: Feed) -> None:
    """Give up for the time being: nothing was taken for too long, or the recipient says that it is gone."""
    feed.paused_at = now
    append(session, Kind.FEED_PAUSED, "controller", now, {"feed": feed.id}, {"flaw": feed.flaw})


def of_site(session: Session, site: Site) -> Sequence[Feed]:
    """The living feeds, the oldest first."""
    statement = select(Feed).where(Feed.site_id == site.id, Feed.ended_at.is_(None)).order_by(Feed.id)
    return session.scalars(statement).all()


def record(
    session: Session, kind: Kind, actor: str, now: datetime, feed: Feed, why: dict[str, str] | None = None
) -> None:
    """Record an act on a feed. The content stands in the leaf; recipient, purpose and address may name somebody, and
    are committed to."""
    plain = {"kind": feed.kind, "version": feed.version, "topics": feed.topics, "fields": feed.fields}
    personal = {"recipient": feed.recipient, "purpose": feed.purpose, "target": feed.target, **(why or {})}
    append(session, kind, actor, now, {"feed": feed.id}, plain, personal)


def _why(reason: str) -> str:
    why = reason.strip()[:_LONGEST_PURPOSE]
    if not why:
        raise Refused("reason-missing")
    return why


def _say_no(session: Session, kind: Kind, by: Operator, now: datetime, feed: Feed, why: str) -> None:
    feed.declined_by, feed.declined_at, feed.declined_why = by.id, now, why
    record(session, kind, by.actor, now, feed, {"reason": why})


def _decide_anew(feed: Feed) -> None:
    feed.declined_by, feed.declined_at, feed.declined_why = None, None, ""


def _renew(session: Session, feed: Feed) -> str:
    feed.sealed, secret = signing_secret.drawn(session, feed.site_id, feed.id)
    return secret


def _lock(session: Session, feed: Feed, version: int | None) -> None:
    session.refresh(feed, with_for_update=True)
    if feed.ended_at is not None:
        raise Refused("not-found")
    if feed.made_by is None:
        raise Refused("feed-of-the-host")
    if version is not None and version != feed.version:
        raise Refused("feed-changed")


def _from_now_on(session: Session, feed: Feed, now: datetime) -> None:
    feed.record_place = head(session)
    feed.alarm_place = session.scalar(select(func.max(Alarm.id))) or 0
    _afresh(feed, now)


def _afresh(feed: Feed, now: datetime) -> None:
    feed.failures, feed.failing_since, feed.paused_at, feed.due_at, feed.flaw = 0, None, None, now, ""


def _words(known: type[StrEnum], given: Sequence[StrEnum]) -> str:
    return " ".join(each for each in known if each in given)
