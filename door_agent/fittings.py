"""The fittings of an agent: drivers built from its settings, signals turned into events, commands carried out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial

from door_agent.events import Card, Event, Level, Lock, LockWish, ReaderState, ReaderTampered, Show, Sign, Typed
from door_agent.input_fittings import Inputs, LineSources, converter
from door_agent.reader_fittings import Readers
from door_agent.settings import AgentSettings, DoorSettings, LockKind
from hardware.heartbeat import Heartbeat
from hardware.indicator import Indicator
from hardware.lock import Maglock, Strike
from hardware.readers.reader import Shown
from hardware.signal import CardBits, FaultKind, InputLevel, KeysPressed, ReaderFault, ReaderTamper, Signal

_CAP_GRACE_S = 1.0
"""The core secures in time; the lock's own cap is for a core that cannot."""
_READER_POWER = ".power"
_STATES = {FaultKind.LOST: "lost", FaultKind.REOPENED: "back"}
_ON_READERS = {
    Sign.GRANTED: Shown.GRANTED,
    Sign.REFUSED: Shown.DENIED,
    Sign.WAITING: Shown.WAITING,
    Sign.PIN: Shown.PIN,
    Sign.WARNING: Shown.ERROR,
    Sign.ALARM_ON: Shown.ERROR,
    Sign.ALARM_OFF: Shown.IDLE,
}


class Fittings:
    """All hardware of one agent. `post` takes events from any driver's thread; `lines` gives supervised lines."""

    def __init__(self, settings: AgentSettings, post: Callable[[Event], None], lines: LineSources = converter) -> None:
        self._post = post
        self._locks: dict[str, Strike | Maglock] = {}
        self._indicators: dict[str, Indicator] = {}
        self._inputs = Inputs(self._locks, post, lines)
        self._readers = Readers(self._take)
        self._heartbeat: Heartbeat | None = None
        with contextlib.ExitStack() as half_built:
            half_built.callback(self.close)
            self._build(settings)
            half_built.pop_all()

    def _build(self, settings: AgentSettings) -> None:
        for door in settings.door:
            self._locks[door.id] = _lock(door)
        self._inputs.claim(settings.door, settings.cabinet)
        points = [point for door in settings.door for point in door.access_point]
        for point in points:
            self._indicators[point.id] = Indicator(point.green_pin, point.red_pin, point.buzzer_pin)
        self._readers.claim(points)
        if settings.cabinet.heartbeat_pin is not None:
            self._heartbeat = Heartbeat(settings.cabinet.heartbeat_pin)

    def start(self) -> None:
        """Begin to listen: the inputs first, so that a fire that burns already is known before any card.

        What raises here lets go of everything first.
        """
        with contextlib.ExitStack() as half_started:
            half_started.callback(self.close)
            self._inputs.start()
            self._readers.start()
            half_started.pop_all()

    def beat(self) -> None:
        """The thinking thread is alive: the hardware dead-man may hold its relay for another moment."""
        if self._heartbeat is not None:
            self._heartbeat.beat()

    def probes(self) -> dict[str, Callable[[], bool]]:
        """What a watchdog must ask between `start` and `close`: is each reader alive, and each input?"""
        return {**self._readers.probes(), **self._inputs.probes()}

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
        """Tell the people at an access point, by the door's own lamps and by the reader's."""
        indicator = self._indicators[command.access_point]
        match command.sign:
            case Sign.GRANTED:
                indicator.granted()
            case Sign.REFUSED:
                indicator.refused()
            case Sign.WAITING:
                indicator.waiting()
            case Sign.PIN:
                indicator.asking()
            case Sign.WARNING:
                indicator.warning()
            case Sign.ALARM_ON:
                indicator.alarm(True)
            case Sign.ALARM_OFF:
                indicator.alarm(False)
        self._readers.indicate(command.access_point, _ON_READERS[command.sign])

    def close(self) -> None:
        """Let go of everything, the locks first: what power holds is let go, what power releases is secured."""
        with contextlib.ExitStack() as stack:
            stack.callback(self._readers.close)
            stack.callback(self._inputs.close)
            for indicator in self._indicators.values():
                stack.callback(indicator.close)
            if self._heartbeat is not None:
                stack.callback(self._heartbeat.close)
            for lock in self._locks.values():
                stack.callback(lock.close)

    def _standing(self, door: str) -> bool:
        return self._inputs.standing(door)

    def _take(self, signal: Signal) -> None:
        """A reader's signal."""
        match signal:
            case CardBits():
                self._post(Card(signal.reader, signal.source, signal.bits))
            case KeysPressed():
                self._post(Typed(signal.reader, signal.keys))
            case ReaderFault(kind=FaultKind.CAPABILITY):
                self._post(ReaderTampered(signal.reader, active=True))
            case ReaderFault():
                told = f"{signal.kind}: {signal.detail}" if signal.detail else str(signal.kind)
                self._post(ReaderState(signal.reader, _STATES.get(signal.kind, "flaw"), told))
            case InputLevel() if signal.input.endswith(_READER_POWER):
                self._post(Level(None, signal.input.removesuffix(_READER_POWER), signal.active))
            case ReaderTamper():
                self._post(ReaderTampered(signal.reader, signal.active))


def _lock(door: DoorSettings) -> Strike | Maglock:
    kind = Strike if door.lock is LockKind.STRIKE else Maglock
    return kind(door.lock_pin, longest_release=door.max_release_ms / 1000 + _CAP_GRACE_S)
