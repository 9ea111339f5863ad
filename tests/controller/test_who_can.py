"""Who can enter: the past is asked of the lists that the doors carried, the present and future of what they will be."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from contract import canonical
from contract.authorisation import Content
from contract.credential import Identity
from contract.credential import Source as IdentitySource
from contract.record import Flag
from contract.room_rules import Company, Enforcement, Posture
from controller.database import reading, transaction
from controller.delivery import compiling, entitled, issued
from controller.delivery.entitled import Answer, Source, who_can
from controller.delivery.issued import IssuedList
from controller.people import credential, permission
from controller.people.permission import Grant, Wish
from controller.premises import schedule
from controller.premises.agent import Agent
from controller.premises.site import Site as SiteRow
from controller.record.fact import FactRow
from door_agent.events import Arrived
from tests.controller.conftest import NOW, House
from tests.controller.doorway import Site, joined

HOUR = timedelta(hours=1)


@pytest.fixture
def site(house: House) -> Site:
    return joined(house)


def asked(site: Site, at: datetime, now: datetime = NOW) -> Answer:
    with reading(site.house.engine) as session:
        answer = who_can(session, site.house.site(session), site.house.cedar(session), at, now)
        assert canonical.encode(answer.as_object())
        return answer


def names(answer: Answer) -> list[str]:
    return [each.cardholder.name for each in answer.people]


def revoke(site: Site, grant: int, now: datetime) -> None:
    with transaction(site.house.engine) as session:
        row = session.get_one(Grant, grant)
        permission.revoke(session, site.house.operator(session, "kim"), now, row, "moved on")


def test_the_answer_names_card_grant_and_every_way(site: Site) -> None:
    grant = site.grant("Ada")
    answer = asked(site, NOW)
    assert names(answer) == ["Ada"]
    ada = answer.people[0]
    assert ada.credential is not None
    assert ada.grant is not None
    assert (ada.credential.label, ada.grant.id, ada.alike) == ("Ada's card", grant, True)
    assert sorted(way.access_point for way in ada.ways) == ["cedar-back-in", "cedar-in"]
    assert {way.outcome for way in ada.ways} == {"GRANT"}
    assert {each.source for each in answer.bases} == {Source.COMPILED}


def test_a_past_moment_is_asked_of_the_lists_that_were_carried_then(site: Site) -> None:
    site.talk()
    before = site.doors["cedar"].moment.wall
    for door in site.doors.values():
        door.mono += 60
    grant = site.grant("Ada")
    site.talk()
    carried = site.doors["cedar"].moment.wall
    revoke(site, grant, NOW)
    later = NOW + 10 * HOUR
    assert names(asked(site, carried, later)) == ["Ada"]
    assert {each.source for each in asked(site, carried, later).bases} == {Source.CARRIED}
    assert names(asked(site, before + timedelta(seconds=30), later)) == []
    assert names(asked(site, later, later)) == []
    assert names(asked(site, NOW - HOUR, later)) == []
    assert {each.source for each in asked(site, NOW - HOUR, later).bases} == {Source.NONE}


def carry_to(site: Site, key: str) -> None:
    """Carry messages between the centre and one door; every other one is cut off."""
    door = site.doors[key]
    site.link.follow(NOW)
    for topic, payload in [each for each in site.sent if each[0].split("/")[3] == key]:
        door.feed(Arrived(topic, payload))
    site.sent.clear()
    door.report()
    site.hear()


def test_a_door_that_was_cut_off_admitted_still_and_that_is_told_of_this_door_alone(site: Site) -> None:
    grant = site.grant("Ada")
    site.talk()
    revoke(site, grant, NOW)
    for door in site.doors.values():
        door.mono += 60
    carry_to(site, "cedar")
    answer = asked(site, site.doors["cedar"].moment.wall, NOW + HOUR)
    assert names(answer) == ["Ada"]
    ada = answer.people[0]
    assert not ada.alike
    assert {way.access_point: (way.outcome, way.reason) for way in ada.ways} == {
        "cedar-in": ("REFUSE", "EXIT_ONLY"),
        "cedar-back-in": ("GRANT", "PERMITTED"),
    }


@pytest.mark.parametrize(("hour", "expected"), [(10, ["Ada"]), (20, [])])
def test_the_hours_of_a_grant_count_at_the_moment_that_is_asked_for(site: Site, hour: int, expected: list[str]) -> None:
    with transaction(site.house.engine) as session:
        own = site.house.site(session)
        hours = schedule.by_name(session, own, "Office hours")
        wish = Wish(site.house.holder(session, "Ada"), site.house.cedar(session), NOW, None, "by day", hours)
        grant = permission.request(session, site.house.operator(session, "kim"), NOW, wish)
        permission.approve(session, site.house.operator(session, "mia"), NOW, grant, compiling.must_fit)
        at = datetime(2026, 11, 25, hour, 0, tzinfo=own.clock)
    assert names(asked(site, at)) == expected


def test_a_grant_that_has_not_begun_counts_from_its_beginning(site: Site) -> None:
    with transaction(site.house.engine) as session:
        begins = NOW + 24 * HOUR
        wish = Wish(site.house.holder(session, "Eve"), site.house.cedar(session), begins, begins + HOUR, "one hour")
        grant = permission.request(session, site.house.operator(session, "kim"), NOW, wish)
        permission.approve(session, site.house.operator(session, "mia"), NOW, grant, compiling.must_fit)
    moments = (NOW, begins - HOUR, begins, begins + HOUR / 2, begins + HOUR)
    assert [names(asked(site, at)) for at in moments] == [[], [], ["Eve"], ["Eve"], []]


def test_a_lost_card_enters_nowhere_but_another_of_the_same_holder_does(site: Site) -> None:
    site.grant("Ada")
    with transaction(site.house.engine) as session:
        ada = site.house.holder(session, "Ada")
        first = credential.of_cardholder(session, ada)[0]
        other = [Identity(IdentitySource.SERIAL_HEX, f"{0x77:040b}")]
        credential.issue(session, "operator:1", NOW, ada, "second", other, compiling.card_must_fit)
        credential.report_lost(session, "operator:1", NOW, first, "lost")
    answer = asked(site, NOW)
    assert [each.credential.label for each in answer.people if each.credential] == ["second"]


def test_a_list_that_was_kept_wrongly_is_not_believed(site: Site) -> None:
    site.grant("Ada")
    site.talk()
    at = site.doors["cedar"].moment.wall
    with transaction(site.house.engine) as session:
        session.execute(update(IssuedList).values(encoded=b"SKLIST and no more"))
    answer = asked(site, at, NOW + HOUR)
    assert names(answer) == []
    assert {each.source for each in answer.bases} == {Source.NONE}


def test_an_adoption_that_names_what_was_never_issued_is_no_list(site: Site) -> None:
    site.grant("Ada")
    site.talk()
    with reading(site.house.engine) as session:
        agent = site.house.agent(session)
        newest = issued.newest(session, agent)
        assert newest is not None
        good: canonical.Object = {"epoch": newest.epoch, "version": newest.version, "hash": newest.list_hash.hex()}
        assert issued.of_body(session, agent, dict(good)) is not None
        wrong: list[canonical.Object] = [{"hash": "00"}, {"epoch": 2**40}, {"version": "1"}, {"version": -1}]
        for odd in wrong:
            assert issued.of_body(session, agent, {**good, **odd}) is None


def test_a_clock_that_cannot_be_believed_adopts_when_it_is_heard(site: Site) -> None:
    site.grant("Ada")
    site.talk()
    with transaction(site.house.engine) as session:
        session.execute(update(FactRow).values(trusted=False, received_at=NOW + 5 * HOUR))
    assert names(asked(site, NOW + 4 * HOUR, NOW + 9 * HOUR)) == []
    assert names(asked(site, NOW + 5 * HOUR, NOW + 9 * HOUR)) == ["Ada"]


@pytest.mark.parametrize(
    ("room", "flags", "expected"),
    [
        ({"company": Company(supervisor=Enforcement.HARD)}, Flag.NONE, ("AWAIT", "SUPERVISOR_MISSING")),
        ({"company": Company(supervisor=Enforcement.HARD)}, Flag.SUPERVISOR, ("GRANT", "PERMITTED")),
        ({}, Flag.VISITOR, ("AWAIT", "ESCORT_MISSING")),
        ({"company": Company(size=2)}, Flag.NONE, ("AWAIT", "AWAITING_COMPANY")),
        ({"company": Company(most=1)}, Flag.NONE, ("GRANT", "PERMITTED")),
        ({"posture": Posture(lockdown=True)}, Flag.NONE, None),
        ({"posture": Posture(lockdown=True)}, Flag.OVERRIDE, ("GRANT", "PERMITTED")),
    ],
)
def test_who_needs_more_than_the_card_waits_for_it(
    site: Site, monkeypatch: pytest.MonkeyPatch, room: dict[str, Any], flags: Flag, expected: tuple[str, str] | None
) -> None:
    site.grant("Ada")

    def ruled(session: Session, own: SiteRow, agent: Agent, at: datetime) -> Content:
        made = compiling.content_for(session, own, agent, at)
        areas = {**made.policy.areas, "cedar-room": replace(made.policy.areas["cedar-room"], **room)}
        table = {key: record._replace(flags=flags) for key, record in made.tables["cedar-room"].items()}
        return replace(made, policy=replace(made.policy, areas=areas), tables={"cedar-room": table})

    monkeypatch.setattr(entitled, "judged_by", ruled)
    people = asked(site, NOW).people
    found = {(str(way.outcome), str(way.reason)) for each in people for way in each.ways}
    assert found == ({expected} if expected else set())
