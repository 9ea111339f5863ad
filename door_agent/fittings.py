"""The fittings of the doors: drivers built from the settings, their signals turned into events, commands carried out.

Fire and break-glass release the lock here, in the input's own callback, before anything is queued.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from door_agent.events import Card, Event, Level, Lock, LockWish, ReaderState, Show, Sign
from door_agent.settings import AccessPointSettings, AgentSettings, DoorSettings, LockKind
from hardware.indicator import Indicator
from hardware.inputs import AtOnce, Input, Pull
from hardware.lock import Maglock, Strike
from hardware.readers.framing import framer_named
from hardware.readers.serial_port import SerialReader
from hardware.signal import CardBits, FaultKind, InputLevel, ReaderFault, Signal

_READERS_OPEN_WITHIN_S = 2.0
_CAP_GRACE_S = 1.0
"""The core secures in time; the lock's own cap is for a core that cannot."""
_AT_ONCE = ("fire", "break-glass")
_STATES = {FaultKind.LOST: "lost", FaultKind.REOPENED: "back"}


@dataclass(frozen=True, slots=True)
class _Part:
    """What an input is: which part of which door."""

    door: str
    name: str


class Fittings:
    """All hardware of one agent. `post` takes events from any driver's thread."""

    def __init__(self, settings: AgentSettings, post: Callable[[Event], None]) -> None:
        self._post = post
        self._parts: dict[str, _Part] = {}
        self._locks: dict[str, Strike | Maglock] = {}
        self._inputs: list[Input] = []
        self._indicators: dict[str, Indicator] = {}
        self._readers: list[SerialReader] = []
        self._life_safety: defaultdict[str, list[Input]] = defaultdict(list)
        self._probes: dict[str, Callable[[], bool]] = {}
        with contextlib.ExitStack() as half_built:
            half_built.callback(self.close)
            self._build(settings)
            half_built.pop_all()

    def _build(self, settings: AgentSettings) -> None:
        for door in settings.door:
            self._locks[door.id] = _lock(door)
            self._claim_inputs(door)
            for point in door.access_point:
                self._indicators[point.id] = Indicator(point.green_pin, point.red_pin, point.buzzer_pin)
                reader = self._reader(point)
                self._readers.append(reader)
                self._probes[f"reader {point.id}"] = partial(_alive, reader)

    def start(self) -> None:
        """Begin to listen: the inputs first, so that a fire that burns already is known before any card.

        What raises here lets go of everything first.
        """
        with contextlib.ExitStack() as half_started:
            half_started.callback(self.close)
            for each in self._inputs:
                each.start()
            for reader in self._readers:
                reader.start()
            for reader in self._readers:
                reader.wait_open(_READERS_OPEN_WITHIN_S)
            half_started.pop_all()

    def probes(self) -> dict[str, Callable[[], bool]]:
        """What a watchdog must ask between `start` and `close`: is each reader alive, and each input?"""
        return dict(self._probes)

    def lock(self, command: Lock) -> None:
        """Carry out what the core wishes of a lock; a held or latched one ignores `SECURE`."""
        lock = self._locks[command.door]
        match command.wish:
            case LockWish.RELEASE:
                lock.release()
            case LockWish.SECURE:
                lock.secure()
            case LockWish.HOLD | LockWish.LATCH:
                lock.latch_released(command.cause)
            case LockWish.LIFT:
                lock.lift(command.cause)
            case LockWish.RESET:
                lock.reset_latch(partial(self._standing, command.door))

    def show(self, command: Show) -> None:
        indicator = self._indicators[command.access_point]
        match command.sign:
            case Sign.GRANTED:
                indicator.granted()
            case Sign.REFUSED:
                indicator.refused()
            case Sign.WAITING:
                indicator.waiting()
            case Sign.WARNING:
                indicator.warning()
            case Sign.ALARM_ON:
                indicator.alarm(True)
            case Sign.ALARM_OFF:
                indicator.alarm(False)

    def close(self) -> None:
        """Let go of everything, the locks first: what power holds is let go, what power releases is secured."""
        with contextlib.ExitStack() as stack:
            for closing in (*self._readers, *self._inputs, *self._indicators.values(), *self._locks.values()):
                stack.callback(closing.close)

    def _claim_inputs(self, door: DoorSettings) -> None:
        pins = {
            "contact": door.contact_pin,
            "rex": door.rex_pin,
            "break-glass": door.break_glass_pin,
            "fire": door.fire_pin,
            "tamper": door.tamper_pin,
        }
        for name, pin in pins.items():
            if pin is not None:
                self._inputs.append(self._input(door, name, pin))

    def _input(self, door: DoorSettings, name: str, pin: int) -> Input:
        input_id, high = f"{door.id}.{name}", door.inputs == "active-high"
        self._parts[input_id] = _Part(door.id, name)
        at_once = self._latching(self._locks[door.id], name) if name in _AT_ONCE else None
        pull = Pull.DOWN if high else Pull.UP
        found = Input(input_id, pin, self._take, active_high=high, pull=pull, at_once=at_once)
        self._probes[f"input {input_id}"] = partial(_alive, found)
        if at_once is not None:
            self._life_safety[door.id].append(found)
        return found

    def _standing(self, door: str) -> bool:
        """Does one of the door's life-safety inputs ask for release at this moment?"""
        return any(each.raw for each in self._life_safety[door])

    def _latching(self, lock: Strike | Maglock, cause: str) -> AtOnce:
        def at_once(active: bool) -> None:
            if active:
                lock.latch_released(cause)

        return at_once

    def _reader(self, point: AccessPointSettings) -> SerialReader:
        reader = point.reader
        return SerialReader(point.id, str(reader.port), framer_named(reader.framing), self._take, reader.baud)

    def _take(self, signal: Signal) -> None:
        match signal:
            case CardBits():
                self._post(Card(signal.reader, signal.source, signal.bits))
            case ReaderFault():
                self._post(ReaderState(signal.reader, _STATES.get(signal.kind, "flaw"), signal.kind))
            case InputLevel():
                part = self._parts[signal.input]
                self._post(Level(part.door, part.name, signal.active))


def _alive(part: SerialReader | Input) -> bool:
    return part.alive


def _lock(door: DoorSettings) -> Strike | Maglock:
    kind = Strike if door.lock is LockKind.STRIKE else Maglock
    return kind(door.lock_pin, longest_release=door.max_release_ms / 1000 + _CAP_GRACE_S)
