"""Troubles told once and then counted: a noisy line or a hostile reader cannot fill a journal. Sans-I/O.

The law: the first of a kind is told at once, the rest at most once in `INTERVAL` with how many they were; none is
forgotten.
"""

from dataclasses import dataclass
from typing import Final

from hardware.signal import FaultKind, ReaderFault

INTERVAL: Final = 10.0


@dataclass(slots=True)
class _Account:
    told: float
    untold: int = 0
    detail: str = ""


class Summary:
    """The troubles of one reader, by kind."""

    def __init__(self, reader: str) -> None:
        self._reader = reader
        self._accounts: dict[FaultKind, _Account] = {}

    def note(self, kind: FaultKind, detail: str, now: float) -> list[ReaderFault]:
        """One more of this kind; the fault to deliver, if it is time."""
        account = self._accounts.get(kind)
        if account is None:
            self._accounts[kind] = _Account(now)
            return [ReaderFault(self._reader, kind, detail, now)]
        account.untold += 1
        account.detail = detail
        return self.due(now)

    def due(self, now: float) -> list[ReaderFault]:
        """What was counted and is due to be told; a kind that was quiet for `INTERVAL` begins anew."""
        found: list[ReaderFault] = []
        for kind, account in list(self._accounts.items()):
            if now - account.told < INTERVAL:
                continue
            if account.untold:
                told = f"{account.detail} ({account.untold} times in {now - account.told:.0f} s)"
                found.append(ReaderFault(self._reader, kind, told, now))
                self._accounts[kind] = _Account(now)
            else:
                del self._accounts[kind]
        return found
