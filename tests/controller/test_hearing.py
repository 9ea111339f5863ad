"""For how long an agent proved itself: spans while its messages come, and silence that is not smoothed over."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import delete, select

from controller.database import reading, transaction
from controller.record import hearing
from controller.record.hearing import Hearing
from tests.controller.conftest import NOW, House

MINUTE = timedelta(minutes=1)


def heard(house: House, moments: Iterable[datetime], key: str = "cedar") -> None:
    with transaction(house.engine) as session:
        for each in moments:
            hearing.heard(session, house.agent(session, key), each)
            session.flush()


def spans(house: House) -> list[tuple[float, float]]:
    """In minutes from NOW."""
    with reading(house.engine) as session:
        rows = session.scalars(select(Hearing).order_by(Hearing.since))
        return [((each.since - NOW) / MINUTE, (each.until - NOW) / MINUTE) for each in rows]


def share(house: House, now: datetime, since: datetime, until: datetime | None = None) -> float | None:
    with reading(house.engine) as session:
        return hearing.shares(session, now, since, until).get(house.agent(session).id)


@pytest.fixture
def silent(house: House) -> House:
    """Nobody has been heard yet."""
    with transaction(house.engine) as session:
        session.execute(delete(Hearing))
        house.agent(session).last_heard_at = None
    return house


def test_a_span_lasts_while_messages_come_and_ends_with_silence(silent: House) -> None:
    heard(silent, (NOW + each * MINUTE for each in (0, 0.05, 0.9, 1.8, 5, 5.5)))
    assert spans(silent) == [(0, 1.8), (5, 5.5)]


def test_the_share_is_of_the_time_since_it_was_first_heard_and_of_none_to_come(silent: House) -> None:
    assert share(silent, NOW, NOW - MINUTE) is None
    heard(silent, (NOW + each * MINUTE for each in (0, 1, 2, 6, 7, 8)))
    later, day = NOW + 10 * MINUTE, timedelta(days=1)
    assert share(silent, later, NOW - day) == pytest.approx(0.4)
    assert share(silent, later, NOW - day, NOW + day) == pytest.approx(0.4)
    assert share(silent, later, NOW + MINUTE, NOW + 7 * MINUTE) == pytest.approx(2 / 6)
    assert share(silent, later, NOW + 3 * MINUTE, NOW + 5 * MINUTE) == 0
    assert share(silent, later, NOW, NOW + 2 * MINUTE) == 1
    assert share(silent, later, NOW - day, NOW) is None


def test_a_clock_that_is_put_back_makes_no_time(silent: House) -> None:
    heard(silent, [NOW, NOW - 5 * MINUTE, NOW + MINUTE])
    assert spans(silent) == [(0, 1)]


def test_each_agent_has_its_own_time(silent: House) -> None:
    heard(silent, [NOW, NOW + MINUTE])
    heard(silent, [NOW + 2 * MINUTE], "cedar-back")
    with reading(silent.engine) as session:
        found = hearing.shares(session, NOW + 4 * MINUTE, NOW, None)
        assert found[silent.agent(session).id] == pytest.approx(0.25)
        assert found[silent.agent(session, "cedar-back").id] == 0


def test_whatever_comes_when_spans_never_touch_and_hold_every_moment_heard(silent: House) -> None:
    rng = random.Random(7)  # noqa: S311 - a made-up history
    at, moments = NOW, []
    for _ in range(200):
        at += timedelta(seconds=rng.choice((1, 5, 15, 30, 60, 61, 120, 900)))
        moments.append(at)
    heard(silent, moments)
    found = spans(silent)
    assert all(after[0] - before[1] > 1 for before, after in pairwise(found))
    for each in moments:
        minute = (each - NOW) / MINUTE
        assert any(since <= minute <= until + 1 / 6 for since, until in found)
