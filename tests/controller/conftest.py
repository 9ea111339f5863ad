"""A migrated database of each kind, and the fixed cast in a small building."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from argon2 import PasswordHasher
from sqlalchemy import Column, ColumnElement, Connection, Engine, ScalarSelect, Table, func, select
from sqlalchemy.orm import Session

from cli.demo.building import PLAN
from contract.credential import Identity, Source
from controller import migrations
from controller.database import migrate, open_database, transaction
from controller.delivery import authority
from controller.delivery.authority import Authority
from controller.delivery.compiling import card_must_fit
from controller.people import cardholder, credential, operator, search
from controller.people.access import Role
from controller.people.cardholder import Cardholder
from controller.people.operator import NewOperator, Operator
from controller.people.permission import LONGEST_PRIVATE
from controller.premises import agent, area, building, site
from controller.premises.agent import Agent
from controller.premises.area import Area
from controller.premises.site import Site
from controller.tables import METADATA

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
IN_A_YEAR = int((NOW + LONGEST_PRIVATE).timestamp())
"""When a permission for a private room ends that began NOW and whose end nobody named."""
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "correct horse battery"
CARDS = {"Ada": 0x1E00000001, "Ben": 0x1E00000002, "Eve": 0x1E00000003}


@contextmanager
def of_revision(engine: Engine, revision: str) -> Iterator[Connection]:
    """An empty database of an earlier version, to be filled as one was then."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        yield connection


@pytest.fixture(scope="session")
def sqlite_migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty file that tests copy."""
    file = tmp_path_factory.mktemp("migrated") / "controller.sqlite"
    opened = open_database(f"sqlite:///{file}")
    migrate(opened)
    opened.dispose()
    return file


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty, migrated database."""
    if request.param == "sqlite":
        file = shutil.copy(request.getfixturevalue("sqlite_migrated"), tmp_path / "controller.sqlite")
        opened = open_database(f"sqlite:///{file}")
    else:
        opened = open_database(request.getfixturevalue("postgresql_ready"))
    yield opened
    opened.dispose()


@dataclass(frozen=True)
class House:
    """The building and the cast; `get` reads a row of theirs in another session."""

    engine: Engine
    authority: Authority
    folder: Path

    def site(self, session: Session) -> Site:
        found = site.by_key(session, "tokyo")
        assert found is not None
        return found

    def cedar(self, session: Session) -> Area:
        found = area.by_key(session, self.site(session), "cedar-room")
        assert found is not None
        return found

    def agent(self, session: Session, key: str = "cedar") -> Agent:
        found = agent.by_key(session, self.site(session), key)
        assert found is not None
        return found

    def holder(self, session: Session, name: str) -> Cardholder:
        return search.find(session, self.site(session), name)[0]

    def operator(self, session: Session, name: str) -> Operator:
        found = operator.by_name(session, self.site(session), name)
        assert found is not None
        return found


@dataclass(frozen=True)
class Furnished:
    """A house as its verbs made it, once a run: its SQLite file, the rows of every table in the order of their
    references, and the folders of keys. Making it takes a second, copying it into another database much less."""

    file: Path
    rows: tuple[tuple[Table, list[dict[str, Any]]], ...]
    folder: Path

    def into(self, engine: Engine, folder: Path) -> House:
        if engine.dialect.name == "sqlite":
            self._as_pages(engine)
        else:
            self._as_rows(engine)
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return House(engine, authority.open_authority(folder / "keys"), folder)

    def _as_pages(self, engine: Engine) -> None:
        with closing(sqlite3.connect(self.file)) as made, closing(engine.raw_connection()) as pooled:
            copy = pooled.driver_connection
            assert isinstance(copy, sqlite3.Connection)
            made.backup(copy)

    def _as_rows(self, engine: Engine) -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql("; ".join(str(table.delete()) for table, _ in reversed(self.rows)))
            for table, rows in self.rows:
                if rows:
                    connection.execute(table.insert(), rows)
            _count_on(connection, [table for table, rows in self.rows if rows])


def _count_on(connection: Connection, tables: Sequence[Table]) -> None:
    """PostgreSQL numbers new rows from sequences of its own, which rows that bring their numbers do not move."""
    keys = [key for table in tables if (key := table.autoincrement_column) is not None]
    connection.execute(select(*(func.setval(_sequence(key), _next(key), False) for key in keys)))


def _sequence(key: Column[Any]) -> ColumnElement[str]:
    return func.pg_get_serial_sequence(key.table.name, key.name)


def _next(key: Column[Any]) -> ScalarSelect[int]:
    return select(func.coalesce(func.max(key), 0) + 1).scalar_subquery()


@pytest.fixture(scope="session")
def furnished(sqlite_migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Furnished:
    folder = tmp_path_factory.mktemp("furnished")
    file = shutil.copy(sqlite_migrated, tmp_path_factory.mktemp("made"))
    engine = open_database(f"sqlite:///{file}")
    furnish(engine, folder)
    with engine.connect() as connection:
        rows = tuple(
            (table, [dict(row._mapping) for row in connection.execute(table.select())])
            for table in METADATA.sorted_tables
        )
    engine.dispose()
    return Furnished(Path(file), rows, folder)


def furnish(engine: Engine, folder: Path) -> None:
    made = authority.found(folder / "keys", "tokyo", NOW)
    with transaction(engine) as session:
        own = building.load(session, operator.HOST, NOW, PLAN)
        for each in agent.of_site(session, own):
            authority.enrol_agent(session, made, operator.HOST, NOW, own, each, folder / each.key)
        for name, role in (("kim", Role.SECURITY_ADMIN), ("mia", Role.SECURITY_ADMIN), ("olu", Role.AUDITOR)):
            operator.add(session, operator.HOST, NOW, own, role, NewOperator(name, name.title(), PASSWORD), CHEAP)
        for name, number in CARDS.items():
            holder = cardholder.enrol(session, "operator:1", NOW, own, name, f"{number:x}")
            identity = Identity(Source.SERIAL_HEX, f"{number:040b}")
            credential.issue(session, "operator:1", NOW, holder, f"{name}'s card", [identity], card_must_fit)


@pytest.fixture
def house(engine: Engine, furnished: Furnished, tmp_path: Path) -> House:
    return furnished.into(engine, tmp_path)
