"""Door and centre together, without a broker: lists compiled and taken, facts made and received, answers in between."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from contract import envelope
from contract.record import CardState
from contract.topic import Up
from controller.database import reading, transaction
from controller.delivery import compiling, distribution, issued
from controller.delivery.link import Link
from controller.ledger.kinds import Kind as RowKind
from controller.ledger.ledger import LedgerRow, OpeningRow
from controller.people import credential, permission
from controller.people.permission import Grant
from controller.record import alarm, enquiry, occupancy
from controller.record.enquiry import LogFilter
from controller.record.explanation import explained
from controller.refusal import Refused
from door_agent.events import LinkState
from tests.controller.conftest import NOW, House
from tests.controller.doorway import Doorway, Site, joined, rows


@pytest.fixture
def site(house: House) -> Site:
    return joined(house)


def test_a_grant_reaches_both_doors_and_a_revocation_lets_out_only(site: Site) -> None:
    site.talk()
    door = site.doors["cedar"]
    assert not door.passes("cedar-in", "Ada")
    grant = site.grant("Ada")
    with reading(site.house.engine) as session:
        sequence = session.get_one(Grant, grant).ledger_sequence
        state = distribution.in_force(session, site.house.cedar(session), sequence)
        assert (state.doors, state.concerned) == (0, 2)
    site.talk()
    with reading(site.house.engine) as session:
        state = distribution.in_force(session, site.house.cedar(session), sequence)
        assert (state.doors, state.concerned, state.everywhere) == (2, 2, True)
    assert door.passes("cedar-in", "Ada")
    site.talk()
    with reading(site.house.engine) as session:
        assert [each.cardholder.name for each in occupancy.inside(session, site.house.cedar(session))] == ["Ada"]
    with transaction(site.house.engine) as session:
        row = session.get_one(Grant, grant)
        permission.revoke(session, site.house.operator(session, "kim"), NOW, row, "moved on")
    site.talk()
    assert not door.passes("cedar-in", "Ada")
    assert door.passes("cedar-out", "Ada")
    site.talk()
    with reading(site.house.engine) as session:
        assert list(occupancy.inside(session, site.house.cedar(session))) == []


def test_every_decision_replays_to_what_was_recorded_and_an_erased_one_says_so(site: Site) -> None:
    site.grant("Ada")
    site.talk()
    door = site.doors["cedar"]
    door.passes("cedar-in", "Ada")
    door.card("cedar-in", "Ben")
    site.talk()
    with transaction(site.house.engine) as session:
        found = enquiry.log(session, LogFilter(kinds=("DECISION",))).rows
        assert [row.cardholder.name for row in found if row.cardholder] == ["Ben", "Ada"]
        for row in found:
            why = explained(session, row.fact, lambda wanted: issued.policy_by_hash(session, wanted))
            assert why is not None
            assert why.agrees
        for opening in session.scalars(select(OpeningRow)):
            opening.salt = opening.value = None
        session.flush()
        why = explained(session, found[0].fact, lambda wanted: issued.policy_by_hash(session, wanted))
        assert why is not None
        assert why.erased


def test_facts_are_stored_once_however_often_and_in_whatever_order_they_come(site: Site) -> None:
    site.talk()
    door = site.doors["cedar"]
    for _ in range(3):
        door.card("cedar-in", "Ben")
    topic = door.agent.address.up(Up.EVENTS)
    everything, last = door.envelope(door.facts), door.envelope(door.facts[-1:])
    for payload in (last, everything, everything, last, door.envelope(door.facts[:2])):
        site.link.arrive(topic, payload)
        arrived = site.link.inbox.get()
        assert arrived is not None
        site.link.take(arrived, NOW)
    mine = [row for row in rows(site.house.engine) if row.fact().agent == "cedar"]
    assert [row.sequence for row in mine] == [each.sequence for each in door.facts]
    assert [row.encoded for row in mine] == [each.encoded for each in door.facts]


def test_a_fork_is_recorded_raises_an_alarm_and_is_not_taken(site: Site) -> None:
    site.talk()
    door = site.doors["cedar"]
    other = Doorway(site.house, "cedar", Link(site.house.engine, "tokyo", site.house.authority, lambda *_: True))
    for _ in range(len(door.facts)):
        other.card("cedar-in", "Eve")
    before = len(rows(site.house.engine))
    site.link.arrive(door.agent.address.up(Up.EVENTS), other.envelope(other.facts[len(door.facts) - 1 :]))
    arrived = site.link.inbox.get()
    assert arrived is not None
    site.link.take(arrived, NOW)
    assert len(rows(site.house.engine)) == before
    with reading(site.house.engine) as session:
        assert [each.kind for each in alarm.waiting(session)] == [alarm.CHAIN_BROKEN]
        broken = select(LedgerRow).where(LedgerRow.kind == RowKind.FACT_CHAIN_BROKEN)
        assert len(session.scalars(broken).all()) == 1


def test_what_another_agent_signed_or_somebody_changed_is_refused(site: Site) -> None:
    site.talk()
    door, other = site.doors["cedar"], site.doors["cedar-back"]
    door.card("cedar-in", "Ben")
    before = len(rows(site.house.engine))
    good = door.envelope(door.facts)
    for topic, payload in (
        (other.agent.address.up(Up.EVENTS), good),
        (door.agent.address.up(Up.EVENTS), good[:-1] + bytes([good[-1] ^ 1])),
        (door.agent.address.up(Up.EVENTS), other.envelope(other.facts)),
        ("sekisho/1/tokyo/nobody/up/events", good),
    ):
        site.link.arrive(topic, payload)
        arrived = site.link.inbox.get()
        assert arrived is not None
        assert not site.link.take(arrived, NOW)
    assert len(rows(site.house.engine)) == before
    assert site.link.refused.total() == 4
    assert site.sent == []


def test_pages_of_the_log_hold_every_row_once(site: Site) -> None:
    site.talk()
    for _ in range(7):
        site.doors["cedar"].card("cedar-in", "Ben")
    site.talk()
    with reading(site.house.engine) as session:
        found, before = list[int](), None
        while True:
            page = enquiry.log(session, LogFilter(), before, 3)
            found += [row.fact.ledger_sequence for row in page.rows]
            if page.older is None:
                break
            before = page.older
    assert found == [row.ledger_sequence for row in reversed(rows(site.house.engine))]


def test_a_lost_card_leaves_the_list_after_a_week_unless_its_holder_is_inside(site: Site) -> None:
    site.grant("Eve")
    with transaction(site.house.engine) as session:
        card = credential.of_cardholder(session, site.house.holder(session, "Eve"))[0]
        credential.report_lost(session, "operator:1", NOW, card, "lost")
        own, agent = site.house.site(session), site.house.agent(session)
        for later, kept in ((timedelta(days=6), True), (timedelta(days=8), False)):
            tables = compiling.content_for(session, own, agent, NOW + later).tables
            assert [record.state for record in tables["cedar-room"].values()] == ([CardState.LOST] if kept else [])


def test_a_question_that_finds_a_change_first_sends_it_to_every_door(site: Site) -> None:
    site.talk()
    site.grant("Ada")
    site.doors["cedar-back"].feed(LinkState(up=True))
    arrived = site.link.inbox.get()
    assert arrived is not None
    site.link.take(arrived, NOW)
    lists = [topic for topic, _ in site.sent if topic.endswith("/down/list")]
    assert sorted(lists) == ["sekisho/1/tokyo/cedar-back/down/list", "sekisho/1/tokyo/cedar/down/list"]


def test_a_list_over_the_message_limit_is_refused_at_approval(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envelope, "LIMIT", 1500)
    with pytest.raises(Refused, match="exceed what one message can carry"):
        site.grant("Ada")


def test_unchanged_content_makes_no_new_version(site: Site) -> None:
    site.talk()
    with transaction(site.house.engine) as session:
        agent = site.house.agent(session)
        first = issued.newest(session, agent)
        again = compiling.issue(session, site.house.site(session), agent, NOW, 999, site.house.authority.signing)
        assert again is not None
        assert again is first
        assert again.reflects == 999


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(["status", "events", "receipt", "witness", "nothing"]), payload=st.binary(max_size=200))
def test_no_payload_on_any_topic_stops_the_link(site: Site, name: str, payload: bytes) -> None:
    site.link.arrive(f"sekisho/1/tokyo/cedar/up/{name}", payload)
    arrived = site.link.inbox.get()
    assert arrived is not None
    assert not site.link.take(arrived, NOW)
