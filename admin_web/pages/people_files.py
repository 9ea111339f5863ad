"""Cardholders as files: exported, and read in after a look at what that would change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flask import Blueprint, Response, abort, render_template, request
from flask_babel import get_locale

from admin_web import guard, roster
from admin_web.centre import now
from admin_web.pages import forms
from controller.people import roster_file
from controller.people.access import Permission
from controller.people.roster import Row, Verdict
from controller.people.roster_file import JAPANESE, NEEDED, Column, Encoding

blueprint = Blueprint("people_files", __name__, url_prefix="/cardholders/files")
_ORDER = (Verdict.REFUSED, Verdict.CHANGED, Verdict.NEW, Verdict.SAME)


@blueprint.get("")
@guard.requires(Permission.SEE_PEOPLE)
def page() -> str:
    columns = [(JAPANESE[each] if _japanese() else str(each), str(each), each in NEEDED) for each in Column]
    return render_template("people_files/page.html", columns=columns, encodings=list(Encoding))


@blueprint.get("/template.csv")
@guard.requires(Permission.CHANGE_PEOPLE)
def template() -> Response:
    return roster.answer(roster.template(japanese=_japanese()), Encoding.UTF_8, "cardholders-template")


@blueprint.post("/cardholders.csv")
@guard.requires(Permission.EXPORT_RECORD)
def export() -> Response:
    asked = forms.text("encoding", 20) or Encoding.UTF_8
    if asked not in set(Encoding):
        abort(400)
    data = roster.exported(Encoding(asked), forms.text("purpose"), japanese=_japanese())
    return roster.answer(data, Encoding(asked), f"cardholders-{now():%Y-%m-%d}")


@blueprint.post("/look")
@guard.requires(Permission.CHANGE_PEOPLE)
@guard.takes_up_to(roster.LONGEST_FILE)
def look() -> str:
    sent = request.files.get("file")
    text, encoding = roster_file.decoded(b"" if sent is None else sent.stream.read(roster_file.LONGEST + 1))
    rows = roster.judged(text)
    pending = [each for each in rows if each.pending]
    plan = roster.sealed(pending) if pending else ""
    told, same = _in_order(each for each in rows if each.verdict is not Verdict.SAME), _of(rows, Verdict.SAME)
    return render_template(
        "people_files/look.html",
        counts=_counts(rows),
        told=told,
        same=same,
        encoding=encoding,
        plan=plan,
        pending=len(pending),
        at=now(),
    )


@blueprint.post("/apply")
@guard.requires(Permission.CHANGE_PEOPLE)
@guard.takes_up_to(roster.LONGEST_PLAN)
def apply() -> str:
    done = roster.applied(request.form.get("plan", ""), forms.text("reason"))
    refused = _of(done, Verdict.REFUSED)
    return render_template("people_files/done.html", counts=_counts(done), told=_in_order(done), refused=refused)


def _counts(rows: Sequence[Row]) -> Sequence[tuple[Verdict, int]]:
    return [(verdict, len(_of(rows, verdict))) for verdict in _ORDER]


def _of(rows: Sequence[Row], verdict: Verdict) -> Sequence[Row]:
    return [each for each in rows if each.verdict is verdict]


def _in_order(rows: Iterable[Row]) -> Sequence[Row]:
    """What needs a look comes first, then as in the file."""
    return sorted(rows, key=lambda each: (_ORDER.index(each.verdict), each.line))


def _japanese() -> bool:
    return str(get_locale()) == "ja"
