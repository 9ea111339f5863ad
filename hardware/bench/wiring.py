"""The levels on the bench's wires. Sans-I/O: deeds and stamps come in, what agents and watchers must hear comes out.

The law: a value is 1 when a pin's level differs from its idle level. An output that nobody drives has value 0.
"""

from dataclasses import dataclass

from hardware.bench.fixture import BenchPin, Fixture, ReaderPart, Role
from hardware.bench.supervised_line import SupervisedLine
from hardware.signal import LineState


@dataclass(frozen=True, slots=True)
class Edge:
    """An output has this value since `mono` (seconds of CLOCK_MONOTONIC)."""

    mono: float
    output: str
    value: int


class Wiring:
    """Inputs keep the value a hand gave them; outputs have the value that their agent drives."""

    def __init__(self, fixture: Fixture) -> None:
        self._pins = {(pin.agent, pin.number): pin for pin in fixture.pins}
        ends: tuple[BenchPin | ReaderPart, ...] = (*fixture.pins, *fixture.parts)
        inputs = (end for end in ends if end.role is Role.INPUT)
        self._inputs: dict[str, BenchPin | ReaderPart | SupervisedLine]
        self._inputs = {end.id: end for end in (*inputs, *fixture.lines)}
        self._values = {end.id: 0 for end in (*ends, *fixture.lines)}
        self._lines = {line.id: LineState.NORMAL for line in fixture.lines}
        self._at_converters = fixture.lines

    def input_named(self, name: str) -> BenchPin | ReaderPart | SupervisedLine | None:
        """The pin of that input, the part of a reader or the supervised line that it is, if there is one."""
        return self._inputs.get(name)

    def value(self, name: str) -> int:
        """The present value of an input or output."""
        return self._values[name]

    def set_input(self, pin: BenchPin, value: int) -> int:
        """Give the input this value; returns the level which that is on its wire."""
        self._values[pin.id] = value
        return value ^ pin.idle

    def set_contact(self, line: SupervisedLine, value: int) -> float:
        """Give the contact of a supervised line this value; returns what is measured there now."""
        self._values[line.id] = value
        return self._measured(line)

    def set_line(self, line: SupervisedLine, state: LineState) -> float:
        """Short, cut, spoil or mend a supervised line; returns what is measured there now."""
        self._lines[line.id] = state
        return self._measured(line)

    def line(self, name: str) -> LineState:
        """Whether that supervised line is whole (`NORMAL`), or what is wrong with it."""
        return self._lines[name]

    def set_part(self, part: ReaderPart, value: int) -> None:
        """Give the reader's own input this value."""
        self._values[part.id] = value

    def reader_shows(self, output: str, value: int, mono: float) -> list[Edge]:
        """A reader's own light or buzzer has this value now."""
        return self._become(output, value, mono)

    def snapshot(self, agent: str) -> dict[int, int]:
        """The level of each input of that agent, by GPIO number."""
        return {
            pin.number: self._values[pin.id] ^ pin.idle
            for pin in self._pins.values()
            if pin.agent == agent and pin.role is Role.INPUT
        }

    def measured(self, agent: str) -> dict[int, float]:
        """What that agent's converter measures, by channel."""
        return {line.channel: self._measured(line) for line in self._at_converters if line.agent == agent}

    def agent_drives(self, agent: str, number: int, function: str, level: int, mono: float) -> list[Edge]:
        """The agent made a pin an output of this level, or let go of it."""
        pin = self._pins.get((agent, number))
        if pin is None or pin.role is not Role.OUTPUT:
            return []
        return self._become(pin.id, level ^ pin.idle if function == "output" else 0, mono)

    def agent_gone(self, agent: str, mono: float) -> list[Edge]:
        """The agent died: its outputs float to 0."""
        outputs = [pin for pin in self._pins.values() if pin.agent == agent and pin.role is Role.OUTPUT]
        return [edge for pin in outputs for edge in self._become(pin.id, 0, mono)]

    def _measured(self, line: SupervisedLine) -> float:
        return line.fraction(self._values[line.id], self._lines[line.id])

    def _become(self, output: str, value: int, mono: float) -> list[Edge]:
        if self._values[output] == value:
            return []
        self._values[output] = value
        return [Edge(mono, output, value)]
