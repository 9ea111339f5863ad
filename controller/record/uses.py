"""How often and when cards came in, folded from passages as they are filed; and what follows for the lists by itself.

A passage names its holder and its decision; the decision's opening holds the key by which the agent looked the card up,
and so says which of the holder's cards it was. A passage whose decision names none is nobody's use.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from contract import canonical
from contract.fact import Clock, Fact, FactKind
from contract.policy import Direction
from controller.ledger.ledger import OpeningRow
from controller.people.card_state import State, idle
from controller.people.credential import Credential, CredentialUse, IdentityRow, life
from controller.premises.agent import Agent
from controller.record import filing
from controller.record.fact import FactRow
from controller.record.filing import Places
from controller.record.presented import cards_of

_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry that stands at `place` in the ledger: by whom, when, and by which decision of the agent."""

    place: int
    holder: int
    at: datetime
    decision: int


def fold(
    session: Session, now: datetime, agent: Agent, known: Places, filed: Iterable[tuple[int, Fact, int | None]]
) -> None:
    """Count the entries among facts of `agent` that have just been filed: each with its place and its holder."""
    entries = [entry for place, fact, holder in filed if (entry := _entry(now, known, place, fact, holder)) is not None]
    if not entries or agent.list_key is None:
        return
    keys = _keys(session, agent, {entry.decision for entry in entries})
    cards = cards_of(session, agent.list_key, {entry.holder for entry in entries})
    uses = _counted(session, agent, {row.id for row, _ in cards.values()})
    for entry in entries:
        row, card = cards.get((entry.holder, keys.get(entry.decision, "")), (None, None))
        if row is None or card is None:
            continue
        changes = _changes_lists(session, now, card, entry.at)
        if row.id not in uses:
            key = {"identity_id": row.id, "agent_id": agent.id}
            uses[row.id] = CredentialUse(**key, entries=0, first_used=entry.at, last_used=entry.at, list_sequence=0)
            session.add(uses[row.id])
        _count(uses[row.id], entry, changes=changes)
    session.flush()


def changed_since(session: Session, sequence: int) -> bool:
    """Whether a use after ledger row `sequence` changed what a list must say."""
    later = select(CredentialUse.identity_id).where(CredentialUse.list_sequence > sequence)
    return session.scalar(later.limit(1)) is not None


def next_idle(session: Session, now: datetime) -> datetime | None:
    """The next moment after `now` at which a card may have lain unused for longer than it may; never too late."""
    limited = (Credential.unused_days.is_not(None), Credential.state == State.ACTIVE)
    moments: list[datetime] = []
    for days in session.scalars(select(Credential.unused_days).where(*limited).distinct()):
        term = timedelta(days=days or 0)
        mine = (*limited, Credential.unused_days == days)
        given = select(Credential.active_since).where(*mine, Credential.active_since > now - term)
        used = (
            select(CredentialUse.last_used)
            .join(IdentityRow, IdentityRow.id == CredentialUse.identity_id)
            .join(Credential, Credential.id == IdentityRow.credential_id)
            .where(*mine, CredentialUse.last_used > now - term)
        )
        first = (
            session.scalar(given.order_by(Credential.active_since).limit(1)),
            session.scalar(used.order_by(CredentialUse.last_used).limit(1)),
        )
        moments += [each + term for each in first if each is not None]
    return min(moments, default=None)


def _entry(now: datetime, known: Places, place: int, found: Fact, holder: int | None) -> _Entry | None:
    point, decision = known.point(found), found.body.get("decision")
    if found.kind is not FactKind.PASSAGE or point is None or point.direction != Direction.ENTRY or holder is None:
        return None
    if not isinstance(decision, int) or isinstance(decision, bool) or not 0 < decision <= _LARGEST:
        return None
    at = filing.moment(found, now)
    believed = found.clock is Clock.TRUSTED and at == found.wall
    return _Entry(place, holder, min(at, now) if believed else now, decision)


def _keys(session: Session, agent: Agent, decisions: set[int]) -> Mapping[int, str]:
    """The look-up keys of the cards that decisions of `agent` were about, where their openings live."""
    statement = (
        select(FactRow.sequence, OpeningRow.value)
        .join(OpeningRow, OpeningRow.sequence == FactRow.ledger_sequence)
        .where(FactRow.agent_id == agent.id, FactRow.sequence.in_(decisions), OpeningRow.name == "key")
    )
    found = {sequence: canonical.decode(value.encode()) for sequence, value in session.execute(statement) if value}
    return {sequence: key for sequence, key in found.items() if isinstance(key, str)}


def _counted(session: Session, agent: Agent, identities: set[int]) -> dict[int, CredentialUse]:
    """What was counted so far of these identities at `agent`."""
    mine = (CredentialUse.agent_id == agent.id, CredentialUse.identity_id.in_(identities))
    return {use.identity_id: use for use in session.scalars(select(CredentialUse).where(*mine))}


def _count(use: CredentialUse, entry: _Entry, *, changes: bool) -> None:
    use.entries += 1
    use.first_used, use.last_used = min(use.first_used, entry.at), max(use.last_used, entry.at)
    if changes:
        use.list_sequence = max(use.list_sequence, entry.place)


def _changes_lists(session: Session, now: datetime, card: Credential, at: datetime) -> bool:
    """Whether this use changes what some list says: fewer uses are left, the days begin, or it was thought unused."""
    limits = card.limits
    if limits.max_uses is not None:
        return True
    if limits.max_days is None and limits.unused_days is None:
        return False
    before = life(session, card)
    begins = limits.max_days is not None and (before.first_used is None or at < before.first_used)
    return begins or idle(limits, card.active_since, before.last_used, now)
