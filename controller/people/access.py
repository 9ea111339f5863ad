"""What operators may do: one table for pages, API and commands."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    SECURITY_ADMIN = "security-admin"
    AUDITOR = "auditor"
    PRIVACY_OFFICER = "privacy-officer"


class Permission(StrEnum):
    SEE_DOORS = "see-doors"
    SEE_PEOPLE = "see-people"
    SEE_LOG = "see-log"
    SEE_OPERATORS = "see-operators"
    SEE_FEEDS = "see-feeds"
    SEE_TAKEN_OUT = "see-taken-out"
    EXPORT_RECORD = "export-record"
    SAVE_REPORTS = "save-reports"
    CHANGE_SCHEDULES = "change-schedules"
    CHANGE_PEOPLE = "change-people"
    GIVE_ATTRIBUTES = "give-attributes"
    FORGIVE_PRESENCE = "forgive-presence"
    KEEP_TRAININGS = "keep-trainings"
    CHANGE_PINS = "change-pins"
    CHANGE_PIN_RULES = "change-pin-rules"
    CHANGE_LEVELS = "change-levels"
    REQUEST_ACCESS = "request-access"
    DECIDE_ACCESS = "decide-access"
    REVOKE_ACCESS = "revoke-access"
    ACKNOWLEDGE_ALARMS = "acknowledge-alarms"
    JUDGE_FINDINGS = "judge-findings"
    MANAGE_OPERATORS = "manage-operators"
    CHANGE_ROOMS = "change-rooms"
    CHANGE_PLANS = "change-plans"
    SET_POSTURE = "set-posture"
    MANAGE_FEEDS = "manage-feeds"
    APPROVE_FEEDS = "approve-feeds"
    OWN_TOKENS = "own-tokens"
    OWN_ACCOUNT = "own-account"
    OWN_FACTORS = "own-factors"


OWN = frozenset({Permission.OWN_TOKENS, Permission.OWN_ACCOUNT, Permission.OWN_FACTORS})
"""What concerns nothing but one's own account."""
_AUDITING = OWN | {
    Permission.SEE_DOORS,
    Permission.SEE_PEOPLE,
    Permission.SEE_LOG,
    Permission.SEE_OPERATORS,
    Permission.SEE_FEEDS,
    Permission.SEE_TAKEN_OUT,
    Permission.EXPORT_RECORD,
    Permission.JUDGE_FINDINGS,
    Permission.SAVE_REPORTS,
}
"""An auditor changes neither doors, people nor the record: a judgement is only ever added to it."""
_GUARDING_PRIVACY = OWN | {Permission.SEE_FEEDS, Permission.SEE_TAKEN_OUT, Permission.APPROVE_FEEDS}
"""What leaves the house and what for, and nothing of what happens in it."""
TABLE: dict[Role, frozenset[Permission]] = {
    Role.SECURITY_ADMIN: frozenset(Permission) - {Permission.APPROVE_FEEDS},
    Role.AUDITOR: _AUDITING,
    Role.PRIVACY_OFFICER: _GUARDING_PRIVACY,
}


DANGEROUS = frozenset(
    {
        Permission.DECIDE_ACCESS,
        Permission.EXPORT_RECORD,
        Permission.MANAGE_OPERATORS,
        Permission.SET_POSTURE,
        Permission.CHANGE_ROOMS,
        Permission.CHANGE_PIN_RULES,
        Permission.MANAGE_FEEDS,
        Permission.APPROVE_FEEDS,
        Permission.OWN_TOKENS,
        Permission.OWN_FACTORS,
    }
)
"""What pages let happen only shortly after the operator has proved to be there."""


def may(role: str, permission: Permission) -> bool:
    """Whether an operator of `role` may; an unknown role may nothing."""
    try:
        return permission in TABLE[Role(role)]
    except ValueError:
        return False
