"""By which grant somebody was let in: read from the input of the decision, never from what is granted today.

The law: what an agent committed to may be anything; what names no grant that is known here, or is erased, names none.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from contract.canonical import Value
from contract.fact import FactKind
from contract.situation import Attempt
from controller.people.operator import Operator
from controller.people.permission import Grant
from controller.record.fact import FactRow, of_agent, of_agents
from controller.record.opened import openings_of_each

_LARGEST_ID = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Allowing:
    """The grant that a card's record named, with who asked for it and who approved it."""

    grant: int
    cardholder: int
    reason: str
    requested_by: str | None
    approved_by: str | None


def grant_of(given: Value) -> int | None:
    """The grant that the record in a decision's recorded input names."""
    attempt = given.get("attempt") if isinstance(given, dict) else None
    try:
        record = Attempt.from_object(attempt).record if isinstance(attempt, dict) else None
    except ValueError:
        return None
    return record.grant if record is not None and 0 < record.grant <= _LARGEST_ID else None


def told_each(session: Session, grants: Collection[int]) -> dict[int, Allowing]:
    """These grants, by id, as far as they are known here."""
    rows = session.scalars(select(Grant).where(Grant.id.in_(grants))).all()
    named = {each for row in rows for each in (row.requested_by, row.decided_by) if each is not None}
    names = {row.id: row.display_name for row in session.scalars(select(Operator).where(Operator.id.in_(named)))}
    return {
        row.id: Allowing(
            row.id,
            row.cardholder_id,
            row.reason,
            names.get(row.requested_by),
            None if row.decided_by is None else names.get(row.decided_by),
        )
        for row in rows
    }


def of_passages(session: Session, places: Collection[int]) -> dict[int, Allowing]:
    """For each passage at these places in the ledger, by its place, the grant of the decision that it followed."""
    passages = session.scalars(select(FactRow).where(FactRow.ledger_sequence.in_(places)))
    followed = {row.ledger_sequence: (row.agent_id, _decision(row)) for row in passages}
    decisions = [row for row in of_agents(session, followed.values()) if row.kind == FactKind.DECISION]
    facts = {(row.agent_id, row.sequence): row.fact() for row in decisions}
    inputs = openings_of_each(session, facts, "input")
    grants = {key: grant_of(opening.value) for key, opening in inputs.items()}
    told = told_each(session, {grant for grant in grants.values() if grant is not None})
    found = {place: told.get(grants.get(key) or 0) for place, key in followed.items()}
    return {place: allowing for place, allowing in found.items() if allowing is not None}


def decision_of(session: Session, row: FactRow) -> FactRow | None:
    """The decision that `row` (a passage, a release, an admission's end) followed; None where it names none."""
    found = of_agent(session, row.agent_id, _decision(row))
    return found if found is not None and found.kind == FactKind.DECISION else None


def _decision(row: FactRow) -> int:
    """The number of the decision that a fact followed; 0, which no fact has, where it names none."""
    number = row.fact().body.get("decision")
    return number if isinstance(number, int) and not isinstance(number, bool) else 0
