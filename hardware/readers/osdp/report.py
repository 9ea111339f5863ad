"""What a reader's replies mean for the door: cards, keys, tamper, power, inputs. Sans-I/O.

The law: only what a channel has vouched for comes here. A read that may be old is dropped and recorded; a reader that
delivers more than people can present is counted, not believed. No detail repeats what was on a card or a keypad.
"""

from typing import Final

from hardware.readers.osdp.capabilities import Capabilities
from hardware.readers.osdp.reply import Card, InputStatus, Keypad, LocalStatus, ReaderStatus, Reply, Unreadable
from hardware.readers.osdp.summary import Summary
from hardware.signal import OSDP, CardBits, FaultKind, InputLevel, KeysPressed, ReaderTamper, Signal

MOST_READS: Final = 20
"""Reads and keys of one reader in one second; no hand is faster. After a flood the next one is taken at once."""
MOST_INPUTS: Final = 32


class Report:
    """One reader's. Every method returns the signals to deliver, in order."""

    def __init__(self, reader: str, paired: Capabilities | None, summary: Summary) -> None:
        self._reader = reader
        self._paired = paired
        self._summary = summary
        self._room = float(MOST_READS)
        self._room_at = 0.0
        self._tampers: dict[str, bool] = {}
        self._levels: dict[str, bool] = {}

    def of(self, reply: Reply, now: float, *, fresh: bool) -> list[Signal]:
        """The signals in a reply; `fresh`: a read that it carries was made while the line was up."""
        match reply:
            case Card() | Keypad():
                return self._read(reply, now, fresh)
            case LocalStatus():
                return [*self._tamper("housing", reply.tamper, now), *self._level("power", reply.power_failed, now)]
            case ReaderStatus():
                return self._tamper("head", any(reply.heads), now)
            case InputStatus():
                numbered = enumerate(reply.active[:MOST_INPUTS], 1)
                return [signal for number, on in numbered for signal in self._level(f"input{number}", on, now)]
            case Unreadable():
                return [*self._summary.note(FaultKind.GARBAGE, reply.detail, now)]
        return []

    def capabilities(self, found: Capabilities, now: float) -> list[Signal]:
        """What the reader can do; less than when it was paired is a fault and a tamper."""
        lost = found.losses_since(self._paired) if self._paired is not None else ()
        told: list[Signal] = []
        if lost:
            detail = f"it no longer offers what it offered when it was paired: {', '.join(lost)}"
            told = [*self._summary.note(FaultKind.CAPABILITY, detail, now)]
        return told + self._tamper("capabilities", bool(lost), now)

    def _read(self, read: Card | Keypad, now: float, fresh: bool) -> list[Signal]:
        if not fresh:
            return [*self._summary.note(FaultKind.STALE, "a read from while the line was down was dropped", now)]
        if not self._has_room(now):
            return [*self._summary.note(FaultKind.FLOOD, f"more than {MOST_READS} reads in a second", now)]
        if read.head != 0:
            return [*self._summary.note(FaultKind.GARBAGE, "a read from a second head, which has no access point", now)]
        if isinstance(read, Card):
            return [CardBits(self._reader, OSDP, read.bits, now)]
        return [KeysPressed(self._reader, read.keys, now)]

    def _has_room(self, now: float) -> bool:
        self._room = min(float(MOST_READS), self._room + (now - self._room_at) * MOST_READS)
        self._room_at = now
        if self._room < 1.0:
            return False
        self._room -= 1.0
        return True

    def _tamper(self, part: str, active: bool, now: float) -> list[Signal]:
        before = any(self._tampers.values())
        self._tampers[part] = active
        after = any(self._tampers.values())
        return [ReaderTamper(self._reader, after, now)] if after != before else []

    def _level(self, name: str, active: bool, now: float) -> list[Signal]:
        if self._levels.get(name, False) == active:
            return []
        self._levels[name] = active
        return [InputLevel(f"{self._reader}.{name}", active, now)]
