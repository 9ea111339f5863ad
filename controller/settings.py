"""What `controller serve` is told by its TOML file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


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
class ControllerSettings:
    """database: an SQLAlchemy URL; site: the key of the site; keys: the authority's folder, made at the first start;
    public_url: where people reach the pages; building: the installer's description, loaded at every start."""

    database: str
    site: str
    keys: Path
    public_url: str
    broker: BrokerSettings
    building: Path | None = None
    log_level: str = "info"
