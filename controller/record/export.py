"""Exports: that a part of the record left the house, by whom, how much of it, and what for.

The law: it is recorded before the first row is read, so that no file exists that the ledger does not know of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.people.operator import Operator
from controller.refusal import Refused

_LONGEST_PURPOSE = 400


@dataclass(frozen=True, slots=True)
class Extract:
    """report: which list; form: of what kind the file is; rows: how many at most; narrowed: by which filters (ids and
    moments only, no names)."""

    report: str
    form: str
    rows: int
    narrowed: Mapping[str, str]


def record(session: Session, by: Operator, now: datetime, taken: Extract, purpose: str) -> int:
    """Record that `by` takes this out; the place in the ledger. Refused purpose-missing."""
    why = purpose.strip()[:_LONGEST_PURPOSE]
    if not why:
        raise Refused("purpose-missing")
    plain = {"report": taken.report, "form": taken.form, "rows": taken.rows, "narrowed": dict(taken.narrowed)}
    return append(session, Kind.RECORD_EXPORTED, by.actor, now, {"operator": by.id}, plain, {"purpose": why})
