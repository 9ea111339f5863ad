"""An RS-485 line on the bench: a pty for the panel, a libosdp reader in a process of its own on each drop.

The law: what the panel says reaches every reader and what a reader says reaches the panel, byte for byte, unless the
line is cut or the noise that was asked for takes it. The noise is seeded. Everything ends with `close`.
"""

import json
import os
import random
import select
import subprocess
import sys
import threading
import tty
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

LONGEST_CHUNK: Final = 4096


@dataclass(frozen=True, slots=True)
class Noise:
    """So much of what is said is lost, and so much has one bit turned over; between 0 and 1."""

    lost: float = 0.0
    flipped: float = 0.0


class Pty:
    """Two ends of a raw wire: `ours` a descriptor, `theirs` a device that somebody opens by its name."""

    def __init__(self) -> None:
        self.ours, self._kept = os.openpty()
        tty.setraw(self._kept)
        os.set_blocking(self.ours, False)
        self.path = os.ttyname(self._kept)
        self.closed = False

    def close(self) -> None:
        """Hang up. May be called twice."""
        if not self.closed:
            self.closed = True
            os.close(self.ours)
            os.close(self._kept)


class OsdpPeripheral:
    """A libosdp reader on a drop of the line; `heard` is called, from a thread of its own, with what it says."""

    def __init__(self, settings: Mapping[str, Any], heard: Callable[[dict[str, Any]], None]) -> None:
        self.wire = Pty()
        self._heard = heard
        command = [sys.executable, "-m", "hardware.bench.osdp_peripheral", self.wire.path]
        root = Path(__file__).parents[2]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root)
        self._begun = threading.Event()
        self._ready = False
        self._thread = threading.Thread(target=self._listen, name="osdp peripheral", daemon=True)
        self._thread.start()
        self.do(settings)
        if not self._begun.wait(20) or not self._ready:
            self.close()
            raise OSError("the reader on the bench did not start")

    def do(self, deed: Mapping[str, Any]) -> None:
        """`{"do":"card","bits":…}`, `keys`, `local`, `head`, `inputs`. OSError if it has ended."""
        if self.process.stdin is not None:
            self.process.stdin.write(json.dumps(deed).encode("ascii") + b"\n")
            self.process.stdin.flush()

    def die(self) -> None:
        """End it, and wait for its end; its drop hangs on the line without it."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(2.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._thread.join(2.0)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def close(self) -> None:
        """End it, and take its drop away. May be called twice; the line must be closed before."""
        self.die()
        self.wire.close()

    def _listen(self) -> None:
        for line in self.process.stdout or ():
            message = json.loads(line)
            if message.get("ready"):
                self._ready = True
                self._begun.set()
            self._heard(message)
        self._begun.set()


class OsdpLine:
    """The line: `path` is where the panel opens it. `drops` are the descriptors of the readers' wires."""

    def __init__(self, drops: Sequence[int], seed: int = 0) -> None:
        self.panel = Pty()
        self.noise = Noise()
        self.joined = True
        self.recorded: list[tuple[str, bytes]] = []
        self.recording = False
        self._drops = list(drops)
        self._chance = random.Random(seed)  # noqa: S311 - noise that can be repeated, not a secret
        self._stop, self._stopped = os.pipe()
        self._thread = threading.Thread(target=self._pump, name="osdp line", daemon=True)
        self._thread.start()

    @property
    def path(self) -> str:
        """The device that the panel opens."""
        return self.panel.path

    def close(self) -> None:
        """Stop; the panel sees a hang-up."""
        os.write(self._stopped, b".")
        self._thread.join(2.0)
        for descriptor in (self._stop, self._stopped):
            os.close(descriptor)
        self.panel.close()

    def _pump(self) -> None:
        ours = self.panel.ours
        while True:
            ready, _, _ = select.select([self._stop, ours, *self._drops], [], [])
            if self._stop in ready:
                return
            for source in ready:
                self._pass_on(source, self._drops if source == ours else [ours])

    def _pass_on(self, source: int, ends: Sequence[int]) -> None:
        try:
            data = self._worn(os.read(source, LONGEST_CHUNK))
        except BlockingIOError:  # it was flushed away between being seen and being read
            return
        if not self.joined or not data:
            return
        if self.recording:
            self.recorded.append(("panel" if source == self.panel.ours else "reader", data))
        for end in ends:
            try:
                os.write(end, data)
            except BlockingIOError:  # nobody listens there; a wire does not wait
                continue

    def _worn(self, data: bytes) -> bytes:
        if self.noise.lost and self._chance.random() < self.noise.lost:
            return b""
        if self.noise.flipped and self._chance.random() < self.noise.flipped:
            place = self._chance.randrange(len(data) * 8)
            worn = bytearray(data)
            worn[place // 8] ^= 1 << place % 8
            return bytes(worn)
        return data

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
