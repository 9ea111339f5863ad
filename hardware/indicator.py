"""The lights and the buzzer beside a reader: what the person at the door is told.

The law: no caller ever waits for a pattern; one thread of ours plays them. A short answer (granted, refused) is played
over an alarm and over waiting, an alarm over waiting; each ends what it must and nothing else.
"""

import contextlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from gpiozero import OutputDevice


@dataclass(frozen=True, slots=True)
class Step:
    """What is lit and sounding, and for how long (seconds; None: until something changes)."""

    green: bool = False
    red: bool = False
    buzzer: bool = False
    seconds: float | None = None


Pattern = tuple[Step, ...]

DARK: Final = Step()
GRANTED: Final[Pattern] = (Step(green=True, buzzer=True, seconds=0.1), Step(green=True, seconds=1.9))
REFUSED: Final[Pattern] = (Step(red=True, buzzer=True, seconds=0.15), Step(red=True, seconds=0.1)) * 3 + (
    Step(red=True, seconds=0.75),
)
WAITING: Final[Pattern] = (Step(green=True, seconds=0.25), Step(seconds=0.25))
ASKING: Final[Pattern] = (Step(green=True, red=True, seconds=0.5), Step(seconds=0.25))
ALARM: Final[Pattern] = (Step(red=True, buzzer=True, seconds=0.5), Step(seconds=0.25))
WARNING: Final[Pattern] = (Step(buzzer=True, seconds=0.08), Step(seconds=0.42)) * 4
IDLE: Final[Pattern] = (DARK,)


class Indicator:
    """Any of the three pins may be None: that part is not fitted. `pace` above 1 plays faster (for tests)."""

    def __init__(
        self,
        green_pin: int | None,
        red_pin: int | None,
        buzzer_pin: int | None,
        pin_factory: Any = None,
        *,
        active_high: bool = True,
        pace: float = 1.0,
    ) -> None:
        self._pace = pace
        self._outputs = _claimed((green_pin, red_pin, buzzer_pin), active_high, pin_factory)
        self._changed = threading.Condition()
        self._generation = 0
        self._answer: Pattern | None = None
        self._waiting: Pattern | None = None
        self._alarm = False
        self._closed = False
        self._player = threading.Thread(target=self._play, name="indicator", daemon=True)
        self._player.start()

    def granted(self) -> None:
        """Green for two seconds, one short beep."""
        self._set(answer=GRANTED, waiting=None)

    def refused(self) -> None:
        """Red for a second and a half, three beeps."""
        self._set(answer=REFUSED, waiting=None)

    def waiting(self) -> None:
        """Green blinks until the next answer or `off()`: something more is expected (a second person)."""
        self._set(answer=None, waiting=WAITING)

    def asking(self) -> None:
        """Green and red blink together until the next answer or `off()`: the keypad is waited for."""
        self._set(answer=None, waiting=ASKING)

    def warning(self) -> None:
        """Two seconds of short beeps: the door will be held open in a moment. An answer is not cut short by it."""
        if self._answer is None:
            self._set(answer=WARNING)

    def alarm(self, on: bool) -> None:
        """Red and buzzer pulse until `alarm(False)`; no other call but `close()` silences them for good."""
        if on is not self._alarm:
            self._set(alarm=on)

    def off(self) -> None:
        """End an answer or waiting. An alarm goes on."""
        self._set(answer=None, waiting=None)

    def close(self) -> None:
        """Everything dark, the thread ended, the pins given back. May be called twice."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._player.join(1.0)
        for output in self._outputs:
            if output is not None:
                output.close()

    _KEEP: Final[Pattern] = ()

    def _set(
        self, *, answer: Pattern | None = _KEEP, waiting: Pattern | None = _KEEP, alarm: bool | None = None
    ) -> None:
        with self._changed:
            self._answer = self._answer if answer is self._KEEP else answer
            self._waiting = self._waiting if waiting is self._KEEP else waiting
            self._alarm = self._alarm if alarm is None else alarm
            if alarm is None or self._answer is None:  # an alarm does not cut an answer short
                self._generation += 1
                self._changed.notify_all()

    def _play(self) -> None:
        with self._changed:
            while not self._closed:
                self._play_once()
            self._show(DARK)

    def _play_once(self) -> None:
        pattern, generation = self._pattern_now(), self._generation
        for step in pattern:
            self._show(step)
            seconds = None if step.seconds is None else step.seconds / self._pace
            if self._changed.wait_for(lambda: self._closed or self._generation != generation, seconds):
                return
        self._answer = None

    def _pattern_now(self) -> Pattern:
        if self._answer is not None:
            return self._answer
        if self._alarm:
            return ALARM
        return self._waiting or IDLE

    def _show(self, step: Step) -> None:
        for output, lit in zip(self._outputs, (step.green, step.red, step.buzzer), strict=True):
            if output is not None and not output.closed and bool(output.value) is not lit:
                output.value = lit


def _claimed(pins: Sequence[int | None], active_high: bool, pin_factory: Any) -> list[OutputDevice | None]:
    """All of them or none: what was claimed before a pin that is not to be had is given back."""
    with contextlib.ExitStack() as claimed:
        outputs = [
            None
            if pin is None
            else claimed.enter_context(OutputDevice(pin, active_high=active_high, pin_factory=pin_factory))
            for pin in pins
        ]
        claimed.pop_all()
    return outputs
