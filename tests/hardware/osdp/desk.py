"""A bus on a desk without time: our panel, reference peripherals, and a clock that only the test turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hardware.readers.osdp.bus import Bus
from hardware.readers.osdp.key import ReaderKey
from hardware.readers.osdp.session import Session
from hardware.readers.osdp.settings import BusSettings, ReaderSettings
from hardware.signal import CardBits, FaultKind, ReaderFault, Signal
from tests.hardware.osdp.reference_peripheral import ReferencePeripheral

ADA = "10011110000000000001000010"
KEY = ReaderKey(bytes.fromhex("8f1d3ac05e7726b914e2908bd4517cfa"))
OTHER_KEY = ReaderKey(bytes.fromhex("a7c2185be09f34d6710e83fc2b9a4d61"))
LATENCY = 0.01


def settings(address: int = 1, key: ReaderKey | None = KEY, sign_off: str = "", **more: object) -> ReaderSettings:
    return ReaderSettings(f"reader-{address}", address, key, sign_off, **more)  # type: ignore[arg-type]


class Counter:
    """Random bytes that are different every time and the same in every run."""

    def __init__(self, first: int) -> None:
        self.next = first

    def __call__(self, size: int) -> bytes:
        self.next += 1
        return self.next.to_bytes(size, "big")


class Desk:
    """`run` lets time pass until `until` holds or so many seconds are over; `signals` is all that was delivered."""

    def __init__(self, readers: Sequence[ReaderSettings], peers: Sequence[ReferencePeripheral], first: int = 1) -> None:
        self.now = 100.0
        self.bus = Bus(BusSettings("desk", tuple(readers), 115200), self.now, Counter(first))
        self.peers = list(peers)
        self.signals: list[Signal] = []
        self.sent: list[tuple[float, bytes]] = []
        self.replied: list[bytes] = []
        self.answers: Callable[[bytes], bytes] = self._ask_peers
        self._coming = b""
        self._wake_at = self.now

    @property
    def session(self) -> Session:
        return self.bus.sessions[0]

    @property
    def cards(self) -> list[str]:
        return [signal.bits for signal in self.signals if isinstance(signal, CardBits)]

    @property
    def faults(self) -> list[FaultKind]:
        return [signal.kind for signal in self.signals if isinstance(signal, ReaderFault)]

    def run(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        end = self.now + seconds
        while not until():
            if self.now >= end:
                return False
            if self._coming:
                self.now += LATENCY
            else:
                self.now = max(self.now + 1e-4, min(self._wake_at, end))
            self._advance()
        return True

    def _advance(self) -> None:
        step = self.bus.advance(self.now, self._coming)
        self.signals += step.signals
        self._coming, self._wake_at = b"", step.wake_at
        if step.transmit:
            self.sent.append((self.now, step.transmit))
            self._coming = self.answers(step.transmit)
            self.replied += [self._coming] if self._coming else []

    def online(self) -> Desk:
        """Run until every reader delivers what it reads."""
        assert self.run(5.0, lambda: all(session.ready for session in self.bus.sessions))
        return self

    def _ask_peers(self, command: bytes) -> bytes:
        return b"".join(peer.answer(command) for peer in self.peers)


def paired_desk(first: int = 1) -> tuple[Desk, ReferencePeripheral]:
    """One reader with its key; `first` is where our random numbers begin."""
    peer = ReferencePeripheral(1, KEY.value)
    return Desk([settings()], [peer], first), peer
