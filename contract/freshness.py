"""How old the list may be: everybody while it is fresh, then the essential, then nobody new (DESIGN 5)."""

from __future__ import annotations

from contract.policy import AreaPolicy
from contract.reason import Reason
from contract.record import Flag, Record


def fresh(area: AreaPolicy, proven_s: int | None) -> bool:
    """Proven within the room's budget; an age that is not known is not fresh."""
    return proven_s is not None and proven_s <= area.fresh_s


def staleness(area: AreaPolicy, record: Record, proven_s: int | None) -> list[Reason]:
    """Why this record may not enter on a list that is not fresh; nothing when it may."""
    if proven_s is not None and proven_s > area.essential_s:
        return [Reason.LIST_EXPIRED]
    return [] if record.flags & Flag.ESSENTIAL else [Reason.LIST_STALE]
