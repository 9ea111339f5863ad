"""What an agent is told of its readers: one table for each kind, told apart by `kind`; keys are paths to files."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from hardware.readers.framing import SERIAL_KINDS, framer_named
from hardware.readers.keypad import Keypad
from hardware.readers.osdp.frame import HIGHEST_ADDRESS
from hardware.readers.osdp.settings import BAUDS


@dataclass(frozen=True, slots=True)
class SerialReaderSettings:
    """port: by-id paths survive replugging; framing: how the reader writes, a key of `SERIAL_KINDS`; digits: how many
    a card has, where that may be said; baud and repeat_ms: what such a reader usually wants, if left out."""

    kind: Literal["serial"]
    port: Path
    framing: str
    baud: int | None = None
    digits: int | None = None
    repeat_ms: int | None = None

    def __post_init__(self) -> None:
        if self.framing not in SERIAL_KINDS:
            near = difflib.get_close_matches(self.framing[:40], list(SERIAL_KINDS), n=1, cutoff=0.5)
            mend = f"did you mean {near[0]}?" if near else f"it is one of {', '.join(SERIAL_KINDS)}"
            raise ValueError(f"framing is not known; {mend}")
        framer_named(self.framing, self.digits)
        if self.baud is not None and not 300 <= self.baud <= 230_400:
            raise ValueError("baud is from 300 to 230400")
        if self.repeat_ms is not None and not 0 <= self.repeat_ms <= 60_000:
            raise ValueError("repeat_ms is from 0 to 60000")

    @property
    def word(self) -> str:
        return self.framing

    @property
    def pins(self) -> tuple[int | None, ...]:
        return ()


@dataclass(frozen=True, slots=True)
class WiegandReaderSettings:
    """Two lines, and the reader's own light and beeper wires, which are active low. backend: gpiod tells when the
    kernel lost an edge, gpiozero cannot; chip is for gpiod alone."""

    kind: Literal["wiegand"]
    d0_pin: int
    d1_pin: int
    keypad: Keypad = Keypad.NONE
    frame_gap_ms: int = 25
    backend: Literal["gpiozero", "gpiod"] = "gpiozero"
    chip: Path = Path("/dev/gpiochip0")
    green_pin: int | None = None
    red_pin: int | None = None
    beeper_pin: int | None = None

    def __post_init__(self) -> None:
        if not 5 <= self.frame_gap_ms <= 100:
            raise ValueError("frame_gap_ms is from 5 to 100")

    @property
    def word(self) -> str:
        return "wiegand"

    @property
    def pins(self) -> tuple[int | None, ...]:
        return (self.d0_pin, self.d1_pin, self.green_pin, self.red_pin, self.beeper_pin)


@dataclass(frozen=True, slots=True)
class OsdpReaderSettings:
    """A reader on an RS-485 bus; those that name the same port share it. key: the file that pairing wrote;
    plaintext_sign_off: who accepted that there is none, and why; capabilities: what it could do when it was paired."""

    kind: Literal["osdp"]
    port: Path
    address: int = 0
    key: Path | None = None
    plaintext_sign_off: str = ""
    capabilities: Path | None = None
    baud: int = 9600
    rs485: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.address <= HIGHEST_ADDRESS:
            raise ValueError(f"address is from 0 to {HIGHEST_ADDRESS}")
        if self.baud not in BAUDS:
            raise ValueError(f"baud is one of {', '.join(map(str, BAUDS))}")
        if (self.key is None) == (not self.plaintext_sign_off.strip()):
            raise ValueError("has either a key or, in plaintext_sign_off, the reason in writing why it has none")

    @property
    def word(self) -> str:
        return "osdp-in-the-clear" if self.key is None else "osdp"

    @property
    def pins(self) -> tuple[int | None, ...]:
        return ()


ReaderSettings: TypeAlias = SerialReaderSettings | WiegandReaderSettings | OsdpReaderSettings


def check_ports(readers: Iterable[ReaderSettings]) -> None:
    """ValueError unless every port has one serial reader, or OSDP readers of one speed and different addresses."""
    ports: dict[Path, list[SerialReaderSettings | OsdpReaderSettings]] = {}
    for reader in readers:
        if not isinstance(reader, WiegandReaderSettings):
            ports.setdefault(reader.port, []).append(reader)
    for port, sharing in ports.items():
        _check_port(port, sharing)


def _check_port(port: Path, sharing: Sequence[SerialReaderSettings | OsdpReaderSettings]) -> None:
    buses = [each for each in sharing if isinstance(each, OsdpReaderSettings)]
    if len(sharing) > 1 and len(buses) < len(sharing):
        raise ValueError(f"port {port} is used twice")
    if len({(each.baud, each.rs485) for each in buses}) > 1:
        raise ValueError(f"port {port}: its readers disagree on baud or rs485")
    if len({each.address for each in buses}) < len(buses):
        raise ValueError(f"port {port}: two readers have the same address")
