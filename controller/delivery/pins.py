"""PINs as a list carries them: the rules of its entries, and the verifiers of exactly those whom it may ask."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from contract.pin import listed
from contract.policy import Policy
from contract.record import Flag, Pin, Record
from contract.room_rules import PinRule
from controller.delivery.records import Schedules
from controller.people import pin as pins
from controller.premises import pin_rule
from controller.premises.door import AccessPoint


def rule_of(session: Session, point: AccessPoint, schedules: Schedules) -> PinRule | None:
    """What this access point's policy says of PINs; None where the card is enough."""
    row = pin_rule.of(session, point)
    if row is None:
        return None
    hours = row.card_alone_id
    return row.rule(None if hours is None else schedules.number(frozenset({hours})))


def pins_for(
    session: Session, list_key: bytes, policy: Policy, tables: Mapping[str, Mapping[bytes, Record]]
) -> dict[bytes, Pin]:
    """By handle, for whoever may enter by an entry of this agent that asks for a PIN, and has one."""
    asking = {point.guarded for point in policy.access_points.values() if point.pin is not None}
    handles = {
        record.holder for area in asking for record in tables[area].values() if not record.flags & Flag.EXIT_ONLY
    }
    found = pins.of_handles(session, handles)
    return {handle: listed(kept, handle, list_key) for handle, kept in found.items()}
