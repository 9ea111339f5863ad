"""The site and the settings of the pages: what can be set while the house runs, and what the file says."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, jsonify

from admin_web import guard, setting_words
from admin_web.api.blueprint import V1, blueprint
from admin_web.api.fields import takes, text
from admin_web.api.rules import REASON
from admin_web.centre import centre, now
from controller.people.access import Permission
from controller.premises import site as sites
from controller.premises.site import Site


@blueprint.get(f"{V1}/settings")
@guard.requires(Permission.SEE_OPERATORS)
def get_settings() -> Response:
    """The settings of the pages' file as they hold, without secrets."""
    told = setting_words.told(current_app.config["SETTINGS"])
    items = [{"name": each.name, "value": each.value, "by_default": each.by_default} for each in told]
    return jsonify(items=items)


@blueprint.get(f"{V1}/site")
@guard.requires(Permission.SEE_DOORS)
def get_site() -> Response:
    """The site: its key, names and clock."""
    with centre().read() as session:
        return jsonify(_told(centre().site(session)))


@blueprint.post(f"{V1}/site/rename")
@guard.requires(Permission.CHANGE_ROOMS)
@takes(name=text(120, required=True), name_ja=text(120), reason=REASON)
def rename_site(given: dict[str, Any]) -> Response:
    """Call the site otherwise; its key and its clock stay."""
    with centre().write() as session:
        site = centre().site(session)
        sites.rename(session, guard.operator().actor, now(), site, **given)
        return jsonify(_told(site))


def _told(site: Site) -> dict[str, Any]:
    return {"key": site.key, "name": site.name, "name_ja": site.name_ja, "zone": site.zone}
