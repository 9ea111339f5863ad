"""The wake-up between processes of one database: it may be lost, and only saves waiting for the one-second poll.

Beside a SQLite file each listener binds a datagram socket in a private folder `<file>.poke/`, and `ring` sends one byte
to all of them. On PostgreSQL it is LISTEN and NOTIFY.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import socket
from pathlib import Path
from typing import Protocol, cast

import psycopg
from sqlalchemy import Engine, text

CHANNEL = "sekisho_poke"


class Listener(Protocol):
    """One who waits to be woken; `close` when done."""

    def wait(self, timeout: float) -> bool:
        """True when woken before `timeout` seconds are over; ConnectionError when nobody can wake it any more."""

    def close(self) -> None: ...


def ring(engine: Engine) -> None:
    """Wake everybody who listens; never fails and never waits. Call it after the commit."""
    folder = _folder(engine)
    if folder is None:
        with engine.begin() as connection:
            connection.execute(text(f"NOTIFY {CHANNEL}"))
        return
    if not folder.is_dir():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        for name in os.listdir(folder):
            _ring_one(sender, folder, name)


def listen(engine: Engine) -> Listener:
    """A listener that hears every `ring` from now on, as far as none is lost."""
    folder = _folder(engine)
    return _Notified(engine) if folder is None else _Datagrams(folder)


def _folder(engine: Engine) -> Path | None:
    database = engine.url.database
    if engine.dialect.name != "sqlite" or database is None:
        return None
    return Path(f"{database}.poke")


def _ring_one(sender: socket.socket, folder: Path, name: str) -> None:
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        sender.sendto(b"!", _short(descriptor, name))
    except ConnectionRefusedError:
        # Its listener was killed and left the name behind.
        with contextlib.suppress(FileNotFoundError):
            (folder / name).unlink()
    except (BlockingIOError, FileNotFoundError):
        # Full: it has been woken already. Gone: it has just closed.
        return
    finally:
        os.close(descriptor)


def _short(descriptor: int, name: str) -> str:
    """A path to a socket in an open folder that never exceeds the 107 bytes an address may have."""
    return f"/proc/self/fd/{descriptor}/{name}"


class _Datagrams:
    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self._path = folder / secrets.token_hex(8)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
        try:
            self._socket.bind(_short(descriptor, self._path.name))
        finally:
            os.close(descriptor)

    def wait(self, timeout: float) -> bool:
        if not select.select([self._socket], [], [], timeout)[0]:
            return False
        with contextlib.suppress(BlockingIOError):
            while self._socket.recv(16):
                continue
        return True

    def close(self) -> None:
        self._socket.close()
        self._path.unlink(missing_ok=True)


class _Notified:
    def __init__(self, engine: Engine) -> None:
        self._pooled = engine.raw_connection()
        # Asked before it is detached: a connection without its pool no longer says which driver's it is.
        self._connection = cast("psycopg.Connection", self._pooled.driver_connection)
        self._pooled.detach()
        self._connection.rollback()
        self._connection.autocommit = True
        self._connection.execute(f"LISTEN {CHANNEL}")

    def wait(self, timeout: float) -> bool:
        try:
            return any(True for _ in self._connection.notifies(timeout=timeout, stop_after=1))
        except psycopg.Error as flaw:
            raise ConnectionError("the database went away") from flaw

    def close(self) -> None:
        self._pooled.close()
        self._connection.close()
