"""What a cut-off door granted, and the rules in force would have refused, is marked, shown and raises one alarm."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from contract.commitment import Opening, commit
from contract.credential import Identity, Source
from controller.database import reading, transaction
from controller.delivery import compiling, hindsight
from controller.ledger.ledger import OpeningRow, keep_openings
from controller.people import credential, permission
from controller.people.permission import Grant
from controller.record import alarm, enquiry
from controller.record.alarm import GRANTED_ON_OLD_LIST
from controller.record.enquiry import LogFilter, LogRow
from controller.record.fact import FactRow
from controller.record.overruled import OverruledGrant
from door_agent.events import Card
from tests.controller.conftest import NOW, House
from tests.controller.doorway import Site, joined


@pytest.fixture
def site(house: House) -> Site:
    return joined(house)


def revoke(site: Site, grant: int, now: datetime = NOW) -> None:
    with transaction(site.house.engine) as session:
        row = session.get_one(Grant, grant)
        permission.revoke(session, site.house.operator(session, "kim"), now, row, "moved on")
    site.link.follow(now)
    site.sent.clear()


def tell(site: Site, key: str = "cedar", now: datetime = NOW + timedelta(minutes=10)) -> None:
    """The door is heard again: its facts come in, and nothing else."""
    door = site.doors[key]
    while not site.link.inbox.empty():
        site.link.inbox.get()
    door.report()
    site.hear(now)


def entries(site: Site) -> list[LogRow]:
    with reading(site.house.engine) as session:
        return list(reversed(enquiry.log(session, LogFilter(kinds=("DECISION",))).rows))


def marks(site: Site) -> list[tuple[str, bool] | None]:
    return [(row.overruled.reason, row.overruled.certain) if row.overruled else None for row in entries(site)]


def alarms(site: Site) -> list[str]:
    with reading(site.house.engine) as session:
        return [each.kind for each in alarm.waiting(session) if each.kind == GRANTED_ON_OLD_LIST]


def test_an_entry_after_the_revocation_is_marked_and_one_before_it_is_not(site: Site) -> None:
    grant = site.grant("Ada")
    site.talk()
    door = site.doors["cedar"]
    door.passes("cedar-in", "Ada")
    door.passes("cedar-out", "Ada")
    revoke(site, grant, door.moment.wall + timedelta(seconds=10))
    door.mono += 60
    door.passes("cedar-in", "Ada")
    door.passes("cedar-out", "Ada")
    tell(site)
    assert marks(site) == [None, None, ("EXIT_ONLY", True), None]
    assert alarms(site) == [GRANTED_ON_OLD_LIST]
    marked = entries(site)[2].overruled
    assert marked is not None
    assert (marked.epoch, marked.version) == (1, 3) or marked.version >= 2


def test_one_alarm_waits_for_a_person_and_an_area_and_another_comes_once_it_was_seen(site: Site) -> None:
    grant = site.grant("Ada")
    site.talk()
    revoke(site, grant)
    door = site.doors["cedar"]
    for _ in range(3):
        door.mono += 10
        door.card("cedar-in", "Ada")
    tell(site)
    assert marks(site) == [("EXIT_ONLY", True)] * 3
    assert alarms(site) == [GRANTED_ON_OLD_LIST]
    with transaction(site.house.engine) as session:
        for each in alarm.waiting(session):
            alarm.acknowledge(session, site.house.operator(session, "kim"), NOW, each.id)
    door.mono += 10
    door.card("cedar-in", "Ada")
    tell(site)
    assert alarms(site) == [GRANTED_ON_OLD_LIST]


def test_a_newer_list_that_still_permits_it_marks_nothing(site: Site) -> None:
    site.grant("Ada")
    site.talk()
    other = site.grant("Eve")
    revoke(site, other)
    door = site.doors["cedar"]
    door.mono += 10
    door.passes("cedar-in", "Ada")
    tell(site)
    assert marks(site) == [None]
    assert alarms(site) == []


SECOND = f"{0x77:040b}"


def ada_loses_one_of_two_cards(site: Site) -> None:
    site.grant("Ada")
    with transaction(site.house.engine) as session:
        other = [Identity(Source.SERIAL_HEX, SECOND)]
        ada = site.house.holder(session, "Ada")
        credential.issue(session, "operator:1", NOW, ada, "second", other, compiling.card_must_fit)
    site.talk()
    with transaction(site.house.engine) as session:
        cards = credential.of_cardholder(session, site.house.holder(session, "Ada"))
        lost = next(each for each in cards if each.label == "Ada's card")
        credential.report_lost(session, "operator:1", NOW, lost, "lost")
    site.link.follow(NOW)
    site.doors["cedar"].mono += 10


def test_an_entry_with_the_lost_one_of_two_cards_is_marked_and_the_card_is_named(site: Site) -> None:
    ada_loses_one_of_two_cards(site)
    site.doors["cedar"].card("cedar-in", "Ada")
    tell(site)
    assert marks(site) == [("CARD_LOST", True)]
    assert [row.card.label if row.card else None for row in entries(site)] == ["Ada's card"]


def test_an_entry_with_the_other_card_of_the_same_holder_is_not_marked(site: Site) -> None:
    ada_loses_one_of_two_cards(site)
    site.doors["cedar"].feed(Card("cedar-in", "serial-hex", SECOND))
    tell(site)
    assert marks(site) == [None]


@pytest.mark.parametrize("nonsense", [None, "00", "not hex", "ff" * 16])
def test_where_the_key_of_the_card_is_gone_or_none_the_mark_is_not_certain_and_names_no_card(
    site: Site, nonsense: str | None
) -> None:
    ada_loses_one_of_two_cards(site)
    site.doors["cedar"].card("cedar-in", "Ada")
    tell(site)
    with transaction(site.house.engine) as session:
        if nonsense is None:
            for each in session.scalars(select(OpeningRow).where(OpeningRow.name == "key")):
                each.salt = each.value = None
        else:
            commit_to_key(session, nonsense)
    assert reviewed(site, trusted=True) == [("CARD_LOST", False)]
    assert entries(site)[0].card is None


def commit_to_key(session: Session, key: str) -> None:
    """As if the agent had committed to this in place of the key."""
    row = session.scalars(select(FactRow).where(FactRow.kind == "DECISION")).one()
    opening = Opening(bytes(32), key)
    fact = structs.replace(row.fact(), commitments={**row.fact().commitments, "key": commit(opening)})
    row.encoded = fact.encoded()
    keep_openings(session, [(row.ledger_sequence, {"key": opening})])


def reviewed(site: Site, **changed: Any) -> list[tuple[str, bool] | None]:
    """Mark again from nothing after the rows of facts were changed."""
    with transaction(site.house.engine) as session:
        for each in session.scalars(select(OverruledGrant)):
            session.delete(each)
        session.execute(update(FactRow).values(**changed))
        places = session.scalars(select(FactRow.ledger_sequence).where(FactRow.kind == "DECISION")).all()
        session.expire_all()
        hindsight.review(session, NOW, site.house.agent(session), places)
    return marks(site)


def test_a_clock_that_cannot_be_believed_is_taken_at_its_reception_and_marked_as_not_certain(site: Site) -> None:
    grant = site.grant("Ada")
    site.talk()
    door = site.doors["cedar"]
    door.passes("cedar-in", "Ada")
    revoke(site, grant, door.moment.wall + timedelta(seconds=10))
    tell(site)
    assert marks(site) == [None]
    assert reviewed(site, trusted=False) == [("EXIT_ONLY", False)]


def test_what_cannot_be_decided_again_is_left_as_it_is(site: Site) -> None:
    grant = site.grant("Ada")
    site.talk()
    revoke(site, grant)
    door = site.doors["cedar"]
    door.mono += 10
    door.card("cedar-in", "Ada")
    tell(site)
    assert reviewed(site, trusted=True) == [("EXIT_ONLY", True)]
    with transaction(site.house.engine) as session:
        session.execute(update(OpeningRow).where(OpeningRow.name == "input").values(value="{}", salt=os.urandom(32)))
    assert reviewed(site, trusted=True) == [None]


def missed(site: Site) -> list[str]:
    with reading(site.house.engine) as session:
        return [each.kind for each in reversed(alarm.waiting(session)) if each.kind in alarm.MISSED_BADGES]


def test_an_entry_without_an_exit_and_an_exit_without_an_entry_raise_one_alarm_each(site: Site) -> None:
    site.grant("Ada")
    site.talk()
    door = site.doors["cedar"]
    for point in ("cedar-in", "cedar-in", "cedar-in", "cedar-out", "cedar-out", "cedar-out"):
        door.passes(point, "Ada")
        door.mono += 1
    tell(site)
    assert missed(site) == ["ALREADY_INSIDE", "NOT_INSIDE"]


def test_in_and_out_by_the_reader_raises_none(site: Site) -> None:
    site.grant("Ada")
    site.talk()
    for point in ("cedar-in", "cedar-out", "cedar-in", "cedar-out"):
        site.doors["cedar"].passes(point, "Ada")
    tell(site)
    assert missed(site) == []
