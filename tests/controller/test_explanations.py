"""Why a door decided so: every decision is replayed and told, and whatever is missing or odd has its own answer."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from contract import canonical
from contract.commitment import Opening, commit
from contract.decision import INPUT_VERSION
from contract.fact import Clock, Fact, FactKind
from contract.record import FOREVER, Record
from controller.database import reading, transaction
from controller.delivery import issued
from controller.ledger.kinds import Kind
from controller.ledger.ledger import OpeningRow, append, keep_openings
from controller.record import allowing, enquiry
from controller.record.enquiry import LogFilter
from controller.record.explanation import Explanation, Verdict, explained
from controller.record.fact import FactRow
from door_agent.events import Card, Lock, LockWish, Tick
from door_agent.events import Record as JournalRecord
from tests.controller.conftest import CARDS, NOW, House
from tests.controller.doorway import Site, joined


@pytest.fixture
def site(house: House) -> Site:
    return joined(house)


def explain(session: Session, row: FactRow) -> Explanation:
    found = explained(session, row, lambda wanted: issued.policy_by_hash(session, wanted))
    assert found is not None
    assert canonical.encode(found.as_object())
    return found


def decisions(session: Session) -> list[FactRow]:
    """Oldest first."""
    return [row.fact for row in reversed(enquiry.log(session, LogFilter(kinds=("DECISION",))).rows)]


def ben_is_refused(site: Site) -> None:
    site.grant("Ada")
    site.talk()
    site.doors["cedar"].card("cedar-in", "Ben")
    site.talk()


def test_a_granted_entry_names_the_grant_the_list_and_how_fresh_everything_was(site: Site) -> None:
    grant = site.grant("Ada")
    site.talk()
    site.doors["cedar"].passes("cedar-in", "Ada")
    site.talk()
    with reading(site.house.engine) as session:
        told = explain(session, decisions(session)[0]).as_object()
        newest = issued.newest(session, site.house.agent(session))
        assert newest is not None
        assert told["verdict"] == "agrees"
        assert told["grant"] == {"id": grant, "reason": "works there", "requested_by": "Kim", "approved_by": "Mia"}
        assert told["list"] == {"epoch": 1, "version": newest.version, "hash": newest.list_hash.hex()}
        assert told["policy"] == newest.policy_hash.hex()
        fresh: Any = told["freshness"]
        assert fresh["list_proven_s"] == 0
        assert fresh["clock"]["trusted"] is True
        assert fresh["presence"].keys() >= {"presence_whole", "peers_current", "area_certain"}
        assert told["equivalent"] == {"onvif": "AccessGranted", "bacnet": {"event": "granted", "number": 1}}


def test_a_refusal_tells_the_primary_reason_first_and_every_one_in_words(site: Site) -> None:
    site.grant("Ada")
    site.talk()
    door = site.doors["cedar"]
    door.card("cedar-in", "Ben")
    door.mono += 4 * 24 * 3600
    door.card("cedar-in", "Ada")
    site.talk()
    with reading(site.house.engine) as session:
        unknown, stale = (explain(session, row) for row in decisions(session))
        assert (unknown.reason, unknown.verdict, unknown.allowing) == ("NOT_ON_LIST", Verdict.AGREES, None)
        assert (stale.reason, stale.verdict) == ("LIST_STALE", Verdict.AGREES)
        for each in (unknown, stale):
            assert next(iter(each.told)) == each.reason
            assert each.told.keys() == set(each.violations)
        assert unknown.equivalent.bacnet_name == "deniedUnknownCredential"


def test_a_door_without_a_list_is_replayed_too(site: Site) -> None:
    door = site.doors["cedar"]
    door.card("cedar-in", "Ada")
    door.card("cedar-out", "Ada")
    site.talk()
    with reading(site.house.engine) as session:
        entry, leaving = (explain(session, row) for row in decisions(session))
        assert (entry.outcome, entry.reason, entry.verdict) == ("REFUSE", "NO_LIST", Verdict.AGREES)
        assert (leaving.outcome, leaving.reason, leaving.verdict) == ("GRANT", "EXIT_UNVERIFIED", Verdict.AGREES)


def test_an_entry_whose_record_came_too_late_says_that_no_rule_refused_it(site: Site) -> None:
    site.grant("Ada")
    site.talk()
    door = site.doors["cedar"]
    asked = Card("cedar-in", "serial-hex", f"{CARDS['Ada']:040b}")
    door.facts += [each for each in door.agent.feed(asked, door.moment) if isinstance(each, JournalRecord)]
    door.mono += 1  # and nothing is committed
    assert Lock("cedar", LockWish.RELEASE) not in door.feed(Tick())
    site.talk()
    with reading(site.house.engine) as session:
        judged, refused = (explain(session, row) for row in decisions(session))
        assert (judged.outcome, judged.verdict) == ("GRANT", Verdict.AGREES)
        assert (refused.reason, refused.verdict) == ("JOURNAL_UNAVAILABLE", Verdict.NOT_JUDGED)
        assert (refused.agrees, refused.erased) == (None, False)


@pytest.mark.parametrize(
    "lost",
    [
        {"salt": None, "value": None},
        {"salt": None},
        {"value": "{}"},
        {"value": "not canonical"},
        {"salt": b"short"},
        {"salt": bytes(32)},
    ],
)
def test_an_opening_that_is_gone_or_opens_nothing_is_erased_with_the_proof_intact(
    site: Site, lost: dict[str, object]
) -> None:
    ben_is_refused(site)
    with transaction(site.house.engine) as session:
        row = decisions(session)[0]
        assert explain(session, row).verdict is Verdict.AGREES
        session.execute(update(OpeningRow).where(OpeningRow.name == "input").values(**lost))
        session.expire_all()
        found = explain(session, row)
        assert (found.verdict, found.erased, found.agrees, found.given) == (Verdict.ERASED, True, None, None)
        assert (found.outcome, found.reason) == ("REFUSE", "NOT_ON_LIST")


def test_an_opening_that_was_removed_is_erased(site: Site) -> None:
    ben_is_refused(site)
    with transaction(site.house.engine) as session:
        row = decisions(session)[0]
        for each in session.scalars(select(OpeningRow).where(OpeningRow.sequence == row.ledger_sequence)):
            session.delete(each)
        session.flush()
        assert explain(session, row).erased


def recorded(session: Session, row: FactRow, body: canonical.Object, value: canonical.Value) -> FactRow:
    """A decision as an agent may have signed it: `body` over that of `row`, committed to `value` as its input."""
    opening = Opening(os.urandom(32), value)
    like = row.fact()
    made = structs.replace(like, body={**like.body, **body}, commitments={"input": commit(opening)})
    place = append(session, Kind.FACT, "agent:test", NOW, {})
    keep_openings(session, [(place, {"input": opening})])
    return FactRow(ledger_sequence=place, sequence=1, at=NOW, trusted=True, encoded=made.encoded())


def change(path: tuple[str, ...], to: canonical.Value) -> Callable[[Any], Any]:
    def changed(value: Any) -> Any:
        return {**value, path[0]: change(path[1:], to)(value.get(path[0]))} if path else to

    return changed


@pytest.mark.parametrize(
    ("path", "to", "verdict"),
    [
        ((), None, Verdict.UNREADABLE),
        ((), [], Verdict.UNREADABLE),
        ((), {}, Verdict.UNREADABLE),
        (("version",), 99, Verdict.UNREADABLE),
        (("attempt",), "x", Verdict.UNREADABLE),
        (("attempt", "record"), "00", Verdict.UNREADABLE),
        (("attempt", "record"), None, Verdict.DIFFERS),
        (("attempt", "record"), Record(bytes(16), 7, 0, FOREVER, schedule=65535).packed().hex(), Verdict.DIFFERS),
        (("moment", "wall"), "9999-12-31T23:59:59.999999Z", Verdict.DIFFERS),
        (("situation", "proven_s"), None, Verdict.DIFFERS),
        (("situation", "moon"), "full", Verdict.UNREADABLE),
        (("situation",), [], Verdict.UNREADABLE),
    ],
)
def test_whatever_an_agent_committed_to_has_a_definite_answer(
    site: Site, path: tuple[str, ...], to: canonical.Value, verdict: Verdict
) -> None:
    site.grant("Ada")
    site.talk()
    site.doors["cedar"].card("cedar-in", "Ada")
    site.talk()
    with transaction(site.house.engine) as session:
        row = decisions(session)[0]
        own = explain(session, row).given
        assert own is not None
        value = change(path, to)(own)
        assert explain(session, recorded(session, row, {}, value)).verdict is verdict


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ({"policy": "00" * 32}, Verdict.LIST_UNKNOWN),
        ({"policy": "zz"}, Verdict.UNREADABLE),
        ({"policy": 7}, Verdict.LIST_UNKNOWN),
        ({"reason": "EXPIRED"}, Verdict.DIFFERS),
        ({"violations": ["EXPIRED"]}, Verdict.DIFFERS),
        ({"violations": 3, "outcome": None, "reason": ["x"], "list": 4}, Verdict.DIFFERS),
    ],
)
def test_whatever_an_agent_recorded_beside_it_has_one_too(site: Site, body: canonical.Object, verdict: Verdict) -> None:
    ben_is_refused(site)
    with transaction(site.house.engine) as session:
        row = decisions(session)[0]
        found = recorded(session, row, body, explain(session, row).given)
        assert explain(session, found).verdict is verdict


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.text(st.characters(codec="utf-8"), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_input_and_no_body_is_too_odd_to_be_explained(site: Site, data: st.DataObject) -> None:
    members = st.dictionaries(
        st.sampled_from(["outcome", "reason", "violations", "policy", "list", "direction", "area"]), VALUES, max_size=4
    )
    whole = st.fixed_dictionaries(
        {"version": st.just(INPUT_VERSION), "attempt": VALUES, "situation": VALUES, "moment": VALUES}
    )
    like = Fact("tokyo", "cedar", 1, bytes(32), bytes(16), FactKind.DECISION, NOW, 1, Clock.TRUSTED, {}, {})
    with transaction(site.house.engine) as session:
        row = FactRow(ledger_sequence=1, sequence=1, at=NOW, trusted=True, encoded=like.encoded())
        found = recorded(session, row, data.draw(members), data.draw(VALUES | whole))
        assert explain(session, found).verdict in set(Verdict)


def test_only_decisions_are_explained(site: Site) -> None:
    site.talk()
    with reading(site.house.engine) as session:
        row = enquiry.log(session, LogFilter(kinds=("STARTED",))).rows[0]
        assert explained(session, row.fact, lambda _hash: None) is None


def test_a_fact_is_named_by_its_place_or_by_its_agent_and_number(site: Site) -> None:
    site.talk()
    with reading(site.house.engine) as session:
        own = site.house.site(session)
        row = enquiry.log(session, LogFilter()).rows[-1].fact
        for name in (str(row.ledger_sequence), f"{row.fact().agent}:{row.sequence}"):
            found = enquiry.named(session, own, name)
            assert found is not None
            assert found.fact.ledger_sequence == row.ledger_sequence
        for name in ("999999", "9" * 40, "nobody:1", "cedar:999", "0"):
            assert enquiry.named(session, own, name) is None
        for name in ("", ":", ":3", "cedar:", "cedar:x", "-1", "１", "x"):
            with pytest.raises(ValueError, match="AGENT:SEQUENCE"):
                enquiry.named(session, own, name)


def test_a_whole_day_of_cards_is_replayed_to_what_was_recorded(site: Site, rng: Any) -> None:
    for name in ("Ada", "Eve"):
        site.grant(name)
    site.talk()
    for _ in range(60):
        door = site.doors[rng.choice(["cedar", "cedar-back"])]
        point = f"{door.key}-{rng.choice(['in', 'out'])}"
        (door.passes if rng.random() < 0.6 else door.card)(point, rng.choice(["Ada", "Ben", "Eve"]))
        door.mono += rng.choice([0.5, 40, 90_000])
        if rng.random() < 0.3:
            site.talk()
    site.talk()
    with reading(site.house.engine) as session:
        rows = session.scalars(select(FactRow).where(FactRow.kind == "DECISION")).all()
        assert len(rows) >= 50
        assert {explain(session, row).verdict for row in rows} == {Verdict.AGREES}


def ada_came_in(session: Session) -> FactRow:
    return session.scalars(select(FactRow).where(FactRow.kind == "PASSAGE")).one()


def test_a_passage_stands_on_the_grant_of_the_decision_that_it_followed(site: Site) -> None:
    grant = site.grant("Ada")
    site.talk()
    site.doors["cedar"].passes("cedar-in", "Ada")
    site.talk()
    with reading(site.house.engine) as session:
        passage = ada_came_in(session)
        found = allowing.of_passages(session, {passage.ledger_sequence, 2**62})
        assert {place: (each.grant, each.approved_by) for place, each in found.items()} == {
            passage.ledger_sequence: (grant, "Mia")
        }
        assert allowing.of_passages(session, set()) == {}


@pytest.mark.parametrize("number", [None, True, "x", 0, -1, 1, 10**6, 2**53 - 1])
def test_a_passage_that_names_no_decision_stands_on_no_grant(site: Site, number: canonical.Value) -> None:
    site.grant("Ada")
    site.talk()
    site.doors["cedar"].passes("cedar-in", "Ada")
    site.talk()
    with transaction(site.house.engine) as session:
        row = ada_came_in(session)
        like = row.fact()
        row.encoded = structs.replace(like, body={**like.body, "decision": number}).encoded()
        session.flush()
        assert allowing.of_passages(session, {row.ledger_sequence}) == {}
        assert allowing.decision_of(session, row) is None
