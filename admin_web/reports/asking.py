"""What the address of a list asks for: opaque ids, days of the site's clock, periods, and no names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flask import abort, request
from werkzeug.datastructures import MultiDict

from admin_web import shown
from admin_web.centre import now
from admin_web.pages import forms
from admin_web.reports import periods
from admin_web.reports.periods import Period
from contract.fact import FactKind
from contract.outcome import Outcome
from controller.people.card_end import Ended
from controller.record import enquiry
from controller.record.enquiry import LogFilter
from controller.record.judgement import Disposition

Address = Mapping[str, str | list[str]]
LOG_FIELDS = ("area", "door", "cardholder", "outcome", "kind", "passing", "period", "since", "until")
MOST_DAYS = 3660
MISSING = "missing"
"""Of receipts: only what some door has not confirmed."""
PERIOD_DAYS = 30


@dataclass(frozen=True, slots=True)
class Asked:
    """now: when it was asked; log: the filters that most lists share; operator: whose acts; act, alarm: which kind;
    days: unused since, or ending within; disposition: what was said of it; ended: why a card ended; missing: only what
    some door has not confirmed; period: by which the time of `log` was said, if not by days."""

    now: datetime
    log: LogFilter
    operator: int | None = None
    act: str | None = None
    alarm: str | None = None
    days: int | None = None
    disposition: Disposition | None = None
    period: Period | None = None
    ended: Ended | None = None
    missing: bool = False

    def during(self, period: Period) -> Asked:
        """The same of a period."""
        since, until = periods.span(period, self.now, shown.zone())
        return replace(self, period=period, log=replace(self.log, since=since, until=until))

    def usual(self) -> Asked:
        """The same of the last days, unless it says from when."""
        if self.log.since is not None:
            return self
        found = self.during(Period.LAST_30_DAYS)
        if self.log.until is None:
            return found
        return replace(found, period=None, log=replace(found.log, until=self.log.until))


def asked() -> Asked:
    """What the address of this request asks for; 400 when it is malformed."""
    try:
        return read(request.args)
    except (ValueError, OverflowError):
        abort(400)


def read(address: MultiDict[str, str]) -> Asked:
    """What an address asks for, wherever it was kept; ValueError or OverflowError when it is malformed."""
    days = forms.counted(address.get("days", ""))
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise ValueError("so many days are not asked for")
    found = Asked(
        now(),
        _log(address),
        _id(address, "operator"),
        _plain(address, "act"),
        _plain(address, "alarm"),
        days,
        disposition(address),
        ended=_ended(address),
        missing=address.get("receipts") == MISSING,
    )
    period = _plain(address, "period")
    # Days that somebody names say more than a period that a form has kept.
    named = found.log.since is not None or found.log.until is not None
    return found if period is None or named else found.during(Period(period))


def narrowed(fields: Sequence[str]) -> Address:
    """The part of the address that narrows, to be carried on in links."""
    found = {name: [text for each in request.args.getlist(name) if (text := each.strip())] for name in fields}
    return {name: values if len(values) > 1 else values[0] for name, values in found.items() if values}


def address(wanted: Asked, fields: Sequence[str]) -> Address:
    """What is asked as an address says it, as far as the list knows `fields`: `read` understands it again."""
    return {name: value for name, value in _said(wanted) if name in fields}


def dates(wanted: LogFilter) -> Mapping[str, str]:
    """The days of a filter as they stand in an address and in date fields; the last one is within it."""
    since, until = wanted.since, wanted.until
    found = {"since": since, "until": until - timedelta(seconds=1) if until else None}
    return {name: f"{at.astimezone(shown.zone()):%Y-%m-%d}" for name, at in found.items() if at is not None}


def _said(wanted: Asked) -> Iterator[tuple[str, str | list[str]]]:
    log = wanted.log
    for name, value in (
        ("area", log.area),
        ("door", log.door),
        ("cardholder", log.cardholder),
        ("operator", wanted.operator),
        ("outcome", log.outcome),
        ("act", wanted.act),
        ("alarm", wanted.alarm),
        ("days", wanted.days),
        ("disposition", wanted.disposition),
        ("ended", wanted.ended),
        ("receipts", MISSING if wanted.missing else None),
        ("period", wanted.period),
    ):
        if value is not None:
            yield name, str(value)
    if log.kinds:
        kinds = [str(each) for each in log.kinds]
        yield "kind", kinds if len(kinds) > 1 else kinds[0]
    if wanted.period is None:
        yield from dates(log).items()


def _log(address: MultiDict[str, str]) -> LogFilter:
    kinds = tuple(each for each in address.getlist("kind") if each in set(FactKind))
    if address.get("passing"):
        kinds = tuple(enquiry.PASSING)
    outcome = address.get("outcome") or None
    return LogFilter(
        area=_id(address, "area"),
        door=_id(address, "door"),
        cardholder=_id(address, "cardholder"),
        outcome=outcome if outcome in set(Outcome) else None,
        kinds=kinds,
        since=forms.beginning(address.get("since", "")),
        until=forms.beginning(address.get("until", ""), timedelta(days=1)),
    )


def disposition(address: MultiDict[str, str]) -> Disposition | None:
    """The disposition that an address names."""
    found = address.get("disposition", "")
    return Disposition(found) if found in set(Disposition) else None


def _ended(address: MultiDict[str, str]) -> Ended | None:
    found = address.get("ended", "")
    return Ended(found) if found in set(Ended) else None


def _id(address: MultiDict[str, str], name: str) -> int | None:
    found = forms.counted(address.get(name, ""))
    return None if found is None else min(found, forms.LARGEST_ID)


def _plain(address: MultiDict[str, str], name: str) -> str | None:
    return address.get(name, "").strip()[:40] or None
