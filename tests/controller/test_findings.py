"""Findings are what somebody must explain; what is said of them is added, never lost, and an auditor's word holds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from controller.database import reading, transaction
from controller.ledger import acts, ledger
from controller.ledger.acts import ActFilter
from controller.ledger.kinds import CHANGES_LISTS, Kind
from controller.record import finding, judgement, refusals
from controller.record.enquiry import LogFilter
from controller.record.finding import FindingFilter, What
from controller.record.judgement import MOST_AT_ONCE, Disposition, Judgement, Verdict
from controller.refusal import Refused
from door_agent.events import Level
from tests.controller.conftest import NOW, House
from tests.controller.doorway import Site, rows, visited

MISTAKE = Verdict(Disposition.MISTAKE, "took the wrong card")
LAST = 2**62


@pytest.fixture
def site(house: House) -> Site:
    return visited(house)


def places(session: Session, what: What, log: LogFilter | None = None, as_: Disposition | None = None) -> list[int]:
    wanted = FindingFilter(what, log or LogFilter(), as_)
    return [each.place for each in finding.listed(session, wanted, LAST, 50)]


def judged(house: House, by: str, found: set[int], verdict: Verdict = MISTAKE) -> int:
    with transaction(house.engine) as session:
        return finding.judge(session, house.operator(session, by), NOW, found, verdict)


def ben(house: House) -> int:
    """Where his refusal stands."""
    return next(row.ledger_sequence for row in rows(house.engine) if row.outcome == "REFUSE")


def test_each_kind_of_finding_is_found_where_it_stands(house: House, site: Site) -> None:
    cedar = site.doors["cedar"]
    cedar.mono += 60
    cedar.feed(Level("cedar", "contact", True))  # nobody was let through
    cedar.feed(Level("cedar", "contact", False))
    cedar.passes("cedar-out", "Ada")
    cedar.mono += 60
    cedar.passes("cedar-out", "Ada")  # a leaving without an entry
    site.talk()
    with reading(house.engine) as session:
        [refused] = finding.listed(session, FindingFilter(What.REFUSAL, LogFilter()), LAST, 9)
        assert refused.fact is not None
        assert refused.fact.cardholder is not None
        assert (refused.place, refused.fact.cardholder.name, refused.disposition) == (ben(house), "Ben", "open")
        raised = finding.listed(session, FindingFilter(What.ALARM, LogFilter()), LAST, 9)
        assert "FORCED_OPEN" in {alarm.kind for each in raised for alarm in each.alarms}
        assert [each.place for each in raised] == sorted({each.place for each in raised}, reverse=True)
        # Ada was never badged into the hallway, and left the Cedar room once more than she entered it.
        inferred, _first = finding.listed(session, FindingFilter(What.INFERRED, LogFilter()), LAST, 9)
        assert inferred.fact is not None
        assert (inferred.fact.fact.kind, inferred.fact.fact.door_id) == ("PASSAGE", refused.fact.fact.door_id)
        assert places(session, What.UNUSED) == []
        assert finding.one(session, inferred.place) is not None
        assert finding.one(session, 1) is None


def test_a_list_of_findings_is_narrowed_by_everything_that_its_page_offers(house: House, site: Site) -> None:
    with reading(house.engine) as session:
        area, ada = house.cedar(session).id, house.holder(session, "Ada").id
        refused = [ben(house)]
        for what in What:
            for log in (LogFilter(area=area), LogFilter(door=1), LogFilter(cardholder=ada)):
                assert set(places(session, what, log)) <= set(places(session, what))
            assert places(session, what, LogFilter(since=NOW + timedelta(days=1))) == []
            assert places(session, what, LogFilter(until=NOW - timedelta(days=1))) == []
        assert places(session, What.REFUSAL, LogFilter(area=area)) == refused
        assert places(session, What.REFUSAL, LogFilter(cardholder=ada)) == []
        assert places(session, What.REFUSAL, as_=Disposition.OPEN) == refused
        assert finding.listed(session, FindingFilter(What.REFUSAL, LogFilter()), refused[0], 9) == []


def test_what_is_said_is_added_to_the_ledger_and_the_fact_stays_as_it_was(house: House, site: Site) -> None:
    before = [(row.ledger_sequence, row.encoded, row.fact_hash) for row in rows(house.engine)]
    place = judged(house, "olu", {ben(house)})
    assert [(row.ledger_sequence, row.encoded, row.fact_hash) for row in rows(house.engine)] == before
    with reading(house.engine) as session:
        [row] = acts.listed(session, ActFilter(kind=Kind.FINDINGS_JUDGED), ledger.head(session) + 1, 5)
        assert (row.sequence, row.actor) == (place, house.operator(session, "olu").actor)
        assert row.subjects == {"findings": [ben(house)]}
        assert (row.content["disposition"], row.content["role"]) == ("mistake", "auditor")
        assert b"wrong card" not in row.leaf
        assert acts.reasons(session, [row]) == {place: "took the wrong card"}
        assert places(session, What.REFUSAL, as_=Disposition.OPEN) == []
        assert places(session, What.REFUSAL, as_=Disposition.MISTAKE) == [ben(house)]
        [group] = refusals.grouped(session, LogFilter(), 0, 9)
        assert (group.disposition, group.times) == ("mistake", 1)
    assert Kind.FINDINGS_JUDGED not in CHANGES_LISTS


def test_a_later_judgement_replaces_and_leaves_the_earlier_one_readable(house: House, site: Site) -> None:
    place = ben(house)
    judged(house, "kim", {place})
    judged(house, "olu", {place}, Verdict(Disposition.BREACH, "he tried it on purpose"))
    judged(house, "olu", {place}, Verdict(Disposition.OPEN, "looked at again"))
    with reading(house.engine) as session:
        said = judgement.history(session, place)
        assert [(each.disposition, each.by_auditor, each.replaced) for each in said] == [
            ("open", True, False), ("breach", True, True), ("mistake", False, True),
        ]  # fmt: skip
        assert judgement.in_force(session, [place])[place].note == "looked at again"
        assert places(session, What.REFUSAL, as_=Disposition.OPEN) == [place]


def test_an_auditors_word_is_replaced_by_auditors_alone(house: House, site: Site) -> None:
    cedar = site.doors["cedar"]
    cedar.card("cedar-in", "Eve")
    site.talk()
    with reading(house.engine) as session:
        eve, hers = places(session, What.REFUSAL)
    judged(house, "olu", {eve}, Verdict(Disposition.BREACH, "she knew"))
    with pytest.raises(Refused, match="only an auditor"):
        judged(house, "kim", {eve, hers})
    with reading(house.engine) as session:
        assert set(judgement.in_force(session, [eve, hers])) == {eve}  # all of them, or none
        assert [each.disposition for each in refusals.grouped(session, LogFilter(), 0, 9)] == ["open", "breach"]
        assert refusals.count(session, LogFilter(), Disposition.BREACH) == 1
    judged(house, "olu", {eve, hers})
    with reading(house.engine) as session:
        assert len({each.ledger_sequence for each in judgement.in_force(session, [eve, hers]).values()}) == 1


def test_what_is_no_finding_or_says_nothing_is_refused_and_nothing_is_recorded(house: House, site: Site) -> None:
    opened = next(row.ledger_sequence for row in rows(house.engine) if row.kind == "DOOR_OPENED")
    for code, found, note in (
        ("finding-unknown", {opened}, "x"),
        ("finding-unknown", {ben(house), 2**61}, "x"),
        ("note-missing", {ben(house)}, " \u3000 "),
        ("findings-many", set[int](), "x"),
        ("findings-many", set(range(1, MOST_AT_ONCE + 2)), "x"),
    ):
        with pytest.raises(Refused) as refused:
            judged(house, "olu", found, Verdict(Disposition.EXPLAINED, note))
        assert refused.value.code == code
    with reading(house.engine) as session:
        assert session.query(Judgement).count() == 0
        assert acts.count(session, ActFilter(kind=Kind.FINDINGS_JUDGED), LAST) == 0
