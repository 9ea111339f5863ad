"""Doors and their readers: a page for each, a new one, another name, further readers, and the card formats of each."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from admin_web import doorways, guard
from admin_web.centre import centre, now
from admin_web.keeping import done_or_kept, would_widen
from admin_web.pages import forms
from admin_web.pages.room_setup import names, sent
from admin_web.pages.widenings import to_what_waits
from contract.formats import FORMATS
from contract.policy import Direction
from controller.delivery import moving, overview, retirement, trial
from controller.delivery.preview import Preview, preview
from controller.people import levers
from controller.people import permission as permissions
from controller.people.access import Permission
from controller.people.cardholder import Cardholder
from controller.people.levers import Wanted
from controller.premises import agent as agents
from controller.premises import area as areas
from controller.premises import door as doors
from controller.premises import format as formats
from controller.premises import setting_up
from controller.premises.agent import Agent
from controller.premises.area import Area
from controller.premises.door import AccessPoint, Door
from controller.record import enquiry, reader_use

blueprint = Blueprint("door_setup", __name__, url_prefix="/premises")
_USUAL = ("H10301", "H10306", "H10302", "uid-4", "uid-7", "felica-idm", "EM4100", "serial-40")
"""The formats that are met most often; the others are one click further."""


@blueprint.get("/doors/new")
@guard.requires(Permission.CHANGE_ROOMS)
def form() -> str:
    with centre().read() as session:
        site = centre().site(session)
        return render_template(
            "premises/door_new.html",
            areas=areas.of_site(session, site),
            into=forms.row_id("into"),
            agents=[each for each in agents.of_site(session, site) if each.revoked_at is None],
            known=_known(session),
        )


@blueprint.post("/doors/preview")
@guard.requires(Permission.CHANGE_ROOMS)
def look() -> str:
    with centre().trying() as session:
        wanted = doorways.wanted(session, _door())
        lever = levers.of_doorway(wanted)
        wider, found = would_widen(session, lever), _previewed(session, lever)
        return render_template(
            "premises/door_look.html",
            wanted=wanted,
            areas={wanted.to_area.id: wanted.to_area},
            wider=wider,
            people=_people(session, wanted.to_area),
            found=found,
            sent=sent(),
        )


@blueprint.post("/doors")
@guard.requires(Permission.CHANGE_ROOMS)
def make() -> Response:
    with centre().write() as session:
        wanted = doorways.wanted(session, _door())
        asked = done_or_kept(session, levers.of_doorway(wanted), forms.text("reason"))
        if asked is not None:
            return to_what_waits(asked)
        made = doors.by_key(session, centre().site(session), wanted.plan.key)
        number = None if made is None else made.id
    return redirect(url_for("door_setup.page", door_id=number), 303)


@blueprint.get("/doors/<int:door_id>")
@guard.requires(Permission.SEE_DOORS)
def page(door_id: int) -> str:
    with centre().read() as session:
        door, site = forms.row(session, Door, door_id), centre().site(session)
        return render_template(
            "premises/door.html",
            door=door,
            agent=session.get_one(Agent, door.agent_id),
            stands=overview.doors(session, site, now()).get(door.id),
            points=doors.access_points(session, door),
            areas={each.id: each for each in areas.ever_of_site(session, site)},
            readers=enquiry.readers(session, [door.agent_id]),
            uses=reader_use.last_uses(session, [door.id]),
            known=_known(session),
            retired=retirement.receipt(session, door),
            way=moving.on_the_way(session, now(), door),
            takers=moving.takers(session, site, door),
        )


@blueprint.post("/doors/<int:door_id>/rename")
@guard.requires(Permission.CHANGE_ROOMS)
def rename(door_id: int) -> Response:
    with centre().write() as session:
        row, (name, name_ja) = forms.row(session, Door, door_id), names()
        reason = forms.text("reason")
        setting_up.rename_door(session, guard.operator().actor, now(), row, name, name_ja, reason)
    return redirect(url_for("door_setup.page", door_id=door_id), 303)


@blueprint.post("/doors/<int:door_id>/readers/preview")
@guard.requires(Permission.CHANGE_ROOMS)
def look_at_reader(door_id: int) -> str:
    with centre().trying() as session:
        door, given = forms.row(session, Door, door_id), _reader()
        inner, lever = doorways.between(session, given)[1], _reader_lever(session, door_id)
        wider, found = would_widen(session, lever), _previewed(session, lever)
        return render_template(
            "premises/reader_look.html",
            door=door,
            wanted=doorways.reader(given),
            area=inner,
            areas={inner.id: inner},
            wider=wider,
            people=_people(session, inner),
            found=found,
            sent=sent(),
        )


@blueprint.post("/doors/<int:door_id>/readers")
@guard.requires(Permission.CHANGE_ROOMS)
def add_reader(door_id: int) -> Response:
    with centre().write() as session:
        asked = done_or_kept(session, _reader_lever(session, door_id), forms.text("reason"))
        if asked is not None:
            return to_what_waits(asked)
    return redirect(url_for("door_setup.page", door_id=door_id), 303)


@blueprint.post("/readers/<int:point_id>/formats")
@guard.requires(Permission.CHANGE_ROOMS)
def change_formats(point_id: int) -> Response:
    with centre().write() as session:
        row = forms.row(session, AccessPoint, point_id)
        door_id = row.door_id
        asked = done_or_kept(session, levers.of_formats(row, _chosen("formats")), forms.text("reason"))
        if asked is not None:
            return to_what_waits(asked)
    return redirect(url_for("door_setup.page", door_id=door_id), 303)


def _door() -> dict[str, Any]:
    """The form of a new door, as the API would be sent it."""
    name, name_ja = names()
    return {
        "key": forms.text("key", 40),
        "name": name,
        "name_ja": name_ja,
        "agent": forms.row_id("agent") or 0,
        **_ends(),
        "entry_formats": _chosen("entry_formats"),
        "exit_formats": _chosen("exit_formats"),
        "exit_mode": _exit_mode(),
    }


def _reader() -> dict[str, Any]:
    """The form of a further reader, as the API would be sent it."""
    direction = forms.text("direction")
    if direction not in set(Direction):
        abort(400)
    return {
        **_ends(),
        "direction": direction,
        "formats": _chosen("formats"),
        "exit_mode": _exit_mode(),
        "key": forms.text("key", 40),
    }


def _ends() -> dict[str, int]:
    return {end: forms.row_id(end) or 0 for end in ("from_area", "to_area")}


def _exit_mode() -> str | None:
    found = forms.text("exit_mode")
    if found and found not in doorways.EXIT_MODES:
        abort(400)
    return found or None


def _chosen(name: str) -> list[str]:
    """The formats that are ticked under this name."""
    return [each for each in request.form.getlist(name) if len(each) <= 40 and forms.is_plain(each)]


def _known(session: Session) -> tuple[list[str], list[str]]:
    """Names of card formats: those that are offered at once (the usual ones and the site's own), and the others."""
    own = formats.offered(session, centre().site(session))
    return [*own, *_USUAL], [each for each in FORMATS if each not in _USUAL]


def _people(session: Session, area: Area) -> list[Cardholder]:
    """Whoever may enter this area now, by name: they may by a new entry, too."""
    found = {each.cardholder_id for each in permissions.in_force(session, area, now())}
    return sorted((session.get_one(Cardholder, each) for each in found), key=lambda each: each.name)


def _previewed(session: Session, wanted: Wanted) -> Preview:
    return preview(session, centre().site(session), now(), trial.pulling(now(), wanted))


def _reader_lever(session: Session, door_id: int) -> Wanted:
    door, given = forms.row(session, Door, door_id), _reader()
    return levers.of_reader(door, doorways.between(session, given), doorways.reader(given))
