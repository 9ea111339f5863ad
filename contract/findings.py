"""What the rules found against one attempt: what refuses it, and what is only recorded."""

from __future__ import annotations

import msgspec

from contract.reason import Reason
from contract.room_rules import Enforcement


class Findings(msgspec.Struct):
    """refused: these refuse an entry; noted: these are recorded whatever becomes of it. Made, filled and read within
    one decision; a struct, because one is made for every card."""

    refused: list[Reason] = []
    noted: list[Reason] = []

    def by(self, enforcement: Enforcement, reason: Reason, *, weak: bool) -> None:
        """A rule of this enforcement failed; `weak`: it cannot be enforced just now, and is recorded instead."""
        if enforcement is not Enforcement.OFF:
            (self.refused if enforcement is Enforcement.HARD and not weak else self.noted).append(reason)
