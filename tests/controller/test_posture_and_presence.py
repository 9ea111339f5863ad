"""Who is inside when the posture or the time lets nobody in may always leave, and the centre says so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contract.reason import Reason
from controller.database import reading, transaction
from controller.delivery import posture
from controller.delivery.posture import Act, Order
from controller.record import alarm, occupancy
from door_agent.events import Level
from tests.controller.conftest import NOW, House
from tests.controller.doorway import Site, visited


def against(site: Site) -> list[str]:
    with reading(site.house.engine) as session:
        return [each.kind for each in alarm.waiting(session) if each.kind in alarm.LEFT_AGAINST]


def stand(site: Site, order: Order) -> None:
    with transaction(site.house.engine) as session:
        own = site.house.site(session)
        posture.change(session, "operator:1", NOW + timedelta(minutes=4), own, order, "an exercise")
    site.talk()


@pytest.mark.parametrize(
    ("order", "told"),
    [
        (Order(Act.LOCKDOWN), Reason.LOCKDOWN),
        (Order(Act.THREAT, 3), Reason.THREAT_LEVEL),
        (Order(Act.EVACUATION), None),
    ],
)
def test_leaving_under_a_posture_is_granted_and_one_alarm_of_the_centre(
    house: House, order: Order, told: Reason | None
) -> None:
    site = visited(house)
    stand(site, order)
    assert site.doors["cedar"].passes("cedar-out", "Ada")
    site.talk()
    assert against(site) == ([told] if told else [])


def test_a_room_is_certain_again_once_it_is_forgiven_and_its_past_is_not(house: House) -> None:
    site = visited(house)
    door = site.doors["cedar"]
    door.mono += 1
    door.feed(Level("cedar", "contact", True))
    door.feed(Level("cedar", "contact", False))
    site.talk()
    forced = door.moment.wall
    with reading(house.engine) as session:
        cedar = house.cedar(session).id
        assert cedar in occupancy.uncertain(session)
    stand(site, Order(Act.FORGIVE))
    with transaction(house.engine) as session:
        assert cedar not in occupancy.uncertain(session)
        assert not occupancy.certain_at(session, cedar, forced)
        assert occupancy.certain_at(session, cedar, NOW + timedelta(minutes=5))
        occupancy.became_uncertain(session, cedar, forced - timedelta(minutes=3), "REX")
        session.flush()
        assert cedar not in occupancy.uncertain(session)
        assert not occupancy.certain_at(session, cedar, forced - timedelta(minutes=2))
        occupancy.became_uncertain(session, cedar, NOW + timedelta(minutes=6), "REX")
        session.flush()
        assert cedar in occupancy.uncertain(session)
