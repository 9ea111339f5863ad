"""How each door stands: folded from its own facts, one row a door. What no fact has told is not known.

The law: only intake writes here. A door's facts come in the order in which its agent recorded them, so the last one
taken is the newest; what an agent does not carry over a restart ends with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract.fact import Fact, FactKind
from controller.database import Base, UtcDateTime
from controller.premises.door import Door
from controller.record import filing
from controller.record.filing import Places

LIFE_SAFETY = ("fire", "break-glass")
READER_LOST = "reader-lost"
_MOST_FAULTS = 40
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class Leaf(StrEnum):
    """What last told how the leaf stands. UNKNOWN: nothing has yet, or the door has no contact."""

    UNKNOWN = "unknown"
    CLOSED = "closed"
    OPEN = "open"
    HELD = "held"
    FORCED = "forced"


_LEAVES = {
    FactKind.DOOR_OPENED: Leaf.OPEN,
    FactKind.DOOR_CLOSED: Leaf.CLOSED,
    FactKind.HELD_OPEN: Leaf.HELD,
    FactKind.FORCED_OPEN: Leaf.FORCED,
}


class DoorState(Base):
    """leaf: a `Leaf`; released_at: when the centre heard that the lock was released for somebody who has not gone
    through yet; held_by, faults: names separated by spaces, of what holds the lock released until it ends and of what
    is broken or open; passage: the place in the ledger of the newest passage."""

    __tablename__ = "door_state"

    door_id: Mapped[int] = mapped_column(ForeignKey("door.id"), primary_key=True, autoincrement=False)
    leaf: Mapped[str] = mapped_column(String(8))
    leaf_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    held_by: Mapped[str] = mapped_column(String(120))
    faults: Mapped[str] = mapped_column(Text)
    passage: Mapped[int | None] = mapped_column(BigInteger)


def fold(session: Session, now: datetime, known: Places, placed: Iterable[tuple[int, Fact]]) -> None:
    """Take new facts of one agent into the rows of its doors; a fact of the whole cabinet is one of each door."""
    states = _states(session, known)
    for place, found in placed:
        door = known.door(found)
        for state in _concerned(states, door):
            _take(state, now, place, found)


def forget(session: Session, known: Places) -> None:
    """Facts of this agent are lost for ever: how its doors stand now is not known."""
    for state in _states(session, known).values():
        _forget(state)


def forget_door(session: Session, door_id: int) -> None:
    """Another agent drives it from now on: how it stands is what that says."""
    state = session.get(DoorState, door_id)
    if state is not None:
        _forget(state)


def _forget(state: DoorState) -> None:
    state.leaf, state.leaf_at, state.released_at = Leaf.UNKNOWN, None, None
    state.held_by, state.faults = "", ""


def _concerned(states: Mapping[int, DoorState], door: Door | None) -> Sequence[DoorState]:
    """Of a fact about one door, or about all; another agent says how a door stands that was moved."""
    return list(states.values()) if door is None else [states[door.id]] if door.id in states else []


def _states(session: Session, known: Places) -> dict[int, DoorState]:
    wanted = [door.id for door in known.driven]
    rows = session.scalars(select(DoorState).where(DoorState.door_id.in_(wanted)))
    found = {row.door_id: row for row in rows}
    for door_id in wanted:
        if door_id not in found:
            found[door_id] = DoorState(door_id=door_id, leaf=Leaf.UNKNOWN, held_by="", faults="")
            session.add(found[door_id])
    return found


def _take(state: DoorState, now: datetime, place: int, found: Fact) -> None:
    body = found.body
    match found.kind:
        case FactKind.STARTED:
            _started(state)
        case FactKind.DOOR_OPENED | FactKind.DOOR_CLOSED | FactKind.HELD_OPEN | FactKind.FORCED_OPEN:
            state.leaf, state.leaf_at = _LEAVES[found.kind], filing.moment(found, now)
            state.released_at = None
        case FactKind.RELEASED if body.get("cause") == READER_LOST:
            _hold(state, READER_LOST, True)
        case FactKind.RELEASED if body.get("cause") not in LIFE_SAFETY:
            state.released_at = now
        case FactKind.ADMISSION_ENDED:
            state.released_at = None
        case FactKind.PASSAGE:
            state.passage = place
        case FactKind.DOOR_MODE:
            _hold(state, str(body.get("cause")), body.get("mode") == "unlocked")
        case FactKind.FIRE | FactKind.BREAK_GLASS if body.get("active") is True:
            _hold(state, LIFE_SAFETY[found.kind is FactKind.BREAK_GLASS], True)
        case FactKind.LIFE_SAFETY_RESET:
            for cause in LIFE_SAFETY:
                _hold(state, cause, False)
        case _:
            _fault(state, found)


def _started(state: DoorState) -> None:
    """An agent that starts latches again what fire and break-glass had released, unlocks anew by its hours, and says
    anew what is broken and which door stands open; a door that has a contact is closed otherwise."""
    state.leaf = Leaf.UNKNOWN if state.leaf == Leaf.UNKNOWN else Leaf.CLOSED
    state.held_by = " ".join(each for each in state.held_by.split() if each in LIFE_SAFETY)
    state.released_at, state.faults = None, ""


def _fault(state: DoorState, found: Fact) -> None:
    body = found.body
    match found.kind:
        case FactKind.READER_LOST:
            _broken(state, "reader", body.get("access_point"), True)
        case FactKind.READER_BACK:
            _broken(state, "reader", body.get("access_point"), False)
            _hold(state, READER_LOST, False)
        case FactKind.TAMPER:
            _broken(state, "tamper", body.get("access_point") or "housing", body.get("active") is True)
        case FactKind.LINE_FAULT:
            _broken(state, "line", body.get("input"), body.get("state") != "normal")
        case FactKind.POWER:
            _broken(state, "power", body.get("source"), body.get("ok") is False)
        case _:
            pass


def _hold(state: DoorState, cause: str, holds: bool) -> None:
    if _NAME.fullmatch(cause):
        state.held_by = _with(state.held_by, cause, holds, 3)


def _broken(state: DoorState, what: str, name: object, broken: bool) -> None:
    """What an agent calls its parts is its own word: a name that is none is not taken over."""
    if isinstance(name, str) and _NAME.fullmatch(name):
        state.faults = _with(state.faults, f"{what}:{name}", broken, _MOST_FAULTS)


def _with(names: str, name: str, there: bool, most: int) -> str:
    rest: Sequence[str] = [each for each in names.split() if each != name]
    return " ".join(sorted([*rest, name] if there and len(rest) < most else rest))
