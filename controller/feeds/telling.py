"""What an event says of places and, as far as was approved, of people."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy.orm import Session

from contract.canonical import Object
from contract.fact import FactKind
from contract.outcome import Outcome
from controller.feeds.feed import Personal, Topic
from controller.ledger.kinds import REFUSALS
from controller.ledger.ledger import LedgerRow
from controller.people.cardholder import Cardholder
from controller.people.operator import Operator
from controller.premises.agent import Agent
from controller.premises.area import Area
from controller.premises.door import AccessPoint, Door
from controller.record.fact import FactRow
from controller.record.presented import card_of

TOLD_IN: Final = {
    Personal.HANDLE: (Topic.ALARMS, Topic.ACCESS, Topic.CHANGES),
    Personal.PERSON: (Topic.ALARMS, Topic.ACCESS),
    Personal.CARD: (Topic.ALARMS, Topic.ACCESS),
    Personal.OPERATOR: (Topic.ALARMS, Topic.CHANGES),
}
"""In events of which topics each is told at all."""
_IMPERSONAL: Final = frozenset(
    {"site", "area", "door", "access_point", "schedule", "calendar", "format", "agent", "alarm", "row", "feed"}
)
"""Subjects of acts that are things; everything else stands for a person."""
_WHAT_FAILED, _HOW_MANY = ("step", "permission", "provider", "reason"), ("count", "unknown_names")
"""What rows of refusals call it."""


def place(session: Session, agent_id: int, door_id: int | None) -> dict[str, Any]:
    """The agent, and the door if it is one door's matter."""
    told: dict[str, Any] = {"agent": session.get_one(Agent, agent_id).key}
    if door_id is not None:
        door = session.get_one(Door, door_id)
        told["door"] = {"key": door.key, "name": door.name, "name_ja": door.name_ja}
    return told


def passage(session: Session, row: FactRow) -> dict[str, Any]:
    """The room, and which way."""
    told: dict[str, Any] = {}
    if row.area_id is not None:
        area = session.get_one(Area, row.area_id)
        told["area"] = {"key": area.key, "name": area.name, "name_ja": area.name_ja}
    if row.access_point_id is not None:
        told["direction"] = session.get_one(AccessPoint, row.access_point_id).direction
    return told


def person(session: Session, row: FactRow, tells: Collection[Personal]) -> dict[str, Any]:
    """Whom a fact is about, as far as the feed may tell."""
    holder = session.get(Cardholder, row.cardholder_id) if row.cardholder_id is not None and tells else None
    if holder is None:
        return {}
    told: dict[str, Any] = {}
    if Personal.HANDLE in tells:
        told["handle"] = holder.handle.hex()
    if Personal.PERSON in tells:
        told["person"] = {"name": holder.name, "number": holder.number}
    card = card_of(session, row) if Personal.CARD in tells and row.kind == FactKind.DECISION else None
    if card is not None:
        told["card"] = {"id": card.id, "label": card.label}
    return told


def act(session: Session, row: LedgerRow, *, with_handles: bool, named: bool) -> dict[str, Any]:
    """By whom something was changed, and of what; of a refusal also what was refused and the how many-th it is.
    with_handles: numbers of rows about people too; named: which operator it was."""
    kind, _colon, number = row.actor.partition(":")
    subjects = {name: value for name, value in row.subjects.items() if with_handles or name in _IMPERSONAL}
    told: dict[str, Any] = {"by": kind, "of": subjects, **(_refused(row.content) if row.kind in REFUSALS else {})}
    operator = session.get(Operator, int(number)) if named and kind == "operator" and number.isdigit() else None
    if operator is not None:
        told["operator"] = {"name": operator.name, "display_name": operator.display_name}
    return told


def _refused(content: Object) -> dict[str, Any]:
    told = {
        "outcome": Outcome.REFUSE.value,
        "reason": next((content[each] for each in _WHAT_FAILED if each in content), None),
        "count": next((content[each] for each in _HOW_MANY if each in content), None),
    }
    return {name: value for name, value in told.items() if value is not None}
