"""The posture of the site: the stricter of area and site, forgiven presence, its time of day, and that it overtakes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from contract.envelope import Kind as Message
from contract.envelope import key_id, opened
from contract.policy import DoorMode
from contract.room_rules import Posture
from controller.database import reading, transaction
from controller.delivery import compiling, distribution, posture
from controller.delivery.issued import DeliveryPosition
from controller.delivery.link import Link
from controller.delivery.posture import Act, Order, PostureChange
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.people.operator import SCHEDULE
from controller.premises import area as areas
from controller.premises import door as doors
from controller.premises import room_rules
from controller.premises.area import Area
from controller.refusal import Refused
from tests.controller.conftest import NOW, House

WHY = "an unknown person in the building"


def _order(house: House, session: Session, act: Act, value: int = 1, area: Area | None = None) -> PostureChange:
    return posture.change(session, "operator:1", NOW, house.site(session), Order(act, value, area), WHY)


def _stands(house: House, session: Session, area: str = "cedar-room") -> Posture:
    found = areas.by_key(session, house.site(session), area)
    assert found is not None
    return posture.standing(session, house.site(session)).of_area(found)


def test_an_area_stands_under_the_stricter_of_its_own_and_the_sites_orders(house: House) -> None:
    with transaction(house.engine) as session:
        cedar = house.cedar(session)
        _order(house, session, Act.LOCKDOWN, area=cedar)
        _order(house, session, Act.LOCKDOWN)
        _order(house, session, Act.THREAT, 2, cedar)
        _order(house, session, Act.THREAT, 5)
        assert _stands(house, session) == Posture(lockdown=True, threat=5)
        assert _stands(house, session, "hallway") == Posture(lockdown=True, threat=5)
        _order(house, session, Act.LOCKDOWN, 0)
        _order(house, session, Act.THREAT, 0)
        assert _stands(house, session) == Posture(lockdown=True, threat=2)
        assert _stands(house, session, "hallway") == Posture()
        _order(house, session, Act.EVACUATION)
        assert _stands(house, session, "hallway").evacuation
        assert posture.number(session, house.site(session)) == 7


def test_forgiving_one_area_or_all_names_the_number_of_the_posture(house: House) -> None:
    with transaction(house.engine) as session:
        _order(house, session, Act.FORGIVE, area=house.cedar(session))
        assert (_stands(house, session).forgiven, _stands(house, session, "hallway").forgiven) == (1, 0)
        _order(house, session, Act.FORGIVE)
        assert (_stands(house, session).forgiven, _stands(house, session, "hallway").forgiven) == (2, 2)
        policy = compiling.content_for(session, house.site(session), house.agent(session), NOW).policy
        assert (policy.posture, policy.areas["cedar-room"].posture.forgiven) == (2, 2)


def test_a_door_in_lockdown_is_one_in_its_list(house: House) -> None:
    with transaction(house.engine) as session:
        door = doors.by_key(session, house.site(session), "cedar")
        assert door is not None
        posture.change(session, "operator:1", NOW, house.site(session), Order(Act.LOCKDOWN, door=door), WHY)
        policy = compiling.content_for(session, house.site(session), house.agent(session), NOW).policy
        assert (policy.doors["cedar"].mode, policy.doors["main"].mode) == (DoorMode.LOCKDOWN, DoorMode.NORMAL)


def test_what_makes_no_sense_or_changes_nothing_is_refused(house: House) -> None:
    with transaction(house.engine) as session:
        site, cedar = house.site(session), house.cedar(session)
        outside, door = areas.by_key(session, site, "outside"), doors.by_key(session, site, "cedar")
        for wanted, code in (
            (Order(Act.THREAT, 10), "posture-wrong"),
            (Order(Act.LOCKDOWN, 2), "posture-wrong"),
            (Order(Act.FORGIVE, 0), "posture-wrong"),
            (Order(Act.LOCKDOWN, area=outside), "posture-wrong"),
            (Order(Act.THREAT, door=door), "posture-wrong"),
            (Order(Act.LOCKDOWN, area=cedar, door=door), "posture-wrong"),
            (Order(Act.LOCKDOWN, 0, cedar), "posture-unchanged"),
        ):
            with pytest.raises(Refused) as refused:
                posture.change(session, "operator:1", NOW, site, wanted, WHY)
            assert refused.value.code == code
        with pytest.raises(Refused) as refused:
            posture.change(session, "operator:1", NOW, site, Order(Act.LOCKDOWN), "")
        assert refused.value.code == "reason-missing"
        assert posture.number(session, site) == 0


def test_presence_is_forgiven_at_its_time_of_day_once_a_day_and_recorded_as_the_schedules_act(house: House) -> None:
    four = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)  # 04:00 of the 25th in Tokyo
    with transaction(house.engine) as session:
        room_rules.change_area(session, "operator:1", NOW, house.cedar(session), {"forgive_at": 240}, WHY)
        site, signer = house.site(session), house.authority.signing
        for moment in (NOW, four - timedelta(seconds=1)):
            distribution.follow(session, site, moment, signer)
        assert posture.number(session, site) == 0
        for moment in (four + timedelta(seconds=1), four + timedelta(hours=9), four + timedelta(hours=23)):
            distribution.follow(session, site, moment, signer)
        assert posture.number(session, site) == 1
        distribution.follow(session, site, four + timedelta(days=3), signer)  # two were missed: made up for once
        rows = posture.changes(session, site, None, 10)
        assert [(row.actor, row.act, row.area_id) for row in rows] == [
            (SCHEDULE, "forgive", house.cedar(session).id)
        ] * 2


@pytest.mark.parametrize(
    ("now", "shown"),
    [
        (datetime(2026, 3, 29, 12, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),  # 02:30 is skipped that day
        (datetime(2026, 10, 25, 12, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # 02:30 comes twice
        (datetime(2026, 6, 1, 0, tzinfo=UTC), datetime(2026, 5, 31, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_time_of_day_comes_once_a_day_where_the_clock_is_changed(
    house: House, now: datetime, shown: datetime
) -> None:
    with transaction(house.engine) as session:
        site = house.site(session)
        site.zone = "Europe/Berlin"
        assert posture.latest(site, 150, now).astimezone(UTC) == shown


def test_posture_overtakes_a_backlog_of_other_rows_and_goes_to_the_agents_concerned_only(house: House) -> None:
    sent, public = list[str](), house.authority.signing.public_key()

    def send(topic: str, payload: bytes) -> bool:
        assert opened(payload, Message.LIST, {key_id(public): public})
        sent.append(topic)
        return True

    link = Link(house.engine, "tokyo", house.authority, send)
    link.follow(NOW)
    sent.clear()
    with transaction(house.engine) as session:
        maple = areas.by_key(session, house.site(session), "maple-room")
        for _ in range(1200):
            append(session, Kind.SIGN_IN, "operator:1", NOW, {})
        room_rules.change_area(session, "operator:1", NOW, house.cedar(session), {"company.size": 2}, WHY)
        _order(house, session, Act.LOCKDOWN, area=maple)
    with reading(house.engine) as session:
        position = session.get_one(DeliveryPosition, 1).sequence
    assert link.overtake(NOW) == 1
    assert [topic.split("/")[3] for topic in sent] == ["cedar-back"]
    with reading(house.engine) as session:
        assert session.get_one(DeliveryPosition, 1).sequence == position  # not one row was waited for
    assert link.overtake(NOW) == 0
    assert link.follow(NOW) == 1
    assert [topic.split("/")[3] for topic in sent] == ["cedar-back", "cedar"]
    assert link.follow(NOW) == 0
