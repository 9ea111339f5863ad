"""A mail server on loopback: as much SMTP as a client needs, with faults that can be asked for."""

from __future__ import annotations

import base64
import socketserver
import ssl
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from tests.loopback import LoopbackServer, running


@dataclass(frozen=True)
class Taken:
    """One mail as it came in: the raw lines too, and what was known of the sender."""

    recipient: str
    raw: bytes
    encrypted: bool
    user: str | None

    @property
    def message(self) -> EmailMessage:
        made = message_from_bytes(self.raw, policy=SMTP)
        assert isinstance(made, EmailMessage)
        return made

    @property
    def text(self) -> str:
        return str(self.message.get_content()).replace("\r\n", "\n")


@dataclass
class Manners:
    """How the server behaves. refused: the code for a recipient; hangs_up: when it has a mail, before it says so;
    meanwhile: done while the client waits for that answer."""

    certificate: Path | None = None
    key: Path | None = None
    implicit: bool = False
    accounts: Mapping[str, str] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    hangs_up: bool = False
    meanwhile: Callable[[], object] = lambda: None

    def context(self) -> ssl.SSLContext | None:
        if self.certificate is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


class MailServer(LoopbackServer[Taken]):
    def __init__(self, port: int, manners: Manners) -> None:
        self.manners = manners
        self.said: list[str] = []
        super().__init__(_Conversation, port)


class _Conversation(socketserver.StreamRequestHandler):
    server: MailServer

    def setup(self) -> None:
        self.context = self.server.manners.context()
        self.encrypted = False
        self.user: str | None = None
        self.recipients: list[str] = []
        if self.server.manners.implicit:
            self._encrypt()
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def _encrypt(self) -> None:
        assert self.context is not None
        self.request = self.context.wrap_socket(self.request, server_side=True)
        self.encrypted = True

    def handle(self) -> None:
        self._say("220 loopback")
        while line := self.rfile.readline():
            said = line.decode("ascii").rstrip("\r\n")
            self.server.said.append(said)
            if not self._answer(said.partition(" ")[0].upper(), said):
                return

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode("ascii"))

    def _answer(self, verb: str, said: str) -> bool:
        manners = self.server.manners
        if verb == "EHLO":
            offers = self.context is not None and not self.encrypted
            self._say("250-loopback", *(["250-STARTTLS"] if offers else []), "250-AUTH PLAIN", "250 8BITMIME")
        elif verb == "STARTTLS":
            self._say("220 go ahead")
            self._encrypt()
            super().setup()
        elif verb == "AUTH":
            _, user, password = base64.b64decode(said.split()[2]).decode("ascii").split("\0")
            known = manners.accounts.get(user) == password
            self.user = user if known else None
            self._say("235 welcome" if known else "535 no")
        elif verb == "RCPT":
            address = said[said.index("<") + 1 : said.index(">")]
            code = manners.refused.get(address, 250)
            self.recipients += [address] if code == 250 else []
            self._say(f"{code} {address}")
        elif verb == "DATA":
            return self._take()
        elif verb == "QUIT":
            self._say("221 bye")
            return False
        else:
            self._say("250 well")
        return True

    def _take(self) -> bool:
        self._say("354 go on")
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        self.server.manners.meanwhile()
        for recipient in self.recipients:
            self.server.taken.put(Taken(recipient, b"".join(lines), self.encrypted, self.user))
        self.recipients.clear()
        if self.server.manners.hangs_up:
            return False
        self._say("250 taken")
        return True


def serving(manners: Manners | None = None, port: int = 0) -> AbstractContextManager[MailServer]:
    return running(MailServer(port, manners or Manners()))
