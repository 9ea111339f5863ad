"""What a ledger row may record."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """A member for every change and for facts; `CHANGES_LISTS` says which of them may change what a door carries."""

    SITE_FOUNDED = "site-founded"
    SITE_RENAMED = "site-renamed"
    AREA_MADE = "area-made"
    AREA_CHANGED = "area-changed"
    AREA_RENAMED = "area-renamed"
    AREA_MARKED = "area-marked"
    AREA_RETIRED = "area-retired"
    AREA_RESTORED = "area-restored"
    DOOR_MADE = "door-made"
    DOOR_CHANGED = "door-changed"
    DOOR_RENAMED = "door-renamed"
    DOOR_RETIRED = "door-retired"
    DOOR_RESTORED = "door-restored"
    DOOR_MOVED = "door-moved"
    DOOR_HANDED_OVER = "door-handed-over"
    ACCESS_POINT_MADE = "access-point-made"
    ACCESS_POINT_CHANGED = "access-point-changed"
    READER_CHANGED = "reader-changed"
    EXIT_SIGNED_OFF = "exit-signed-off"
    SIGN_OFF_LAPSED = "sign-off-lapsed"
    POSTURE_CHANGED = "posture-changed"
    SCHEDULE_MADE = "schedule-made"
    SCHEDULE_CHANGED = "schedule-changed"
    SCHEDULE_RETIRED = "schedule-retired"
    CALENDAR_MADE = "calendar-made"
    CALENDAR_RENAMED = "calendar-renamed"
    CALENDAR_REMOVED = "calendar-removed"
    HOLIDAY_ADDED = "holiday-added"
    HOLIDAY_CHANGED = "holiday-changed"
    HOLIDAY_REMOVED = "holiday-removed"
    FORMAT_MADE = "format-made"
    FORMAT_RETIRED = "format-retired"
    FLOOR_PLAN_MADE = "floor-plan-made"
    FLOOR_PLAN_CHANGED = "floor-plan-changed"
    FLOOR_PLAN_PLACED = "floor-plan-placed"
    FLOOR_PLAN_REMOVED = "floor-plan-removed"
    FLOOR_PLAN_RESTORED = "floor-plan-restored"
    AGENT_MADE = "agent-made"
    AGENT_ENROLLED = "agent-enrolled"
    AGENT_REVOKED = "agent-revoked"
    CARDHOLDER_MADE = "cardholder-made"
    CARDHOLDER_CHANGED = "cardholder-changed"
    CARDHOLDER_ENDED = "cardholder-ended"
    PRESENCE_FORGIVEN = "presence-forgiven"
    PHOTO_SET = "photo-set"
    PHOTO_REMOVED = "photo-removed"
    PIN_SET = "pin-set"
    PIN_CLEARED = "pin-cleared"
    CREDENTIAL_ISSUED = "credential-issued"
    CREDENTIAL_REISSUED = "credential-reissued"
    CREDENTIAL_LIMITED = "credential-limited"
    CREDENTIAL_ENDED = "credential-ended"
    CREDENTIAL_RESTORED = "credential-restored"
    CREDENTIAL_HANDED_OUT = "credential-handed-out"
    CARDS_COUNTED = "cards-counted"
    TRAINING_MADE = "training-made"
    TRAINING_REQUIRED = "training-required"
    TRAINING_COMPLETED = "training-completed"
    TRAINING_WITHDRAWN = "training-withdrawn"
    GRANT_REQUESTED = "grant-requested"
    GRANT_APPROVED = "grant-approved"
    GRANT_DECLINED = "grant-declined"
    GRANT_REVOKED = "grant-revoked"
    ACCESS_LEVEL_MADE = "access-level-made"
    ACCESS_LEVEL_CHANGE_ASKED = "access-level-change-asked"
    ACCESS_LEVEL_CHANGE_DECLINED = "access-level-change-declined"
    ACCESS_LEVEL_CHANGED = "access-level-changed"
    ACCESS_LEVEL_RETIRED = "access-level-retired"
    WIDENING_ASKED = "widening-asked"
    WIDENING_APPROVED = "widening-approved"
    WIDENING_DECLINED = "widening-declined"
    OPERATOR_LINK_MADE = "operator-link-made"
    OPERATOR_MADE = "operator-made"
    OPERATOR_CHANGED = "operator-changed"
    OPERATOR_RECOVERED = "operator-recovered"
    OPERATOR_VOUCHED = "operator-vouched"
    FACTOR_ADDED = "factor-added"
    FACTOR_REMOVED = "factor-removed"
    IDENTITY_LINKED = "identity-linked"
    IDENTITY_UNLINKED = "identity-unlinked"
    SESSIONS_ENDED = "sessions-ended"
    APPROVAL_REFUSED = "approval-refused"
    SIGN_IN = "sign-in"
    SIGN_IN_FAILED = "sign-in-failed"
    CONFIRMED = "confirmed"
    CONFIRMATION_FAILED = "confirmation-failed"
    ACT_REFUSED = "act-refused"
    TOKEN_ISSUED = "token-issued"  # noqa: S105 - a kind of row
    TOKEN_REVOKED = "token-revoked"  # noqa: S105 - a kind of row
    TOKEN_REFUSED = "token-refused"  # noqa: S105 - a kind of row
    ALARM_ACKNOWLEDGED = "alarm-acknowledged"
    RECORD_EXPORTED = "record-exported"
    FEED_MADE = "feed-made"
    FEED_CHANGED = "feed-changed"
    FEED_APPROVED = "feed-approved"
    FEED_DECLINED = "feed-declined"
    FEED_WITHDRAWN = "feed-withdrawn"
    FEED_STOPPED = "feed-stopped"
    FEED_RESUMED = "feed-resumed"
    FEED_SECRET_RENEWED = "feed-secret-renewed"  # noqa: S105 - a kind of row
    FEED_ENDED = "feed-ended"
    FEED_PAUSED = "feed-paused"
    FINDINGS_JUDGED = "findings-judged"
    REPORT_SAVED = "report-saved"
    REPORT_REMOVED = "report-removed"
    FACT = "fact"
    FACT_CHAIN_BROKEN = "fact-chain-broken"
    FACTS_MISSING = "facts-missing"
    MESSAGE_REFUSED = "message-refused"
    LIST_TOO_LARGE = "list-too-large"
    LIST_COMPILED = "list-compiled"
    DEMO_HISTORY = "demo-history"


NO_ACTS = frozenset(
    {
        Kind.FACT,
        Kind.FACT_CHAIN_BROKEN,
        Kind.FACTS_MISSING,
        Kind.MESSAGE_REFUSED,
        Kind.LIST_TOO_LARGE,
        Kind.LIST_COMPILED,
        Kind.SIGN_OFF_LAPSED,
        Kind.FEED_PAUSED,
        Kind.DEMO_HISTORY,
    }
)
"""What happens by itself: what doors record and what the centre finds. Everything else somebody has done."""

REFUSALS = frozenset(
    {
        Kind.SIGN_IN_FAILED,
        Kind.CONFIRMATION_FAILED,
        Kind.ACT_REFUSED,
        Kind.TOKEN_REFUSED,
        Kind.APPROVAL_REFUSED,
    }
)
"""What somebody was refused: by words and numbers of ours, never by what was typed."""

CHANGES_LISTS = frozenset(
    {
        Kind.AREA_MADE,
        Kind.AREA_CHANGED,
        Kind.AREA_MARKED,
        Kind.DOOR_MADE,
        Kind.DOOR_CHANGED,
        Kind.DOOR_RETIRED,
        Kind.DOOR_RESTORED,
        Kind.DOOR_MOVED,
        Kind.DOOR_HANDED_OVER,
        Kind.ACCESS_POINT_MADE,
        Kind.ACCESS_POINT_CHANGED,
        Kind.READER_CHANGED,
        Kind.EXIT_SIGNED_OFF,
        Kind.POSTURE_CHANGED,
        Kind.SCHEDULE_MADE,
        Kind.SCHEDULE_CHANGED,
        Kind.HOLIDAY_ADDED,
        Kind.HOLIDAY_CHANGED,
        Kind.HOLIDAY_REMOVED,
        Kind.AGENT_ENROLLED,
        Kind.AGENT_REVOKED,
        Kind.CARDHOLDER_CHANGED,
        Kind.CARDHOLDER_ENDED,
        Kind.PRESENCE_FORGIVEN,
        Kind.PIN_SET,
        Kind.PIN_CLEARED,
        Kind.CREDENTIAL_ISSUED,
        Kind.CREDENTIAL_REISSUED,
        Kind.CREDENTIAL_LIMITED,
        Kind.CREDENTIAL_ENDED,
        Kind.CREDENTIAL_RESTORED,
        Kind.TRAINING_REQUIRED,
        Kind.TRAINING_COMPLETED,
        Kind.TRAINING_WITHDRAWN,
        Kind.GRANT_APPROVED,
        Kind.GRANT_REVOKED,
        Kind.ACCESS_LEVEL_CHANGED,
        Kind.ACCESS_LEVEL_RETIRED,
    }
)
