"""What every reader on the bench can do, whatever its wire, and what the bench does for it.

The law: no method waits. Each deed returns the stamp at which its last bit, byte or level is on the wire, or the
promise of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from hardware.bench.fixture_readers import ReaderOnBench
from hardware.bench.wire import Fault, RequestRefusedError
from hardware.bench.wiring import Edge


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The bench around a reader. `to_agent` drops what is said to an agent that is not there."""

    clock: Callable[[], float]
    to_agent: Callable[[str, Mapping[str, Any]], None]
    set_input: Callable[[str, int], float]
    tell: Callable[[Edge], None]
    later: Callable[[float, Callable[[], None]], None]
    show: Callable[[str, int, float], None]


class Awaited:
    """The stamp of a deed that is not done yet. In the bench's own thread only."""

    def __init__(self) -> None:
        self._outcome: float | RequestRefusedError | None = None
        self._told: Callable[[float | RequestRefusedError], None] | None = None

    def settle(self, outcome: float | RequestRefusedError) -> None:
        """It was done then, or why it was not; the first word counts."""
        if self._outcome is None:
            self._outcome = outcome
            if self._told is not None:
                self._told(outcome)

    def then(self, told: Callable[[float | RequestRefusedError], None]) -> None:
        """Tell the outcome to this one, as soon as there is one."""
        self._told = told
        if self._outcome is not None:
            told(self._outcome)


Stamp = float | Awaited


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

    def present(self, bits: str | None, raw: bytes | None) -> Stamp:
        """Hold a card of these bits to it, or put these bytes on its wire."""

    def keys(self, keys: str) -> Stamp:
        """Press these keys."""

    def tamper(self, value: int) -> Stamp:
        """Open (1) or close (0) its own housing. Only where the fixture gives it such an input."""

    def fault(self, fault: Fault) -> float:
        """Something goes wrong with it, or (`on` False) comes right again."""

    def close(self) -> None:
        """The bench ends: cable, device and whatever else it is are gone. May be called twice."""

    def described(self) -> dict[str, Any]:
        """What there is to know of it beyond id, kind and access point."""
