"""One OSDP reader on the bench: a libosdp peripheral in a process of its own on a drop of an RS-485 line.

The law: nothing here waits. The peripheral's words come from its thread through a queue and a pipe that the bench's
one thread listens to; a deed is done when the peripheral says that it stands in its queue.
"""

from __future__ import annotations

import contextlib
import os
import random
from collections import deque
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Final

from hardware.bench.fixture_readers import OsdpOnBench
from hardware.bench.osdp_cable import OsdpCable
from hardware.bench.osdp_lights import OUTPUTS, Lights
from hardware.bench.osdp_line import Noise, OsdpPeripheral
from hardware.bench.reader_line import Awaited, Surroundings
from hardware.bench.table import FixtureError
from hardware.bench.wire import Fault, FaultDeed, RequestRefusedError
from hardware.readers.osdp.key import KeyRefused, read_key

PATIENCE: Final = 2.0
"""Seconds in which the peripheral must have taken a deed."""
MOST_WAITING: Final = 32
MOST_BITS: Final = 512
KEYS: Final = "0123456789*#"


class OsdpReaderLine:
    """The reader and its drop. It is `secure` while it says that its Secure Channel is open."""

    def __init__(self, reader: OsdpOnBench, around: Surroundings, cable: OsdpCable) -> None:
        self.reader = reader
        self._around = around
        self._cable = cable
        self._settings = {"address": reader.address, "key": _key_of(reader)}
        self._peripheral: OsdpPeripheral | None = None
        self._whole = False
        self._open = False
        self._secure = False
        self._tampered = 0
        self._lights = Lights()
        self._waiting: deque[Awaited] = deque()
        self._news: SimpleQueue[tuple[OsdpPeripheral | None, dict[str, Any]]] = SimpleQueue()
        self._rung, self._bell = -1, -1

    @property
    def whole(self) -> bool:
        """Is the drop on the line?"""
        return self._whole

    def fileno(self) -> int | None:
        """Where the peripheral rings."""
        return self._rung if self._open else None

    def heard(self) -> None:
        """Take what the peripheral said."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._rung, 4096)
        with contextlib.suppress(Empty):
            while True:
                self._take(self._news.get_nowait())

    def mend(self) -> None:
        """The drop is on the line; the first time the line and the peripheral begin. OSError."""
        self._cable.open()
        if not self._open:
            self._rung, self._bell = os.pipe()
            os.set_blocking(self._rung, False)
            os.set_blocking(self._bell, False)
            self._open = True
            self._power_on()
        self._whole = True
        self._join()

    def cut(self) -> None:
        """The drop is off the line: the port stays, and this reader is silent on it."""
        self._whole = False
        if self._peripheral is not None:
            self._cable.detach(self._peripheral.wire.ours)

    def close(self) -> None:
        """Line and peripheral end. The other readers of the line are off it too."""
        self._whole = False
        self._cable.close()
        self._end_peripheral()
        if self._open:
            self._open = False
            os.close(self._rung)
            os.close(self._bell)

    def present(self, bits: str | None, raw: bytes | None) -> float | Awaited:
        """Hold a card to it, or put these bytes on the line as if it had said them."""
        self._must_be_whole()
        if bits is None:
            self._cable.tell_panel(raw or b"")
            return self._around.clock()
        if len(bits) > MOST_BITS:
            raise RequestRefusedError(f"an OSDP reader sends at most {MOST_BITS} bits")
        return self._do({"do": "card", "bits": bits})

    def keys(self, keys: str) -> Awaited:
        """Press keys at its keypad."""
        self._must_be_whole()
        if not set(keys) <= set(KEYS) or len(keys) > 32:
            raise RequestRefusedError(f"the keys are {KEYS}, at most 32 of them")
        return self._do({"do": "keys", "keys": keys})

    def tamper(self, value: int) -> Awaited:
        """Open its housing, or close it; it says so when it is asked the next time."""
        done = self._do({"do": "local", "report": [value, 0]})
        self._tampered = value
        return done

    def fault(self, fault: Fault) -> float:
        """Noise of a share lasts, and is the whole line's; without one it is a burst, as a short is."""
        match fault.kind:
            case FaultDeed.NOISE if fault.lost or fault.flipped or not fault.on:
                self._cable.disturb(Noise(fault.lost, fault.flipped) if fault.on else Noise())
            case FaultDeed.NOISE:
                self._cable.tell_panel(random.Random(fault.seed).randbytes(fault.count))  # noqa: S311 - noise
            case FaultDeed.SHORT:
                self._cable.tell_panel(bytes(fault.count))
            case FaultDeed.POWER:
                self._end_peripheral() if fault.on else self._power_on()
            case _:
                raise RequestRefusedError(f"an OSDP line knows no fault {fault.kind}")
        return self._around.clock()

    def described(self) -> dict[str, Any]:
        """Port, address, speed, and whether its Secure Channel is open."""
        reader = self.reader
        return {"port": str(reader.port), "address": reader.address, "baud": reader.baud, "secure": self._secure}

    def _must_be_whole(self) -> None:
        if not self._whole:
            raise RequestRefusedError(f"reader {self.reader.id} is cut")

    def _do(self, deed: dict[str, Any]) -> Awaited:
        if self._peripheral is None:
            raise RequestRefusedError(f"reader {self.reader.id} has no power")
        if len(self._waiting) >= MOST_WAITING:
            raise RequestRefusedError(f"reader {self.reader.id} has too much to do")
        try:
            self._peripheral.do(deed)
        except OSError as error:
            raise RequestRefusedError(f"reader {self.reader.id} has ended") from error
        awaited = Awaited()
        self._waiting.append(awaited)
        late = RequestRefusedError(f"reader {self.reader.id} does not answer")
        self._around.later(PATIENCE, partial(awaited.settle, late))
        return awaited

    def _power_on(self) -> None:
        if self._peripheral is not None or not self._open:
            return
        made: list[OsdpPeripheral | None] = [None]
        self._peripheral = made[0] = OsdpPeripheral(self._settings, lambda message: self._ring(made[0], message))
        if self._tampered:
            self._waiting.append(Awaited())  # nobody waits for this one
            self._peripheral.do({"do": "local", "report": [1, 0]})
        self._join()

    def _join(self) -> None:
        if self._whole and self._peripheral is not None:
            self._cable.attach(self._peripheral.wire.ours)

    def _end_peripheral(self) -> None:
        """Without power, at once: there is nothing that it would have to finish."""
        ending, self._peripheral = self._peripheral, None
        if ending is None:
            return
        self._cable.detach(ending.wire.ours)
        ending.process.kill()
        ending.close()
        self._gone_dark()

    def _gone_dark(self) -> None:
        self._secure = False
        self._lights = Lights()
        for output in OUTPUTS:
            self._around.show(self.reader.output(output), 0, self._around.clock())
        while self._waiting:
            self._waiting.popleft().settle(RequestRefusedError(f"reader {self.reader.id} has no power"))

    def _ring(self, sender: OsdpPeripheral | None, message: dict[str, Any]) -> None:
        """In the peripheral's thread."""
        self._news.put((sender, message))
        with contextlib.suppress(BlockingIOError):  # full of bells that nobody heard yet
            os.write(self._bell, b".")

    def _take(self, news: tuple[OsdpPeripheral | None, dict[str, Any]]) -> None:
        sender, message = news
        if self._peripheral is None or (sender is not None and sender is not self._peripheral):
            return  # the last words of one that has no power any more
        if "done" in message:
            self._settle(message)
        elif "secure" in message:
            self._secure = message["secure"]
        elif "command" in message:
            if self._lights.take(message["command"], message["mono"]):
                self._show(self._lights, message["mono"])
        elif "ended" in message:
            self._end_peripheral()

    def _settle(self, message: dict[str, Any]) -> None:
        refused = RequestRefusedError(f"reader {self.reader.id} has no room for more")
        if self._waiting:
            self._waiting.popleft().settle(message["mono"] if message["accepted"] else refused)

    def _show(self, lights: Lights, at: float) -> None:
        """Tell what the lights are at `at`, and come again when they change by themselves."""
        if lights is not self._lights:
            return
        values, until = lights.values(at)
        for output, value in values.items():
            self._around.show(self.reader.output(output), value, at)
        if until is not None:
            wait = max(0.0, until - self._around.clock())
            self._around.later(wait, partial(self._show, lights, until))


def _key_of(reader: OsdpOnBench) -> str:
    try:
        return read_key(reader.key).value.hex()
    except (KeyRefused, OSError) as error:
        raise FixtureError(f"reader {reader.id}: {error}") from error
