"""A list that would exceed one message is refused where people ask for more, and said loudly wherever else it grows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from contract import envelope
from contract.credential import Identity, Source
from contract.record import FOREVER, Flag
from contract.topic import Up
from controller.database import reading, transaction
from controller.delivery import compiling, distribution, issued
from controller.delivery.compiling import card_must_fit, must_fit
from controller.ledger.kinds import Kind as RowKind
from controller.ledger.ledger import LedgerRow
from controller.people import credential, permission
from controller.people.card_state import Act
from controller.people.credential import IdentityRow
from controller.people.permission import Grant, Wish
from controller.record import alarm
from controller.refusal import Refused
from door_agent.events import LinkState
from tests.controller.conftest import NOW, House
from tests.controller.doorway import Site, joined


@pytest.fixture
def site(house: House) -> Site:
    made = joined(house)
    made.talk()
    return made


def size(site: Site) -> int:
    """The bytes of the newest list in its envelope, and what is kept free of the limit that makes."""
    with reading(site.house.engine) as session:
        newest = issued.newest(session, site.house.agent(session))
        assert newest is not None
        return len(newest.encoded) + 140


def test_a_new_card_that_would_make_a_list_too_large_is_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.grant("Ada")
    site.link.follow(NOW)
    monkeypatch.setattr(envelope, "LIMIT", (size(site) + 100) * 16 // 15)
    identities = [Identity(Source.SERIAL_HEX, f"{number:040b}") for number in range(1, 11)]
    with pytest.raises(Refused, match="exceed what one message"), transaction(site.house.engine) as session:
        credential.issue(
            session, "operator:1", NOW, site.house.holder(session, "Ada"), "ten", identities, card_must_fit
        )
    with transaction(site.house.engine) as session:
        credential.issue(
            session, "operator:1", NOW, site.house.holder(session, "Eve"), "ten", identities, card_must_fit
        )
    with pytest.raises(Refused, match="exceed what one message"):
        site.grant("Eve")


def test_a_list_that_outgrew_its_message_is_said_and_nothing_is_proven_by_the_old_one(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = site.grant("Ada")
    monkeypatch.setattr(envelope, "LIMIT", 1000)
    assert site.link.follow(NOW) == 0
    with reading(site.house.engine) as session:
        agents = [site.house.agent(session), site.house.agent(session, "cedar-back")]
        assert sorted(each.kind for each in alarm.waiting(session)) == ["LIST_TOO_LARGE"] * 2
        said = session.scalars(select(LedgerRow).where(LedgerRow.kind == RowKind.LIST_TOO_LARGE)).all()
        assert sorted(row.subjects["agent"] for row in said) == sorted(each.id for each in agents)  # type: ignore[type-var]
        state = distribution.in_force(session, site.house.cedar(session), session.get_one(Grant, grant).ledger_sequence)
        assert state.doors == 0
    monkeypatch.undo()
    assert "fresh" not in answers(site)
    with transaction(site.house.engine) as session:
        row = session.get_one(Grant, grant)
        permission.revoke(session, site.house.operator(session, "kim"), NOW, row, "a mistake")
    site.link.follow(NOW + timedelta(hours=2))
    site.sent.clear()
    assert "list" in answers(site)


def answers(site: Site) -> list[str]:
    """What an agent that asks whether its list is the newest is answered."""
    site.sent.clear()
    door = site.doors["cedar"]
    while not site.link.inbox.empty():
        site.link.inbox.get()
    door.feed(LinkState(up=True))
    while not site.link.inbox.empty():
        arrived = site.link.inbox.get()
        if arrived is not None and arrived.topic.endswith(Up.STATUS):
            site.link.take(arrived, NOW)
    return [topic.rpartition("/")[2] for topic, _ in site.sent if "/cedar/" in topic]


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        (datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)),
        (NOW - timedelta(days=1), datetime(2200, 1, 1, tzinfo=UTC)),
        (datetime(2200, 1, 1, tzinfo=UTC), None),
    ],
)
def test_a_validity_that_no_record_can_hold_is_held_as_far_as_it_can(
    site: Site, begins: datetime, ends: datetime | None
) -> None:
    with transaction(site.house.engine) as session:
        wish = Wish(site.house.holder(session, "Ada"), site.house.cedar(session), NOW, None, "for ever")
        grant = permission.request(session, site.house.operator(session, "kim"), NOW, wish)
        permission.approve(session, site.house.operator(session, "mia"), NOW, grant, must_fit)
        grant.valid_from, grant.valid_until = begins, ends  # as an import could have left it
    with reading(site.house.engine) as session:
        tables = compiling.content_for(session, site.house.site(session), site.house.agent(session), NOW).tables
        records = list(tables["cedar-room"].values())
    assert [0 <= each.valid_from <= each.valid_until == FOREVER for each in records] == [True]
    site.talk()


def test_two_holders_never_share_an_identity_even_when_the_first_card_is_destroyed(site: Site) -> None:
    with transaction(site.house.engine) as session:
        card = credential.of_cardholder(session, site.house.holder(session, "Eve"))[0]
        identity = session.scalars(select(IdentityRow).where(IdentityRow.credential_id == card.id)).one().identity()
        credential.turn(session, "operator:1", NOW, card, Act.DESTROY, "shredded", card_must_fit)
    with pytest.raises(Refused, match="already belongs"), transaction(site.house.engine) as session:
        credential.issue(session, "operator:1", NOW, site.house.holder(session, "Ada"), "", [identity], card_must_fit)


def test_a_revoked_card_may_leave_by_every_door_of_the_area(site: Site) -> None:
    grant = site.grant("Ada")
    with transaction(site.house.engine) as session:
        row = session.get_one(Grant, grant)
        permission.revoke(session, site.house.operator(session, "kim"), NOW, row, "moved on")
    with reading(site.house.engine) as session:
        for key in ("cedar", "cedar-back"):
            agent = site.house.agent(session, key)
            tables = compiling.content_for(session, site.house.site(session), agent, NOW + timedelta(days=6)).tables
            assert [each.flags for each in tables["cedar-room"].values()] == [Flag.EXIT_ONLY]


def test_versions_go_on_where_an_earlier_controller_stopped(site: Site) -> None:
    for name in ("Ada", "Ben"):
        site.grant(name)
        again = joined(site.house).link
        assert again.follow(NOW) == 2
    with reading(site.house.engine) as session:
        versions = session.scalars(
            select(issued.IssuedList.version).where(issued.IssuedList.agent_id == site.house.agent(session).id)
        )
        assert sorted(versions) == [1, 2, 3]
