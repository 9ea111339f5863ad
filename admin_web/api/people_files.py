"""Cardholders as files, as the pages have them: what one would change, exactly that applied, and everybody exported."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from admin_web import guard, roster
from admin_web.api import shapes
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import document, one_of, takes, text
from controller.people.access import Permission
from controller.people.roster_file import Encoding


@blueprint.post(f"{V1}/cardholders/import")
@guard.requires(Permission.CHANGE_PEOPLE)
@takes(csv=document())
def look_at_file(given: dict[str, Any]) -> Response:
    """What a file of people would change, row by row; nothing is changed. `plan` is what to send to apply it."""
    rows = roster.judged(given["csv"])
    return jsonify(items=[shapes.file_row(each) for each in rows], plan=roster.sealed(rows))


@blueprint.post(f"{V1}/cardholders/import/apply")
@guard.requires(Permission.CHANGE_PEOPLE)
@takes(plan=document(), reason=text(400, required=True))
def apply_file(given: dict[str, Any]) -> Response:
    """Do exactly what was shown; a row that changed meanwhile is refused."""
    done = roster.applied(given["plan"], given["reason"])
    return jsonify(items=[shapes.file_row(each) for each in done])


@blueprint.post(f"{V1}/cardholders/export")
@guard.requires(Permission.EXPORT_RECORD)
@takes(purpose=text(400, required=True), encoding=one_of(*Encoding))
def export_cardholders(given: dict[str, Any]) -> Response:
    """Everybody, as a file that can be read in again; that, and what for, is recorded first."""
    encoding = Encoding(given["encoding"] or Encoding.UTF_8)
    return roster.answer(roster.exported(encoding, given["purpose"], japanese=False), encoding, "cardholders")
