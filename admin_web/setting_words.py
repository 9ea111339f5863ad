"""What the settings of the pages' own file are called and do, in the language of the reader; a test holds the table
complete, and a setting that is secret is never among what is shown."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import make_url

from admin_web.openid.settings import ProviderSettings
from admin_web.settings import WebSettings

SETTINGS: dict[str, tuple[Any, Any]] = {
    "database": (_("Database"), _("Where rooms, people and the record are kept. A password in it is not shown.")),
    "site": (_("Site"), _("The key of the site that these pages are of.")),
    "secret": (_("Key file"), _("The file of the key that signs forms. Only its place is shown.")),
    "host": (_("Host"), _("The address that the pages listen on.")),
    "port": (_("Port"), _("The port that the pages listen on.")),
    "hosts": (_("Names"), _("By which names the pages may be reached; none: by the host that they listen on.")),
    "viewers": (_("Live viewers"), _("How many may watch the live page at once; others look every 5 seconds.")),
    "https": (_("Behind TLS"), _("Whether a TLS proxy stands before the pages: cookies are for TLS only then.")),
    "in_clear": (
        _("In the clear"),
        _("Whether the pages may listen beyond this machine, where they speak without TLS."),
    ),
    "proxies": (_("Proxies"), _("How many proxies stand before the pages and say who asks; 0: none is believed.")),
    "second_factor": (_("Second factor"), _("Roles that must have a second factor; the others are urged to.")),
    "confirm_minutes": (
        _("Confirm again after (minutes)"),
        _("How old a sign-in may be for a dangerous act; then it is asked for again."),
    ),
    "escalate_minutes": (_("Escalate after (minutes)"), _("How long an alarm may wait before it is escalated.")),
    "provider": (_("OpenID provider"), _("By whose accounts operators may sign in beside their password.")),
    "log_level": (_("Log level"), _("What the log of the pages holds: this and what is graver.")),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One setting. value: as a person reads it; by_default: whether it is what holds when the file does not name it."""

    name: str
    title: Any
    does: Any
    value: str
    by_default: bool


def told(settings: WebSettings) -> Iterator[Told]:
    """Every setting in the order of the file's description."""
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        title, does = SETTINGS[field.name]
        yield Told(field.name, title, does, _written(field.name, value), value == field.default)


def _written(name: str, value: object) -> str:
    if name == "database":
        # What stands behind the question mark may hold a password, too.
        return make_url(str(value)).set(query={}).render_as_string(hide_password=True)
    if isinstance(value, ProviderSettings):
        return f"{value.name} ({value.issuer})"
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
