"""Stays: what was badged is measured, what was not is inferred, and in which order facts come in leaves no trace."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table, delete, select
from sqlalchemy.orm import Session

from controller.database import open_database, reading, transaction
from controller.ledger.kinds import Kind
from controller.ledger.ledger import Entry, append_all
from controller.people.cardholder import Cardholder
from controller.premises.area import Area
from controller.premises.door import AccessPoint
from controller.premises.site import Site
from controller.record import occupancy, stay
from controller.record.fact import FactRow
from controller.record.occupancy import Presence
from controller.record.stay import How, Stay, StayFilter
from tests.controller.conftest import NOW, House
from tests.controller.test_log_queries import plans

migration = importlib.import_module("controller.migrations.versions.0006_stays_and_overruled_grants")
DAY = NOW + timedelta(days=1)
MOST = 14


@dataclass(frozen=True)
class Went:
    """Somebody went through `point` at a minute of the day, told in the order of a list of these."""

    who: int
    point: str
    minute: int
    trusted: bool = True
    inferred: bool = False


@dataclass(frozen=True)
class Place:
    """A transaction that is thrown away: rooms, people and numbers of the ledger are there, and no passages."""

    session: Session
    points: dict[str, AccessPoint]
    areas: dict[int, Area]
    holders: list[Cardholder]
    first: int

    def take(self, history: Sequence[Went]) -> list[FactRow]:
        """Receive `history` in its order: one message a minute, from an hour after the day's beginning on."""
        rows = [self._row(index, each) for index, each in enumerate(history)]
        for row, each in zip(rows, history, strict=True):
            occupancy.passed(self.session, row, self.points[each.point].to_area_id)
            stay.passed(self.session, row, self.points[each.point])
        return rows

    def _row(self, index: int, went: Went) -> FactRow:
        at, received = DAY + timedelta(minutes=went.minute), DAY + timedelta(minutes=60 + index)
        holder = self.holders[went.who].id
        row = FactRow(
            agent_id=1, sequence=index + 1, ledger_sequence=self.first + index, received_at=received, at=at,
            trusted=went.trusted, kind="PASSAGE", inferred=went.inferred, cardholder_id=holder,
            access_point_id=self.points[went.point].id, encoded=b"", fact_hash=b"",
        )  # fmt: skip
        self.session.add(row)
        self.session.flush()
        return row

    def stays(self) -> list[tuple[Any, ...]]:
        """Every stay, as the slow reference writes it."""
        found = self.session.scalars(select(Stay).order_by(Stay.id)).all()
        return sorted(
            (self._who(each.cardholder_id), self.areas[each.area_id].key, each.not_before, each.entered_at is not None,
             each.left_at or datetime.max.replace(tzinfo=NOW.tzinfo), str(each.how))
            for each in found
        )  # fmt: skip

    def _who(self, holder_id: int) -> int:
        return [each.id for each in self.holders].index(holder_id)


@pytest.fixture
def place(house: House) -> Iterator[Place]:
    class Thrown(Exception):
        pass

    try:
        with transaction(house.engine) as session:
            last = append_all(session, [Entry(Kind.FACT, "agent:test", NOW, {}, {}, {})] * MOST)
            points = {each.key: each for each in session.scalars(select(AccessPoint))}
            areas = {each.id: each for each in session.scalars(select(Area))}
            holders = [house.holder(session, name) for name in ("Ada", "Ben")]
            yield Place(session, points, areas, holders, last - MOST + 1)
            raise Thrown
    except Thrown:
        pass


def reference(place: Place, history: Sequence[Went]) -> list[tuple[Any, ...]]:
    """All stays by sorting everything first: slow, and written without a look at the other one."""
    told: list[tuple[Any, ...]] = []
    for who in range(len(place.holders)):
        moves = []
        for index, went in enumerate(history):
            if went.who != who:
                continue
            received = DAY + timedelta(minutes=60 + index)
            at = min(DAY + timedelta(minutes=went.minute), received) if went.trusted else received
            point = place.points[went.point]
            ends = [place.areas[each] for each in (point.from_area_id, point.to_area_id)]
            moves.append((at, index, ends, went.trusted and not went.inferred))
        moves.sort(key=lambda move: move[:2])
        where, since, sure = None, NOW, False
        for at, _, (source, target), certain in moves:
            if where is not None:
                how = "measured" if where is source and sure and certain else "inferred"
                told.append((who, where.key, since, True, at, how))
            if where is not source and not source.open:
                told.append((who, source.key, since, False, at, "inferred"))
            where, since, sure = target, at, certain
        if where is not None:
            told.append((who, where.key, since, True, datetime.max.replace(tzinfo=NOW.tzinfo), "open"))
    return sorted(told)


POINTS = ["main-in", "main-out", "cedar-in", "cedar-out", "cedar-back-in", "cedar-back-out", "maple-in", "maple-out"]
HISTORIES = st.lists(
    st.builds(
        Went, st.integers(0, 1), st.sampled_from(POINTS), st.integers(0, 90), st.integers(0, 5).map(bool),
        st.integers(0, 5).map(lambda roll: roll == 0),
    ),
    max_size=MOST,
)  # fmt: skip


def emptied(place: Place) -> None:
    for table in (Stay, Presence, FactRow):
        place.session.execute(delete(table))
    place.session.expire_all()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=HISTORIES)
def test_stays_are_those_of_the_slow_reference_whatever_comes_late(place: Place, history: list[Went]) -> None:
    emptied(place)
    place.take(history)
    assert place.stays() == reference(place, history)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=HISTORIES, minute=st.integers(-5, 95))
def test_presence_and_stays_agree_and_so_does_who_was_inside(place: Place, history: list[Went], minute: int) -> None:
    emptied(place)
    place.take(history)
    held = {row.cardholder_id: row for row in place.session.scalars(select(Presence))}
    still = place.session.scalars(select(Stay).where(Stay.left_at.is_(None))).all()
    assert {each.cardholder_id: (each.area_id, each.entered_at, each.entry_certain) for each in still} == {
        holder: (row.area_id, row.since, row.certain) for holder, row in held.items()
    }
    at = DAY + timedelta(minutes=minute, seconds=30)
    for area in place.areas.values():
        expected = [
            (who, how if how != "open" else None)
            for who, key, begun, _, left, how in reference(place, history)
            if key == area.key and begun <= at < left
        ]
        found = [(place._who(each.cardholder.id), each.how) for each in stay.inside_at(place.session, area, at)]
        assert sorted(who for who, _ in found) == sorted(who for who, _ in expected)
        assert all(how in (None, dict(found)[who]) for who, how in expected)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=HISTORIES)
def test_a_database_of_before_gets_the_stays_that_it_would_have_had(place: Place, history: list[Went]) -> None:
    emptied(place)
    place.take(history)
    folded = place.stays()
    place.session.execute(delete(Stay))
    table = Stay.__table__
    assert isinstance(table, Table)
    migration.refold(place.session.connection(), table)
    place.session.expire_all()
    assert place.stays() == folded


def hows(place: Place) -> list[tuple[str, bool, str]]:
    """Area, whether the entry is known, and how the stay is known; in the order of beginning."""
    return [(key, known, how) for _, key, _, known, _, how in sorted(place.stays(), key=lambda each: each[2])]


def test_in_and_out_by_the_reader_is_measured(place: Place) -> None:
    place.take([Went(0, "main-in", 1), Went(0, "cedar-in", 2), Went(0, "cedar-out", 9), Went(0, "main-out", 10)])
    assert hows(place) == [
        ("hallway", True, "measured"), ("cedar-room", True, "measured"), ("hallway", True, "measured"),
        ("outside", True, "open"),
    ]  # fmt: skip


def test_who_turns_up_elsewhere_has_left_by_inference(place: Place) -> None:
    place.take([Went(0, "main-in", 1), Went(0, "cedar-in", 2), Went(0, "maple-in", 9)])
    assert ("cedar-room", True, "inferred") in hows(place)
    assert hows(place)[-1] == ("maple-room", True, "open")


def test_a_second_entry_without_an_exit_ends_the_older_stay_by_inference(place: Place) -> None:
    place.take([Went(0, "main-in", 1), Went(0, "cedar-in", 2), Went(0, "cedar-back-in", 9)])
    cedar = [each for each in hows(place) if each[0] == "cedar-room"]
    assert cedar == [("cedar-room", True, "inferred"), ("cedar-room", True, "open")]


def test_an_exit_without_an_entry_is_a_stay_that_began_nobody_knows_when(place: Place) -> None:
    place.take([Went(0, "main-in", 1), Went(0, "cedar-out", 9)])
    assert ("cedar-room", False, "inferred") in hows(place)
    area = next(each for each in place.areas.values() if each.key == "cedar-room")
    for minute, inside in ((0, False), (5, True), (9, False)):
        found = stay.inside_at(place.session, area, DAY + timedelta(minutes=minute))
        assert [each.how for each in found] == ([How.INFERRED] if inside else [])


def test_a_fact_that_comes_late_mends_what_was_inferred(place: Place) -> None:
    place.take([Went(0, "main-in", 1), Went(0, "cedar-in", 2), Went(0, "main-out", 20), Went(0, "cedar-out", 9)])
    assert [how for _, _, how in hows(place)] == ["measured", "measured", "measured", "open"]


def test_a_clock_that_cannot_be_believed_orders_nothing_and_measures_nothing(place: Place) -> None:
    place.take([Went(0, "cedar-in", 50), Went(0, "cedar-out", 1, trusted=False)])
    assert [each for each in hows(place) if each[0] == "cedar-room"] == [("cedar-room", True, "inferred")]


def test_nobody_known_makes_no_stay(place: Place) -> None:
    row = FactRow(ledger_sequence=place.first, received_at=NOW, at=NOW, trusted=True, cardholder_id=None)
    stay.passed(place.session, row, place.points["cedar-in"])
    assert place.stays() == []


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        (lambda session, area, _: stay.inside_at(session, area, DAY, None, 51), "ix_stay_area_id"),
        (lambda session, area, _: stay.count_inside_at(session, area, DAY), "ix_stay_area_id"),
        (lambda session, area, site: stay.newest(session, site, StayFilter(area.id), None, 51), "ix_stay_area_id"),
        (lambda session, _, site: stay.newest(session, site, StayFilter(None, 1), 9, 51), "ix_stay_cardholder_id"),
    ],
)
def test_a_page_of_stays_is_asked_of_an_index(
    sqlite_migrated: Path, ask: Callable[[Session, Area, Site], object], index: str
) -> None:
    engine = open_database(f"sqlite:///{sqlite_migrated}")
    with reading(engine) as session:
        told = plans(engine, lambda: ask(session, Area(id=1), Site(id=1)))
    assert [step for step in told if index in step], told
    assert not [step for step in told if step == "SCAN stay"], told
    engine.dispose()
