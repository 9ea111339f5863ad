"""What `controller serve` is told by its TOML file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

_ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_ON_THIS_HOST: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_MOST_RECIPIENTS: Final = 20


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """Where the broker is, and the controller's certificate for it."""

    host: str
    port: int
    ca: Path
    certificate: Path
    key: Path

    def __post_init__(self) -> None:
        if not 1 <= self.port <= 65535:
            raise ValueError("port is from 1 to 65535")


@dataclass(frozen=True, slots=True)
class MailSettings:
    """Where mails go out, and who is told of what. security: `starttls` or `tls` from the first byte, both with a
    verified certificate (ca: its authority; None: the system's), or `local`, without, to a server on this host.
    user, password: for signing in there, the password in a file. alarms, approvals, expiries: addresses. expiry_days:
    how long before its end a permission is told of, by a mail a day at digest_hour on the site's clock;
    escalate_minutes: how long an alarm may wait."""

    host: str
    sender: str
    port: int = 587
    security: Literal["starttls", "tls", "local"] = "starttls"
    ca: Path | None = None
    user: str | None = None
    password: Path | None = None
    alarms: tuple[str, ...] = ()
    approvals: tuple[str, ...] = ()
    expiries: tuple[str, ...] = ()
    expiry_days: int = 14
    digest_hour: int = 8
    escalate_minutes: int = 5

    def __post_init__(self) -> None:
        for recipients in (self.alarms, self.approvals, self.expiries):
            if len(recipients) > _MOST_RECIPIENTS or len(set(recipients)) < len(recipients):
                raise ValueError(f"a topic has at most {_MOST_RECIPIENTS} addresses, each once")
        for address in (self.sender, *self.alarms, *self.approvals, *self.expiries):
            if len(address) > 254 or not _ADDRESS.fullmatch(address):
                raise ValueError("an address is plain: security@example.org")
        if not 1 <= self.port <= 65535:
            raise ValueError("port is from 1 to 65535")
        if (self.user is None) is not (self.password is None):
            raise ValueError("user and password are given together, or neither")
        if self.security == "local" and (self.host not in _ON_THIS_HOST or self.user is not None):
            raise ValueError("security is local only to this host (localhost), and without a user")
        if not (1 <= self.expiry_days <= 366 and 0 <= self.digest_hour <= 23 and 1 <= self.escalate_minutes <= 1440):
            raise ValueError("expiry_days is from 1 to 366, digest_hour from 0 to 23, escalate_minutes from 1 to 1440")


@dataclass(frozen=True, slots=True)
class ControllerSettings:
    """database: an SQLAlchemy URL; site: the key of the site; keys: the authority's folder, made at the first start;
    public_url: where people reach the pages; building: the installer's description, loaded at every start; mail: None:
    nobody is told anything by mail."""

    database: str
    site: str
    keys: Path
    public_url: str
    broker: BrokerSettings
    building: Path | None = None
    mail: MailSettings | None = None
    log_level: str = "info"
