"""What somebody is beyond their permissions, and whether that comes to more: attributes, until when they are here, and
for how long they are trained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from controller.people import attribute, training
from controller.people.attribute import Attribute
from controller.people.cardholder import Cardholder

ATTRIBUTES, LEAVING, TRAINED = "attributes", "leaving", "trained"
"""What can be eased for one person."""
_LIMITS: Final = frozenset({Attribute.VISITOR})
"""Attributes that make somebody depend on another; every other one makes them free of something."""


@dataclass(frozen=True, slots=True)
class Standing:
    """attributes: every one by name, 0 for what they have not; leaves_at: None when they stay; trained: until when they
    are in date with each training that counts, by its id, as far as they completed it."""

    attributes: Mapping[str, int]
    leaves_at: datetime | None
    trained: Mapping[int, datetime]


def of(session: Session, holder: Cardholder, areas: Iterable[int] = ()) -> Standing:
    """With the trainings that these areas ask for."""
    held = attribute.levels(attribute.of_cardholder(session, holder))
    return Standing(held, holder.leaves_at, training.completed_until(session, holder, areas))


def eased(before: Standing, after: Standing) -> Sequence[str]:
    """What `after` lets more happen by: `ATTRIBUTES`, `LEAVING`, `TRAINED`."""
    found = [ATTRIBUTES] if any(_more(each, before, after) for each in Attribute) else []
    if before.leaves_at is not None and (after.leaves_at is None or after.leaves_at > before.leaves_at):
        found.append(LEAVING)
    if any(key not in before.trained or until > before.trained[key] for key, until in after.trained.items()):
        found.append(TRAINED)
    return tuple(found)


def _more(each: Attribute, before: Standing, after: Standing) -> bool:
    was, becomes = before.attributes[each], after.attributes[each]
    return becomes < was if each in _LIMITS else becomes > was
