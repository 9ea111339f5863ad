"""Who leaves at a minute said ahead may do nothing from that minute on, wherever the door is and whoever looks."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from contract.credential import Identity, Source, lookup_key
from contract.record import Flag, Record
from controller.database import reading, transaction
from controller.delivery import compiling, distribution
from controller.delivery.compiling import holder_must_fit
from controller.delivery.entitled import who_can
from controller.ledger.ledger import LedgerRow, openings_of
from controller.people import leaver, permission, photo
from controller.people import pin as pins
from controller.people.operator import SCHEDULE
from controller.people.permission import Wish
from controller.picture import Picture
from controller.refusal import Refused
from tests.controller.conftest import CARDS, IN_A_YEAR, NOW, House

ACTOR = "operator:1"
PICTURE = Picture(b"RIFF", 1, 1)
LEAVES = NOW + timedelta(days=3)


@pytest.fixture
def employed(house: House) -> House:
    """Ben may enter the Cedar room without an end, and has a PIN and a photo."""
    with transaction(house.engine) as session:
        ben = house.holder(session, "Ben")
        wish = Wish(ben, house.cedar(session), NOW, None, "works here")
        asked = permission.request(session, house.operator(session, "kim"), NOW, wish)
        permission.approve(session, house.operator(session, "mia"), NOW, asked, lambda _session, _grant: None)
        pins.give(session, ACTOR, NOW, ben, pins.choose("739205"), holder_must_fit)
        photo.give(session, ACTOR, NOW, ben, PICTURE)
    return house


def leaves(house: House, at: datetime | None) -> None:
    with transaction(house.engine) as session:
        leaver.leave(session, ACTOR, NOW, house.holder(session, "Ben"), at, "new job")


def record(house: House, at: datetime) -> Record:
    with reading(house.engine) as session:
        agent = house.agent(session)
        content = compiling.content_for(session, house.site(session), agent, at)
        assert agent.list_key is not None
        key = lookup_key(agent.list_key, Identity(Source.SERIAL_HEX, f"{CARDS['Ben']:040b}"))
        return content.tables["cedar-room"][key]


def test_the_lists_say_the_minute_so_that_a_door_alone_refuses_from_then_on(employed: House) -> None:
    assert record(employed, NOW).valid_until == IN_A_YEAR
    leaves(employed, LEAVES.replace(second=31))
    assert record(employed, NOW).valid_until == int(LEAVES.timestamp())
    assert record(employed, LEAVES).flags & Flag.EXIT_ONLY
    assert not record(employed, LEAVES - timedelta(seconds=1)).flags & Flag.EXIT_ONLY
    leaves(employed, None)
    assert record(employed, NOW).valid_until == IN_A_YEAR


def test_who_can_enter_knows_the_minute(employed: House) -> None:
    leaves(employed, LEAVES)
    with reading(employed.engine) as session:
        for at, people in ((LEAVES - timedelta(minutes=1), ["Ben"]), (LEAVES, [])):
            answer = who_can(session, employed.site(session), employed.cedar(session), at, NOW)
            assert [each.cardholder.name for each in answer.people] == people


def test_the_centre_ends_everything_when_the_minute_has_come_and_once(employed: House) -> None:
    leaves(employed, LEAVES)
    moments = (LEAVES - timedelta(seconds=1), LEAVES, LEAVES + timedelta(seconds=1))
    ended = list[bool]()
    for moment in moments:
        with transaction(employed.engine) as session:
            distribution.follow(session, employed.site(session), moment, employed.authority.signing)
            ben = employed.holder(session, "Ben")
            ended.append(not ben.active)
            assert (pins.of(session, ben) is None) == (photo.of(session, ben) is None) == (not ben.active)
    assert ended == [False, True, True]
    with reading(employed.engine) as session:
        rows = session.scalars(select(LedgerRow).where(LedgerRow.kind == "cardholder-ended")).all()
        assert [(row.actor, row.at) for row in rows] == [(SCHEDULE, LEAVES)]
        removed = session.scalars(select(LedgerRow).where(LedgerRow.kind == "photo-removed")).one()
        assert (removed.actor, removed.at, removed.subjects) == (SCHEDULE, LEAVES, rows[0].subjects)
        assert removed.content == {"commitments": {}}


def test_a_minute_that_has_come_ends_at_once_with_the_reason_given(employed: House) -> None:
    leaves(employed, NOW - timedelta(days=1))
    with reading(employed.engine) as session:
        ben = employed.holder(session, "Ben")
        row = session.scalars(select(LedgerRow).where(LedgerRow.kind == "cardholder-ended")).one()
        assert (ben.ended_at, row.actor) == (NOW, ACTOR)
        assert openings_of(session, row.sequence)["reason"].value == '"new job"'


def test_photos_that_an_earlier_version_kept_of_leavers_are_removed_once_and_no_others(employed: House) -> None:
    with transaction(employed.engine) as session:
        site, eve = employed.site(session), employed.holder(session, "Eve")
        photo.give(session, ACTOR, NOW, eve, PICTURE)
        eve.ended_at = NOW
    for expected in (1, 0):
        with transaction(employed.engine) as session:
            assert leaver.forget_photos(session, site, LEAVES) == expected
            assert photo.of(session, employed.holder(session, "Eve")) is None
            assert photo.of(session, employed.holder(session, "Ben")) is not None


def test_a_leaving_date_needs_a_reason_somebody_there_and_sense(house: House) -> None:
    with transaction(house.engine) as session:
        ben, eve = house.holder(session, "Ben"), house.holder(session, "Eve")
        leaver.deactivate(session, ACTOR, NOW, eve, "left")
        for holder, at, reason, code in (
            (ben, LEAVES, " ", "reason-missing"),
            (eve, LEAVES, "again", "cardholder-inactive"),
            (ben, NOW.replace(year=2150), "far", "validity-absurd"),
        ):
            with pytest.raises(Refused) as refused:
                leaver.leave(session, ACTOR, NOW, holder, at, reason)
            assert refused.value.code == code
        assert ben.leaves_at is None
