"""What an agent is told by its TOML file: who it is, its keys, its broker, and how its doors are wired.

Wiring is decided here and nowhere else: no list may ask for what the wiring does not permit (DESIGN 4).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

from contract.policy import Direction
from contract.topic import Address


class LockKind(StrEnum):
    """strike: fail-secure, released by power; maglock: fail-safe, released by loss of power."""

    STRIKE = "strike"
    MAGLOCK = "maglock"


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """Where the broker is, and the agent's certificate for it."""

    host: str
    port: int
    ca: Path
    certificate: Path
    key: Path

    def __post_init__(self) -> None:
        if not 1 <= self.port <= 65535:
            raise ValueError("port is from 1 to 65535")


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """A serial reader: its port (by-id paths survive replugging) and how it frames what it sends."""

    kind: Literal["serial"]
    port: Path
    framing: Literal["stx-etx-hex", "line-hex"]
    baud: int = 9600


@dataclass(frozen=True, slots=True)
class AccessPointSettings:
    """One direction through a door: its reader and its lamps (GPIO numbers)."""

    id: str
    direction: Direction
    reader: ReaderSettings
    green_pin: int | None = None
    red_pin: int | None = None
    buzzer_pin: int | None = None

    def __post_init__(self) -> None:
        Address(self.id, self.id)


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """One door's wiring. Inputs are active when the door is open, a button pressed, a glass broken, fire reported.
    inputs: "active-low" switches to ground against the pin's pull-up; sign_off: who accepted that its exit is
    controlled (empty: nobody has, it is not); interlock: doors of this agent that name the same one are never
    released for entry while another of them is released or open."""

    id: str
    lock: LockKind
    lock_pin: int
    access_point: tuple[AccessPointSettings, ...]
    contact_pin: int | None = None
    rex_pin: int | None = None
    break_glass_pin: int | None = None
    fire_pin: int | None = None
    tamper_pin: int | None = None
    inputs: Literal["active-high", "active-low"] = "active-high"
    inside_handle: bool = False
    mechanical_egress: bool = False
    sign_off: str = ""
    interlock: str = ""
    max_release_ms: int = 10_000

    def __post_init__(self) -> None:
        Address(self.id, self.id)
        if not 500 <= self.max_release_ms <= 60_000:
            raise ValueError("max_release_ms is from 500 to 60000")
        if not self.access_point:
            raise ValueError("a door has at least one access point")

    @property
    def permits_control(self) -> bool:
        """Whether a card may be demanded to leave: break-glass and fire release are wired, people can get out without
        power, and somebody has signed for it."""
        gets_out = self.lock is LockKind.MAGLOCK or self.mechanical_egress
        wired = self.break_glass_pin is not None and self.fire_pin is not None
        return wired and gets_out and bool(self.sign_off.strip())

    @property
    def pins(self) -> tuple[int, ...]:
        """Every GPIO number this door uses."""
        inputs = (self.contact_pin, self.rex_pin, self.break_glass_pin, self.fire_pin, self.tamper_pin)
        lamps = (pin for point in self.access_point for pin in (point.green_pin, point.red_pin, point.buzzer_pin))
        return tuple(pin for pin in (self.lock_pin, *inputs, *lamps) if pin is not None)


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """data: journal and list; keys: signing.key, sealing.key, lookup.key, controller.pub, intake.pub;
    trust_clock: "system" believes the clock while the system says it is synchronised, "always" believes it anyway."""

    site: str
    agent: str
    data: Path
    keys: Path
    broker: BrokerSettings
    door: tuple[DoorSettings, ...]
    trust_clock: Literal["system", "always"] = "system"
    status_every_s: int = 20
    log_level: str = "info"

    def __post_init__(self) -> None:
        Address(self.site, self.agent)
        _once("pin", [pin for door in self.door for pin in door.pins])
        _once("door", [door.id for door in self.door])
        _once("access point", [point.id for door in self.door for point in door.access_point])
        _once("port", [str(point.reader.port) for door in self.door for point in door.access_point])
        if not self.door:
            raise ValueError("an agent has at least one door")
        if not 5 <= self.status_every_s <= 3600:
            raise ValueError("status_every_s is from 5 to 3600")

    @property
    def address(self) -> Address:
        return Address(self.site, self.agent)


def _once(what: str, used: list[int] | list[str]) -> None:
    twice = [each for each, count in Counter(used).items() if count > 1]
    if twice:
        raise ValueError(f"{what} {twice[0]} is used twice")
