"""Writers follow one another: what two do at the same moment has one winner, and nobody waits for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from controller import database
from controller.database import AWAY, migrate, open_database, reading, transaction, trying
from controller.feeds import feed as feeds
from controller.feeds.feed import MOST
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append, head
from controller.people import operator
from controller.people.access import Role
from controller.people.operator import NewOperator
from controller.premises import door as doors
from controller.premises import room_rules
from controller.refusal import Refused
from tests.controller.conftest import CHEAP, NOW, PASSWORD, House
from tests.controller.feed_hands import readable, wanted
from tests.controller.test_outages import postgresql_only

Act = Callable[[Session], object]
BY, WHY = "operator:1", "the rules of the floor changed"
_BLOCKED = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


def until_somebody_waits(engine: Engine) -> None:
    """Until another session of this server waits for a lock. On SQLite a writer that has begun keeps everybody out."""
    if engine.dialect.name != "postgresql":
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for _ in range(100_000):
            if connection.scalar(_BLOCKED):
                return
    pytest.fail("nobody waited")


def both(engine: Engine, first: Act, second: Act) -> None:
    """`second` begins while `first` has acted and not committed."""

    def run() -> None:
        with transaction(engine) as session:
            second(session)

    with ThreadPoolExecutor(1) as other:
        with transaction(engine) as session:
            first(session)
            later: Future[None] = other.submit(run)
            until_somebody_waits(engine)
        later.result(30)


def noted(session: Session) -> None:
    append(session, Kind.SIGN_IN, BY, NOW, {})


@pytest.mark.parametrize("lost", ["closed", "another role"])
def test_two_admins_remain_when_two_of_three_are_removed_at_once(house: House, lost: str) -> None:
    with transaction(house.engine) as session:
        new = NewOperator("ann", "Ann", PASSWORD)
        operator.add(session, operator.HOST, NOW, house.site(session), Role.SECURITY_ADMIN, new, CHEAP)

    def removes(name: str) -> Act:
        def remove(session: Session) -> None:
            by, who = house.operator(session, "kim"), house.operator(session, name)
            if lost == "closed":
                operator.set_active(session, by, NOW, who, active=False)
            else:
                operator.set_role(session, by, NOW, who, Role.AUDITOR)

        return remove

    with pytest.raises(Refused) as refused:
        both(house.engine, removes("mia"), removes("ann"))
    assert refused.value.code == "last-admin"
    with reading(house.engine) as session:
        left = [each for each in operator.of_site(session, house.site(session)) if each.active]
        assert [each.name for each in left if each.role == Role.SECURITY_ADMIN] == ["ann", "kim"]


def test_the_last_free_place_of_a_feed_is_taken_once(house: House) -> None:
    readable(house)

    def one_more(session: Session) -> None:
        kim, site = house.operator(session, "kim"), house.site(session)
        feeds.make(session, kim, NOW, site, wanted("syslog-tls://siem.example"))

    with transaction(house.engine) as session:
        for _ in range(MOST - 1):
            one_more(session)
    with pytest.raises(Refused) as refused:
        both(house.engine, one_more, one_more)
    assert refused.value.code == "feeds-full"
    with reading(house.engine) as session:
        assert len(feeds.of_site(session, house.site(session))) == MOST


def test_rules_of_a_room_and_of_its_exit_that_exclude_each_other_do_not_pass_together(house: House) -> None:
    def loosen(session: Session) -> None:
        point = doors.access_point_by_key(session, house.site(session), "cedar-out")
        assert point is not None
        room_rules.change_access_point(session, BY, NOW, point, {"exit_mode": "recorded"}, WHY)

    def harden(session: Session) -> None:
        room_rules.change_area(session, BY, NOW, house.cedar(session), {"passback.entry": "hard"}, WHY)

    with pytest.raises(Refused) as refused:
        both(house.engine, loosen, harden)
    assert refused.value.details["findings"] == ["hard-passback-loose-exit"]


def test_what_is_only_tried_waits_too_and_sees_what_was_done(engine: Engine) -> None:
    def try_it() -> int:
        with trying(engine) as session:
            return head(session)

    with ThreadPoolExecutor(1) as other:
        with transaction(engine) as session:
            noted(session)
            later = other.submit(try_it)
            until_somebody_waits(engine)
        assert later.result(30) == 1


def test_readers_wait_for_no_writer(engine: Engine) -> None:
    with transaction(engine) as session:
        noted(session)
        with ThreadPoolExecutor(1) as other:
            assert other.submit(lambda: _head(engine)).result(5) == 0
    assert _head(engine) == 1


def _head(engine: Engine) -> int:
    with reading(engine) as session:
        return head(session)


@postgresql_only
def test_a_writer_waits_for_so_long_and_then_has_an_outage(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_PATIENCE_S", 0.05)
    other = open_database(engine.url.render_as_string(hide_password=False))
    with transaction(engine) as session:
        noted(session)
        with pytest.raises(AWAY, match="lock timeout"), transaction(other) as waiting:
            noted(waiting)
    with transaction(other) as session:
        noted(session)
    assert _head(engine) == 2
    other.dispose()


@postgresql_only
def test_tables_are_changed_between_two_writers(engine: Engine) -> None:
    """A writer in the middle of its work would wait for tables that wait for it."""
    migrating = threading.Thread(target=migrate, args=(engine,))
    with transaction(engine) as session:
        noted(session)
        migrating.start()
        until_somebody_waits(engine)
        noted(session)
    migrating.join(30)
    assert not migrating.is_alive()
    assert _head(engine) == 2
