"""Electric locks: the strike (power releases it) and the maglock (power holds it).

The law: a latched release wins over every later `secure()` until `reset_latch()`, from whatever thread it came. A plain
release ends after `longest_release` whatever becomes of its caller. A lock is secure from construction on; `close()`
takes its power away, which secures a strike and frees a maglock.
"""

import threading
import time
from collections.abc import Callable
from typing import Any, ClassVar

from gpiozero import OutputDevice


def _nothing() -> bool:
    return False


class ElectricLock:
    """What both kinds do. All methods are thread-safe, never wait for anything but a pin write, and are idempotent."""

    _ENERGISED_IS_RELEASED: ClassVar[bool]

    def __init__(
        self,
        pin: int,
        pin_factory: Any = None,
        *,
        active_high: bool = True,
        longest_release: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # Reentrant: a signal handler may close the lock in the very thread that is writing to it.
        self._guard = threading.Condition(threading.RLock())
        self._longest, self._clock = longest_release, clock
        self._until: float | None = None
        self._causes: tuple[str, ...] = ()
        self._released = False
        self._output = OutputDevice(
            pin, active_high=active_high, initial_value=not self._ENERGISED_IS_RELEASED, pin_factory=pin_factory
        )
        threading.Thread(target=self._cap, name=f"lock {pin}", daemon=True).start()

    @property
    def released(self) -> bool:
        """Can the door be pulled open, as far as this output decides it?"""
        return self._released

    @property
    def latched(self) -> bool:
        """Is a release latched, so that `secure()` does nothing?"""
        return bool(self._causes)

    @property
    def causes(self) -> tuple[str, ...]:
        """Why it is latched, oldest first; empty when it is not."""
        return self._causes

    def release(self) -> None:
        """Let the door be opened, until `secure()` or for `longest_release` from now."""
        with self._guard:
            self._drive(released=True)
            self._until = self._clock() + self._longest
            self._guard.notify_all()

    def secure(self) -> bool:
        """Lock the door. False, and nothing done, while a release is latched."""
        with self._guard:
            if self._causes:
                return False
            self._until = None
            self._drive(released=False)
            return True

    def latch_released(self, cause: str) -> None:
        """Release and stay released until `reset_latch()`. For fire and break-glass, from the input's own callback."""
        with self._guard:
            if cause not in self._causes:
                self._causes = (*self._causes, cause)
            self._drive(released=True)

    def lift(self, cause: str) -> None:
        """Take back one cause. The door stays released until somebody calls `secure()`."""
        with self._guard:
            self._causes = tuple(each for each in self._causes if each != cause)
            self._guard.notify_all()

    def reset_latch(self, standing: Callable[[], bool] = _nothing) -> bool:
        """Take back every cause. The door stays released until somebody calls `secure()`.

        False, and nothing done, while `standing()`: it asks the inputs' own pins, so that a reset on its way when a
        fire broke out, before anybody but this lock heard of it, lifts nothing.
        """
        with self._guard:
            if self._causes and standing():
                return False
            self._causes = ()
            self._guard.notify_all()
            return True

    def expire(self) -> None:
        """End a plain release that has lasted for `longest_release`. The lock's own thread calls it in time."""
        with self._guard:
            if self._until is not None and self._clock() >= self._until:
                self.secure()

    def close(self) -> None:
        """Take the power away and give the pin back. Every later call does nothing."""
        with self._guard:
            if not self._output.closed:
                self._output.off()
                self._released = not self._ENERGISED_IS_RELEASED
                self._output.close()
                self._guard.notify_all()

    def _cap(self) -> None:
        with self._guard:
            while not self._output.closed:
                left = None if self._until is None or self._causes else self._until - self._clock()
                if left is None or left > 0:
                    self._guard.wait(left)
                else:
                    self.expire()

    def _drive(self, *, released: bool) -> None:
        if self._output.closed:
            return
        self._output.value = released is self._ENERGISED_IS_RELEASED
        self._released = released


class Strike(ElectricLock):
    """A fail-secure strike: energised is released. A dead agent leaves the door locked; it needs a handle inside."""

    _ENERGISED_IS_RELEASED = True


class Maglock(ElectricLock):
    """A fail-safe magnet: energised is locked. A dead agent leaves the door free."""

    _ENERGISED_IS_RELEASED = False
