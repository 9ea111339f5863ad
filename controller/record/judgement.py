"""Judgements: what operators say has become of a finding, a place in the ledger that somebody must be able to explain.

The law: the fact is never touched. A judgement is appended beside it and to the ledger, and stays when a later one
replaces it. What an auditor has said only an auditor replaces: whoever runs the doors does not overrule who looks.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, Index, String, case, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from controller.database import Base, UtcDateTime
from controller.ledger import ledger
from controller.ledger.kinds import Kind
from controller.people.access import Role
from controller.people.operator import Operator
from controller.refusal import Refused

MOST_AT_ONCE = 200
_LONGEST_NOTE = 400


class Disposition(StrEnum):
    """OPEN: nobody has said anything, or it was opened again. In the order in which a list shows them."""

    OPEN = "open"
    FOLLOW_UP = "follow-up"
    BREACH = "breach"
    MISTAKE = "mistake"
    EXPLAINED = "explained"


class Judgement(Base):
    """finding: the place in the ledger that it is about; ledger_sequence: the row that records it; by_auditor: whether
    its author was one then; replaced: a later one about the same finding is there. At most one is not replaced."""

    __tablename__ = "judgement"

    id: Mapped[int] = mapped_column(primary_key=True)
    finding: Mapped[int] = mapped_column(BigInteger, ForeignKey("ledger.sequence"))
    disposition: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(String(400))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operator.id"))
    by_auditor: Mapped[bool]
    replaced: Mapped[bool]
    ledger_sequence: Mapped[int] = mapped_column(BigInteger, ForeignKey("ledger.sequence"))

    __table_args__ = (Index("ix_judgement_finding", "finding", "replaced", "disposition"),)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of findings: a disposition, and in words what was found."""

    disposition: Disposition
    note: str


IN_FORCE = Judgement.replaced.is_(False)


def standing() -> ColumnElement[str]:
    """The disposition of a finding that is outer joined with its judgement in force."""
    return func.coalesce(Judgement.disposition, Disposition.OPEN.value)


def urgency() -> ColumnElement[int]:
    """To sort such findings by: what is open first."""
    return case({str(each): rank for rank, each in enumerate(Disposition)}, value=standing())


def record(session: Session, by: Operator, now: datetime, findings: Collection[int], verdict: Verdict) -> int:
    """Say this of all these findings, or of none; the place in the ledger.

    Whether they are findings is the caller's to know. Refused note-missing, findings-many, auditor-said.
    """
    note = verdict.note.strip()[:_LONGEST_NOTE]
    if not note:
        raise Refused("note-missing")
    if not 0 < len(findings) <= MOST_AT_ONCE:
        raise Refused("findings-many")
    ledger.hold(session)  # two who judge the same at once come one after the other
    by_auditor = by.role == Role.AUDITOR
    if not by_auditor and any(each.by_auditor for each in in_force(session, findings).values()):
        raise Refused("auditor-said")
    subjects, plain = {"findings": sorted(findings)}, {"disposition": verdict.disposition, "role": by.role}
    place = ledger.append(session, Kind.FINDINGS_JUDGED, by.actor, now, subjects, plain, {"reason": note})
    session.execute(update(Judgement).where(Judgement.finding.in_(findings), IN_FORCE).values(replaced=True))
    said = {"disposition": verdict.disposition, "note": note, "at": now, "operator_id": by.id}
    told = {**said, "by_auditor": by_auditor, "replaced": False, "ledger_sequence": place}
    session.add_all([Judgement(finding=each, **told) for each in sorted(findings)])
    session.flush()
    return place


def in_force(session: Session, findings: Collection[int]) -> dict[int, Judgement]:
    """What stands of each of these findings that somebody has judged."""
    rows = session.scalars(select(Judgement).where(Judgement.finding.in_(findings), IN_FORCE))
    return {each.finding: each for each in rows}


def history(session: Session, finding: int) -> Sequence[Judgement]:
    """All that was ever said of it, the newest first."""
    mine = select(Judgement).where(Judgement.finding == finding)
    return session.scalars(mine.order_by(Judgement.id.desc())).all()
