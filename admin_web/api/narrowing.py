"""Filters of reports as the API takes them: the same that an address of a page may say, each by its own declaration."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from admin_web.api import shapes
from admin_web.api.fields import Field, count, digits, one_of, row_id, whole, words
from admin_web.api.problems import Unprocessable
from admin_web.reports import asking
from admin_web.reports.asking import MISSING, MOST_DAYS, Asked
from admin_web.reports.known import usual
from admin_web.reports.periods import Period
from admin_web.reports.report import Report
from contract.fact import FactKind
from contract.outcome import Outcome
from controller.ledger import acts
from controller.people.card_end import Ended
from controller.record import alarm
from controller.record.judgement import Disposition


def _day() -> Field:
    """A day of the site's clock."""

    def read(value: Any) -> date:
        found = shapes.read_day(value)
        if not 2000 <= found.year < 2100:
            raise ValueError("is a date from 2000 to 2099")
        return found

    return Field(read, {"type": "string", "format": "date"})


_WORDS: Final = {
    "outcome": one_of(*Outcome),
    "act": one_of(*acts.ACTS),
    "alarm": one_of(*sorted(alarm.KINDS)),
    "disposition": one_of(*Disposition),
    "ended": one_of(*Ended),
    "receipts": one_of(MISSING),
    "period": one_of(*Period),
    "since": _day(),
    "until": _day(),
}
IN_QUERY: Final = {
    **dict.fromkeys(("area", "door", "cardholder", "operator"), row_id()),
    "kind": one_of(*FactKind, many=True),
    "days": digits(),
    **_WORDS,
}
IN_BODY: Final = {
    **dict.fromkeys(("area", "door", "cardholder", "operator"), whole()),
    "kind": words(*FactKind),
    "days": count(MOST_DAYS),
    **_WORDS,
}


def asked_of(report: Report, given: Mapping[str, Any]) -> Asked:
    """What these filters ask of `report`; Unprocessable where one does not narrow it, or two contradict one another."""
    named = {name: given[name] for name in IN_QUERY if given[name] not in (None, ())}
    flaws = {name: "does not narrow this report" for name in named if name not in report.fields}
    if "period" in named and named.keys() & {"since", "until"}:
        flaws["period"] = "is not said beside days"
    if named.get("days", 1) > MOST_DAYS:
        flaws["days"] = f"is a whole number from 1 to {MOST_DAYS}"
    if flaws:
        raise Unprocessable(flaws)
    said = [(name, str(each)) for name, value in named.items() for each in _each(value)]
    return usual(report, asking.read(MultiDict(said)))


def _each(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)
