"""Where a PIN is asked for after the card: a rule of one entry. Without one the card is enough; a PIN never is.

As settings in plain words (`rule_words`, Of.PIN) it is changed by `room_rules`, with a reason, like every other rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract import shape
from contract.canonical import Object, Value
from contract.policy import Direction
from contract.room_rules import DuressAnswer, PinRule
from controller.database import Base
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.premises.door import AccessPoint
from controller.premises.rules import LARGEST_ROW
from controller.premises.schedule import Schedule
from controller.refusal import Refused

USUAL = PinRule()
ASKED = "pin.asked"


class PinRuleRow(Base):
    """As `contract.room_rules.PinRule`; card_alone_id: the hours in which the card is enough, null: never."""

    __tablename__ = "pin_rule"

    access_point_id: Mapped[int] = mapped_column(ForeignKey("access_point.id"), primary_key=True, autoincrement=False)
    card_alone_id: Mapped[int | None] = mapped_column(ForeignKey("schedule.id"))
    within_s: Mapped[int]
    tries: Mapped[int]
    lockout_s: Mapped[int]
    duress: Mapped[str] = mapped_column(String(8))

    def rule(self, card_alone: int | None) -> PinRule:
        """As a list carries it; `card_alone`: the number of the schedule there."""
        return PinRule(card_alone, self.within_s, self.tries, self.lockout_s, DuressAnswer(self.duress))


@dataclass(frozen=True, slots=True)
class PinPlan:
    """card_alone: the id of a schedule; the others as in `contract.room_rules.PinRule`."""

    card_alone: int | None = None
    within_s: int = USUAL.within_s
    tries: int = USUAL.tries
    lockout_s: int = USUAL.lockout_s
    duress: str = USUAL.duress

    def as_object(self) -> Object:
        return {
            "card_alone": self.card_alone,
            "within_s": self.within_s,
            "tries": self.tries,
            "lockout_s": self.lockout_s,
            "duress": self.duress,
        }

    @classmethod
    def from_object(cls, data: Object) -> PinPlan:
        """What `as_object` made."""
        return cls(
            shape.optional_integer(data, "card_alone"),
            shape.integer(data, "within_s"),
            shape.integer(data, "tries"),
            shape.integer(data, "lockout_s"),
            shape.text(data, "duress"),
        )


def ask(
    session: Session, actor: str, now: datetime, point: AccessPoint, plan: PinPlan, reason: str | None = None
) -> PinRuleRow:
    """From now on a PIN is asked for here. Refused pin-on-exit (leaving never depends on one), pin-rule-wrong,
    not-found."""
    if point.direction != Direction.ENTRY:
        raise Refused("pin-on-exit", access_point=point.key)
    told = _checked(session, point, plan)
    known = of(session, point)
    before, row = settings_of(known), known or PinRuleRow(access_point_id=point.id)
    row.card_alone_id = plan.card_alone
    row.within_s, row.tries, row.lockout_s, row.duress = plan.within_s, plan.tries, plan.lockout_s, plan.duress
    session.add(row)
    session.flush()
    _record(session, actor, now, point, told, _changed(before, settings_of(row)), reason)
    return row


def ask_no_more(session: Session, actor: str, now: datetime, point: AccessPoint, reason: str | None = None) -> None:
    """The card is enough here again; Refused not-found."""
    row = of(session, point)
    if row is None:
        raise Refused("not-found")
    session.delete(row)
    _record(session, actor, now, point, None, {ASKED: [True, False]}, reason)


def of(session: Session, point: AccessPoint) -> PinRuleRow | None:
    return session.get(PinRuleRow, point.id)


def of_each(session: Session, point_ids: Iterable[int]) -> dict[int, PinRuleRow]:
    """The rules of many access points by their ids, in one statement; where the card is enough there is none."""
    rows = session.scalars(select(PinRuleRow).where(PinRuleRow.access_point_id.in_(set(point_ids))))
    return {row.access_point_id: row for row in rows}


def settings_of(row: PinRuleRow | None) -> dict[str, Value]:
    """Each setting by its path; without a rule those of the usual one, of which none is in force."""
    if row is None:
        return _settings(PinPlan(), asked=False)
    return _settings(PinPlan(row.card_alone_id, row.within_s, row.tries, row.lockout_s, row.duress), asked=True)


def with_settings(before: Mapping[str, Value], changes: Mapping[str, Value]) -> dict[str, Value]:
    """The settings after these changes; where no PIN is asked for, nothing else of the rule changes."""
    for name in changes:
        if name not in before:
            raise Refused("setting-unknown", setting=name[:40])
    after = {**before, **changes}
    return after if after[ASKED] is not False else {**before, ASKED: False}


def plan_of(settings: Mapping[str, Value]) -> PinPlan | None:
    """What these settings ask for, None: nothing; Refused setting-wrong. Bounds are the contract's own (`ask`)."""
    data = dict(settings)
    try:
        asked, opens = shape.flag(data, ASKED), shape.flag(data, "pin.duress_opens")
        plan = PinPlan(
            shape.optional_integer(data, "pin.card_alone", 1, LARGEST_ROW),
            shape.integer(data, "pin.within_s"),
            shape.integer(data, "pin.tries"),
            shape.integer(data, "pin.lockout_s"),
            DuressAnswer.OPEN if opens else DuressAnswer.REFUSE,
        )
    except shape.BadShape as flaw:
        raise Refused("setting-wrong", why=str(flaw)) from flaw
    return plan if asked else None


def _settings(plan: PinPlan, *, asked: bool) -> dict[str, Value]:
    return {
        ASKED: asked,
        "pin.card_alone": plan.card_alone,
        "pin.within_s": plan.within_s,
        "pin.tries": plan.tries,
        "pin.lockout_s": plan.lockout_s,
        "pin.duress_opens": plan.duress == DuressAnswer.OPEN,
    }


def _changed(before: Mapping[str, Value], after: Mapping[str, Value]) -> Object:
    """As the ledger tells changes of rules: [before, after] by setting."""
    return {name: [before[name], value] for name, value in after.items() if before[name] != value}


def _record(
    session: Session,
    actor: str,
    now: datetime,
    point: AccessPoint,
    told: Object | None,
    changed: Object,
    reason: str | None,
) -> None:
    plain: Object = {"key": point.key, "pin": told, "changed": changed}
    personal = {"reason": reason} if reason else {}
    append(session, Kind.ACCESS_POINT_CHANGED, actor, now, _subjects(point), plain, personal)


def _checked(session: Session, point: AccessPoint, plan: PinPlan) -> Object:
    """The rule as it is recorded, within the bounds of a list."""
    told = plan.as_object()
    try:
        PinRule.from_object({**told, "card_alone": None})
    except shape.BadShape as flaw:
        raise Refused("pin-rule-wrong", access_point=point.key) from flaw
    if plan.card_alone is not None:
        schedule = session.get(Schedule, plan.card_alone)
        if schedule is None or schedule.site_id != point.site_id:
            raise Refused("not-found", schedule=plan.card_alone)
    return told


def _subjects(point: AccessPoint) -> Object:
    return {"access_point": point.id, "door": point.door_id, "areas": [point.guarded_area_id]}
