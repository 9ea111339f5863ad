"""A PostgreSQL server of our own for the tests: one per run, an empty database per test, reached by its socket only.

Most tests want a migrated database: the migrations run once, and every test finds what they led to.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Table, text

from controller.database import migrate, open_database
from controller.tables import METADATA
from tests.conftest import need

# Durability is the server's own business: these tests are about our statements, so the server may be quick.
_QUICK = "-F -c listen_addresses= -c full_page_writes=off -c synchronous_commit=off"


_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_GROWN = text(
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    " AND pg_relation_size(oid) > 262144"
)


_EMPTYING = "; ".join(
    [
        *(str(table.delete()) for table in reversed(METADATA.sorted_tables)),
        *(
            f"SELECT setval(pg_get_serial_sequence('{table.name}', '{key.name}'), 1, false)"
            for table in METADATA.sorted_tables
            if (key := table.autoincrement_column) is not None
        ),
    ]
)
"""All rows go, and new ones are numbered from one again."""


@dataclass(frozen=True, slots=True)
class Server:
    binaries: Path
    sockets: Path
    account: str | None

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self.sockets}"

    def say(self, statement: LiteralString, *names: str) -> None:
        """One statement outside of a transaction; `{}` in it are names."""
        told = f"host={self.sockets} user=postgres dbname=postgres"
        with psycopg.connect(told, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))

    def run(self, program: str, *arguments: str) -> None:
        """Run one of its programs; as another account when we are root, which PostgreSQL refuses."""
        prefix = ["runuser", "-u", self.account, "--"] if self.account else []
        command = [*prefix, str(self.binaries / program), *arguments]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    found = sorted(program.parent for program in Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    need("postgresql", found)
    account = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="sekisho-pg-", dir="/tmp"))
    if account:
        shutil.chown(folder, account, account)
    server = Server(found[-1], folder, account)
    data = str(folder / "data")
    try:
        server.run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--locale=C.UTF-8")
        server.run("pg_ctl", "-D", data, "-w", "-l", f"{folder}/log", "-o", f"{_QUICK} -k {folder}", "start")
        try:
            yield server
        finally:
            server.run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_migrated(postgresql_server: Server) -> str:
    """The name of a database that only serves as a template."""
    name = "migrated"
    postgresql_server.say("CREATE DATABASE {}", name)
    opened = open_database(postgresql_server.url(name))
    migrate(opened)
    opened.dispose()
    return name


@pytest.fixture
def postgresql_database(postgresql_server: Server) -> Iterator[str]:
    """The URL of an empty database."""
    yield from _database(postgresql_server, "template1")


@dataclass(frozen=True, slots=True)
class Reused:
    """A migrated database that tests have one after the other, and the rows that the migrations themselves made."""

    url: str
    version: str
    born_with: tuple[tuple[Table, list[dict[str, Any]]], ...]

    def emptied(self) -> None:
        """As the migrations left it. What a test leaves running loses its connection."""
        opened = open_database(self.url)
        with opened.begin() as connection:
            connection.exec_driver_sql(_OTHERS)
            # Truncating makes each table's file anew, which takes longer than deleting a few rows.
            if grown := connection.scalars(_GROWN).all():
                connection.exec_driver_sql(f"TRUNCATE {', '.join(grown)} CASCADE")
            connection.exec_driver_sql(_EMPTYING)
            connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": self.version})
            for table, rows in self.born_with:
                connection.execute(table.insert(), rows)
        opened.dispose()


@pytest.fixture(scope="session")
def postgresql_reused(postgresql_server: Server, postgresql_migrated: str) -> Reused:
    """A new database for each test would take half a second."""
    postgresql_server.say("CREATE DATABASE {} TEMPLATE {}", "reused", postgresql_migrated)
    opened = open_database(postgresql_server.url("reused"))
    with opened.connect() as connection:
        version = str(connection.scalar(text("SELECT version_num FROM alembic_version")))
        found = [
            (table, [dict(row._mapping) for row in connection.execute(table.select())])
            for table in METADATA.sorted_tables
        ]
    opened.dispose()
    return Reused(postgresql_server.url("reused"), version, tuple((table, rows) for table, rows in found if rows))


@pytest.fixture
def postgresql_ready(postgresql_reused: Reused) -> Iterator[str]:
    """The URL of a migrated, empty database."""
    yield postgresql_reused.url
    postgresql_reused.emptied()


@pytest.fixture(scope="module")
def postgresql_module_database(postgresql_server: Server) -> Iterator[str]:
    """The URL of an empty database that a module's tests share."""
    yield from _database(postgresql_server, "template1")


def _database(server: Server, template: str) -> Iterator[str]:
    name = f"test_{secrets.token_hex(6)}"
    server.say("CREATE DATABASE {} TEMPLATE {}", name, template)
    yield server.url(name)
    server.say("DROP DATABASE {} WITH (FORCE)", name)
