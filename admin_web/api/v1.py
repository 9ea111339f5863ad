"""Version 1 of the API, complete: importing a resource registers its routes on the one blueprint."""

from __future__ import annotations

from admin_web.api import (
    access,
    changes,
    credentials,
    custody,
    files,
    formats,
    holidays,
    operators,
    people,
    people_files,
    pins,
    posture,
    premises,
    previews,
    record,
    reports,
    rules,
    schedules,
    trainings,
    watching,
)
from admin_web.api.blueprint import blueprint

PEOPLE = (people, people_files, credentials, custody, pins, trainings)
PREMISES = (premises, rules, schedules, holidays, formats)
RESOURCES = (*PEOPLE, *PREMISES, access, previews, posture, record, reports, files, changes, operators, watching)
__all__ = ["RESOURCES", "blueprint"]
