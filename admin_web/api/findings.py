"""Findings, and what operators say became of them."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from admin_web import guard
from admin_web.api import shapes
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import PAGE, asks, digits, from_start, moment, one_of, row_id, rows, takes, text
from admin_web.api.paging import answered, limit
from admin_web.centre import centre, now
from controller.people.access import Permission
from controller.record import finding
from controller.record.enquiry import LogFilter
from controller.record.finding import FindingFilter, What
from controller.record.judgement import Disposition, Verdict

_BEYOND_EVERY = 2**62


def _places(value: list[Any]) -> set[int]:
    if any(not isinstance(each, int) or isinstance(each, bool) or not 0 < each <= _BEYOND_EVERY for each in value):
        raise ValueError("is a list of whole numbers from 1")
    return set(value)


@blueprint.get(f"{V1}/findings")
@guard.requires(Permission.SEE_LOG)
@asks(
    what=one_of(*What),
    disposition=one_of(*Disposition),
    area=row_id(),
    door=row_id(),
    cardholder=row_id(),
    since=moment(),
    until=moment(),
    cursor=from_start(digits(0)),
    limit=PAGE["limit"],
)
def list_findings(asked: dict[str, Any]) -> Response:
    """Refusals (or alarms, unused, inferred) with their dispositions, the newest first; `cursor` goes back in time."""
    named = ("area", "door", "cardholder", "since", "until")
    disposition = Disposition(asked["disposition"]) if asked["disposition"] else None
    wanted = FindingFilter(
        What(asked["what"] or What.REFUSAL), LogFilter(**{name: asked[name] for name in named}), disposition
    )
    with centre().read() as session:
        before = min(asked["cursor"] or _BEYOND_EVERY, _BEYOND_EVERY)
        found = finding.listed(session, wanted, before, limit(asked) + 1)
        page = found[: limit(asked)]
        return answered([shapes.finding(each) for each in page], page[-1].place if len(found) > len(page) else None)


@blueprint.post(f"{V1}/findings/judge")
@guard.requires(Permission.JUDGE_FINDINGS)
@takes(
    findings=rows({"type": "integer", "minimum": 1, "maximum": _BEYOND_EVERY}, _places),
    disposition=one_of(*Disposition, required=True),
    note=text(400, required=True),
)
def judge_findings(given: dict[str, Any]) -> Response:
    """Say what became of all these findings, or of none of them."""
    verdict = Verdict(Disposition(given["disposition"]), given["note"])
    with centre().write() as session:
        place = finding.judge(session, guard.operator(), now(), given["findings"], verdict)
        return jsonify(ledger_sequence=place, judged=sorted(given["findings"]))
