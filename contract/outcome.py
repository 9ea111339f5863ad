"""What `decide()` answers: outcome, reasons, and what the agent does besides recording."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from contract.canonical import Object, Value
from contract.reason import Reason


class Outcome(StrEnum):
    GRANT = "GRANT"
    REFUSE = "REFUSE"
    AWAIT = "AWAIT"


class Effect(StrEnum):
    """What the agent does besides recording: release the lock, raise an alarm."""

    RELEASE = "RELEASE"
    ALARM = "ALARM"


class Decision(msgspec.Struct, frozen=True):
    """The outcome, its primary reason, and every rule that failed (in the fixed order of reasons)."""

    outcome: Outcome
    reason: Reason
    violations: tuple[Reason, ...] = ()
    effects: tuple[Effect, ...] = ()

    def as_object(self) -> Object:
        violations: list[Value] = list(self.violations)
        return {"outcome": self.outcome, "reason": self.reason, "violations": violations}
