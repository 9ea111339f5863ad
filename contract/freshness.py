"""How old the list may be: everybody while it is fresh, then the essential, then nobody new (DESIGN 5)."""

from __future__ import annotations

from contract.policy import AreaPolicy
from contract.reason import Reason
from contract.record import Flag, Record


def fresh(area: AreaPolicy, proven_s: int | None) -> bool:
    """Proven within the room's budget; an age that is not known is not fresh."""
    return proven_s is not None and proven_s <= area.fresh_s


def staleness(area: AreaPolicy, record: Record, proven_s: int | None) -> Reason | None:
    """Why this record may not enter on a list of this age; None when it may."""
    if fresh(area, proven_s):
        return None
    if proven_s is not None and proven_s > area.essential_s:
        return Reason.LIST_EXPIRED
    return None if record.flags & Flag.ESSENTIAL else Reason.LIST_STALE
