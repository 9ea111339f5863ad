"""The database goes away and comes back; several controllers want one database; an older and a newer one are met."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from controller import claims, poke
from controller.claims import SecondControllerError
from controller.database import AWAY, NewerDatabaseError, migrate, open_database, reading, transaction
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append, head
from tests.controller.conftest import NOW

postgresql_only = pytest.mark.parametrize(
    "engine", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
sqlite_only = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def end_every_session(engine: Engine) -> None:
    """What a restart of the server does to everybody who is connected."""
    other = open_database(engine.url.render_as_string(hide_password=False))
    with other.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"))
    other.dispose()


def test_a_second_controller_on_one_database_is_refused_until_the_first_ends(engine: Engine) -> None:
    other = open_database(engine.url.render_as_string(hide_password=False))
    with claims.only_one(engine) as claim:
        claim.hold(NOW)
        with pytest.raises(SecondControllerError), claims.only_one(other):
            pass
    with claims.only_one(other):
        pass
    other.dispose()


@postgresql_only
def test_a_claim_lost_with_the_server_is_taken_again(engine: Engine) -> None:
    other = open_database(engine.url.render_as_string(hide_password=False))
    with claims.only_one(engine) as claim:
        end_every_session(engine)
        with pytest.raises(AWAY):
            claim.hold(NOW)
        claim.hold(NOW + timedelta(seconds=2))
        with pytest.raises(SecondControllerError), claims.only_one(other):
            pass
    other.dispose()


@postgresql_only
def test_a_claim_that_another_took_meanwhile_ends_the_first_controller(engine: Engine) -> None:
    other = open_database(engine.url.render_as_string(hide_password=False))
    with claims.only_one(engine) as claim:
        end_every_session(engine)
        with claims.only_one(other):
            with pytest.raises(AWAY):
                claim.hold(NOW)
            with pytest.raises(SecondControllerError):
                claim.hold(NOW + timedelta(seconds=2))
    other.dispose()


@postgresql_only
def test_a_listener_hears_again_after_its_connection_was_ended(engine: Engine) -> None:
    listener = poke.listen(engine)
    poke.ring(engine)
    assert listener.wait(5)
    end_every_session(engine)
    assert any(listener.wait(0.2) for _ in range(5)), "what was rung meanwhile counts as heard"
    poke.ring(engine)
    assert listener.wait(5)
    listener.close()


@postgresql_only
def test_ringing_a_database_that_is_away_fails_nobody(engine: Engine) -> None:
    nowhere = open_database("postgresql+psycopg://postgres@/none?host=/nowhere")
    poke.ring(nowhere)
    with pytest.raises(AWAY), transaction(nowhere) as session:
        append(session, Kind.SIGN_IN, "operator:1", NOW, {})
    with reading(engine) as session:
        assert head(session) == 0


@sqlite_only
def test_ringing_where_nobody_listens_or_a_listener_was_killed_fails_nobody(engine: Engine) -> None:
    poke.ring(engine)
    folder = Path(f"{engine.url.database}.poke")
    listener = poke.listen(engine)
    (folder / "no-socket").write_bytes(b"")
    (folder / "a-folder").mkdir()
    poke.ring(engine)
    assert listener.wait(5)
    listener.close()


@sqlite_only
def test_a_lock_that_is_held_too_long_is_an_outage_and_passes(engine: Engine) -> None:
    impatient = open_database(str(engine.url))
    with closing(sqlite3.connect(str(engine.url.database), isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with impatient.connect() as connection:
            connection.exec_driver_sql("ROLLBACK") if connection.in_transaction() else None
        raw = impatient.raw_connection()
        driver = raw.driver_connection
        assert driver is not None
        driver.execute("PRAGMA busy_timeout=1")
        raw.close()
        with pytest.raises(AWAY), transaction(impatient) as session:
            append(session, Kind.SIGN_IN, "operator:1", NOW, {})
        holder.execute("ROLLBACK")
    with transaction(impatient) as session:
        append(session, Kind.SIGN_IN, "operator:1", NOW, {})
    with reading(engine) as session:
        assert head(session) == 1
    impatient.dispose()


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    with transaction(engine) as session:
        append(session, Kind.SIGN_IN, "operator:1", NOW, {})
    migrate(engine)
    with reading(engine) as session:
        assert head(session) == 1


def test_a_database_of_a_later_version_is_refused_and_left_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerDatabaseError, match="later version"):
        migrate(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


def test_an_error_of_the_database_does_not_show_what_was_to_be_written(engine: Engine) -> None:
    with pytest.raises(Exception, match="hidden") as caught, transaction(engine) as session:
        session.execute(text("INSERT INTO nothing VALUES (:name)"), {"name": "Ada Lovelace"})
    assert "Ada" not in str(caught.value)


def test_pages_write_while_the_controller_follows_and_nothing_is_lost(engine: Engine) -> None:
    failures: list[BaseException] = []

    def write(count: int) -> None:
        try:
            for _ in range(count):
                with transaction(engine) as session:
                    append(session, Kind.SIGN_IN, "operator:1", NOW, {})
                poke.ring(engine)
        except AWAY as flaw:
            failures.append(flaw)

    writers = [threading.Thread(target=write, args=(20,)) for _ in range(3)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert failures == []
    with reading(engine) as session:
        assert head(session) == 60
