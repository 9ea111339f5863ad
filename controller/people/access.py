"""What operators may do: one table for pages, API and commands."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    SECURITY_ADMIN = "security-admin"
    AUDITOR = "auditor"


class Permission(StrEnum):
    SEE_DOORS = "see-doors"
    SEE_PEOPLE = "see-people"
    SEE_LOG = "see-log"
    SEE_OPERATORS = "see-operators"
    EXPORT_RECORD = "export-record"
    CHANGE_SCHEDULES = "change-schedules"
    CHANGE_PEOPLE = "change-people"
    GIVE_ATTRIBUTES = "give-attributes"
    FORGIVE_PRESENCE = "forgive-presence"
    KEEP_TRAININGS = "keep-trainings"
    CHANGE_PINS = "change-pins"
    CHANGE_PIN_RULES = "change-pin-rules"
    REQUEST_ACCESS = "request-access"
    DECIDE_ACCESS = "decide-access"
    REVOKE_ACCESS = "revoke-access"
    ACKNOWLEDGE_ALARMS = "acknowledge-alarms"
    MANAGE_OPERATORS = "manage-operators"
    CHANGE_ROOMS = "change-rooms"
    CHANGE_PLANS = "change-plans"
    SET_POSTURE = "set-posture"
    OWN_TOKENS = "own-tokens"
    OWN_ACCOUNT = "own-account"
    OWN_FACTORS = "own-factors"


OWN = frozenset({Permission.OWN_TOKENS, Permission.OWN_ACCOUNT, Permission.OWN_FACTORS})
"""What concerns nothing but one's own account."""
_SEEING = OWN | {Permission.SEE_DOORS, Permission.SEE_PEOPLE, Permission.SEE_LOG, Permission.SEE_OPERATORS}
_AUDITING = _SEEING | {Permission.EXPORT_RECORD}
TABLE: dict[Role, frozenset[Permission]] = {
    Role.SECURITY_ADMIN: frozenset(Permission),
    Role.AUDITOR: _AUDITING,
}


DANGEROUS = frozenset(
    {
        Permission.DECIDE_ACCESS,
        Permission.EXPORT_RECORD,
        Permission.MANAGE_OPERATORS,
        Permission.SET_POSTURE,
        Permission.CHANGE_ROOMS,
        Permission.CHANGE_PIN_RULES,
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
