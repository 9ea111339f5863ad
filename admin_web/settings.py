"""What `web serve` is told by its TOML file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class WebSettings:
    """database: an SQLAlchemy URL; site: the key of the site; secret: file of the cookie key, made at first start;
    hosts: names it may be reached by (empty: the host it listens on); viewers: how many live streams at once;
    https: it is reached through a TLS proxy, so cookies are for TLS only."""

    database: str
    site: str
    secret: Path
    host: str = "127.0.0.1"
    port: int = 8080
    hosts: tuple[str, ...] = ()
    viewers: int = 16
    https: bool = False
    log_level: str = "info"

    def __post_init__(self) -> None:
        if not 1 <= self.viewers <= 200:
            raise ValueError("viewers is from 1 to 200")
        if not 0 <= self.port <= 65535:
            raise ValueError("port is from 0 to 65535")
