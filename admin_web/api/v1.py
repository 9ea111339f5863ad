"""Version 1 of the API, complete: importing a resource registers its routes on the one blueprint."""

from __future__ import annotations

from admin_web.api import (
    access,
    access_levels,
    changes,
    credentials,
    custody,
    feeds,
    files,
    findings,
    floor_plans,
    formats,
    holidays,
    moving,
    operators,
    people,
    people_files,
    photos,
    pins,
    posture,
    premises,
    previews,
    record,
    reports,
    requests,
    retiring,
    rules,
    schedules,
    setting_up,
    site_settings,
    timelines,
    trainings,
    watching,
    widenings,
)
from admin_web.api.blueprint import blueprint

PEOPLE = (people, people_files, photos, credentials, custody, pins, trainings)
PREMISES = (premises, setting_up, retiring, moving, site_settings, floor_plans, rules, schedules, holidays, formats)
PERMISSIONS = (access, access_levels, requests, widenings, previews)
RECORD = (record, findings, timelines, reports, files, changes)
RESOURCES = (*PEOPLE, *PREMISES, *PERMISSIONS, posture, *RECORD, feeds, operators, watching)
__all__ = ["RESOURCES", "blueprint"]
