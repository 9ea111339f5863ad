"""How often cards came in: counted once each from passages, by card, and told to the lists of every agent."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from contract import fact
from contract.credential import Identity, Source, lookup_key
from contract.fact import Fact, FactKind
from contract.record import UNLIMITED, CardState, Record
from controller.database import reading, transaction
from controller.delivery import compiling
from controller.delivery.compiling import card_must_fit
from controller.people import credential
from controller.people.card_state import NO_LIMITS, Act, CardLife, Limits, State
from controller.people.credential import Credential, CredentialUse, NewCard
from controller.record import uses
from tests.controller.conftest import CARDS, NOW, House
from tests.controller.doorway import Site, joined

DAY = timedelta(days=1)
BY = "operator:1"
SECOND_CARD = 0x1E000000AA


@pytest.fixture
def site(house: House) -> Site:
    """Ada may enter; both agents carry that."""
    made = joined(house)
    made.talk()
    made.grant("Ada")
    made.talk()
    return made


def limit(house: House, limits: Limits, name: str = "Ada") -> None:
    with transaction(house.engine) as session:
        card = card_of(session, house, name)
        credential.limit(session, BY, NOW, card, limits, "policy", card_must_fit)


def card_of(session: Session, house: House, name: str = "Ada") -> Credential:
    return credential.of_cardholder(session, house.holder(session, name))[-1]


def life(house: House) -> CardLife:
    with reading(house.engine) as session:
        return credential.life(session, card_of(session, house))


def record(house: House, agent: str = "cedar", number: int = CARDS["Ada"]) -> Record:
    """What the newest content of an agent's list says of a card."""
    with reading(house.engine) as session:
        row = house.agent(session, agent)
        assert row.list_key is not None
        content = compiling.content_for(session, house.site(session), row, NOW)
        key = lookup_key(row.list_key, Identity(Source.SERIAL_HEX, f"{number:040b}"))
        return content.tables["cedar-room"][key]


def decisions(site: Site) -> list[Fact]:
    found = [fact.decoded(each.encoded) for each in site.doors["cedar"].facts]
    return [each for each in found if each.kind is FactKind.DECISION]


def test_an_entry_is_a_use_and_an_exit_or_an_unused_grant_is_none(site: Site) -> None:
    door = site.doors["cedar"]
    door.card("cedar-in", "Ada")  # and nobody goes through
    door.mono += 60
    assert life(site.house) == CardLife()
    assert door.passes("cedar-in", "Ada")
    assert door.passes("cedar-out", "Ada")
    site.talk()
    found = life(site.house)
    assert found.entries == 1
    assert found.first_used == found.last_used
    assert found.first_used is not None


def test_what_comes_again_is_counted_once(site: Site) -> None:
    assert site.doors["cedar"].passes("cedar-in", "Ada")
    for _ in range(3):
        site.talk()
    assert life(site.house).entries == 1


def test_the_use_is_that_of_the_card_which_was_read(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction(site.house.engine) as session:
        holder = site.house.holder(session, "Ada")
        second = Identity(Source.SERIAL_HEX, f"{SECOND_CARD:040b}")
        credential.issue(session, BY, NOW + DAY, holder, "second", [second], card_must_fit)
    site.talk()
    door = site.doors["cedar"]
    monkeypatch.setitem(CARDS, "Ada's second", SECOND_CARD)
    for name, entries in (("Ada", 1), ("Ada's second", 2)):
        for _ in range(entries):
            assert door.passes("cedar-in", name)
            assert door.passes("cedar-out", name)
    site.talk()
    with reading(site.house.engine) as session:
        cards = credential.of_cardholder(session, site.house.holder(session, "Ada"))
        assert [credential.life(session, each).entries for each in cards] == [2, 1]


def test_what_is_left_of_a_cards_uses_is_told_to_every_agent(site: Site) -> None:
    assert record(site.house).uses == UNLIMITED
    limit(site.house, Limits(max_uses=5))
    site.talk()
    door = site.doors["cedar"]
    for _ in range(2):
        assert door.passes("cedar-in", "Ada")
        assert door.passes("cedar-out", "Ada")
    site.talk()
    assert life(site.house).entries == 2
    assert record(site.house).uses == 2 + 3  # what this agent counted, and what is left
    assert record(site.house, "cedar-back").uses == 3
    limit(site.house, Limits(max_uses=1))
    assert record(site.house).uses == 2
    assert record(site.house, "cedar-back").uses == 0


def test_a_card_that_is_used_up_opens_no_door_of_any_agent(site: Site) -> None:
    limit(site.house, Limits(max_uses=2))
    site.talk()
    front, back = site.doors["cedar"], site.doors["cedar-back"]
    for _ in range(2):
        assert front.passes("cedar-in", "Ada")
        assert front.passes("cedar-out", "Ada")
    assert not front.passes("cedar-in", "Ada")
    assert decisions(site)[-1].body["reason"] == "USES_EXHAUSTED"
    site.talk()
    site.talk()  # what was taken in is now told
    assert not back.passes("cedar-back-in", "Ada")
    limit(site.house, Limits(max_uses=3))
    site.talk()
    assert back.passes("cedar-back-in", "Ada")


def test_a_use_that_changes_a_list_has_it_compiled_and_another_has_not(site: Site) -> None:
    for limits, called in ((Limits(max_days=9), True), (Limits(max_days=9), False), (Limits(max_uses=9), True)):
        limit(site.house, limits)
        site.talk()
        with reading(site.house.engine) as session:
            before = max([0, *session.scalars(select(CredentialUse.list_sequence))])
        assert site.doors["cedar"].passes("cedar-in", "Ada")
        assert site.doors["cedar"].passes("cedar-out", "Ada")
        site.talk()
        with reading(site.house.engine) as session:
            assert uses.changed_since(session, before) is called, limits


def test_the_days_of_a_card_begin_with_its_first_use(site: Site) -> None:
    limit(site.house, Limits(valid_until=NOW + 90 * DAY, max_days=7))
    site.talk()
    assert record(site.house).card_until == int((NOW + 90 * DAY).timestamp())
    assert site.doors["cedar"].passes("cedar-in", "Ada")
    site.talk()
    first = life(site.house).first_used
    assert first is not None
    assert record(site.house).card_until == int((first + 7 * DAY).timestamp())


def test_a_card_goes_idle_at_its_moment_unless_it_was_used(site: Site) -> None:
    unused_since(site.house, NOW - DAY)
    with reading(site.house.engine) as session:
        assert (
            uses.next_idle(session, NOW)
            == compiling.next_boundary(session, site.house.site(session), NOW)
            == NOW + 9 * DAY
        )
        assert uses.next_idle(session, NOW + 9 * DAY) is None
    assert site.doors["cedar"].passes("cedar-in", "Ada")
    site.talk()
    with reading(site.house.engine) as session:
        assert uses.next_idle(session, NOW + 9 * DAY) == NOW + 10 * DAY
        card = card_of(session, site.house)
        assert credential.state_now(session, card, NOW + 10 * DAY - timedelta(seconds=1)) is State.ACTIVE
        assert credential.state_now(session, card, NOW + 10 * DAY) is State.INACTIVE


def test_a_use_that_comes_late_wakes_the_card_that_was_thought_unused(site: Site) -> None:
    unused_since(site.house, NOW - 20 * DAY)
    assert record(site.house).state == CardState.INACTIVE
    assert site.doors["cedar"].passes("cedar-in", "Ada")  # the door has not heard of it
    site.talk()
    assert record(site.house).state == CardState.ACTIVE
    with reading(site.house.engine) as session:
        assert uses.changed_since(session, 0)


def unused_since(house: House, moment: datetime) -> None:
    """Ada's card may lie unused for ten days, and was last vouched for at `moment`."""
    limit(house, Limits(unused_days=10))
    with transaction(house.engine) as session:
        card_of(session, house).active_since = moment


def test_what_people_said_of_a_card_stands_in_its_record(site: Site) -> None:
    for act, state in (
        (Act.SUSPEND, CardState.SUSPENDED),
        (Act.RESUME, CardState.ACTIVE),
        (Act.STEAL, CardState.STOLEN),
    ):
        with transaction(site.house.engine) as session:
            credential.turn(session, BY, NOW, card_of(session, site.house), act, "why", card_must_fit)
        assert (record(site.house).state, record(site.house).flags) == (state, 0)
    site.talk()
    refused = site.doors["cedar"]
    assert not refused.passes("cedar-in", "Ada")
    assert decisions(site)[-1].body["reason"] == "CARD_STOLEN"


def test_a_superseded_card_says_so_at_the_door(site: Site) -> None:
    with transaction(site.house.engine) as session:
        new = NewCard("new", [Identity(Source.SERIAL_HEX, f"{SECOND_CARD:040b}")], NO_LIMITS)
        credential.reissue(session, BY, NOW, card_of(session, site.house), new, "worn", card_must_fit)
    assert record(site.house).state == CardState.SUPERSEDED
    assert record(site.house, number=SECOND_CARD).state == CardState.ACTIVE
