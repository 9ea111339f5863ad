"""Custody: handing cards out, which to call back, and counting those in stock."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from admin_web import guard
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.credentials import shown, shown_each
from admin_web.api.fields import LARGEST_ID, PAGE, asks, moment, one_of, rows, takes, truth
from admin_web.api.paging import limit, listed
from admin_web.centre import centre, now
from admin_web.pages import forms
from controller.people import custody
from controller.people.access import Permission
from controller.people.credential import Credential
from controller.people.custody import Due


def _ids(given: list[Any]) -> list[int]:
    if not all(isinstance(each, int) and not isinstance(each, bool) and 0 < each <= LARGEST_ID for each in given):
        raise ValueError("names cards by their ids")
    return given


@blueprint.get(f"{V1}/custody")
@guard.requires(Permission.SEE_PEOPLE)
@asks(due=one_of(*Due, required=True), **PAGE)
def list_custody(asked: dict[str, Any]) -> Response:
    """Cards to call back (their holder has no permission any more, or a replacement), to hand out, or that wait."""
    with centre().read() as session:
        site, size = centre().site(session), limit(asked)
        found = [each.card for each in custody.due(session, site, now(), Due(asked["due"]), asked["cursor"], size + 1)]
        cards = shown_each(session, found)
        return listed(found, asked, lambda row: cards[row.id])


@blueprint.post(f"{V1}/custody/count")
@guard.requires(Permission.CHANGE_PEOPLE)
@takes(seen=rows({"type": "integer", "minimum": 1, "maximum": LARGEST_ID}, _ids), begun=moment())
def count_custody(given: dict[str, Any]) -> Response:
    """Record which cards were seen in stock; answers which were not since the count was `begun` (now), at most 500."""
    with centre().write() as session:
        actor, site = guard.operator().actor, centre().site(session)
        at = now()
        missed = custody.count_stock(session, actor, at, site, given["seen"], given["begun"] or at)
        return jsonify(missed=[each.card.id for each in missed])


@blueprint.post(f"{V1}/credentials/<int:credential_id>/hand-out")
@guard.requires(Permission.CHANGE_PEOPLE)
@takes(acknowledged=truth())
def hand_out_credential(credential_id: int, given: dict[str, Any]) -> Response:
    """The holder has the card from now on and acknowledges it; only while a permission of theirs is in force."""
    with centre().write() as session:
        card, actor = forms.row(session, Credential, credential_id), guard.operator().actor
        custody.hand_out(session, actor, now(), card, acknowledged=given["acknowledged"])
        return jsonify(shown(session, card))
