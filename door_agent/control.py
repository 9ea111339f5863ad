"""The agent's control socket: an operator on this host asks, one JSON line each way. Only its owner may open it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

NAME = "control.sock"
LONGEST_LINE = 4096
ANSWER_WITHIN_S = 5.0


class AgentUnreachableError(OSError):
    """No agent answers on this data folder."""


def ask(folder: Path, question: dict[str, Any]) -> dict[str, Any]:
    """What the agent on data folder `folder` answers, e.g. to {"do": "reset", "door": "cedar"}."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(ANSWER_WITHIN_S)
        try:
            with _short(folder) as path:
                connection.connect(path)
            connection.sendall(json.dumps(question).encode() + b"\n")
            answer = _line(connection)
        except OSError as flaw:
            raise AgentUnreachableError(f"no agent answers in {folder}") from flaw
    found = json.loads(answer or b"{}")
    return found if isinstance(found, dict) else {}


class ControlSocket:
    """Answers questions by `answer`, one connection at a time."""

    def __init__(self, folder: Path, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self._path, self._answer = folder / NAME, answer
        self._path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with _short(folder) as path:
            self._socket.bind(path)
        self._path.chmod(0o600)
        self._socket.listen(4)
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._stopping = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(1.0)
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def _run(self) -> None:
        while not self._stopping:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(ANSWER_WITHIN_S)
                with contextlib.suppress(OSError):
                    connection.sendall(json.dumps(self._answered(_line(connection))).encode() + b"\n")

    def _answered(self, line: bytes) -> dict[str, Any]:
        try:
            question = json.loads(line)
        except ValueError:
            return {"error": "not a JSON object"}
        return self._answer(question) if isinstance(question, dict) else {"error": "not a JSON object"}


def _line(connection: socket.socket) -> bytes:
    found = b""
    while not found.endswith(b"\n") and len(found) < LONGEST_LINE:
        part = connection.recv(LONGEST_LINE)
        if not part:
            break
        found += part
    return found


@contextlib.contextmanager
def _short(folder: Path) -> Any:
    """A path to the socket that never exceeds the 107 bytes an address may have."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{NAME}"
    finally:
        os.close(descriptor)
