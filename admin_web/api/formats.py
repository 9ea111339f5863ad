"""Card formats: which there are, how a site's own would be understood, and what the bits of a card may mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, jsonify

from admin_web import guard
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import Field, count, rows, takes, text
from admin_web.api.problems import Unprocessable
from admin_web.api.rules import REASON
from admin_web.centre import centre, now
from admin_web.pages import forms
from admin_web.shown import utc
from contract import written_frame
from contract.card_format import BadLayout, CardFormat
from contract.credential import LONGEST_BITS, Identity
from contract.formats import FORMATS
from contract.reading import as_object, readings
from contract.site_formats import from_tables, preview
from controller.people.access import Permission
from controller.people.enrolment import examine
from controller.premises import door as doors
from controller.premises import format as formats
from controller.premises.door import AccessPoint
from controller.premises.format import FormatRow
from controller.refusal import Refused


def _table(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("is an object, as docs/installer/card-formats.md describes it")
    return value


_ONE = Field(_table, {"type": "object"}, required=True)


def _told(found: CardFormat, row: FormatRow | None, used: Sequence[AccessPoint]) -> dict[str, Any]:
    """A format with its drawing, its row if it is the site's own, and the access points that read it."""
    return {
        **preview(found),
        "own": row is not None,
        "id": row.id if row is not None else None,
        "retired_at": utc(row.retired_at) if row is not None and row.retired_at else None,
        "read_by": [each.id for each in used],
    }


@blueprint.get(f"{V1}/formats")
@guard.requires(Permission.SEE_DOORS)
def list_formats() -> Response:
    """Every format: the published ones and the site's own, retired ones too, and which access points read each."""
    with centre().read() as session:
        site = centre().site(session)
        rows = {row.name: row for row in formats.rows_of(session, site)}
        used = doors.reading(session, site)
        every = (*FORMATS.values(), *(row.format() for row in rows.values()))
        return jsonify(items=[_told(each, rows.get(each.name), used.get(each.name, [])) for each in every])


@blueprint.post(f"{V1}/formats")
@guard.requires(Permission.CHANGE_ROOMS)
@takes(format=_ONE, reason=REASON)
def add_format(given: dict[str, Any]) -> tuple[Response, int]:
    """A new format of the site's own; it never changes."""
    with centre().write() as session:
        actor, site = guard.operator().actor, centre().site(session)
        row = formats.add(session, actor, now(), site, given["format"], given["reason"])
        return jsonify(_told(row.format(), row, [])), 201


@blueprint.post(f"{V1}/formats/<int:format_id>/retire")
@guard.requires(Permission.CHANGE_ROOMS)
@takes(reason=REASON)
def retire_format(format_id: int, given: dict[str, Any]) -> Response:
    """Give an own format to no reader any more; refused while one reads it."""
    with centre().write() as session:
        row, site = forms.row(session, FormatRow, format_id), centre().site(session)
        in_use = row.name in doors.reading(session, site)
        formats.retire(session, guard.operator().actor, now(), row, given["reason"], in_use=in_use)
        return jsonify(_told(row.format(), row, []))


@blueprint.post(f"{V1}/formats/try")
@guard.requires(Permission.CHANGE_PEOPLE)
@takes(bits=text(600), length=count(LONGEST_BITS), uid=text(80))
def try_formats(given: dict[str, Any]) -> Response:
    """Every format that has as many bits, those that fit first: of bits, of 0xHEX with its length, or of a uid."""
    try:
        frame = written_frame.read(given["bits"] or None, given["length"], given["uid"] or None)
    except ValueError as flaw:
        raise Refused("frame-wrong") from flaw
    with centre().read() as session:
        known = {**FORMATS, **formats.of_site(session, centre().site(session))}
    return jsonify(bits=frame, readings=[as_object(each) for each in readings(frame, known.values())])


@blueprint.post(f"{V1}/formats/preview")
@guard.requires(Permission.CHANGE_PEOPLE)
@takes(formats=rows({"type": "object"}, lambda given: given))
def preview_formats(given: dict[str, Any]) -> Response:
    """How these formats would be understood; nothing is kept."""
    try:
        found = from_tables(given["formats"])
    except BadLayout as flaw:
        raise Unprocessable({"formats": "; ".join(flaw.flaws)}) from flaw
    return jsonify(items=[preview(each) for each in found.values()])


@blueprint.post(f"{V1}/formats/readings")
@guard.requires(Permission.CHANGE_PEOPLE)
@takes(identity=text(160, required=True))
def read_bits(given: dict[str, Any]) -> Response:
    """Every reading that fits these bits, with what may be printed on the card, and what to beware of."""
    try:
        identity = Identity.parse(given["identity"])
    except ValueError as flaw:
        raise Unprocessable({"identity": "is written source:length:hex"}) from flaw
    with centre().read() as session:
        found = examine(session, centre().site(session), identity)
    told = [{"why": str(each.kind), "other": each.other.text() if each.other else None} for each in found.cautions]
    return jsonify(readings=[as_object(each) for each in found.readings], cautions=told)
