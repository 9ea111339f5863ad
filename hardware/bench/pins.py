"""gpiozero pins whose wires end on the bench: `GPIOZERO_PIN_FACTORY=bench`.

The law: the factory exists only once the bench has sent every input's level, so nobody decides on a resting pull-up.
Edges carry the bench's stamps, and while a train of edges is handed over the factory's clock (`ticks`) stands at the
edge in hand: nobody can take the rest of the train for time that has passed without an edge. A callback that raises is
reported (`threading.excepthook`) and stops no other input.
"""

import json
import os
import socket
import threading
import time
from pathlib import Path
from typing import Any, Final

from gpiozero import PinSPIUnsupported
from gpiozero.pins.mock import MockFactory, MockPin

from hardware.bench.address import reachable
from hardware.bench.converter import FLOATING, BenchSpi
from hardware.bench.wire import LineBuffer, line_of

SOCKET_VARIABLE: Final = "SEKISHO_BENCH_SOCKET"
AGENT_VARIABLE: Final = "SEKISHO_BENCH_AGENT"
SNAPSHOT_TIME: Final = 10.0


class BenchUnreachableError(OSError):
    """There is no bench, it does not know this agent, or it did not answer in time."""


class BenchPin(MockPin):
    """A pin which the bench drives (input) or listens to (output)."""

    def __init__(self, factory: "BenchFactory", info: Any) -> None:
        super().__init__(factory, info)
        self._state = self._resting()

    def drive(self, level: bool, stamp: float) -> None:
        """The bench put this level on the wire at `stamp`. Runs the pin's callback in the caller's thread."""
        if self._function != "input" or self._state == level:
            return
        self._state = level
        self._last_change = stamp
        if self._when_changed is not None and self._edges in ("both", "rising" if level else "falling"):
            self._call_when_changed()

    def output_with_state(self, state: bool) -> None:
        """Become an output that drives this level from its first instant, without a pulse of the other one."""
        self._function = "output"
        self._state = bool(state)
        self._mirror()

    def _set_function(self, value: str) -> None:
        before = self._function
        super()._set_function(value)
        if value == "input":
            self._state = self._resting()
        if value != before:
            self._mirror()

    def _set_state(self, value: float) -> None:
        before = self._state
        super()._set_state(value)
        if self._state != before:
            self._mirror()

    def _set_pull(self, value: str) -> None:
        # MockPin would drive the pin to its pull here, over what the bench has on the wire.
        driven = self._factory.level(self._number)
        super()._set_pull(value)
        if driven is not None:
            self._state = driven

    def _change_state(self, value: bool) -> bool:
        # MockPin keeps every state it ever had; a door runs for years.
        changed = self._state != value
        self._state = value
        return changed

    def drive_high(self) -> None:
        """Nothing: only the bench drives (`drive`)."""
        self._float(True)

    def drive_low(self) -> None:
        """Nothing: only the bench drives (`drive`)."""
        self._float(False)

    def _float(self, level: bool) -> None:
        if self._factory.level(self._number) is None:
            self._state = level

    def _resting(self) -> bool:
        driven: bool | None = self._factory.level(self._number)
        return self._pull == "up" if driven is None else driven

    def _mirror(self) -> None:
        self._factory.tell(self._number, self._function, bool(self._state))


class BenchFactory(MockFactory):
    """Connects to the bench as one agent; both names come from the environment unless given."""

    def __init__(self, socket_path: str | None = None, agent: str | None = None) -> None:
        super().__init__(pin_class=BenchPin)
        self._guard = threading.Lock()
        self._closed = False
        self._in_hand: float | None = None
        self._buffer = LineBuffer()
        self._early: list[bytes | None] = []
        self._sock = _connected(Path(socket_path or _told(SOCKET_VARIABLE)))
        try:
            self._levels, self._fractions = self._introduce(agent or _told(AGENT_VARIABLE))
        except OSError:
            self._sock.close()
            raise
        self._connected = True
        self._start_listening()

    @property
    def connected(self) -> bool:
        """Is the bench still there? Without it inputs stand still and outputs go nowhere."""
        return self._connected

    def ticks(self) -> float:
        """The clock of the stamps."""
        in_hand = self._in_hand
        return time.monotonic() if in_hand is None else in_hand

    def level(self, number: int) -> bool | None:
        """What the bench drives there; None where it has no input."""
        return self._levels.get(number)

    def fraction(self, channel: int) -> float:
        """What the converter measures there now, of its reference voltage."""
        return self._fractions.get(channel, FLOATING)

    def tell(self, number: int, function: str, level: bool) -> None:
        """Tell the bench what a pin is now. Never blocks and never raises: real pins cannot fail this way either."""
        message = line_of({"pin": number, "function": function, "level": int(level)})
        with self._guard:
            if not self._connected:
                return
            try:
                whole = self._sock.send(message, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL) == len(message)
            except OSError:
                whole = False
            if not whole:
                self._connected = False
                self._hang_up()

    def close(self) -> None:
        """Let go of every pin and of the bench."""
        super().close()
        self._closed = True
        self._connected = False
        self._hang_up()
        if self._listener is not threading.current_thread():
            self._listener.join(1.0)
        self._sock.close()

    def _get_spi_class(self, shared: bool, hardware: bool) -> type[BenchSpi]:
        if not (shared and hardware):
            raise PinSPIUnsupported("the bench has one shared converter, on the SPI pins of the board")
        return BenchSpi

    def _introduce(self, agent: str) -> tuple[dict[int, bool], dict[int, float]]:
        self._sock.settimeout(SNAPSHOT_TIME)
        self._sock.sendall(line_of({"agent": agent}))
        while not self._early:
            data = self._sock.recv(65536)
            if not data:
                raise BenchUnreachableError("the bench hung up")
            self._early = self._buffer.feed(data)
        answer = json.loads(self._early.pop(0) or b"{}")
        if "snapshot" not in answer:
            raise BenchUnreachableError(f"the bench says: {answer.get('error', 'nothing we know')}")
        self._sock.settimeout(None)
        levels = {int(number): bool(level) for number, level in answer["snapshot"].items()}
        return levels, {int(channel): float(fraction) for channel, fraction in answer["measured"].items()}

    def _start_listening(self) -> None:
        self._listener = threading.Thread(target=self._listen, name="bench pins", daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        ended = False
        try:
            while self._take_next():
                continue
            ended = True
        finally:
            if ended or self._closed:
                self._connected = False
            else:
                self._start_listening()  # a callback raised: this thread reports it, another one goes on

    def _take_next(self) -> bool:
        while self._early:
            self._take(self._early.pop(0))
        try:
            data = self._sock.recv(65536)
        except OSError:
            return False
        self._early = self._buffer.feed(data)
        return bool(data)

    def _take(self, line: bytes | None) -> None:
        message = json.loads(line or b"{}")
        if "pin" in message:
            self._drive(int(message["pin"]), bool(message["level"]), float(message["mono"]))
        elif "channel" in message:
            self._fractions[int(message["channel"])] = float(message["fraction"])
        elif "train" in message:
            self._play(message["train"])

    def _play(self, train: list[tuple[int, int, float]]) -> None:
        try:
            for number, level, stamp in train:
                self._in_hand = float(stamp)
                self._drive(int(number), bool(level), float(stamp))
        finally:
            self._in_hand = None

    def _drive(self, number: int, level: bool, stamp: float) -> None:
        self._levels[number] = level
        for pin in list(self.pins.values()):
            if pin.info.name == f"GPIO{number}":
                pin.drive(level, stamp)

    def _hang_up(self) -> None:
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # the bench was quicker


def _told(variable: str) -> str:
    value = os.environ.get(variable)
    if not value:
        raise BenchUnreachableError(f"the bench pin factory needs {variable} in the environment")
    return value


def _connected(path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with reachable(path) as address:
            sock.connect(address)
    except OSError as error:
        sock.close()
        raise BenchUnreachableError(f"no bench at {path}: {error.strerror or error}") from error
    return sock
