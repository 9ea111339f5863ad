"""Who was inside a room at a moment, who could have entered it, and the stays that passages make.

The law: what is asked stands in the address, by ids and moments only, so that an answer can be asked for again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session

from admin_web import guard, shown
from admin_web.centre import centre, now
from admin_web.pages import forms
from admin_web.pages.rooms import room
from controller.delivery import entitled
from controller.people.access import Permission
from controller.people.cardholder import Cardholder
from controller.premises import area as areas
from controller.record import allowing, occupancy, stay
from controller.record.allowing import Allowing
from controller.record.stay import Stay, StayFilter

blueprint = Blueprint("enquiry", __name__)
_PAGE = 50


@blueprint.get("/rooms/<key>/who-was")
@guard.requires(Permission.SEE_PEOPLE)
def who_was(key: str) -> str:
    present = now()
    at, after = forms.moment("at") or present, forms.row_id("after")
    with centre().read() as session:
        area = room(session, key)
        past = at <= present
        last = forms.row(session, Stay, after) if after is not None else None
        found = stay.inside_at(session, area, at, last, _PAGE + 1) if past else ()
        inside = found[:_PAGE]
        return render_template(
            "enquiry/who_was.html",
            area=area,
            zone=shown.zone(),
            at=at,
            past=past,
            inside=inside,
            count=stay.count_inside_at(session, area, at) if past else 0,
            certain=occupancy.certain_at(session, area.id, at),
            allowing=_allowing(session, [each.stay for each in inside]),
            more=inside[-1].stay.id if len(found) > _PAGE else None,
        )


@blueprint.get("/rooms/<key>/who-can")
@guard.requires(Permission.SEE_PEOPLE)
def who_can(key: str) -> str:
    present = now()
    at, page = forms.moment("at") or present, entitled.Slice(forms.row_id("after") or 0, _PAGE)
    with centre().read() as session:
        area = room(session, key)
        answer = entitled.who_can(session, centre().site(session), area, at, present, page)
        granted = allowing.told_each(session, {each.grant.id for each in answer.people if each.grant})
        return render_template("enquiry/who_can.html", area=area, zone=shown.zone(), answer=answer, allowing=granted)


@blueprint.get("/stays")
@guard.requires(Permission.SEE_PEOPLE)
def stays() -> str:
    until = forms.day("until", timedelta(days=1))
    wanted = StayFilter(forms.row_id("area"), forms.row_id("cardholder"), forms.day("since"), until)
    with centre().read() as session:
        site = centre().site(session)
        found = stay.newest(session, site, wanted, forms.row_id("before"), _PAGE + 1)
        rows = found[:_PAGE]
        return render_template(
            "enquiry/stays.html",
            rows=rows,
            wanted=wanted,
            given={name: value for name, value in request.args.items() if name != "before" and value},
            areas=areas.ever_of_site(session, site),
            holder=session.get(Cardholder, wanted.cardholder) if wanted.cardholder else None,
            allowing=_allowing(session, [each for each, _, _ in rows]),
            older=rows[-1][0].id if len(found) > _PAGE else None,
        )


def _allowing(session: Session, shown: Sequence[Stay]) -> dict[int, Allowing]:
    """By which grant each of these stays began, by its id; not of those whose entry was not badged or is erased."""
    begun = {each.id: each.entry_sequence for each in shown if each.entry_sequence is not None}
    by = allowing.of_passages(session, set(begun.values()))
    return {key: by[place] for key, place in begun.items() if place in by}
