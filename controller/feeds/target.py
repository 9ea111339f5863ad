"""Where a feed goes: one address, understood once. What may be reached is decided when it is connected to (`reach`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import SplitResult, urlsplit

from controller.refusal import Refused

LONGEST: Final = 400
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST: Final = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_ADDRESS_V6: Final = re.compile(r"[0-9A-Fa-f:.]+")
_PRINTABLE: Final = re.compile(r"[!-~]+")
_PORTS: Final = {"https": 443, "http": 80, "syslog-tls": 6514}
_ON_THIS_HOST: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class FeedKind(StrEnum):
    WEBHOOK = "webhook"
    SYSLOG = "syslog"
    HOME_ASSISTANT = "home-assistant"


@dataclass(frozen=True, slots=True)
class Target:
    """path: with its query, as an HTTP request names it; empty for syslog. plain: not encrypted, to this host alone."""

    kind: FeedKind
    host: str
    port: int
    path: str
    plain: bool

    @property
    def authority(self) -> str:
        """Host and port as a request names them."""
        usual = self.port == _PORTS["http" if self.plain else "https"]
        return self._bracketed if usual else f"{self._bracketed}:{self.port}"

    @property
    def called(self) -> tuple[str, str]:
        """By what the owner of the host may name it: with any port, and with this one."""
        return self._bracketed, f"{self._bracketed}:{self.port}"

    @property
    def _bracketed(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


def understood(text: str) -> Target:
    """The target that `text` names; Refused feed-target-wrong. Plain HTTP is understood for this host only."""
    if len(text) > LONGEST or not _PRINTABLE.fullmatch(text):
        raise Refused("feed-target-wrong")
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname or ""
    except ValueError as flaw:
        raise Refused("feed-target-wrong") from flaw
    if not _is_sound(parts, host, port):
        raise Refused("feed-target-wrong")
    kind = FeedKind.SYSLOG if parts.scheme == "syslog-tls" else FeedKind.WEBHOOK
    path = "" if kind is FeedKind.SYSLOG else (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(kind, host, port or _PORTS[parts.scheme], path, parts.scheme == "http")


def _is_sound(parts: SplitResult, host: str, port: int | None) -> bool:
    named = _ADDRESS_V6.fullmatch(host) if ":" in host else _HOST.fullmatch(host) and len(host) <= 253
    if parts.scheme not in _PORTS or not named or port == 0:
        return False
    if parts.username is not None or parts.password is not None or parts.fragment:
        return False
    if parts.scheme == "syslog-tls":
        return parts.path in ("", "/") and not parts.query
    return parts.scheme != "http" or host in _ON_THIS_HOST
