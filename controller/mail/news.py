"""News: what happened that was not told by mail yet, read from the record; nothing here writes.

The law: every alarm, every alarm that escalates, every request and every permission that nears its end is told once.
Alarms and requests go into at most one mail a minute each, whatever storm there is: the first at once, the others
together with their number. Ends of permissions go into one mail a day. Who is meant stands on the page only.

A place in the record is enough to know what was told: ledger rows become visible in their order, and so do alarms,
which one thread of one controller raises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from contract.reader_kinds import Words
from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow, head
from controller.mail import outbox
from controller.mail.letter import Letter, Section, moment, written
from controller.mail.outbox import Told, Topic
from controller.people import widening
from controller.people.access_level import AccessLevel
from controller.people.cardholder import Cardholder
from controller.people.level_change import AccessLevelChange, ChangeState
from controller.people.permission import Grant, GrantState
from controller.premises.agent import Agent
from controller.premises.area import Area
from controller.premises.door import Door
from controller.premises.site import Site
from controller.record.alarm import Alarm
from controller.record.alarm_words import alarm_words
from controller.settings import MailSettings

LISTED = 20
"""Most lines of one section; the rest is a number."""
_ASKING = (Kind.GRANT_REQUESTED, Kind.ACCESS_LEVEL_CHANGE_ASKED, Kind.WIDENING_ASKED)
_PAUSE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the news are wanted for: whose mail, with links to which pages, at what time."""

    mail: MailSettings
    public_url: str
    now: datetime

    def page(self, topic: Topic) -> str:
        """Where the same stands, with everything that a mail does not say."""
        return page(topic, self.public_url, self.mail.expiry_days)


@dataclass(frozen=True, slots=True)
class News:
    """letter: None when there is nothing to say; sequence, until: how far the topic is told with it."""

    topic: Topic
    letter: Letter | None
    sequence: int
    until: datetime


def topics(mail: MailSettings) -> Mapping[Topic, Sequence[str]]:
    """The topics that somebody is told of, and who."""
    named = {Topic.ALARMS: mail.alarms, Topic.APPROVALS: mail.approvals, Topic.EXPIRIES: mail.expiries}
    return {topic: recipients for topic, recipients in named.items() if recipients}


def page(topic: Topic, public_url: str, days: int) -> str:
    """The page of a topic; days: before the ends of permissions."""
    paths = {
        Topic.ALARMS: "alarms",
        Topic.APPROVALS: "requests",
        Topic.EXPIRIES: f"reports/expiring?days={days}",
    }
    return f"{public_url.rstrip('/')}/{paths[topic]}"


def look(session: Session, site: Site, asked: Asked) -> list[News]:
    """What is to be told now, of topics that have begun; nothing for one whose recipients all have too much waiting."""
    found: list[News] = []
    for topic, recipients in topics(asked.mail).items():
        told = session.get(Told, topic)
        if told is None or outbox.full_for(session, topic).issuperset(recipients):
            continue
        news = _LOOKS[topic](session, site, asked, told)
        if news is not None:
            found.append(news)
    return found


def _alarms(session: Session, site: Site, asked: Asked, told: Told) -> News | None:
    """What was raised, and what was told before and has waited too long since. One that comes in after it has waited
    for so long is told once: the time says it."""
    if _paused(told, asked.now):
        return None
    newest = session.scalar(select(func.max(Alarm.id))) or 0
    after = timedelta(minutes=asked.mail.escalate_minutes)
    escalated = and_(
        Alarm.id <= told.sequence,
        Alarm.acknowledged_at.is_(None),
        Alarm.raised_at > told.until - after,
        Alarm.raised_at <= asked.now - after,
    )
    sections: list[Section] = []
    raised = _count(session, Alarm.id > told.sequence) if newest > told.sequence else 0
    waited = _count(session, escalated)
    if raised:
        sections.append(Section(_new_alarms(raised), _alarm_lines(session, site, Alarm.id > told.sequence), raised))
    if waited:
        heading = _waited(waited, asked.mail.escalate_minutes)
        sections.append(Section(heading, _alarm_lines(session, site, escalated), waited))
    if not sections:
        return None
    letter = written(site, _counted_alarms(raised, waited), sections, asked.page(Topic.ALARMS))
    return News(Topic.ALARMS, letter, newest, max(told.until, asked.now))


def _count(session: Session, which: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count(Alarm.id)).where(which)) or 0


def _alarm_lines(session: Session, site: Site, which: ColumnElement[bool]) -> list[Words]:
    places = select(Alarm, Agent, Door).join(Agent, Agent.id == Alarm.agent_id)
    statement = places.outerjoin(Door, Door.id == Alarm.door_id).where(which).order_by(Alarm.id).limit(LISTED)
    return [
        _line(site, row.raised_at, alarm_words(row.kind), Words(door.name, door.name_ja) if door else _agent(agent))
        for row, agent, door in session.execute(statement)
    ]


def _agent(agent: Agent) -> Words:
    return Words(agent.name, agent.name)


def _approvals(session: Session, site: Site, asked: Asked, told: Told) -> News | None:
    if _paused(told, asked.now):
        return None
    requested = select(func.max(LedgerRow.sequence)).where(LedgerRow.kind.in_(_ASKING))
    newest = session.scalar(requested) or 0
    if newest <= told.sequence:
        return None
    found = (*_grants(session, told), *_changes(session, told), *_widenings(session, site, asked, told))
    waiting = sorted(found, key=lambda each: each[0])
    count, lines = len(waiting), [_line(site, *each) for each in waiting[:LISTED]]
    heading = Words(f"Requests that wait for approval: {count}", f"承認待ちの申請：{count} 件")
    what = Words(f"{_plural(count, 'request')} to approve", f"承認待ちの申請 {count} 件")
    letter = written(site, what, [Section(heading, lines, count)], asked.page(Topic.APPROVALS)) if count else None
    return News(Topic.APPROVALS, letter, newest, told.until)


def _grants(session: Session, told: Told) -> list[tuple[datetime, Words, Words]]:
    """When access was requested, and to what."""
    statement = (
        select(Grant.requested_at, Area, AccessLevel)
        .outerjoin(Area, Area.id == Grant.area_id)
        .outerjoin(AccessLevel, AccessLevel.id == Grant.access_level_id)
        .where(Grant.state == GrantState.REQUESTED, Grant.ledger_sequence > told.sequence)
    )
    what = Words("Access requested", "入室の申請")
    return [(at, what, _room(area, level)) for at, area, level in session.execute(statement.order_by(Grant.id))]


def _changes(session: Session, told: Told) -> list[tuple[datetime, Words, Words]]:
    """When a change of an access level was requested, and of which."""
    statement = (
        select(AccessLevelChange.requested_at, AccessLevel)
        .join(AccessLevel, AccessLevel.id == AccessLevelChange.access_level_id)
        .where(AccessLevelChange.state == ChangeState.REQUESTED, AccessLevelChange.ledger_sequence > told.sequence)
    )
    what = Words("Change of an access level requested", "アクセスレベルの変更の申請")
    found = session.execute(statement.order_by(AccessLevelChange.id))
    return [(at, what, _room(None, level)) for at, level in found]


def _widenings(session: Session, site: Site, asked: Asked, told: Told) -> list[tuple[datetime, Words, Words]]:
    """When wider entry was asked for, and into which rooms."""
    what = Words("Wider entry requested", "入室範囲の拡大の申請")
    waiting = [each for each in widening.waiting(session, site, asked.now) if each.ledger_sequence > told.sequence]
    return [(each.requested_at, what, _rooms(session, each.ledger_sequence)) for each in waiting]


def _rooms(session: Session, sequence: int) -> Words:
    """The rooms that a row of the ledger is about."""
    named = session.get_one(LedgerRow, sequence).subjects.get("areas")
    areas = [session.get_one(Area, each) for each in (named if isinstance(named, list) else ())]
    return Words(", ".join(each.name for each in areas), "、".join(each.name_ja for each in areas))


def _expiries(session: Session, site: Site, asked: Asked, told: Told) -> News | None:
    """Once a day: what ends within so many days and did not stand in an earlier mail, by room."""
    here = asked.now.astimezone(site.clock)
    looked = told.mailed_at is not None and told.mailed_at.astimezone(site.clock).date() >= here.date()
    if looked or here.hour < asked.mail.digest_hour:
        return None
    horizon = asked.now + timedelta(days=asked.mail.expiry_days)
    statement = (
        select(Area, AccessLevel, func.count(Grant.id), func.min(Grant.valid_until))
        .select_from(Grant)
        .join(Cardholder, Cardholder.id == Grant.cardholder_id)
        .outerjoin(Area, Area.id == Grant.area_id)
        .outerjoin(AccessLevel, AccessLevel.id == Grant.access_level_id)
        .where(Cardholder.site_id == site.id, Cardholder.ended_at.is_(None), Grant.state == GrantState.APPROVED)
        .where(Grant.valid_until > asked.now, Grant.valid_until <= horizon)
        .where(or_(Grant.valid_until > told.until, Grant.ledger_sequence > told.sequence))
        .group_by(Area.id, AccessLevel.id)
        .order_by(func.min(Grant.valid_until))
    )
    rooms = session.execute(statement).all()
    count = sum(each[2] for each in rooms)
    lines = [_ending(site, _room(area, level), number, first) for area, level, number, first in rooms if first]
    news = News(Topic.EXPIRIES, None, head(session), max(told.until, horizon))
    if not count:
        return news
    days = asked.mail.expiry_days
    heading = Words(f"Permissions that end within {days} days: {count}", f"{days} 日以内に期限を迎える権限：{count} 件")
    what = Words(f"{_plural(count, 'permission')} near the end", f"まもなく期限を迎える権限 {count} 件")
    return News(
        news.topic,
        written(site, what, [Section(heading, lines, len(lines))], asked.page(Topic.EXPIRIES)),
        news.sequence,
        news.until,
    )


def _ending(site: Site, room: Words, count: int, first: datetime) -> Words:
    at = moment(site, first)
    return Words(f"{room.en}: {count}, the first on {at}", f"{room.ja}：{count} 件、最初の期限は {at}")


def _room(area: Area | None, level: AccessLevel | None) -> Words:
    if area is not None:
        return Words(area.name, area.name_ja)
    return Words(level.name, level.name_ja or level.name) if level is not None else Words("several rooms", "複数の部屋")


def _line(site: Site, at: datetime, what: Words, where: Words) -> Words:
    when = moment(site, at)
    return Words(f"{when}  {what.en}: {where.en}", f"{when}  {what.ja}：{where.ja}")


def _new_alarms(count: int) -> Words:
    return Words(f"New alarms: {count}", f"新しい警報：{count} 件")


def _waited(count: int, minutes: int) -> Words:
    return Words(
        f"Escalated, nobody has looked for {_plural(minutes, 'minute')}: {count}",
        f"対応遅れ（{minutes} 分以上未確認）：{count} 件",
    )


def _counted_alarms(raised: int, escalated: int) -> Words:
    if not raised:
        return Words(f"{_plural(escalated, 'alarm')} escalated", f"対応遅れの警報 {escalated} 件")
    if not escalated:
        return Words(_plural(raised, "alarm"), f"警報 {raised} 件")
    return Words(f"{_plural(raised, 'alarm')}, {escalated} escalated", f"警報 {raised} 件、対応遅れ {escalated} 件")


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _paused(told: Told, now: datetime) -> bool:
    """A clock that was set back ends the pause: waiting for the old time again could take for ever."""
    return told.mailed_at is not None and told.mailed_at <= now < told.mailed_at + _PAUSE


_LOOKS: Final[Mapping[Topic, Callable[[Session, Site, Asked, Told], News | None]]] = {
    Topic.ALARMS: _alarms,
    Topic.APPROVALS: _approvals,
    Topic.EXPIRIES: _expiries,
}
