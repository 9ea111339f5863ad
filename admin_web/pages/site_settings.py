"""Settings: what can be set while the house runs, and what stands in the file of the pages, which is only shown."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, render_template, url_for
from werkzeug.wrappers import Response

from admin_web import guard, setting_words
from admin_web.centre import centre, now
from admin_web.pages import forms
from admin_web.pages.room_setup import names
from controller.people.access import Permission
from controller.premises import area as areas
from controller.premises import site as sites

blueprint = Blueprint("settings", __name__, url_prefix="/settings")


@blueprint.get("")
@guard.requires(Permission.SEE_OPERATORS)
def page() -> str:
    with centre().read() as session:
        site = centre().site(session)
        return render_template(
            "settings/page.html",
            site=site,
            rooms=[each for each in areas.of_site(session, site) if not each.open],
            told=list(setting_words.told(current_app.config["SETTINGS"])),
            file=current_app.config["SETTINGS_FILE"],
        )


@blueprint.post("/site")
@guard.requires(Permission.CHANGE_ROOMS)
def rename_site() -> Response:
    with centre().write() as session:
        (name, name_ja), reason = names(), forms.text("reason")
        sites.rename(session, guard.operator().actor, now(), centre().site(session), name, name_ja, reason)
    return redirect(url_for("settings.page"), 303)
