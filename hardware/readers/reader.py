"""What every reader is, whatever its wire: one protocol for serial, Wiegand and OSDP.

The law: a reader delivers signals from threads of its own and tells people what was decided; it decides nothing.
"""

from enum import StrEnum
from typing import Protocol


class Shown(StrEnum):
    """What a reader's own lights and buzzer tell the person in front of it."""

    IDLE = "idle"
    GRANTED = "granted"
    DENIED = "denied"
    WAITING = "waiting"
    PIN = "pin"
    ERROR = "error"


class Reader(Protocol):
    """One reader at one access point. No method but `wait_open` and `close` waits for anything."""

    @property
    def id(self) -> str:
        """The id of its access point, as in every signal it delivers."""

    @property
    def alive(self) -> bool:
        """Do its threads run? They must, between `start` and `close`: a watchdog asks."""

    @property
    def online(self) -> bool:
        """Could a card be read now, as far as this kind of reader can know?"""

    @property
    def secure(self) -> bool:
        """Is what it sends encrypted and authenticated right now?"""

    def start(self) -> None:
        """Begin to read; returns at once, whether or not the reader is there."""

    def wait_open(self, timeout: float) -> bool:
        """Wait until a card presented from now on is seen; False if that is not so in time (seconds)."""

    def indicate(self, shown: Shown) -> None:
        """Show this on the reader itself; nothing where it has no lights that we can reach."""

    def close(self) -> None:
        """Stop within a second and give the wire back. May be called twice, or without a start."""
