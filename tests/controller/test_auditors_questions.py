"""What auditors' reports ask: every answer is held against the rows that were made for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from contract import leaf
from controller.database import reading, transaction
from controller.ledger import acts, ledger
from controller.ledger.acts import ActFilter
from controller.ledger.kinds import NO_ACTS, Kind
from controller.people import permission
from controller.premises import door as doors
from controller.record import alarm, coverage, dormant, enquiry, export, extract, refusals
from controller.record.alarm import AlarmFilter
from controller.record.dormant import HeldFilter
from controller.record.enquiry import LogFilter
from controller.record.export import Extract
from controller.refusal import Refused
from door_agent.events import LinkState
from tests.controller.conftest import NOW, House
from tests.controller.doorway import Site, visited

DAY = timedelta(days=1)


@pytest.fixture
def site(house: House) -> Site:
    return visited(house)


@pytest.mark.parametrize(
    "wanted",
    [LogFilter(), LogFilter(kinds=enquiry.PASSING), LogFilter(outcome="REFUSE"), LogFilter(until=NOW)],
    ids=["everything", "what passes", "refusals", "nothing"],
)
def test_lines_in_portions_are_the_rows_of_the_log(house: House, site: Site, wanted: LogFilter) -> None:
    with reading(house.engine) as session:
        before = ledger.head(session) + 1
        rows = enquiry.log(session, wanted, None, 200).rows
        found, below = list[tuple[Any, ...]](), before
        while (portion := extract.lines(session, wanted, below, 2)).place:
            found += zip(portion.place, portion.at, portion.person, portion.reason, portion.encoded, strict=True)
            below = portion.place[-1]
        assert extract.count(session, wanted, before) == len(rows)
    assert [each[:3] for each in found] == [
        (row.fact.ledger_sequence, leaf.written(row.fact.at), row.cardholder.name if row.cardholder else None)
        for row in rows
    ]
    told = [reason or encoded for *_, reason, encoded in found]
    assert told == [row.fact.reason or row.fact.encoded for row in rows]


def test_what_comes_in_later_is_in_no_file_that_was_begun(house: House, site: Site) -> None:
    with reading(house.engine) as session:
        before = ledger.head(session) + 1
        first = extract.count(session, LogFilter(), before)
    site.doors["cedar"].card("cedar-in", "Ben")
    site.talk()
    with reading(house.engine) as session:
        assert extract.count(session, LogFilter(), before) == first
        assert extract.lines(session, LogFilter(), before, 1).place[0] < before


def test_an_export_is_recorded_with_its_purpose_as_an_opening(house: House) -> None:
    with transaction(house.engine) as session:
        olu = house.operator(session, "olu")
        with pytest.raises(Refused, match="what the file is needed for"):
            export.record(session, olu, NOW, Extract("log", "csv", 7, {}), "  ")
        place = export.record(session, olu, NOW, Extract("log", "csv", 7, {"cardholder": "1"}), " a complaint ")
    with reading(house.engine) as session:
        row = ledger.rows_after(session, place - 1)[0]
        assert (row.kind, row.actor, row.subjects) == (Kind.RECORD_EXPORTED, olu.actor, {"operator": olu.id})
        assert row.content["rows"] == 7
        assert row.content["narrowed"] == {"cardholder": "1"}
        assert b"complaint" not in row.leaf
        opening = ledger.openings_of(session, place)["purpose"].opening()
        assert opening is not None
        assert opening.value == "a complaint"


def test_acts_are_what_people_did_and_no_fact_of_a_door(house: House, site: Site) -> None:
    with reading(house.engine) as session:
        before = ledger.head(session) + 1
        every = [row for row in ledger.rows_after(session, 0, 10_000) if Kind(row.kind) not in NO_ACTS]
        found = acts.listed(session, ActFilter(), before, 1_000)
        assert [row.sequence for row in found] == [row.sequence for row in reversed(every)]
        assert acts.count(session, ActFilter(), before) == len(every)
        assert [row.sequence for row in acts.listed(session, ActFilter(), found[1].sequence, 2)] == [
            row.sequence for row in found[2:4]
        ]
        mia = house.operator(session, "mia").actor
        [approved] = acts.listed(session, ActFilter(actor=mia), before, 10)
        assert (approved.kind, approved.actor) == (Kind.GRANT_APPROVED, mia)
        assert acts.listed(session, ActFilter(kind=Kind.GRANT_APPROVED), before, 10) == [approved]
        assert acts.listed(session, ActFilter(kind=Kind.FACT), before, 10) == []
        assert acts.count(session, ActFilter(since=NOW + DAY), before) == 0


def test_refusals_are_counted_by_whom_where_and_why(house: House, site: Site) -> None:
    for _ in range(2):
        site.doors["cedar"].mono += 60
        site.doors["cedar"].card("cedar-in", "Ben")
        site.doors["cedar"].card("cedar-in", "Eve")
    site.talk()
    with reading(house.engine) as session:
        first, second = refusals.grouped(session, LogFilter(), 0, 10)
        assert first.cardholder is not None
        assert second.cardholder is not None
        assert first.door is not None
        assert (first.cardholder.name, first.door.key, first.reason, first.times) == ("Ben", "cedar", "NOT_ON_LIST", 3)
        assert (second.cardholder.name, second.times, second.last - second.first) == ("Eve", 2, timedelta(seconds=60))
        assert refusals.grouped(session, LogFilter(), 1, 10) == [second]
        assert refusals.count(session, LogFilter()) == 2
        assert refusals.count(session, LogFilter(until=NOW)) == 0


def test_permissions_are_unused_when_their_room_was_not_entered_since(house: House, site: Site) -> None:
    site.grant("Ben")
    cedar = site.doors["cedar"]
    cedar.mono += DAY.total_seconds()
    assert cedar.passes("cedar-out", "Ada")
    assert cedar.passes("cedar-in", "Ada")
    cedar.report()
    site.hear(cedar.moment.wall)
    later = NOW + 90 * DAY
    with reading(house.engine) as session:
        own = house.site(session)

        def names(days: int, at: timedelta) -> list[str]:
            wanted = HeldFilter(NOW + at, unused_since=NOW + at - days * DAY)
            found = dormant.held(session, own, wanted, 0, 10)
            assert dormant.count(session, own, wanted) == len(found)
            return [each.cardholder.name for each in found]

        assert names(30, 20 * DAY) == []
        assert names(30, 32 * DAY) == ["Ada", "Ben"]
        assert names(30, 31 * DAY) == ["Ben"]
        ada, ben = dormant.held(session, own, HeldFilter(later), 0, 10)
        assert ada.last_used is not None
        assert ben.last_used is None
        assert ada.area is not None
        assert dormant.held(session, own, HeldFilter(later, area=ada.area.id, cardholder=ben.cardholder.id), 0, 9) == [
            ben
        ]
        assert dormant.held(session, own, HeldFilter(later, area=ada.area.id + 1), 0, 9) == []


def test_permissions_that_end_soon_come_in_the_order_of_their_ends(house: House, site: Site) -> None:
    with transaction(house.engine) as session:
        for name, days in (("Eve", 9), ("Ben", 5)):
            wish = permission.Wish(house.holder(session, name), house.cedar(session), NOW, NOW + days * DAY, "guest")
            asked = permission.request(session, house.operator(session, "kim"), NOW, wish)
            permission.approve(session, house.operator(session, "mia"), NOW, asked, lambda *_: None)
    with reading(house.engine) as session:
        for days, names in ((3, []), (6, ["Ben"]), (30, ["Ben", "Eve"])):
            wanted = HeldFilter(NOW, ending=NOW + days * DAY)
            found = dormant.held(session, house.site(session), wanted, 0, 10)
            assert [each.cardholder.name for each in found] == names


def test_a_door_that_was_cut_off_is_told_from_one_that_was_not(house: House, site: Site) -> None:
    cedar = site.doors["cedar"]
    cedar.feed(LinkState(up=False))
    cedar.card("cedar-in", "Ben")
    cedar.mono += 1
    cedar.report()
    site.hear(cedar.moment.wall + coverage.LATE + timedelta(seconds=1))
    with reading(house.engine) as session:
        since, later = NOW - DAY, NOW + timedelta(minutes=10)
        found = {each.door.key: each for each in coverage.of_doors(session, house.site(session), later, since, None)}
        assert (found["cedar"].decisions, found["cedar"].late, found["cedar"].unclocked) == (3, 1, 0)
        assert (found["cedar-back"].decisions, found["cedar-back"].gaps) == (0, 0)
        assert found["cedar"].agent.key == "cedar"
        assert found["cedar"].heard is not None
        assert 0 <= found["cedar"].heard < 1
        back = doors.by_key(session, house.site(session), "cedar-back")
        assert back is not None
        [only] = coverage.of_doors(session, house.site(session), later, since, NOW, back.id)
        assert (only.door.key, only.decisions) == ("cedar-back", 0)


def test_alarms_are_listed_whether_somebody_has_seen_them_or_not(house: House, site: Site) -> None:
    with transaction(house.engine) as session:
        row = enquiry.log(session, LogFilter()).rows[0].fact
        for kind in ("FORCED_OPEN", "HELD_OPEN"):
            alarm.raise_alarm(session, kind, NOW, row.ledger_sequence, row.agent_id, row.door_id)
        session.flush()
        alarm.acknowledge(session, house.operator(session, "kim"), NOW + DAY, 1)
    with reading(house.engine) as session:
        held, forced = alarm.listed(session, AlarmFilter(), 2**31 - 1, 10)
        assert (held.kind, held.acknowledged_by) == ("HELD_OPEN", None)
        assert (forced.kind, forced.acknowledged_at) == ("FORCED_OPEN", NOW + DAY)
        assert alarm.listed(session, AlarmFilter(), held.id, 10) == [forced]
        assert alarm.count_of(session, AlarmFilter(kind="HELD_OPEN", door=row.door_id)) == 1
        assert alarm.count_of(session, AlarmFilter(until=NOW)) == 0
