"""One simulated Wiegand reader: its pulses go to the agent as one message, each edge with its stamp.

The law: the stamps travel with the edges, so a frame is exact however busy the machine is. A train begins now, or when
the wire is free, and is sent whole: its later stamps lie ahead, and so does the time that the hand is told.
"""

from collections.abc import Callable
from typing import Any, Final

from hardware.bench.fixture_readers import WiegandOnBench
from hardware.bench.pulse_train import LineLevel, bouncing, dip, duration, noise, train, without
from hardware.bench.reader_line import Surroundings
from hardware.bench.wire import Fault, FaultDeed, RequestRefusedError
from hardware.readers.keypad import KEYS, Keypad, burst_of

BETWEEN: Final = 0.12
"""Seconds between two frames: longer than any gap by which they are told apart."""
LONGEST: Final = 512
MOST_AHEAD: Final = 5.0
DRIP: Final = 0.019
DIP: Final = 0.001

Shape = Callable[[str, float, float, float], list[LineLevel]]


class WiegandLine:
    """Two pins of an agent. It has no file: an agent says nothing to it."""

    def __init__(self, reader: WiegandOnBench, around: Surroundings) -> None:
        self.reader = reader
        self._around = around
        self._whole = True
        self._powered = True
        self._low: set[int] = set()
        self._free_at = 0.0

    @property
    def whole(self) -> bool:
        """Is the cable there?"""
        return self._whole

    def fileno(self) -> None:
        """There is nothing to listen to."""
        return

    def heard(self) -> None:
        """Nothing ever is."""

    def mend(self) -> None:
        """The cable is there again."""
        self._whole = True

    def cut(self) -> None:
        """Both lines rest: nobody at the agent's end can tell."""
        self._whole = False

    def present(self, bits: str | None, raw: bytes | None) -> float:  # noqa: ARG002 - bits are all it has
        """The pulses of these bits."""
        if bits is None:
            raise RequestRefusedError("a Wiegand reader sends bits, not bytes")
        return self._frames([bits], train, self.reader.spacing)

    def keys(self, keys: str) -> float:
        """One burst for each key."""
        keypad = self.reader.keypad
        if keypad is Keypad.NONE:
            raise RequestRefusedError(f"reader {self.reader.id} has no keypad")
        if not set(keys) <= set(KEYS) or len(keys) > 32:
            raise RequestRefusedError(f"the keys are {KEYS}, at most 32 of them")
        return self._frames([burst_of(keypad, key) for key in keys], train, self.reader.spacing)

    def fault(self, fault: Fault) -> float:
        """See docs/bench.md."""
        match fault.kind:
            case FaultDeed.NOISE:
                return self._noise(fault)
            case FaultDeed.BOUNCE:
                return self._frames([fault.bits or ""], bouncing, self.reader.spacing)
            case FaultDeed.DRIP:
                return self._frames([fault.bits or ""], train, DRIP)
            case FaultDeed.STUCK:
                return self._pull_down({fault.line}, fault.on)
            case FaultDeed.SHORT:
                return self._pull_down({0, 1}, fault.on)
            case FaultDeed.POWER:
                return self._power(not fault.on)
        raise RequestRefusedError(f"a Wiegand line knows no fault {fault.kind}")

    def described(self) -> dict[str, Any]:
        """The agent and its pins."""
        return {"agent": self.reader.agent, "d0": self.reader.d0, "d1": self.reader.d1, "keypad": self.reader.keypad}

    def _frames(self, frames: list[str], shape: Shape, spacing: float) -> float:
        if not all(0 < len(bits) <= LONGEST for bits in frames):
            raise RequestRefusedError(f"a Wiegand frame has 1 to {LONGEST} bits")
        at = self._free_from()
        levels: list[LineLevel] = []
        for bits in frames:
            levels += shape(bits, at, spacing, self.reader.pulse)
            at += duration(bits, spacing) + BETWEEN
        self._free_at = at
        self._send(levels)
        return at - BETWEEN

    def _noise(self, fault: Fault) -> float:
        levels = noise(fault.seed, fault.count, self._free_from(), self.reader.pulse)
        self._send(levels)
        self._free_at = levels[-1].at + BETWEEN
        return levels[-1].at

    def _power(self, on: bool) -> float:
        self.must_be_whole()
        now = self._around.clock()
        if on is not self._powered:
            self._powered = on
            self._send(dip(now, DIP))
            self._free_at = max(self._free_at, now + DIP + BETWEEN)
        return now

    def _pull_down(self, lines: set[int], low: bool) -> float:
        self._low = self._low | lines if low else self._low - lines
        return max(self._around.set_input(self.reader.wire(line), int(low)) for line in lines)

    def _free_from(self) -> float:
        """When the next train begins; RequestRefusedError if the wire is not free in time, cut, or without power."""
        self.must_be_whole()
        if not self._powered:
            raise RequestRefusedError(f"reader {self.reader.id} has no power")
        now = self._around.clock()
        if self._free_at - now > MOST_AHEAD:
            raise RequestRefusedError(f"reader {self.reader.id}: the wire is busy for seconds to come")
        return max(now, self._free_at)

    def must_be_whole(self) -> None:
        """RequestRefusedError if the cable is cut."""
        if not self._whole:
            raise RequestRefusedError(f"reader {self.reader.id} is cut")

    def _send(self, levels: list[LineLevel]) -> None:
        numbers = (self.reader.d0, self.reader.d1)
        moves = [[numbers[each.line], each.level, round(each.at, 7)] for each in without(levels, self._low)]
        if moves:
            self._around.to_agent(self.reader.agent, {"train": moves})
