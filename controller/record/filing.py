"""Filing facts: from what an agent wrote to the columns that pages search by. An agent is believed about its own doors.

Whatever a body holds, a row can be made of it: what is not of its promised kind is left empty, and the exact bytes are
kept beside it. A wall clock that runs ahead of the reception is not taken over into the columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from contract.commitment import Opening
from contract.credential import Identity
from contract.fact import Clock, Fact, FactKind
from contract.outcome import Outcome
from contract.reason import Reason
from controller.people.cardholder import Cardholder
from controller.people.credential import Credential, IdentityRow
from controller.premises import door as doors
from controller.premises import door_move
from controller.premises.agent import Agent
from controller.premises.door import AccessPoint, Door
from controller.premises.site import Site
from controller.record.chain import Taken

AHEAD = timedelta(minutes=5)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""A wall clock that shows less was never set."""

_HANDLE = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Places:
    """The rows behind the keys that an agent's facts name; a key that is not one of its own stays unresolved. former:
    by id, the doors that another agent drives now, and up to when this one is believed about them (None: still)."""

    doors: Mapping[str, Door]
    points: Mapping[str, AccessPoint]
    former: Mapping[int, datetime | None]

    @property
    def driven(self) -> Sequence[Door]:
        """The doors that it drives now."""
        return [door for door in self.doors.values() if door.id not in self.former]

    def door(self, found: Fact) -> Door | None:
        named = self.doors.get(str(found.body.get("door")))
        point = self.point(found)
        if named is not None and not self._believed(named.id, found):
            return None
        return named or (next(each for each in self.doors.values() if each.id == point.door_id) if point else None)

    def point(self, found: Fact) -> AccessPoint | None:
        named = self.points.get(str(found.body.get("access_point")))
        return named if named is not None and self._believed(named.door_id, found) else None

    def guarded(self, found: Fact) -> Sequence[int]:
        """The areas behind the door that a fact names, or behind all of the agent's doors when it names none."""
        door = self.door(found)
        mine = {each.id for each in self.driven} if door is None else {door.id}
        of_door = (each for each in self.points.values() if each.door_id in mine)
        return sorted({each.guarded_area_id for each in of_door})

    def _believed(self, door_id: int, found: Fact) -> bool:
        until = self.former.get(door_id)
        return until is None or found.wall <= until


def places(session: Session, agent: Agent) -> Places:
    """What `agent` may speak of: its own doors and their access points, and those that it drove before."""
    former = door_move.former(session, agent)
    own = [*doors.ever_of_agent(session, agent), *(door for door, _until in former)]
    points = session.scalars(select(AccessPoint).where(AccessPoint.door_id.in_([door.id for door in own])))
    return Places(
        {door.key: door for door in own},
        {point.key: point for point in points},
        {door.id: until for door, until in former},
    )


def moment(found: Fact, now: datetime) -> datetime:
    """When it happened, as far as that can be believed: not after it was received, and not before clocks were set."""
    return found.wall if EARLIEST <= found.wall <= now + AHEAD else now


def row(now: datetime, agent: Agent, place: int, taken: Taken, known: Places, holder: int | None) -> dict[str, object]:
    """The row of a fact that stands at `place` in the ledger and was made by `holder`."""
    found, body = taken.fact, taken.fact.body
    point, door, at = known.point(found), known.door(found), moment(found, now)
    decided = found.kind is FactKind.DECISION
    return {
        "agent_id": agent.id,
        "sequence": found.sequence,
        "ledger_sequence": place,
        "received_at": now,
        "at": at,
        "trusted": found.clock is Clock.TRUSTED and at == found.wall,
        "kind": str(found.kind),
        "outcome": _member(Outcome, body.get("outcome")),
        "reason": _member(Reason, body.get("reason")) if decided else None,
        "inferred": body.get("inferred") is True if found.kind is FactKind.PASSAGE else None,
        "access_point_id": point.id if point else None,
        "door_id": door.id if door else None,
        "area_id": point.guarded_area_id if point else None,
        "cardholder_id": holder,
        "encoded": taken.sealed.fact,
        "fact_hash": taken.hash,
    }


def holders(session: Session, site: Site, taken: Iterable[Taken]) -> list[int | None]:
    """Who made each fact: by the handle that a door's list gave, or by the identity of a card that was on no list
    there (it may be somebody's all the same). None where the opening is missing, or names nobody."""
    facts = [(_handle(each.openings), _identity(each.openings)) for each in taken]
    by_handle = _by_handle(session, {handle for handle, _ in facts if handle is not None})
    by_identity = _by_identity(session, site, {identity for _, identity in facts if identity is not None})
    return [by_handle.get(handle or "") or by_identity.get(identity or "") for handle, identity in facts]


def _by_handle(session: Session, wanted: set[str]) -> dict[str, int]:
    if not wanted:
        return {}
    handles = [bytes.fromhex(handle) for handle in wanted]
    found = session.execute(select(Cardholder.handle, Cardholder.id).where(Cardholder.handle.in_(handles)))
    return {handle.hex(): holder_id for handle, holder_id in found}


def _by_identity(session: Session, site: Site, wanted: set[str]) -> dict[str, int]:
    if not wanted:
        return {}
    found = (
        select(IdentityRow.text, Credential.cardholder_id)
        .join(Credential, Credential.id == IdentityRow.credential_id)
        .where(IdentityRow.site_id == site.id, IdentityRow.text.in_(wanted))
    )
    return {row[0]: row[1] for row in session.execute(found)}


def _handle(openings: Mapping[str, Opening]) -> str | None:
    value = openings["holder"].value if "holder" in openings else None
    return value if isinstance(value, str) and _HANDLE.fullmatch(value) else None


def _identity(openings: Mapping[str, Opening]) -> str | None:
    value = openings["identity"].value if "identity" in openings else None
    if not isinstance(value, str):
        return None
    try:
        return Identity.parse(value).text()
    except ValueError:
        return None


def _member(kind: type[StrEnum], value: object) -> str | None:
    return str(value) if isinstance(value, str) and value in set(kind) else None
