"""Readers of the bench's fixture file: one dataclass and one parser for each kind, one table of all kinds.

The law: a further kind is one more entry of `KINDS`, and one more case in `reader_lines.line_of`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

from hardware.bench.table import FixtureError, gpio, known, number, one_of, text
from hardware.readers.framing import SERIAL_KINDS
from hardware.readers.keypad import Keypad

_EVERYWHERE: Final = {"id", "kind", "access_point", "agent", "door"}


@dataclass(frozen=True, slots=True)
class SerialOnBench:
    """A serial reader; `port` is the symlink through which agents open it, `framing` a key of `SERIAL_KINDS`."""

    id: str
    framing: str
    port: Path
    access_point: str

    kind: ClassVar[str] = "serial"


@dataclass(frozen=True, slots=True)
class WiegandOnBench:
    """A Wiegand reader on two pins of an agent; spacing of its bits and width of its pulses in seconds."""

    id: str
    agent: str
    d0: int
    d1: int
    keypad: Keypad
    spacing: float
    pulse: float
    access_point: str

    kind: ClassVar[str] = "wiegand"

    def wire(self, line: int) -> str:
        """The name of one of its two lines among the inputs of the bench."""
        return f"{self.id}.d{line}"


ReaderOnBench = SerialOnBench | WiegandOnBench


def read_reader(table: Mapping[str, Any], folder: Path) -> ReaderOnBench:
    """The reader in one `[[reader]]` table; relative ports are seen from `folder`. FixtureError if it is wrong."""
    name = text(table, "reader", "id")
    kind = one_of(table, f"reader {name}", "kind", KINDS)
    return KINDS[kind](table, f"reader {name}", folder)


def _serial(table: Mapping[str, Any], where: str, folder: Path) -> SerialOnBench:
    known(table, where, _EVERYWHERE | {"framing", "port"})
    name = text(table, where, "id")
    framing = one_of(table, where, "framing", SERIAL_KINDS)
    return SerialOnBench(name, framing, folder / text(table, where, "port"), text(table, where, "access_point", name))


def _wiegand(table: Mapping[str, Any], where: str, _folder: Path) -> WiegandOnBench:
    known(table, where, _EVERYWHERE | {"d0", "d1", "keypad", "spacing_us", "pulse_us"})
    name = text(table, where, "id")
    spacing = number(table, where, "spacing_us", range(100, 20_001), 2_000)
    pulse = number(table, where, "pulse_us", range(10, 1_001), 50)
    if pulse >= spacing:
        raise FixtureError(f"{where}: pulse_us is shorter than spacing_us")
    return WiegandOnBench(
        name,
        text(table, where, "agent"),
        gpio(table, where, "d0"),
        gpio(table, where, "d1"),
        Keypad(one_of(table, where, "keypad", Keypad, "none")),
        spacing / 1e6,
        pulse / 1e6,
        text(table, where, "access_point", name),
    )


KINDS: Final[Mapping[str, Callable[[Mapping[str, Any], str, Path], ReaderOnBench]]] = {
    "serial": _serial,
    "wiegand": _wiegand,
}
