"""Approving a request, for pages and API alike: a refusal because one person would be two is kept on record."""

from __future__ import annotations

from admin_web import guard
from admin_web.centre import centre, now
from admin_web.pages import forms
from controller.delivery.compiling import must_fit
from controller.people import permission as permissions
from controller.people import two_people
from controller.people.permission import Grant
from controller.refusal import Refused


def approved(grant_id: int, note: str) -> Grant:
    """The grant, now in force; Refused as `permission.approve`."""
    by = guard.operator()
    try:
        with centre().write() as session:
            asked = forms.row(session, Grant, grant_id)
            permissions.approve(session, by, now(), asked, must_fit, note)
            return asked
    except Refused as refused:
        if refused.code in two_people.ONE_PERSON:
            with centre().write() as session:
                two_people.record_refusal(session, by, now(), {"grant": grant_id}, refused.code)
        raise
