"""PINs as a list carries them: the rules of its entries, and the verifiers of exactly those whom it may ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from contract.pin import listed
from contract.policy import Policy
from contract.record import Flag, Pin, Record
from contract.room_rules import PinRule
from controller.delivery.records import Schedules
from controller.people import pin as pins
from controller.premises import pin_rule
from controller.premises.door import AccessPoint


def rules_of(session: Session, points: Sequence[AccessPoint], schedules: Schedules) -> dict[int, PinRule]:
    """What the policies of these access points say of PINs, by their ids; where the card is enough there is none.
    `schedules` gets those that they name, in the order of the access points."""
    asking, found = pin_rule.of_each(session, [point.id for point in points]), dict[int, PinRule]()
    schedules.read(row.card_alone_id for row in asking.values())
    for row in (asking[point.id] for point in points if point.id in asking):
        hours = row.card_alone_id
        found[row.access_point_id] = row.rule(None if hours is None else schedules.number(frozenset({hours})))
    return found


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
