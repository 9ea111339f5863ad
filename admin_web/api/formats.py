"""Card formats: which there are, how a site's own would be understood, and what the bits of a card may mean."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from admin_web import guard
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import rows, takes, text
from admin_web.api.problems import Unprocessable
from admin_web.centre import centre
from contract.card_format import BadLayout
from contract.credential import Identity
from contract.formats import FORMATS
from contract.reading import as_object
from contract.site_formats import as_table, from_tables, preview
from controller.people.access import Permission
from controller.people.enrolment import examine
from controller.premises import format as formats


@blueprint.get(f"{V1}/formats")
@guard.requires(Permission.SEE_DOORS)
def list_formats() -> Response:
    """Every format that an access point may name: the published ones, and the site's own."""
    with centre().read() as session:
        own = formats.of_site(session, centre().site(session))
    return jsonify(items=[{**as_table(each), "own": each.name in own} for each in (*FORMATS.values(), *own.values())])


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
