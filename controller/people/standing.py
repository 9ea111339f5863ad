"""What somebody is beyond their permissions, and whether that comes to more: attributes, until when they are here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from controller.people import attribute
from controller.people.attribute import Attribute
from controller.people.cardholder import Cardholder

ATTRIBUTES, LEAVING = "attributes", "leaving"
"""What can be eased for one person."""
_LIMITS: Final = frozenset({Attribute.VISITOR})
"""Attributes that make somebody depend on another; every other one makes them free of something."""


@dataclass(frozen=True, slots=True)
class Standing:
    """attributes: every one by name, 0 for what they have not; leaves_at: None when they stay."""

    attributes: Mapping[str, int]
    leaves_at: datetime | None


def of(session: Session, holder: Cardholder) -> Standing:
    return Standing(attribute.levels(attribute.of_cardholder(session, holder)), holder.leaves_at)


def eased(before: Standing, after: Standing) -> Sequence[str]:
    """What `after` lets more happen by: `ATTRIBUTES`, `LEAVING`."""
    found = [ATTRIBUTES] if any(_more(each, before, after) for each in Attribute) else []
    if before.leaves_at is not None and (after.leaves_at is None or after.leaves_at > before.leaves_at):
        found.append(LEAVING)
    return tuple(found)


def _more(each: Attribute, before: Standing, after: Standing) -> bool:
    was, becomes = before.attributes[each], after.attributes[each]
    return becomes < was if each in _LIMITS else becomes > was
