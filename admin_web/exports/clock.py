"""The site's clock in files: many moments as text, without an object for each of them.

The law: an hour that this clock begins and ends with the same whole hours from UTC is told by its digits; every other
one moment by moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from contract import leaf

_TO_THE_HOUR, _TO_THE_SECOND = len("2026-11-24T03"), len("2026-11-24T03:00:05")
_HOUR = timedelta(hours=1)


class Clock:
    """Tells moments of UTC by the clock of `zone`: 2026-11-24 12:00:05."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._hour = lru_cache(1024)(self._told_hour)

    def moments(self, column: Sequence[object]) -> Sequence[str | None]:
        """Moments, aware or written by `leaf.written`; None and what is no moment have no text."""
        return [self.told(each) if isinstance(each, (str, datetime)) else None for each in column]

    def told(self, moment: str | datetime) -> str:
        """One moment, cut to its second. ValueError for one without a zone."""
        text = moment if isinstance(moment, str) else leaf.written(moment)
        hour = self._hour(text[:_TO_THE_HOUR])
        return hour + text[_TO_THE_HOUR:_TO_THE_SECOND] if hour else self._exactly(leaf.read_moment(text))

    def _told_hour(self, hour: str) -> str | None:
        begins = leaf.read_moment(f"{hour}:00:00.000000Z")
        away = {moment.astimezone(self._zone).utcoffset() or timedelta() for moment in (begins, begins + _HOUR)}
        whole = len(away) == 1 and not any(each % _HOUR for each in away)
        return self._exactly(begins)[:_TO_THE_HOUR] if whole else None

    def _exactly(self, moment: datetime) -> str:
        return moment.astimezone(self._zone).replace(tzinfo=None).isoformat(" ", "seconds")
