"""One simulated serial reader: a pty behind a symlink.

The law: the symlink is there exactly while the cable is; writing never blocks the bench.
"""

import os
import random
import tty
from pathlib import Path
from typing import Any, Final

from hardware.bench.encoding import encoded
from hardware.bench.fixture_readers import SerialOnBench
from hardware.bench.reader_line import Surroundings
from hardware.bench.wire import Fault, FaultDeed, RequestRefusedError

DRIP: Final = 0.04
"""Seconds between two bytes of a line that drips: less than the gap that ends a frame."""


class SerialLine:
    """The bench's end of one reader. `mend()` makes it appear, `cut()` makes it vanish."""

    def __init__(self, reader: SerialOnBench, around: Surroundings) -> None:
        self.reader = reader
        self._around = around
        self._ours: int | None = None
        self._theirs: int | None = None
        self._device = ""
        self._powered = True

    @property
    def whole(self) -> bool:
        """Is the cable there?"""
        return self._ours is not None

    def fileno(self) -> int | None:
        """The bench's end; what an agent writes arrives here. Only while `whole`."""
        return self._ours

    def mend(self) -> None:
        """A new pty at the symlink; nothing if it is whole. FileExistsError if something else stands there."""
        if self.whole:
            return
        ours, theirs = os.openpty()
        # Raw before anybody opens it: an ETX is Ctrl-C to a cooked terminal. We keep the far end open ourselves, or
        # the kernel would reset the mode whenever the agent closes it.
        tty.setraw(theirs)
        os.set_blocking(ours, False)
        self._ours, self._theirs, self._device = ours, theirs, os.ttyname(theirs)
        _point(self.reader.port, self._device)

    def cut(self) -> None:
        """The device vanishes: an agent that has it open sees a hang-up. Nothing if it is cut already."""
        if self._ours is None or self._theirs is None:
            return
        if self.reader.port.is_symlink() and os.readlink(self.reader.port) == self._device:
            self.reader.port.unlink()
        os.close(self._ours)
        os.close(self._theirs)
        self._ours = self._theirs = None

    def present(self, bits: str | None, raw: bytes | None) -> float:
        """The bytes of the card, or these bytes."""
        return self.write(encoded(self.reader.framing, bits) if bits is not None else raw or b"")

    def keys(self, keys: str) -> float:  # noqa: ARG002 - none of them can be pressed
        """None of these readers has a keypad."""
        raise RequestRefusedError(f"reader {self.reader.id} has no keypad")

    def fault(self, fault: Fault) -> float:
        """Noise and short put bytes on the line, drip sends a card slowly, without power nothing is sent."""
        match fault.kind:
            case FaultDeed.NOISE:
                return self.write(random.Random(fault.seed).randbytes(fault.count))  # noqa: S311 - noise
            case FaultDeed.SHORT:
                return self.write(bytes(fault.count))  # what a receiver makes of a line without pause
            case FaultDeed.DRIP:
                return self._drip(encoded(self.reader.framing, fault.bits or ""))
            case FaultDeed.POWER:
                self._powered = not fault.on
                return self._around.clock()
        raise RequestRefusedError(f"a serial line knows no fault {fault.kind}")

    def described(self) -> dict[str, Any]:
        """Framing and port."""
        return {"framing": self.reader.framing, "port": str(self.reader.port)}

    def write(self, data: bytes) -> float:
        """Put the bytes on the wire, or RequestRefusedError if nobody has read the line for too long."""
        self.must_work()
        try:
            written = os.write(self._ours if self._ours is not None else -1, data)
        except BlockingIOError:
            written = 0
        if written < len(data):
            raise RequestRefusedError(f"reader {self.reader.id}: nobody reads, {written} of {len(data)} bytes went out")
        return self._around.clock()

    def heard(self) -> None:
        """Throw away what an agent wrote: these readers do not listen."""
        self.received()

    def received(self) -> bytes:
        """What an agent wrote."""
        if self._ours is None:
            return b""
        try:
            return os.read(self._ours, 4096)
        except BlockingIOError:
            return b""

    def must_work(self) -> None:
        """RequestRefusedError if the cable is cut or the power is gone."""
        if not self.whole:
            raise RequestRefusedError(f"reader {self.reader.id} is cut")
        if not self._powered:
            raise RequestRefusedError(f"reader {self.reader.id} has no power")

    def _drip(self, data: bytes) -> float:
        self.must_work()
        for place, value in enumerate(data):
            self._around.later(place * DRIP, lambda value=value: self._drop(value))  # type: ignore[misc]
        return self._around.clock() + (len(data) - 1) * DRIP

    def _drop(self, value: int) -> None:
        if self.whole and self._powered:
            self.write(bytes((value,)))


def _point(link: Path, device: str) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    if link.is_symlink():
        link.unlink()  # of a bench that was killed
    if link.exists():
        raise FileExistsError(f"{link} is in the way of a reader's port")
    link.symlink_to(device)
