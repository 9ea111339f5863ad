"""Agents out of service: believed no more, refused on record, and proven by for ever."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from controller.database import reading, transaction
from controller.delivery import fleet, issued
from controller.delivery.fleet import Standing
from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow, openings_of
from controller.record import explanation, retiring_agents
from controller.record.alarm import Alarm
from controller.record.chain import Flaw
from controller.record.fact import FactRow
from controller.refusal import Refused
from door_agent.events import LinkState, ReaderState
from tests.controller.conftest import NOW, House
from tests.controller.doorway import visited
from tests.controller.test_retiring import last
from tests.controller.test_retiring import retire as retire_the_door

WHY = "replaced by a newer one"


def retire(house: House, key: str = "cedar-back", why: str = WHY) -> None:
    with transaction(house.engine) as session:
        retiring_agents.retire_agent(session, house.operator(session, "kim"), NOW, house.agent(session, key), why)


def code(house: House, key: str = "cedar-back", why: str = WHY) -> str:
    with pytest.raises(Refused) as refused:
        retire(house, key, why)
    return refused.value.code


def without_doors(house: House) -> None:
    for key in ("cedar-back", "maple"):
        retire_the_door(house, key, empty=True)


def test_it_is_retired_once_with_a_reason_and_without_doors(house: House) -> None:
    assert code(house) == "agent-drives"
    without_doors(house)
    assert code(house, why=" ") == "reason-missing"
    retire(house)
    assert code(house) == "agent-revoked"
    with reading(house.engine) as session:
        row = last(session, Kind.AGENT_REVOKED)
        opening = openings_of(session, row.sequence)["reason"].opening()
        assert opening is not None
        assert (opening.value, row.subjects) == (WHY, {"agent": house.agent(session, "cedar-back").id})
        every = fleet.all_of(session, house.site(session), NOW)
        assert [(each.agent.key, each.standing) for each in every][-1] == ("cedar-back", Standing.REVOKED)


def test_what_it_sends_is_refused_on_record_and_no_list_goes_to_it(house: House) -> None:
    site = visited(house)
    without_doors(house)
    site.talk()
    retire(house)
    with reading(house.engine) as session:
        agent = house.agent(session, "cedar-back")
        facts = len(session.scalars(select(FactRow).where(FactRow.agent_id == agent.id)).all())
        newest = issued.newest(session, agent)
        assert newest is not None
        version = newest.version
    site.doors["cedar-back"].feed(ReaderState("maple-in", "lost", "silent"))
    site.doors["cedar-back"].feed(LinkState(up=True))
    site.doors["cedar-back"].report()
    site.hear()
    assert site.sent == []
    with reading(house.engine) as session:
        agent = house.agent(session, "cedar-back")
        assert len(session.scalars(select(FactRow).where(FactRow.agent_id == agent.id)).all()) == facts
        rows = session.scalars(select(LedgerRow).where(LedgerRow.kind == Kind.MESSAGE_REFUSED)).all()
        assert {row.content["why"] for row in rows} == {str(Flaw.UNTRUSTED)}
        assert {row.subjects["agent"] for row in rows} == {agent.id}
        again = issued.newest(session, agent)
        assert again is not None
        assert again.version == version


def test_its_alarms_are_closed_and_its_records_stay_provable(house: House) -> None:
    site = visited(house)
    site.doors["cedar-back"].card("cedar-back-in", "Ben")
    site.doors["cedar-back"].feed(ReaderState("maple-in", "lost", "silent"))
    site.talk()
    without_doors(house)
    retire(house)
    with reading(house.engine) as session:
        agent = house.agent(session, "cedar-back")
        waiting = select(Alarm).where(Alarm.agent_id == agent.id, Alarm.acknowledged_at.is_(None))
        assert session.scalars(waiting).all() == []
        assert agent.signing_key is not None
        assert agent.certificate_sha256 is not None
        decisions = select(FactRow).where(FactRow.agent_id == agent.id, FactRow.kind == "DECISION")
        row = session.scalars(decisions).one()
        why = explanation.explained(session, row, lambda wanted: issued.policy_by_hash(session, wanted))
        assert why is not None
        assert (why.agrees, row.fact().agent) == (True, "cedar-back")
