"""Reports taken out as files: asked for, watched, fetched and discarded, by the operator who asked alone."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, jsonify
from werkzeug.wrappers import Response as Answer

from admin_web import guard, shown, words
from admin_web.api import narrowing
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import one_of, takes, text
from admin_web.api.paging import answered
from admin_web.api.reports import ONE, kept, visible
from admin_web.centre import centre
from admin_web.exports.kinds_of_file import KINDS
from admin_web.exports.making import KEPT_FOR, Making
from admin_web.pages.exports import sent
from admin_web.reports import saved
from admin_web.reports.known import EXPORTED
from admin_web.reports.taking import Wish, exports, taken
from controller.people.access import Permission

_FORM = {"form": one_of(*KINDS, required=True), "purpose": text(400, required=True)}


@blueprint.post(f"{V1}/reports/{ONE}/exports")
@guard.requires(Permission.EXPORT_RECORD)
@takes(**_FORM, **narrowing.IN_BODY)
def request_export(report: str, given: dict[str, Any]) -> tuple[Response, int]:
    """Have a file of a report made; that it is taken out, and what for, is recorded first."""
    found = visible(report)
    making = taken(Wish(found, narrowing.asked_of(found, given)), given["form"], given["purpose"])
    return jsonify(_shown(making)), 201


@blueprint.post(f"{V1}/reports/saved/<int:saved_id>/exports")
@guard.requires(Permission.EXPORT_RECORD)
@takes(**_FORM)
def request_saved_export(saved_id: int, given: dict[str, Any]) -> tuple[Response, int]:
    """Have a file of a saved report made, as it is run now."""
    with centre().read() as session:
        row = kept(session, saved_id)
        wish = Wish(EXPORTED[row.report], saved.asked_by(row))
    return jsonify(_shown(taken(wish, given["form"], given["purpose"]))), 201


@blueprint.get(f"{V1}/reports/exports")
@guard.requires(Permission.EXPORT_RECORD)
def list_exports() -> Response:
    """One's own files, the newest first: kept for an hour, three at most."""
    return answered([_shown(each) for each in exports().of(guard.operator().id)], None)


@blueprint.get(f"{V1}/reports/exports/<export_id>")
@guard.requires(Permission.EXPORT_RECORD)
def get_export(export_id: str) -> Response:
    """How far a file is; `state` is waiting, going, done, failed or stopped."""
    return jsonify(_shown(_own(export_id)))


@blueprint.get(f"{V1}/reports/exports/<export_id>/file")
@guard.requires(Permission.EXPORT_RECORD)
def fetch_export(export_id: str) -> Answer:
    """The file itself, once it is done."""
    return sent(_own(export_id))


@blueprint.post(f"{V1}/reports/exports/<export_id>/discard")
@guard.requires(Permission.EXPORT_RECORD)
@takes()
def discard_export(export_id: str, given: dict[str, Any]) -> Response:  # noqa: ARG001 - nothing may be given
    """Stop making it, or forget it."""
    making = _own(export_id)
    exports().discard(making)
    return jsonify(_shown(making))


def _own(export_id: str) -> Making:
    found = exports().find(guard.operator().id, export_id)
    if found is None:
        abort(404)
    return found


def _shown(making: Making) -> dict[str, Any]:
    """expected: the rows that were counted; replaced: characters that stand as their names; flaw: the rule by which it
    failed, null where it did not or by none."""
    order, flaw = making.order, making.flaw
    return {
        "id": making.key,
        "title": order.title,
        "name": order.name,
        "mimetype": order.mimetype,
        "state": making.state,
        "rows": making.rows,
        "expected": order.expected,
        "replaced": making.replaced,
        "size": making.size,
        "asked_at": shown.utc(order.asked_at),
        "kept_until": shown.utc(order.asked_at + KEPT_FOR),
        "flaw": {"code": flaw.code, "detail": words.refusal(flaw)} if flaw else None,
    }
