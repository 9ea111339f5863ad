"""Version 1 of the API, complete: importing a resource registers its routes on the one blueprint."""

from __future__ import annotations

from admin_web.api import (
    access,
    formats,
    holidays,
    operators,
    people,
    posture,
    premises,
    previews,
    record,
    rules,
    schedules,
    watching,
)
from admin_web.api.blueprint import blueprint

PREMISES = (premises, rules, schedules, holidays, formats)
RESOURCES = (people, *PREMISES, access, previews, posture, record, operators, watching)
__all__ = ["RESOURCES", "blueprint"]
