"""Periods that move with the calendar: what "last month" is on the day that the report is run, on the site's clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Period(StrEnum):
    TODAY = "today"
    YESTERDAY = "yesterday"
    LAST_7_DAYS = "last-7-days"
    LAST_30_DAYS = "last-30-days"
    THIS_MONTH = "this-month"
    LAST_MONTH = "last-month"
    THIS_YEAR = "this-year"
    LAST_YEAR = "last-year"


_DAYS = {Period.TODAY: 0, Period.LAST_7_DAYS: 7, Period.LAST_30_DAYS: 30}


def span(period: Period, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime | None]:
    """Its first moment and the first one beyond it, in UTC; None while it goes on."""
    today = now.astimezone(zone).date()
    since, until = _days(period, today)
    return _midnight(since, zone), None if until is None else _midnight(until, zone)


def _days(period: Period, today: date) -> tuple[date, date | None]:
    month, year = today.replace(day=1), today.replace(month=1, day=1)
    if period in _DAYS:
        return today - timedelta(days=_DAYS[period]), None
    if period is Period.YESTERDAY:
        return today - timedelta(days=1), today
    if period is Period.THIS_MONTH:
        return month, None
    if period is Period.LAST_MONTH:
        return (month - timedelta(days=1)).replace(day=1), month
    return (year, None) if period is Period.THIS_YEAR else (year.replace(year=year.year - 1), year)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
