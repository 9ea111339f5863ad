"""Changes: what people have done to the house, apart from what happened at its doors."""

from __future__ import annotations

from typing import Any

from flask import Response

from admin_web import guard
from admin_web.api import shapes
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import PAGE, asks, digits, from_start, moment, one_of, row_id
from admin_web.api.paging import answered, limit
from admin_web.centre import centre
from controller.ledger import acts, ledger
from controller.ledger.acts import ActFilter
from controller.ledger.kinds import Kind
from controller.people.access import Permission


@blueprint.get(f"{V1}/changes")
@guard.requires(Permission.SEE_LOG)
@asks(
    operator=row_id(),
    kind=one_of(*acts.ACTS),
    since=moment(),
    until=moment(),
    cursor=from_start(digits(0)),
    limit=PAGE["limit"],
)
def list_changes(asked: dict[str, Any]) -> Response:
    """Acts of people and why, the newest first; `cursor` goes back in time."""
    actor = None if asked["operator"] is None else f"operator:{asked['operator']}"
    kind = None if asked["kind"] is None else Kind(asked["kind"])
    wanted, most = ActFilter(actor, kind, asked["since"], asked["until"]), limit(asked)
    with centre().read() as session:
        before = ledger.head(session) + 1 if asked["cursor"] is None else asked["cursor"]
        found = acts.listed(session, wanted, before, most + 1)
        why, whence = acts.reasons(session, found), acts.whence(session, found)
        items = [shapes.change(row, why.get(row.sequence), whence.get(row.sequence)) for row in found[:most]]
        return answered(items, found[most - 1].sequence if len(found) > most else None)
