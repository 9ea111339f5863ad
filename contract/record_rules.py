"""What a record says by itself, and with the clock: the card's state, the permission's dates, hours, training, uses.

The same on both ways: an entry is refused for it, on an exit it is recorded.
"""

from __future__ import annotations

from contract.policy import AreaPolicy, Policy
from contract.reason import Reason
from contract.record import FOREVER, UNLIMITED, CardState, Flag, Record
from contract.room_rules import Tier
from contract.situation import Moment

_OF_STATE = {
    CardState.SUSPENDED: Reason.CARD_SUSPENDED,
    CardState.LOST: Reason.CARD_LOST,
    CardState.STOLEN: Reason.CARD_STOLEN,
    CardState.DAMAGED: Reason.CARD_DAMAGED,
    CardState.RETURNED: Reason.CARD_RETURNED,
    CardState.DESTROYED: Reason.CARD_DESTROYED,
    CardState.INACTIVE: Reason.CARD_INACTIVE,
    CardState.SUPERSEDED: Reason.CARD_SUPERSEDED,
}
_PLAIN = Record(bytes(16), 0, 0, FOREVER)
_PLAIN_PERMISSION, _PLAIN_CARD, _PLAIN_BOTH = _PLAIN[2:5], _PLAIN[6:9], _PLAIN[2:10]
_EXIT_ONLY, _ESSENTIAL, _ACTIVE = int(Flag.EXIT_ONLY), int(Flag.ESSENTIAL), int(CardState.ACTIVE)


def remarkable(record: Record) -> bool:
    """Whether there is anything to ask here: not of an active card without dates, hours, limits and flags."""
    return record[2:10] != _PLAIN_BOTH or record.state != _ACTIVE


def card_findings(record: Record, uses: int) -> list[Reason]:
    """What is wrong with the card or the permission, whatever the time; `uses`: how often it came in here already."""
    found: list[Reason] = []
    if record.state != _ACTIVE:
        found.append(_OF_STATE[CardState(record.state)])
    if record.flags & _EXIT_ONLY:
        found.append(Reason.EXIT_ONLY)
    if record.uses != UNLIMITED and uses >= record.uses:
        found.append(Reason.USES_EXHAUSTED)
    return found


def timed(record: Record) -> bool:
    """Whether any rule of time applies to this record."""
    return record[2:5] != _PLAIN_PERMISSION or record[6:9] != _PLAIN_CARD


def time_findings(policy: Policy, record: Record, moment: Moment) -> list[Reason]:
    """Which rules of time fail somewhere between the earliest and the latest that it may be now."""
    earliest, latest = moment.bounds_s
    found: list[Reason] = []
    if earliest < record.card_from:
        found.append(Reason.CARD_NOT_YET_VALID)
    if latest >= record.card_until != FOREVER:
        found.append(Reason.CARD_EXPIRED)
    if earliest < record.valid_from:
        found.append(Reason.NOT_YET_VALID)
    if latest >= record.valid_until != FOREVER:
        found.append(Reason.EXPIRED)
    if not policy.scheduled_throughout(record.schedule, earliest, latest):
        found.append(Reason.OUTSIDE_SCHEDULE)
    if latest >= record.trained_until != FOREVER:
        found.append(Reason.TRAINING_EXPIRED)
    return found


def excused(area: AreaPolicy, record: Record) -> bool:
    """Whether this record may enter although a rule of time cannot be judged: the list's own answer."""
    if area.clockless is Tier.ESSENTIAL:
        return bool(record.flags & _ESSENTIAL)
    return area.clockless is Tier.EVERYBODY
