"""Receivers of feeds on loopback: a web server and a syslog server over TLS, with faults that can be asked for."""

from __future__ import annotations

import json
import re
import socketserver
import ssl
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from tests.loopback import LoopbackServer, running


@dataclass(frozen=True)
class Posted:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found


@dataclass
class Conduct:
    """How a receiver behaves. keys: the folder with its certificate (None: plain); statuses: of the next answers, then
    204; meanwhile: done before it answers; drips: answers by one byte at a time, for ever."""

    keys: Path | None = None
    statuses: list[int] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None
    headers: dict[str, str] = field(default_factory=dict)
    hangs_up: bool = False
    drips: threading.Event | None = None

    def context(self) -> ssl.SSLContext | None:
        if self.keys is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.keys / "broker.pem", self.keys / "broker.key")
        return context


class Receiver(LoopbackServer[Any]):
    def __init__(self, conduct: Conduct, handler: type[socketserver.BaseRequestHandler], port: int = 0) -> None:
        self.conduct = conduct
        super().__init__(handler, port)


class _Hook(BaseHTTPRequestHandler):
    server: Receiver

    def setup(self) -> None:
        context = self.server.conduct.context()
        if context is not None:
            self.request = context.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def do_POST(self) -> None:
        conduct = self.server.conduct
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.put(Posted(self.path, {name.lower(): value for name, value in self.headers.items()}, sent))
        conduct.meanwhile()
        if conduct.hangs_up:
            return
        if conduct.drips is not None:
            self._drip(conduct.drips)
            return
        self.send_response(conduct.statuses.pop(0) if conduct.statuses else 204)
        for name, value in conduct.headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _drip(self, over: threading.Event) -> None:
        try:
            while not over.wait(0.02):
                self.wfile.write(b"H")
                self.wfile.flush()
        except OSError:
            over.set()

    def log_message(self, *_told: object) -> None:
        """Say nothing."""


class _Syslog(socketserver.BaseRequestHandler):
    """Takes frames that are counted in octets, as RFC 5425 has them, and ends when its client does."""

    server: Receiver

    def handle(self) -> None:
        context = self.server.conduct.context()
        assert context is not None
        with context.wrap_socket(self.request, server_side=True) as connected:
            held = b""
            while part := connected.recv(4096):
                held = self._frames(held + part)
                if self.server.conduct.hangs_up:
                    return
            assert held == b""
            connected.unwrap()

    def _frames(self, held: bytes) -> bytes:
        while (found := re.match(rb"([1-9][0-9]*) ", held)) and len(held) >= found.end() + int(found[1]):
            end = found.end() + int(found[1])
            self.server.taken.put(held[found.end() : end].decode("utf-8"))
            held = held[end:]
        return held


def hook(conduct: Conduct, port: int = 0) -> AbstractContextManager[Receiver]:
    return running(Receiver(conduct, _Hook, port))


def siem(conduct: Conduct, port: int = 0) -> AbstractContextManager[Receiver]:
    return running(Receiver(conduct, _Syslog, port))
