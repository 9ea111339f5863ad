"""A database on another machine: whether whoever answers there is known to be it, before passwords and names go out."""

from __future__ import annotations

import os
from logging import Logger
from typing import Final

from sqlalchemy.engine import make_url

from process import logs

_THIS_HOST: Final = frozenset({"", "localhost", "127.0.0.1", "::1"})


def is_unverified(url: str) -> bool:
    """Whether it is PostgreSQL on another machine whose certificate and name are not both verified. As libpq has it,
    the environment (PGHOST, PGSSLMODE) says what the URL does not."""
    meant = make_url(url)
    if meant.get_backend_name() != "postgresql":
        return False
    asked = meant.normalized_query
    named = [meant.host] if meant.host else asked.get("host", [os.environ.get("PGHOST", "")])
    hosts = [each for name in named for each in name.split(",")]
    modes = asked.get("sslmode", [os.environ.get("PGSSLMODE", "")])
    far = any(each not in _THIS_HOST and not each.startswith("/") for each in hosts)
    return far and modes[-1] != "verify-full"


def warn(log: Logger, url: str) -> None:
    """Say so in the log of a process that starts on it, and how to mend it."""
    if is_unverified(url):
        mend = "name sslmode=verify-full and sslrootcert in the URL of the database"
        logs.event(log, "database_not_verified", level="warning", mend=mend)
