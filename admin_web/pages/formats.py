"""Card formats: how the bits of cards are laid out, which readers read what, and what a card may be."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from admin_web import flaw_words, guard, layouts
from admin_web.centre import centre, now
from admin_web.pages import forms
from contract import reading, written_frame
from contract.card_format import BadLayout, CardFormat, Strength
from contract.credential import Source
from contract.formats import FORMATS
from contract.layout import Coding, spans
from contract.site_formats import from_tables, preview
from controller.people.access import Permission
from controller.premises import door as doors
from controller.premises import format as formats
from controller.premises.format import FormatRow
from controller.refusal import Refused

blueprint = Blueprint("formats", __name__, url_prefix="/formats")
_FIELDS = ("number", "facility", "issue", "oem")
_PARITIES = range(4)
"""What the form has room for; a format of more is described over the API."""
_LONGEST = 600


@blueprint.get("")
@guard.requires(Permission.SEE_DOORS)
def listed() -> str:
    with centre().read() as session:
        return render_template("formats/list.html", **_all(session))


@blueprint.post("/try")
@guard.requires(Permission.CHANGE_PEOPLE)
def read_card() -> str:
    """Every format of this length, with its verdict: those that fit first."""
    given, uid = forms.text("bits", _LONGEST), forms.text("uid", 80)
    length = forms.number("length")
    if length is not None and length > _LONGEST:
        abort(400)
    try:
        frame = written_frame.read(given or None, length, uid or None)
    except ValueError as flaw:
        raise Refused("frame-wrong") from flaw
    with centre().read() as session:
        told = _all(session)
        found = reading.readings(frame, [*FORMATS.values(), *told["own"].values()])
        return render_template("formats/tried.html", **told, frame=frame, readings=found)


@blueprint.get("/of/<name>")
@guard.requires(Permission.SEE_DOORS)
def page(name: str) -> str:
    with centre().read() as session:
        told = _all(session)
        found = FORMATS.get(name) or told["own"].get(name)
        if found is None:
            abort(404)
        return render_template("formats/page.html", **told, found=found, **_described(found))


@blueprint.get("/new")
@guard.requires(Permission.CHANGE_ROOMS)
def form() -> str:
    with centre().read() as session:
        like = forms.asked("like")
        found = FORMATS.get(like) or formats.of_site(session, centre().site(session)).get(like)
        return _form(_filled(found) if found is not None and _fits_form(found) else {})


@blueprint.post("/preview")
@guard.requires(Permission.CHANGE_ROOMS)
def look() -> str:
    try:
        found = next(iter(from_tables([_table()]).values()))
    except BadLayout as flaw:
        return _form(request.form, flaw.flaws)
    with centre().read() as session:
        if found.name.lower() in {each.lower() for each in formats.of_site(session, centre().site(session))}:
            raise Refused("key-taken", key=found.name)
    sent = [(name, value) for name, value in request.form.items(multi=True) if name not in ("csrf_token", "reason")]
    return render_template("formats/look.html", found=found, **_described(found), sent=sent)


@blueprint.post("")
@guard.requires(Permission.CHANGE_ROOMS)
def make() -> Response:
    with centre().write() as session:
        actor, site = guard.operator().actor, centre().site(session)
        name = formats.add(session, actor, now(), site, _table(), forms.text("reason")).name
    return redirect(url_for("formats.page", name=name), 303)


@blueprint.post("/<int:format_id>/retire")
@guard.requires(Permission.CHANGE_ROOMS)
def retire(format_id: int) -> Response:
    with centre().write() as session:
        row, site = forms.row(session, FormatRow, format_id), centre().site(session)
        in_use = row.name in doors.reading(session, site)
        formats.retire(session, guard.operator().actor, now(), row, forms.text("reason"), in_use=in_use)
    return redirect(url_for("formats.listed"), 303)


def _all(session: Session) -> dict[str, Any]:
    """What every page of formats shows: the site's own and their rows, and who reads what."""
    site = centre().site(session)
    rows = {row.name: row for row in formats.rows_of(session, site)}
    return {
        "rows": rows,
        "own": {name: row.format() for name, row in rows.items()},
        "published": FORMATS,
        "used": doors.reading(session, site),
        "doors": {each.id: each for each in doors.of_site(session, site)},
    }


def _described(found: CardFormat) -> dict[str, Any]:
    """A format for a person who checks it."""
    return {"drawn": layouts.drawn(found), "told": preview(found), "spans": spans, "fits_form": _fits_form(found)}


def _form(given: Any, flaws: tuple[str, ...] = ()) -> str:
    return render_template(
        "formats/new.html",
        given=given,
        chosen=given.getlist("sources") if given is request.form else given.get("sources", []),
        flaws=[flaw_words.told(each) for each in flaws],
        sources=list(Source),
        strengths=list(Strength),
        fields=_FIELDS,
        parities=_PARITIES,
    )


def _table() -> dict[str, Any]:
    """The form as `contract.site_formats` reads a table; what is left empty is not there."""
    parities = [
        {
            "bit": forms.number(f"parity_{each}_bit"),
            "kind": forms.text(f"parity_{each}_kind"),
            "covers": forms.text(f"parity_{each}_covers"),
        }
        for each in _PARITIES
        if forms.text(f"parity_{each}_bit")
    ]
    return {
        "name": forms.text("name", 40),
        "title": forms.text("title", 100),
        "length": forms.number("length") or 0,
        "sources": [each for each in request.form.getlist("sources") if each in set(Source)],
        "fields": {each: forms.text(each) for each in _FIELDS if forms.text(each)},
        "parity": parities,
        "one": forms.text("one"),
        "zero": forms.text("zero"),
        "unused": forms.text("unused"),
        "strength": forms.text("strength") or str(Strength.OPEN_NUMBER),
        "origin": forms.text("origin", 200),
    }


def _fits_form(found: CardFormat) -> bool:
    """Whether the form has room for all that this format says."""
    plain = all(each.coding is Coding.BINARY and not each.least and each.most is None for each in found.fields)
    return plain and {each.name for each in found.fields} <= set(_FIELDS) and len(found.parities) <= len(_PARITIES)


def _filled(found: CardFormat) -> dict[str, Any]:
    """The form of a new format that is laid out like this one."""
    told: dict[str, Any] = {each.name: spans(each.bits) for each in found.fields}
    for number, parity in enumerate(found.parities):
        told[f"parity_{number}_bit"] = parity.bit
        told[f"parity_{number}_kind"] = "odd" if parity.odd else "even"
        told[f"parity_{number}_covers"] = spans(parity.covers)
    fixed = {"one": spans(found.ones), "zero": spans(found.zeros), "unused": spans(found.unused)}
    plain = {"length": found.length, "strength": found.strength}
    return {**told, **fixed, **plain, "sources": [str(each) for each in found.sources]}
