"""What `controller serve` is told by its TOML file."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

_ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_ON_THIS_HOST: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_MOST_RECIPIENTS: Final = 20
_HOST: Final = re.compile(r"([a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(:[0-9]{1,5})?")
_TOPIC: Final = re.compile(r"[a-z0-9_-]{1,32}(/[a-z0-9_-]{1,32}){0,3}")


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
class FeedSettings:
    """What the owner of the host lets feeds do. hosts: the only ones that they may go to, such as `siem.example` or
    `hooks.example:8443` (none: any); reach: networks that they may go to besides public addresses, such as
    `10.2.3.0/24`; ca: certificates of further authorities that they believe; plain_on_loopback: `http://` to this host,
    for trying out; pause_after_h: so long may nothing be taken before a feed is paused."""

    reach: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    ca: Path | None = None
    plain_on_loopback: bool = False
    pause_after_h: int = 24

    def __post_init__(self) -> None:
        for network in self.reach:
            try:
                ipaddress.ip_network(network)
            except ValueError as flaw:
                raise ValueError("reach holds networks such as 10.2.3.0/24, without bits of a host") from flaw
        if not all(_HOST.fullmatch(each) for each in self.hosts):
            raise ValueError("hosts holds names or addresses in small letters, each with a port or without")
        if not 1 <= self.pause_after_h <= 720:
            raise ValueError("pause_after_h is from 1 to 720")


@dataclass(frozen=True, slots=True)
class HomeAssistantSettings:
    """The broker of a Home Assistant that is told how the house stands, and never asked. recipient, purpose: who that
    is and what they need it for; ca: the authority of its certificate; certificate and key, or user and password (a
    file): who we are there; discovery: Home Assistant's own prefix; topics: where the states are; occupancy: keys of
    the areas whose number of people is told; same_broker: it is the doors' own broker, on purpose."""

    recipient: str
    purpose: str
    host: str
    ca: Path
    port: int = 8883
    certificate: Path | None = None
    key: Path | None = None
    user: str | None = None
    password: Path | None = None
    discovery: str = "homeassistant"
    topics: str = "sekisho-feed"
    occupancy: tuple[str, ...] = ()
    language: Literal["en", "ja"] = "en"
    same_broker: bool = False

    def __post_init__(self) -> None:
        if not (self.recipient.strip() and self.purpose.strip()):
            raise ValueError("recipient and purpose say who is told, and what they need it for")
        if len(self.recipient) > 120 or len(self.purpose) > 400:
            raise ValueError("recipient has at most 120 characters, purpose 400")
        if not 1 <= self.port <= 65535:
            raise ValueError("port is from 1 to 65535")
        if (self.certificate is None) is not (self.key is None) or (self.user is None) is not (self.password is None):
            raise ValueError("certificate and key, user and password are given together, or neither")
        for prefix in (self.discovery, self.topics):
            if not _TOPIC.fullmatch(prefix) or prefix == "sekisho" or prefix.startswith("sekisho/"):
                raise ValueError("discovery and topics are of a-z, 0-9, - and /, and none of the doors' own (sekisho/)")


@dataclass(frozen=True, slots=True)
class ControllerSettings:
    """database: an SQLAlchemy URL; site: the key of the site; keys: the authority's folder, made at the first start;
    public_url: where people reach the pages; building: the installer's description, loaded at every start; mail: None:
    nobody is told anything by mail; feeds: what feeds to other systems may do (None: the defaults); home_assistant:
    None: none is told anything."""

    database: str
    site: str
    keys: Path
    public_url: str
    broker: BrokerSettings
    building: Path | None = None
    mail: MailSettings | None = None
    feeds: FeedSettings | None = None
    home_assistant: HomeAssistantSettings | None = None
    log_level: str = "info"

    def __post_init__(self) -> None:
        told, own = self.home_assistant, self.broker
        if told is not None and (told.host, told.port) == (own.host, own.port) and not told.same_broker:
            raise ValueError("home_assistant names the doors' own broker: say same_broker = true if that is meant")
