"""A PostgreSQL server of our own for the tests: one per run, a fresh database per test, reached by its socket only."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import need

# Durability is the server's own business: these tests are about our statements, so the server may be quick.
_QUICK = "-F -c listen_addresses= -c full_page_writes=off -c synchronous_commit=off"


@dataclass(frozen=True, slots=True)
class Server:
    binaries: Path
    sockets: Path
    account: str | None

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


@pytest.fixture
def postgresql_database(postgresql_server: Server) -> Iterator[str]:
    """The URL of an empty database."""
    name = f"test_{secrets.token_hex(6)}"
    place = ("-h", str(postgresql_server.sockets), "-U", "postgres")
    postgresql_server.run("createdb", *place, name)
    yield f"postgresql+psycopg://postgres@/{name}?host={postgresql_server.sockets}"
    postgresql_server.run("dropdb", *place, "--force", name)
