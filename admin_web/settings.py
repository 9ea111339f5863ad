"""What `web serve` is told by its TOML file."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from admin_web.openid.settings import ProviderSettings
from controller.people.access import Role


@dataclass(frozen=True, slots=True)
class WebSettings:
    """database: an SQLAlchemy URL; site: the key of the site; secret: file of the cookie key, made at first start;
    hosts: names it may be reached by (empty: the host it listens on); viewers: how many live streams at once;
    https: it is reached through a TLS proxy, so cookies are for TLS only; in_clear: it may listen on a host other than
    this one although it speaks plain HTTP there; proxies: how many stand before it, each of
    which appends to X-Forwarded-For; second_factor: the roles that must have one (others are urged to);
    confirm_minutes: how old a sign-in may be for a dangerous act; escalate_minutes: how long an alarm may wait for
    somebody before it is shown as escalated; provider: the OpenID provider that operators may sign in with (None: they
    sign in here)."""

    database: str
    site: str
    secret: Path
    host: str = "127.0.0.1"
    port: int = 8080
    hosts: tuple[str, ...] = ()
    viewers: int = 16
    https: bool = False
    in_clear: bool = False
    proxies: int = 0
    second_factor: tuple[str, ...] = ()
    confirm_minutes: int = 15
    escalate_minutes: int = 5
    provider: ProviderSettings | None = None
    log_level: str = "info"

    def __post_init__(self) -> None:
        if not 1 <= self.viewers <= 200:
            raise ValueError("viewers is from 1 to 200")
        if not 0 <= self.port <= 65535:
            raise ValueError("port is from 0 to 65535")
        if not (self.in_clear or is_this_host(self.host)):
            raise ValueError(
                "host is not this machine's own, and the pages speak plain HTTP: listen on 127.0.0.1 behind a TLS proxy"
                " of this machine, or say in_clear = true if that is meant"
            )
        if not 0 <= self.proxies <= 5:
            raise ValueError("proxies is from 0 to 5")
        if not 1 <= self.confirm_minutes <= 720:
            raise ValueError("confirm_minutes is from 1 to 720")
        if not 1 <= self.escalate_minutes <= 1440:
            raise ValueError("escalate_minutes is from 1 to 1440")
        unknown = set(self.second_factor) - set(Role)
        if unknown:
            raise ValueError(f"second_factor names roles: {', '.join(Role)}")


def is_this_host(host: str) -> bool:
    """Whether only this machine reaches what listens on `host`; a name other than localhost may be any machine's."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
