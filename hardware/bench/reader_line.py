"""What every reader on the bench can do, whatever its wire, and what the bench does for it.

The law: no method waits. Each deed returns the stamp at which its last bit, byte or level is on the wire.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from hardware.bench.fixture_readers import ReaderOnBench
from hardware.bench.wire import Fault
from hardware.bench.wiring import Edge


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The bench around a reader. `to_agent` drops what is said to an agent that is not there."""

    clock: Callable[[], float]
    to_agent: Callable[[str, Mapping[str, Any]], None]
    set_input: Callable[[str, int], float]
    tell: Callable[[Edge], None]
    later: Callable[[float, Callable[[], None]], None]


class ReaderLine(Protocol):
    """One reader and its cable. All methods may raise RequestRefusedError with a sentence for the hand."""

    @property
    def reader(self) -> ReaderOnBench:
        """What it is."""

    @property
    def whole(self) -> bool:
        """Is the cable there?"""

    def fileno(self) -> int | None:
        """The file to which an agent's words come, while the cable is whole; None: there is none."""

    def heard(self) -> None:
        """Something came at that file."""

    def mend(self) -> None:
        """The cable is there from now on."""

    def cut(self) -> None:
        """The cable is gone from now on."""

    def present(self, bits: str | None, raw: bytes | None) -> float:
        """Hold a card of these bits to it, or put these bytes on its wire."""

    def keys(self, keys: str) -> float:
        """Press these keys."""

    def fault(self, fault: Fault) -> float:
        """Something goes wrong with it, or (`on` False) comes right again."""

    def described(self) -> dict[str, Any]:
        """What there is to know of it beyond id, kind and access point."""
