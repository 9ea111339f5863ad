"""What the posture of a door and its room says: it keeps people out, and is recorded of those who leave."""

from __future__ import annotations

from contract.policy import Threshold
from contract.reason import Reason
from contract.record import Record


def closed(at: Threshold, record: Record | None) -> list[Reason]:
    """Which postures stand against whoever holds `record` (None: somebody who is not on the list)."""
    posture = at.area.posture
    found: list[Reason] = []
    if at.locked:
        found.append(Reason.LOCKDOWN)
    if posture.evacuation:
        found.append(Reason.EVACUATION)
    if record is not None and record.clearance < posture.threat:
        found.append(Reason.THREAT_LEVEL)
    return found
