"""What a reader's light and buzzer do after the panel's commands, as time passes. Sans-I/O.

The law: commands come in the words of libosdp, values of `green`, `red` and `buzzer` come out, each with its moment.
Other colours than red, green and amber show as neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

TENTH: Final = 0.1
RED, GREEN, AMBER = 1, 2, 3
OUTPUTS: Final = ("green", "red", "buzzer")
LED, BUZZER = 2, 3
"""The commands' numbers in libosdp, which the bench itself does not import."""
_BEGIN: Final = 2
"""Control code: begin a temporary light (1: end it), sound the default tone (1: be silent)."""


@dataclass(frozen=True, slots=True)
class _Rhythm:
    """On and off in turns since `began`, until `until` (None: for ever); what it is when on and when off."""

    began: float
    on: float
    off: float
    when_on: int
    when_off: int
    until: float | None

    def at(self, now: float) -> tuple[int, float | None]:
        """What it is at `now`, and when that ends."""
        if not self.off or not self.on:
            return (self.when_on if self.on else self.when_off), self.until
        # In whole tenths: a moment that is computed again must not fall before the edge that it is.
        period, passed = round((self.on + self.off) / TENTH), int((now - self.began) / TENTH + 1e-6)
        place, lasts = passed % period, round(self.on / TENTH)
        edge = self.began + (passed - place + (lasts if place < lasts else period)) * TENTH
        return (self.when_on if place < lasts else self.when_off), edge if self.until is None else min(edge, self.until)


_DARK: Final = _Rhythm(0.0, 0.0, 0.0, 0, 0, None)


class Lights:
    """`take` a command, then `values` at that moment; come again when it says."""

    def __init__(self) -> None:
        self._steady = _DARK
        self._passing: _Rhythm | None = None
        self._tone = _DARK

    def take(self, command: Mapping[str, Any], now: float) -> bool:
        """Is it one for light or buzzer? Then it holds from `now`."""
        found = command.get("command")
        if found == LED:
            self._light(command, now)
        elif found == BUZZER:
            self._sound(command, now)
        return found in (LED, BUZZER)

    def values(self, now: float) -> tuple[dict[str, int], float | None]:
        """Each output's value at `now`, and when to look again."""
        if self._passing is not None and self._passing.until is not None and now >= self._passing.until:
            self._passing = None
        if self._tone.until is not None and now >= self._tone.until:
            self._tone = _DARK
        (colour, light_ends), (tone, tone_ends) = (self._passing or self._steady).at(now), self._tone.at(now)
        ends = [each for each in (light_ends, tone_ends) if each is not None]
        shown = {"green": int(colour in (GREEN, AMBER)), "red": int(colour in (RED, AMBER)), "buzzer": tone}
        return shown, min(ends, default=None)

    def _light(self, command: Mapping[str, Any], now: float) -> None:
        begun = _rhythm(command, now, command["on_color"], command["off_color"])
        if not command["temporary"]:
            self._steady = begun
            if command.get("cancel_temporary"):
                self._passing = None
        elif command["control_code"] == _BEGIN:
            self._passing = replace(begun, until=now + command["timer_count"] * TENTH)
        else:
            self._passing = None

    def _sound(self, command: Mapping[str, Any], now: float) -> None:
        self._tone = _DARK
        if command["control_code"] == _BEGIN:
            begun, times = _rhythm(command, now, 1, 0), command["rep_count"]
            # The last tone is followed by silence whatever its pause would be; 0 times: for ever.
            ends = now + times * (begun.on + begun.off) - begun.off if times else None
            self._tone = replace(begun, until=ends)


def _rhythm(command: Mapping[str, Any], now: float, when_on: int, when_off: int) -> _Rhythm:
    return _Rhythm(now, command["on_count"] * TENTH, command["off_count"] * TENTH, when_on, when_off, None)
