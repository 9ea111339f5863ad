"""Version 1 of the API, complete: importing a resource registers its routes on the one blueprint."""

from __future__ import annotations

from admin_web.api import (
    access,
    changes,
    credentials,
    custody,
    floor_plans,
    formats,
    holidays,
    operators,
    people,
    people_files,
    photos,
    pins,
    posture,
    premises,
    previews,
    record,
    rules,
    schedules,
    trainings,
    watching,
)
from admin_web.api.blueprint import blueprint

PEOPLE = (people, people_files, photos, credentials, custody, pins, trainings)
PREMISES = (premises, floor_plans, rules, schedules, holidays, formats)
RESOURCES = (*PEOPLE, *PREMISES, access, previews, posture, record, changes, operators, watching)
__all__ = ["RESOURCES", "blueprint"]
