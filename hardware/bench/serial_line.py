"""One simulated serial reader: a pty behind a symlink, and the encoders of what such readers write.

The law: the symlink is there exactly while the cable is; writing never blocks the bench.
"""

import os
import tty
from pathlib import Path

from hardware.bench.fixture import BenchReader, Framing
from hardware.bench.wire import RequestRefusedError


def encoded(framing: Framing, bits: str) -> bytes:
    """The bytes with which a reader of that framing sends these bits, or RequestRefusedError if it cannot."""
    if framing is Framing.STX_ETX_HEX:
        if len(bits) != 40:
            raise RequestRefusedError("a stx-etx-hex reader sends exactly 40 bits")
        data = int(bits, 2).to_bytes(5, "big")
        checksum = 0
        for value in data:
            checksum ^= value
        return b"\x02" + data.hex().upper().encode() + b"%02X\r\n\x03" % checksum
    if len(bits) % 4:
        raise RequestRefusedError("a line-hex reader sends a multiple of 4 bits")
    return f"{int(bits, 2):0{len(bits) // 4}X}\r\n".encode()


class SerialLine:
    """The bench's end of one reader. `mend()` makes it appear, `cut()` makes it vanish."""

    def __init__(self, reader: BenchReader) -> None:
        self.reader = reader
        self._ours: int | None = None
        self._theirs: int | None = None
        self._device = ""

    @property
    def whole(self) -> bool:
        """Is the cable there?"""
        return self._ours is not None

    def fileno(self) -> int:
        """The bench's end; what an agent writes arrives here. Only while `whole`."""
        if self._ours is None:
            raise RequestRefusedError(f"reader {self.reader.id} is cut")
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

    def write(self, data: bytes) -> None:
        """Put the bytes on the wire, or RequestRefusedError if nobody has read the line for too long."""
        try:
            written = os.write(self.fileno(), data)
        except BlockingIOError:
            written = 0
        if written < len(data):
            raise RequestRefusedError(f"reader {self.reader.id}: nobody reads, {written} of {len(data)} bytes went out")

    def drain(self) -> None:
        """Throw away what an agent wrote: these readers do not listen."""
        if self._ours is None:
            return
        try:
            os.read(self._ours, 4096)
        except BlockingIOError:
            return


def _point(link: Path, device: str) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    if link.is_symlink():
        link.unlink()  # of a bench that was killed
    if link.exists():
        raise FileExistsError(f"{link} is in the way of a reader's port")
    link.symlink_to(device)
