"""What the address of a list asks for: opaque ids, days of the site's clock, and no names; 400 when it is malformed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from flask import abort, request

from admin_web import shown
from admin_web.centre import now
from admin_web.pages import forms
from contract.fact import FactKind
from contract.outcome import Outcome
from controller.record import enquiry
from controller.record.enquiry import LogFilter
from controller.record.judgement import Disposition

LOG_FIELDS = ("area", "door", "cardholder", "outcome", "kind", "passing", "since", "until")
MOST_DAYS = 3660
PERIOD_DAYS = 30


@dataclass(frozen=True, slots=True)
class Asked:
    """now: when it was asked; log: the filters that most lists share; operator: whose acts; act, alarm: which kind;
    days: unused since, or ending within; disposition: what was said of it."""

    now: datetime
    log: LogFilter
    operator: int | None = None
    act: str | None = None
    alarm: str | None = None
    days: int | None = None
    disposition: Disposition | None = None

    def within(self, days: int) -> Asked:
        """The same for the last `days` days of the site's clock, unless it says from when."""
        if self.log.since is not None:
            return self
        local = (self.now - timedelta(days=days)).astimezone(shown.zone())
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
        return replace(self, log=replace(self.log, since=midnight))


def asked() -> Asked:
    """What the address of this request asks for."""
    days = forms.number("days")
    if days is not None and not 1 <= days <= MOST_DAYS:
        abort(400)
    return Asked(now(), _log(), forms.row_id("operator"), _plain("act"), _plain("alarm"), days, disposition())


def disposition() -> Disposition | None:
    """The disposition that the address names."""
    found = request.args.get("disposition", "")
    return Disposition(found) if found in set(Disposition) else None


def narrowed(fields: Sequence[str]) -> Mapping[str, str | list[str]]:
    """The part of the address that narrows, to be carried on in links."""
    found = {name: [text for each in request.args.getlist(name) if (text := each.strip())] for name in fields}
    return {name: values if len(values) > 1 else values[0] for name, values in found.items() if values}


def dates(wanted: LogFilter) -> Mapping[str, str]:
    """The days of a filter as they stand in an address and in date fields; the last one is within it."""
    since, until = wanted.since, wanted.until
    found = {"since": since, "until": until - timedelta(seconds=1) if until else None}
    return {name: f"{at.astimezone(shown.zone()):%Y-%m-%d}" for name, at in found.items() if at is not None}


def _log() -> LogFilter:
    kinds = tuple(each for each in request.args.getlist("kind") if each in set(FactKind))
    if request.args.get("passing"):
        kinds = tuple(enquiry.PASSING)
    outcome = request.args.get("outcome") or None
    return LogFilter(
        area=forms.row_id("area"),
        door=forms.row_id("door"),
        cardholder=forms.row_id("cardholder"),
        outcome=outcome if outcome in set(Outcome) else None,
        kinds=kinds,
        since=forms.day("since"),
        until=forms.day("until", timedelta(days=1)),
    )


def _plain(name: str) -> str | None:
    return request.args.get(name, "").strip()[:40] or None
