"""Undoing an approval or a revocation of the last days.

The law: nothing is taken back. What undoes a change is a change of its own, by the verbs and under the rules that hold
for everybody: an approval is revoked at once, what was revoked is requested anew and waits for another person.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy.orm import Session

from controller.people import permission as permissions
from controller.people.cardholder import Cardholder
from controller.people.operator import Operator
from controller.people.permission import Grant, GrantState, Wish
from controller.premises.schedule import Schedule
from controller.refusal import Refused

WITHIN: Final = timedelta(days=7)


class Undo(StrEnum):
    """What can be undone about a grant."""

    APPROVAL = "approval"
    REVOCATION = "revocation"


def undoable(grant: Grant, now: datetime) -> Undo | None:
    """What can be undone now; None for a request that nobody approved, and for what happened earlier or has ended."""
    ended = grant.valid_until is not None and grant.valid_until <= now
    if grant.decided_by is None or ended:
        return None
    if grant.state == GrantState.APPROVED and _lately(grant.decided_at, now):
        return Undo.APPROVAL
    if grant.state == GrantState.REVOKED and _lately(grant.revoked_at, now):
        return Undo.REVOCATION
    return None


def undo_approval(session: Session, by: Operator, now: datetime, given: Grant, reason: str) -> None:
    """End what was approved; Refused undo-impossible, and as `revoke`."""
    _must(session, given, Undo.APPROVAL, now)
    permissions.revoke(session, by, now, given, reason)


def undo_revocation(session: Session, by: Operator, now: datetime, ended: Grant, reason: str) -> Grant:
    """Ask anew for what was revoked: the same room or access level, hours and rank, for what is left of its time;
    Refused undo-impossible, and as `request`."""
    _must(session, ended, Undo.REVOCATION, now)
    wish = Wish(
        session.get_one(Cardholder, ended.cardholder_id),
        permissions.opens(session, ended),
        max(ended.valid_from, now),
        ended.valid_until,
        reason,
        session.get_one(Schedule, ended.schedule_id) if ended.schedule_id is not None else None,
        ended.essential,
    )
    return permissions.request(session, by, now, wish)


def _must(session: Session, grant: Grant, undo: Undo, now: datetime) -> None:
    session.refresh(grant, with_for_update=True)
    if undoable(grant, now) is not undo:
        raise Refused("undo-impossible")


def _lately(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and now - moment <= WITHIN
