"""Version 1 of the API, complete: importing a resource registers its routes on the one blueprint."""

from __future__ import annotations

from admin_web.api import access, formats, holidays, operators, people, premises, record, schedules, watching
from admin_web.api.blueprint import blueprint

RESOURCES = (people, premises, schedules, holidays, formats, access, record, operators, watching)
__all__ = ["RESOURCES", "blueprint"]
