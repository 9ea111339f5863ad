"""Cards that were presented while they were to open nothing: what doors decided then, counted as facts are filed.

The law: a fact counts by when the card was presented, however late it came; where the door's clock could not be
believed, by when it came. The same person's other cards are not meant: the decision's openings say which card it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from contract.credential import lookup_key
from contract.fact import Clock, FactKind
from contract.outcome import Outcome
from contract.policy import Direction
from controller.people.card_end import CardEnd
from controller.people.credential import identities_of_each
from controller.premises.agent import Agent
from controller.record import filing
from controller.record.chain import Taken
from controller.record.filing import Places

_NAMED_BY = ("key", "identity")
"""What opens a card: the key of a list that holds it, or its own number where no list did."""


@dataclass(frozen=True, slots=True)
class _Presented:
    place: int
    holder: int
    at: datetime
    card: frozenset[str]
    outcome: object
    entry: bool


def fold(
    session: Session, now: datetime, agent: Agent, known: Places, filed: Iterable[tuple[int, Taken, int | None]]
) -> None:
    """Count those among facts of `agent` that have just been filed: each with its place and its holder."""
    decisions = [found for place, taken, holder in filed if (found := _presented(now, known, place, taken, holder))]
    if not decisions:
        return
    ends = _ends(session, agent, {each.holder for each in decisions})
    for each in decisions:
        for end, names in ends.get(each.holder, ()):
            if names & each.card and end.bears_on(each.at):
                _count(end, each)


def _presented(now: datetime, known: Places, place: int, taken: Taken, holder: int | None) -> _Presented | None:
    fact, point = taken.fact, known.point(taken.fact)
    if fact.kind is not FactKind.DECISION or holder is None or point is None:
        return None
    at = filing.moment(fact, now)
    believed = fact.clock is Clock.TRUSTED and at == fact.wall
    named = (taken.openings[name].value for name in _NAMED_BY if name in taken.openings)
    card = frozenset(each for each in named if isinstance(each, str))
    outcome, entry = fact.body.get("outcome"), point.direction == Direction.ENTRY
    return _Presented(place, holder, at if believed else now, card, outcome, entry)


def _ends(session: Session, agent: Agent, holders: set[int]) -> Mapping[int, Sequence[tuple[CardEnd, frozenset[str]]]]:
    """By cardholder: the ends of their cards, each with what the card is called in a decision of `agent`."""
    rows = session.scalars(select(CardEnd).where(CardEnd.cardholder_id.in_(holders)).order_by(CardEnd.id)).all()
    if not rows:
        return {}
    identities = identities_of_each(session, {each.credential_id for each in rows})
    found: dict[int, list[tuple[CardEnd, frozenset[str]]]] = {}
    for each in rows:
        mine = [row.identity() for row in identities.get(each.credential_id, ())]
        keys = (lookup_key(agent.list_key, identity).hex() for identity in mine if agent.list_key is not None)
        found.setdefault(each.cardholder_id, []).append((each, frozenset((*keys, *(row.text() for row in mine)))))
    return found


def _count(end: CardEnd, each: _Presented) -> None:
    if each.outcome == Outcome.REFUSE:
        end.refused += 1
    elif each.outcome == Outcome.GRANT and each.entry:
        end.admitted += 1
        end.admitted_sequence = end.admitted_sequence or each.place
    elif each.outcome == Outcome.GRANT:
        end.let_out += 1
