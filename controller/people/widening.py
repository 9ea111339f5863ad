"""Widening entry into a private room takes two people: one asks, another approves; what widens nothing is done at once.

The law: nobody widens entry into a private room alone. A change is made, looked at and, where it widens, undone and
kept until a second, independent person has approved exactly it. It is refused as outdated when anything that it was
judged against was changed in between, and nobody approves one that has waited for too long.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, and_, not_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract import canonical
from contract.canonical import Object, Value
from controller import line
from controller.database import Base, UtcDateTime
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.people import lever_acts, levers, private_entry
from controller.people.lever_acts import By
from controller.people.levers import Lever, Wanted
from controller.people.operator import Operator
from controller.people.private_entry import Concerned, Widened
from controller.people.two_people import require_second_person
from controller.premises.calendar import Fits
from controller.premises.site import Site
from controller.refusal import Refused

WAITS_FOR: Final = timedelta(days=14)
"""What nobody has approved by then is asked for anew, or not at all."""
_TRIED: Final = "preview"


class WideningState(StrEnum):
    """What has become of it; EXPIRED: it waited for too long."""

    REQUESTED = "requested"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Widening(Base):
    """A change that waits or was decided. lever, subject_id, told: as `levers.Wanted`, told as canonical JSON;
    judged_against: `levers.digest` when it was asked for; state: never EXPIRED, which the time says."""

    __tablename__ = "widening"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    lever: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[int]
    told: Mapped[str] = mapped_column(Text)
    judged_against: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(400))
    state: Mapped[str] = mapped_column(String(16))
    requested_by: Mapped[int] = mapped_column(ForeignKey("operator.id"))
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decision_note: Mapped[str] = mapped_column(String(400), default="")
    ledger_sequence: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index("ix_widening_site_id_state", "site_id", "state"),)

    @property
    def wanted(self) -> Wanted:
        return Wanted(Lever(self.lever), self.subject_id, canonical.decode_object(self.told.encode()))

    @property
    def until(self) -> datetime:
        """From when on nobody approves it any more."""
        return self.requested_at + WAITS_FOR

    def became(self, now: datetime) -> WideningState:
        expired = self.state == WideningState.REQUESTED and self.until <= now
        return WideningState.EXPIRED if expired else WideningState(self.state)


def make(
    session: Session, by: Operator, now: datetime, site: Site, wanted: Wanted, reason: str, fits: Fits
) -> Widening | None:
    """Do it, or keep it for a second person: what waits then, None when it was done. Refused as its verb refuses, what
    `fits` refuses, and reason-missing where it must wait."""
    session.refresh(levers.subject(session, wanted), with_for_update=True)
    tried = session.begin_nested()
    wider = _done(session, By(by.actor, now, reason), site, wanted, fits)
    if wider is None:
        tried.commit()
        return None
    tried.rollback()
    session.expire_all()
    asked = Widening(
        site_id=site.id,
        lever=wanted.lever,
        subject_id=wanted.subject,
        told=canonical.encode(wanted.told).decode("utf-8"),
        judged_against=levers.digest(session, wanted),
        reason=line.reason(reason),
        state=WideningState.REQUESTED,
        requested_by=by.id,
        requested_at=now,
        ledger_sequence=0,
    )
    session.add(asked)
    session.flush()
    _record(session, Kind.WIDENING_ASKED, by, now, asked, asked.reason, wider)
    return asked


def look(session: Session, now: datetime, site: Site, wanted: Wanted, fits: Fits) -> Widened | None:
    """What it would widen if it were done now, None: nothing; Refused as `make`. It is undone."""
    tried = session.begin_nested()
    try:
        return _done(session, By(_TRIED, now, _TRIED), site, wanted, fits)
    finally:
        tried.rollback()
        session.expire_all()


def approve(session: Session, by: Operator, now: datetime, asked: Widening, fits: Fits, note: str = "") -> None:
    """Do what was asked for. Refused already-decided, widening-expired, same-person, not-independent,
    widening-outdated, as its verb refuses, and what `fits` refuses."""
    _open(session, asked)
    require_second_person(session, asked.requested_by, by)
    if asked.became(now) is WideningState.EXPIRED:
        raise Refused("widening-expired")
    session.refresh(levers.subject(session, asked.wanted), with_for_update=True)
    if is_outdated(session, asked):
        raise Refused("widening-outdated")
    _decide(by, now, asked, WideningState.APPROVED, note)
    wider = _done(session, By(by.actor, now, asked.reason), session.get_one(Site, asked.site_id), asked.wanted, fits)
    _record(session, Kind.WIDENING_APPROVED, by, now, asked, asked.decision_note, wider)


def decline(session: Session, by: Operator, now: datetime, asked: Widening, note: str) -> None:
    """Leave things as they are, with a reason; whoever asked withdraws. Refused reason-missing, already-decided."""
    why = line.reason(note)
    _open(session, asked)
    own = asked.requested_by == by.id
    _decide(by, now, asked, WideningState.WITHDRAWN if own else WideningState.DECLINED, why)
    _record(session, Kind.WIDENING_DECLINED, by, now, asked, asked.decision_note, None)


def is_outdated(session: Session, asked: Widening) -> bool:
    """Whether anything that it was judged against was changed since, or is gone."""
    try:
        return levers.digest(session, asked.wanted) != asked.judged_against
    except Refused:
        return True


def waiting(session: Session, site: Site, now: datetime) -> Sequence[Widening]:
    """What waits for a second person, the oldest first."""
    waits = and_(Widening.state == WideningState.REQUESTED, Widening.requested_at > now - WAITS_FOR)
    return session.scalars(select(Widening).where(Widening.site_id == site.id, waits).order_by(Widening.id)).all()


def waiting_at(session: Session, site: Site, now: datetime, places: Concerned) -> Sequence[Widening]:
    """What waits and may touch these schedules or rooms; what is gone meanwhile touches nothing."""
    return [each for each in waiting(session, site, now) if _touches(session, each.wanted, places)]


def listed(
    session: Session, site: Site, now: datetime, state: WideningState | None, after: int, limit: int
) -> Sequence[Widening]:
    """Those of this state (None: of any), by id, after id `after`."""
    statement = select(Widening).where(Widening.site_id == site.id, Widening.id > after)
    if state is not None:
        kept = WideningState.REQUESTED if state is WideningState.EXPIRED else state
        statement = statement.where(Widening.state == kept)
    if state is WideningState.REQUESTED:
        statement = statement.where(Widening.requested_at > now - WAITS_FOR)
    if state is WideningState.EXPIRED:
        statement = statement.where(Widening.requested_at <= now - WAITS_FOR)
    return session.scalars(statement.order_by(Widening.id).limit(limit)).all()


def latest(session: Session, site: Site, now: datetime, most: int) -> Sequence[Widening]:
    """Those that wait no more, the newest first."""
    waits = and_(Widening.state == WideningState.REQUESTED, Widening.requested_at > now - WAITS_FOR)
    statement = select(Widening).where(Widening.site_id == site.id, not_(waits)).order_by(Widening.id.desc())
    return session.scalars(statement.limit(most)).all()


def _touches(session: Session, wanted: Wanted, places: Concerned) -> bool:
    try:
        touched = levers.concerned(session, wanted)
    except Refused:
        return False
    return bool(touched.schedules & places.schedules or touched.areas & places.areas)


def _done(session: Session, by: By, site: Site, wanted: Wanted, fits: Fits) -> Widened | None:
    """Do it, and say what it has widened."""
    before = private_entry.stands(session, by.now, levers.concerned(session, wanted))
    lever_acts.act(session, by, wanted, fits)
    session.flush()
    return private_entry.widened(session, site, by.now, before)


def _open(session: Session, asked: Widening) -> None:
    """Nobody else decides it from here on; Refused already-decided."""
    session.refresh(asked, with_for_update=True)
    if asked.state != WideningState.REQUESTED:
        raise Refused("already-decided")


def _decide(by: Operator, now: datetime, asked: Widening, state: WideningState, note: str) -> None:
    asked.state, asked.decided_by, asked.decided_at = state, by.id, now
    asked.decision_note = note.strip()[:400]


def _record(
    session: Session, kind: Kind, by: Operator, now: datetime, asked: Widening, why: str, wider: Widened | None
) -> None:
    areas: list[Value] = [*wider.rooms] if wider else []
    eased: list[Value] = [*wider.eased] if wider else []
    plain: Object = {"lever": asked.lever, "subject": asked.subject_id, "eased": eased}
    subjects: Object = {"widening": asked.id, "areas": areas}
    personal: Object = {**line.opening(why)}
    if asked.lever in levers.OF_PEOPLE:
        subjects["cardholder"] = asked.subject_id
        personal["told"] = asked.told
    else:
        plain["told"] = asked.wanted.told
    asked.ledger_sequence = append(session, kind, by.actor, now, subjects, plain, personal)
