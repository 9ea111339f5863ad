"""The inputs of an agent: pins of their own and supervised lines, at the doors and in the cabinet.

Fire and break-glass release the lock here, in the input's own callback, before anything is queued.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gpiozero import MCP3008

from door_agent.events import Event, Level, LineFault
from door_agent.settings import CabinetSettings, DoorSettings, Polarity, SupervisedSettings
from hardware.inputs import AtOnce, Input, Pull
from hardware.lock import Maglock, Strike
from hardware.loop import LOOPS, bands_of
from hardware.signal import InputLevel, InputLine, LineState
from hardware.supervised import LineSampler, LineSource, SupervisedInput

LineSources = Callable[[int], LineSource]
"""The measured line at a channel of the converter."""
_AT_ONCE = ("fire", "break-glass")
_POLARITIES: Mapping[Polarity, tuple[bool, Pull]] = {
    "active-high": (True, Pull.DOWN),
    "active-low": (False, Pull.UP),
}
_LOOP = (True, Pull.UP)
_TROUBLE_ACTS = (*_AT_ONCE, "tamper")


def converter(channel: int) -> LineSource:
    """A channel of the MCP3008 on the SPI pins."""
    source: LineSource = MCP3008(channel=channel)
    return source


@dataclass(frozen=True, slots=True)
class _Part:
    """What an input is: which part of which door, or (door None) of the cabinet."""

    door: str | None
    name: str


class Inputs:
    """Every input of the agent. `post` takes `Level` and `LineFault` from any driver's thread."""

    def __init__(
        self,
        locks: Mapping[str, Strike | Maglock],
        post: Callable[[Event], None],
        lines: LineSources = converter,
    ) -> None:
        self._locks, self._post, self._lines = locks, post, lines
        self._parts: dict[str, _Part] = {}
        self._pins: list[Input] = []
        self._supervised: list[SupervisedInput] = []
        self._life_safety: defaultdict[str, list[Callable[[], bool]]] = defaultdict(list)
        self._probes: dict[str, Callable[[], bool]] = {}
        self._sampler: LineSampler | None = None

    def claim(self, doors: Sequence[DoorSettings], cabinet: CabinetSettings) -> None:
        """Take the pins and channels. What raises here leaves what was taken to `close`."""
        for door in doors:
            for name, pin in door.input_pins.items():
                self._claim(_Part(door.id, name), pin, _LOOP if name in door.loops else _POLARITIES[door.inputs])
            for line in door.supervised:
                self._supervise(_Part(door.id, line.input), line)
        for name, pin in cabinet.input_pins.items():
            self._claim(_Part(None, name), pin, _LOOP if name in cabinet.loops else _POLARITIES[cabinet.inputs])
        self._sampler = LineSampler(self._supervised) if self._supervised else None

    def start(self) -> None:
        """Begin to listen; every input's present level is delivered first."""
        for each in self._pins:
            each.start()
        if self._sampler is not None:
            self._sampler.start()
            self._probes["supervised lines"] = lambda: self._sampler is not None and self._sampler.alive

    def standing(self, door: str) -> bool:
        """Does one of the door's life-safety inputs ask for release at this moment?"""
        return any(asks() for asks in self._life_safety[door])

    def probes(self) -> dict[str, Callable[[], bool]]:
        """Is each input alive?"""
        return dict(self._probes)

    def close(self) -> None:
        with contextlib.ExitStack() as stack:
            for pin in self._pins:
                stack.callback(pin.close)
            for line in self._supervised:
                stack.callback(line.close)
            if self._sampler is not None:
                stack.callback(self._sampler.close)

    def _claim(self, part: _Part, pin: int, polarity: tuple[bool, Pull]) -> None:
        name, at_once = self._named(part), self._at_once(part)
        high, pull = polarity
        claimed = Input(name, pin, self._take_level, active_high=high, pull=pull, at_once=at_once)
        self._pins.append(claimed)
        self._probes[f"input {name}"] = lambda: claimed.alive
        if at_once is not None and part.door is not None:
            self._life_safety[part.door].append(lambda: claimed.raw)

    def _supervise(self, part: _Part, line: SupervisedSettings) -> None:
        at_once, bands = self._at_once(part), bands_of(LOOPS[line.scheme])
        acts = part.name in _TROUBLE_ACTS
        claimed = SupervisedInput(
            self._named(part), self._lines(line.channel), bands, self._take_line, at_once=at_once, trouble_acts=acts
        )
        self._supervised.append(claimed)
        if at_once is not None and part.door is not None:
            self._life_safety[part.door].append(lambda: claimed.active)

    def _named(self, part: _Part) -> str:
        name = f"{part.door or 'cabinet'}.{part.name}"
        self._parts[name] = part
        return name

    def _at_once(self, part: _Part) -> AtOnce | None:
        if part.door is None or part.name not in _AT_ONCE:
            return None
        lock, cause = self._locks[part.door], part.name

        def release(active: bool) -> None:
            if active:
                lock.latch_released(cause)

        return release

    def _take_level(self, level: object) -> None:
        if isinstance(level, InputLevel):
            part = self._parts[level.input]
            self._post(Level(part.door, part.name, level.active))

    def _take_line(self, signal: object) -> None:
        self._take_level(signal)
        if isinstance(signal, InputLine):
            part = self._parts[signal.input]
            state = signal.state if signal.state.trouble else LineState.NORMAL
            self._post(LineFault(part.door, part.name, state))
