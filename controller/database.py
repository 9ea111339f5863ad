"""The database: how it is opened, how a transaction is made, and how its tables are brought up to date.

SQLite and PostgreSQL alike. Writing transactions follow one another from their start: by BEGIN IMMEDIATE on SQLite, by
an advisory lock on PostgreSQL. So what a verb has judged over any number of rows still holds when it is committed.
Readers never wait. Nothing is ever committed by a verb: the caller's `transaction` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    Connection,
    DateTime,
    Dialect,
    Engine,
    Float,
    Integer,
    MetaData,
    String,
    create_engine,
    event,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from contract import leaf

AWAY = (OperationalError, InterfaceError)
"""What a database raises that is out of reach, restarting, locked or full: the same may succeed later."""

_MIGRATION_LOCK = 0x5E415340
_WRITERS_LOCK = 0x5E415342
_PATIENCE_S = 10
_READ_ONLY = "sekisho_read_only"
_LOCK_OUT_WRITERS = text(
    "SELECT pg_advisory_xact_lock(:lock) WHERE set_config('lock_timeout', :patience, true) IS NOT NULL"
)


class NewerDatabaseError(SQLAlchemyError):
    """The database was brought up to date by a later version of this program."""

    safe_to_log = True


class Base(DeclarativeBase):
    """The tables of every wing; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment: fixed-width UTC text on SQLite, which sorts as time does, and timestamptz on PostgreSQL."""

    impl = String(27)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(DateTime(timezone=True) if dialect.name == "postgresql" else String(27))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        return value.astimezone(UTC) if dialect.name == "postgresql" else leaf.written(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if isinstance(value, datetime) else leaf.read_moment(value)


class seconds_between(FunctionElement[float]):  # noqa: N801 - used like a function of the database
    """The seconds from one moment to another, as the database itself computes them."""

    type = Float()
    inherit_cache = True


@compiles(seconds_between, "sqlite")
def _julian(element: seconds_between, compiler: SQLCompiler, **kw: Any) -> str:
    earlier, later = (compiler.process(each, **kw) for each in element.clauses)
    return f"((julianday({later}) - julianday({earlier})) * 86400.0)"


@compiles(seconds_between, "postgresql")
def _epoch(element: seconds_between, compiler: SQLCompiler, **kw: Any) -> str:
    earlier, later = (compiler.process(each, **kw) for each in element.clauses)
    return f"extract(epoch from ({later} - {earlier}))"


class utc_text(FunctionElement[str]):  # noqa: N801 - used like a function of the database
    """A moment as `leaf.written` writes it, told by the database itself: long lists make no object of each moment."""

    type = String(27)
    inherit_cache = True


@compiles(utc_text, "sqlite")
def _as_stored(element: utc_text, compiler: SQLCompiler, **kw: Any) -> str:
    (moment,) = element.clauses
    return compiler.process(moment, **kw)


@compiles(utc_text, "postgresql")
def _as_written(element: utc_text, compiler: SQLCompiler, **kw: Any) -> str:
    (moment,) = element.clauses
    return f"""to_char({compiler.process(moment, **kw)} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


class quarter_of(FunctionElement[int]):  # noqa: N801 - used like a function of the database
    """In which quarter of an hour since 1970 a moment lies, as the database itself computes it."""

    type = Integer()
    inherit_cache = True


@compiles(quarter_of, "sqlite")
def _quarter_of_text(element: quarter_of, compiler: SQLCompiler, **kw: Any) -> str:
    return f"(CAST(strftime('%s', {compiler.process(element.clauses, **kw)}) AS INTEGER) / 900)"


@compiles(quarter_of, "postgresql")
def _quarter_of_moment(element: quarter_of, compiler: SQLCompiler, **kw: Any) -> str:
    return f"CAST(floor(extract(epoch from {compiler.process(element.clauses, **kw)}) / 900) AS INTEGER)"


def open_database(url: str) -> Engine:
    """An engine for `sqlite:///file` or `postgresql://…`; a write on it is durable when committed.

    ValueError for any other URL; it is not repeated, since it may hold a password.
    """
    try:
        meant = make_url(url)
    except ArgumentError as flaw:
        raise ValueError("database is a URL: sqlite:///file or postgresql://user@host/name") from flaw
    if meant.drivername in ("postgresql", "postgresql+psycopg"):
        return create_engine(meant.set(drivername="postgresql+psycopg"), pool_pre_ping=True, hide_parameters=True)
    if meant.drivername != "sqlite":
        raise ValueError("database is SQLite or PostgreSQL: sqlite:///file or postgresql://user@host/name")
    # An error's text must not show what was to be written: it ends in logs and on terminals.
    engine = create_engine(url, connect_args={"timeout": _PATIENCE_S}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_PATIENCE_S * 1000}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """A session whose changes are committed together at the end, or not at all if an exception leaves it. Meanwhile it
    is the only one that writes: others wait, and who has waited for ten seconds has an outage (`AWAY`)."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        _wait_for_other_writers(session)
        yield session


@contextmanager
def trying(engine: Engine) -> Iterator[Session]:
    """A session in which anything may be tried: whatever it changed is undone at the end, and nobody ever saw it. Other
    writers wait meanwhile."""
    with Session(engine, expire_on_commit=False) as session:
        _wait_for_other_writers(session)
        yield session
        # What was found stays readable: a rollback would expire it.
        session.expunge_all()
        session.rollback()


def _wait_for_other_writers(session: Session) -> None:
    """What BEGIN IMMEDIATE is on SQLite. WHERE comes before SELECT, so this wait is bounded too."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_LOCK_OUT_WRITERS, {"lock": _WRITERS_LOCK, "patience": f"{_PATIENCE_S}s"})


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that sees one state of the database and writes nothing."""
    with Session(engine.execution_options(**{_READ_ONLY: True}), autoflush=False, expire_on_commit=False) as session:
        if engine.dialect.name == "postgresql":
            session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        yield session
        # What was read stays readable: a rollback would expire it.
        session.expunge_all()
        session.rollback()


def migrate(engine: Engine) -> None:
    """Bring the tables to the newest revision; safe when several processes do it at once.

    NewerDatabaseError, and nothing changed, when they are of a revision that this version does not know. There is no
    way back to an older revision but a backup: the record is never rewritten to fit an older program.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            for lock in (_MIGRATION_LOCK, _WRITERS_LOCK):
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})
        known = {each.revision for each in ScriptDirectory.from_config(config).walk_revisions()}
        found = set(MigrationContext.configure(connection).get_current_heads())
        if not found <= known:
            raise NewerDatabaseError("the database was made by a later version of sekisho: install that one")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
