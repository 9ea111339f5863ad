"""What left the house: which lists were taken out or kept, by whom and what for, and what was done with feeds."""

from __future__ import annotations

from flask import Blueprint, render_template

from admin_web import feed_words, guard
from admin_web.centre import centre
from admin_web.pages import forms
from admin_web.reports.known import titled
from controller.feeds import leaving
from controller.ledger import ledger
from controller.people import operator as operators
from controller.people.access import Permission

blueprint = Blueprint("leaving", __name__, url_prefix="/taken-out")
_PAGE = 50


@blueprint.get("")
@guard.requires(Permission.SEE_TAKEN_OUT)
def listed() -> str:
    before = forms.number("before")
    with centre().read() as session:
        found = leaving.listed(session, before or ledger.head(session) + 1, _PAGE + 1)
        return render_template(
            "leaving/list.html",
            acts=found[:_PAGE],
            older=found[_PAGE - 1].row.sequence if len(found) > _PAGE else None,
            feeds=leaving.living(session, found),
            operators={each.id: each for each in operators.of_site(session, centre().site(session))},
            titled=titled,
            feed_words=feed_words,
        )
