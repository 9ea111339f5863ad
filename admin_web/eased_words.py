"""What is eased by a change that widens entry into a private room, in a few words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext as _

from admin_web.shown import said
from controller.people import private_entry, standing
from controller.premises import demands, rule_words

EASED: Final[Mapping[str, Any]] = {
    private_entry.HOURS: _("more hours"),
    demands.PRIVATE: _("no longer a room with personal information"),
    demands.NEW_ENTRY: _("a further entry"),
    demands.FORMATS: _("other cards are read"),
    demands.TRAININGS: _("a training is no longer asked for"),
    standing.ATTRIBUTES: _("somebody is freed of a rule"),
    standing.LEAVING: _("somebody stays longer"),
    standing.TRAINED: _("somebody counts as trained for longer"),
}


def eased(name: str) -> str:
    """What is eased: a demand, or a setting by its title."""
    setting = rule_words.by_name(name)
    return said(setting.title) if setting is not None else str(EASED.get(name, name))
