"""What an agent is told by its TOML file: who it is, its keys, its broker, and how its doors are wired.

Wiring is decided here and nowhere else: no list may ask for what the wiring does not permit (DESIGN 4).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal, TypeAlias

from contract.policy import Direction
from contract.topic import Address
from door_agent.reader_settings import ReaderSettings, check_ports
from hardware.loop import LOOPS

Polarity: TypeAlias = Literal["active-high", "active-low"]
"""What an active input does to its pin: drives it high against a pull-down, or draws it to ground against a pull-up."""
DoorInput: TypeAlias = Literal["contact", "rex", "break-glass", "fire", "tamper"]


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
class SupervisedSettings:
    """A line behind end-of-line resistors: which input it is, the channel of the converter, and the resistors by the
    name of their scheme (`hardware.loop.LOOPS`)."""

    input: DoorInput
    channel: int
    scheme: str

    def __post_init__(self) -> None:
        if not 0 <= self.channel <= 7:
            raise ValueError("channel is from 0 to 7")
        if self.scheme not in LOOPS:
            raise ValueError(f"scheme is one of {', '.join(LOOPS)}")


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

    @property
    def pins(self) -> tuple[int | None, ...]:
        return (self.green_pin, self.red_pin, self.buzzer_pin, *self.reader.pins)


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """One door's wiring. Inputs are active when the door is open, a button pressed, a glass broken, fire reported.
    loops: inputs that open a loop to ground, closed while all is well, so that a cut wire acts; sign_off: who accepted
    that its exit is
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
    supervised: tuple[SupervisedSettings, ...] = ()
    inputs: Polarity = "active-high"
    loops: tuple[DoorInput, ...] = ()
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
        _once("input", [*self.input_pins, *(each.input for each in self.supervised)])

    @property
    def input_pins(self) -> dict[str, int]:
        """The inputs that have a pin of their own."""
        pins = {
            "contact": self.contact_pin,
            "rex": self.rex_pin,
            "break-glass": self.break_glass_pin,
            "fire": self.fire_pin,
            "tamper": self.tamper_pin,
        }
        return {name: pin for name, pin in pins.items() if pin is not None}

    def has(self, name: str) -> bool:
        """Whether this input is wired, on a pin of its own or supervised."""
        return name in self.input_pins or any(each.input == name for each in self.supervised)

    @property
    def permits_control(self) -> bool:
        """Whether a card may be demanded to leave: break-glass and fire release are wired, people can get out without
        power, and somebody has signed for it."""
        gets_out = self.lock is LockKind.MAGLOCK or self.mechanical_egress
        return self.has("break-glass") and self.has("fire") and gets_out and bool(self.sign_off.strip())

    @property
    def pins(self) -> tuple[int, ...]:
        """Every GPIO number this door uses."""
        points = (pin for point in self.access_point for pin in point.pins if pin is not None)
        return (self.lock_pin, *self.input_pins.values(), *points)


@dataclass(frozen=True, slots=True)
class CabinetSettings:
    """The agent's own box: its tamper contact, inputs that are active while mains or battery fail, and the heartbeat
    that keeps a hardware dead-man from letting fail-safe locks go."""

    tamper_pin: int | None = None
    mains_pin: int | None = None
    battery_pin: int | None = None
    heartbeat_pin: int | None = None
    inputs: Polarity = "active-high"
    loops: tuple[Literal["tamper", "mains", "battery"], ...] = ()

    @property
    def input_pins(self) -> dict[str, int]:
        """The inputs that are wired."""
        pins = {"tamper": self.tamper_pin, "mains": self.mains_pin, "battery": self.battery_pin}
        return {name: pin for name, pin in pins.items() if pin is not None}

    @property
    def pins(self) -> tuple[int, ...]:
        """Every GPIO number it uses."""
        heartbeat = () if self.heartbeat_pin is None else (self.heartbeat_pin,)
        return (*self.input_pins.values(), *heartbeat)


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
    cabinet: CabinetSettings = CabinetSettings()
    trust_clock: Literal["system", "always"] = "system"
    status_every_s: int = 20
    log_level: str = "info"

    def __post_init__(self) -> None:
        Address(self.site, self.agent)
        _once("pin", [*self.cabinet.pins, *(pin for door in self.door for pin in door.pins)])
        _once("channel", [each.channel for door in self.door for each in door.supervised])
        _once("door", [door.id for door in self.door])
        _once("access point", [point.id for door in self.door for point in door.access_point])
        check_ports(point.reader for door in self.door for point in door.access_point)
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
