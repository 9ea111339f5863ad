"""What tests of feeds do to a house: a privacy officer, feeds, alarms, and facts at its doors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from controller.database import transaction
from controller.feeds import feed as feeds
from controller.feeds import signing_secret
from controller.feeds.feed import Feed, Personal, Topic, Wanted
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.people import operator
from controller.people.access import Role
from controller.people.operator import NewOperator, Operator
from controller.premises import door as doors
from controller.record import alarm
from tests.controller.conftest import CHEAP, NOW, PASSWORD, House

HOOK = "https://siem.example/hook?from=tokyo"


def officer(house: House, session: Session) -> Operator:
    """The privacy officer, vouched for by the host."""
    found = operator.by_name(session, house.site(session), "pia")
    if found is not None:
        return found
    wanted = NewOperator("pia", "Pia", PASSWORD)
    return operator.add(session, operator.HOST, NOW, house.site(session), Role.PRIVACY_OFFICER, wanted, CHEAP)


def readable(house: House) -> None:
    """As the controller does at its start: say for whom secrets are sealed."""
    with transaction(house.engine) as session:
        signing_secret.let_read(session, house.site(session).id, house.authority.intake.public_key().public_bytes_raw())


def wanted(
    target: str = HOOK,
    topics: Sequence[Topic] = (Topic.ALARMS,),
    fields: Sequence[Personal] = (),
    *,
    recipient: str = "Example Monitoring KK",
    purpose: str = "watch the doors at night",
) -> Wanted:
    return Wanted(recipient, purpose, target, topics, fields)


def made(house: House, what: Wanted, *, by: str = "kim", now: datetime = NOW, approved: bool = True) -> tuple[int, str]:
    """A new feed and its secret; approved by the privacy officer if it must be."""
    readable(house)
    with transaction(house.engine) as session:
        feed, secret = feeds.make(session, house.operator(session, by), now, house.site(session), what)
        if approved and what.fields:
            feeds.approve(session, officer(house, session), now, feed, feed.version)
        return feed.id, secret or ""


def raised(house: House, at: datetime, kind: str = "FORCED_OPEN", count: int = 1) -> None:
    """Alarms at the Cedar door."""
    with transaction(house.engine) as session:
        door = doors.by_key(session, house.site(session), "cedar")
        assert door is not None
        place = append(session, Kind.FACT, "controller", at, {})
        for _ in range(count):
            alarm.raise_alarm(session, kind, at, place, door.agent_id, door.id)


def row(session: Session, feed_id: int) -> Feed:
    return session.get_one(Feed, feed_id)
