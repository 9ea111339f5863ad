"""A period in an address: whole days of the site's clock, as long as a page can draw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from flask import abort

from admin_web import shown
from admin_web.centre import now
from admin_web.pages import forms


@dataclass(frozen=True, slots=True)
class Days:
    """first, last: days of the site's clock, the last one within; cut: it asked for more than can be drawn at once."""

    first: date
    last: date
    cut: bool = False

    @property
    def since(self) -> datetime:
        return _midnight(self.first)

    @property
    def until(self) -> datetime:
        """The end of the last day."""
        return _midnight(self.last + timedelta(days=1))

    @property
    def count(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def elapsed(self) -> datetime:
        """The end, or now if that is earlier; never before the beginning is over."""
        return max(min(self.until, now()), self.since + timedelta(minutes=15))

    def moved(self, by: int) -> Days:
        """As many days, that many periods later."""
        step = timedelta(days=by * self.count)
        return Days(self.first + step, self.last + step)

    def address(self) -> dict[str, str]:
        """As it stands in an address."""
        return {"since": self.first.isoformat(), "until": self.last.isoformat()}


def asked(usual: int, longest: int) -> Days:
    """The days that the address names; the last `usual` ones unless told; 400 when they are none."""
    since, until = forms.day("since"), forms.day("until")
    today = _day(now())
    first = _day(since) if since else (_day(until) if until else today) - timedelta(days=usual - 1)
    last = _day(until) if until else min(first + timedelta(days=usual - 1), max(today, first))
    if last < first or not 2000 <= first.year <= last.year < 2100:
        abort(400)
    farthest = first + timedelta(days=longest - 1)
    return Days(first, min(last, farthest), cut=last > farthest)


def _day(moment: datetime) -> date:
    return moment.astimezone(shown.zone()).date()


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=shown.zone()).astimezone(UTC)
