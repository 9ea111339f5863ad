"""One RS-485 line of the bench behind a symlink, for all readers that the fixture puts on that port.

The law: it is there from its first reader's beginning to its first reader's end; what is on it, only readers decide.
"""

from __future__ import annotations

from pathlib import Path

from hardware.bench.osdp_line import Noise, OsdpLine
from hardware.bench.port_link import point, take_away


class OsdpCable:
    """Made closed; `open` before all else."""

    def __init__(self, port: Path) -> None:
        self._port = port
        self._line: OsdpLine | None = None

    def open(self) -> None:
        """Appear at the symlink; nothing if it is there. OSError."""
        if self._line is None:
            line = OsdpLine([])
            try:
                point(self._port, line.path)
            except OSError:
                line.close()
                raise
            self._line = line

    def close(self) -> None:
        """Vanish: the panel sees a hang-up. Nothing if it is not there."""
        line, self._line = self._line, None
        if line is not None:
            take_away(self._port, line.path)
            line.close()

    def attach(self, drop: int) -> None:
        """Join a reader's wire."""
        if self._line is not None:
            self._line.attach(drop)

    def detach(self, drop: int) -> None:
        """Take a reader's wire off."""
        if self._line is not None:
            self._line.detach(drop)

    def disturb(self, noise: Noise) -> None:
        """From now on so much of what anybody says is worn."""
        if self._line is not None:
            self._line.noise = noise

    def tell_panel(self, data: bytes) -> None:
        """Put these bytes on the line, as if a reader had said them."""
        if self._line is not None:
            self._line.tell_panel(data)
