"""MQTT topics: sekisho/1/<site>/<agent>/up|down/<name>. An agent writes its own `up` and reads its own `down`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
_ROOT = "sekisho/1"


class Up(StrEnum):
    EVENTS = "events"
    STATUS = "status"
    RECEIPT = "receipt"
    WITNESS = "witness"
    PRESENCE = "presence"


class Down(StrEnum):
    LIST = "list"
    FRESH = "fresh"
    ACK = "ack"
    COMMAND = "command"
    CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True)
class Address:
    """One agent of one site; both ids are 1 to 32 of a-z, 0-9 and inner hyphens."""

    site: str
    agent: str

    def __post_init__(self) -> None:
        if not (_ID.fullmatch(self.site) and _ID.fullmatch(self.agent)):
            raise ValueError("ids are 1 to 32 of a-z, 0-9 and inner hyphens")

    def __str__(self) -> str:
        return f"{self.site}/{self.agent}"

    def up(self, name: Up) -> str:
        return f"{_ROOT}/{self.site}/{self.agent}/up/{name}"

    def down(self, name: Down) -> str:
        return f"{_ROOT}/{self.site}/{self.agent}/down/{name}"


def every_up(site: str) -> str:
    """The filter for all that the agents of `site` send."""
    return f"{_ROOT}/{site}/+/up/#"


def every_down(address: Address) -> str:
    """The filter for all that is sent to one agent."""
    return f"{_ROOT}/{address.site}/{address.agent}/down/#"


def parse_up(topic: str) -> tuple[Address, Up] | None:
    """Sender and name of an `up` topic, or None when `topic` is not one."""
    parts = topic.split("/")
    if len(parts) != 6 or "/".join(parts[:2]) != _ROOT or parts[4] != "up":
        return None
    try:
        return Address(parts[2], parts[3]), Up(parts[5])
    except ValueError:
        return None


def parse_down(topic: str) -> tuple[Address, Down] | None:
    """Receiver and name of a `down` topic, or None when `topic` is not one."""
    parts = topic.split("/")
    if len(parts) != 6 or "/".join(parts[:2]) != _ROOT or parts[4] != "down":
        return None
    try:
        return Address(parts[2], parts[3]), Down(parts[5])
    except ValueError:
        return None
