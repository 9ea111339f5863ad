"""Receipts: at which doors the end of a card is in force, by the agents' own facts of adopting a list that says it.

The law: the doors are counted once, right after the lists that say it were compiled, from the lists themselves: those
whose agent carried, or had been sent, a list with this card for a room behind the door. A door that came later never
let the card in, and is not among them. Only the fact of an adoption confirms; the centre's own clock says when.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ForeignKey, Index, Select, and_, func, select, union, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract.authorisation import AuthorisationList
from contract.credential import lookup_key
from controller.database import Base, UtcDateTime
from controller.delivery import issued
from controller.delivery.issued import DeliveryPosition, IssuedList
from controller.people.access_level import AccessLevelArea, AccessLevelAreaLeft
from controller.people.card_end import CardEnd
from controller.people.credential import IdentityRow, identities_of_each
from controller.people.permission import Grant
from controller.premises import door as doors
from controller.premises.agent import Agent
from controller.premises.area import Area
from controller.premises.door import Door
from controller.premises.site import Site
from controller.record.occupancy import Presence

MOST_NAMED = 20
"""Doors that one end names: the others are counted."""

_AT_ONCE = 200


class Receipt(Base):
    """One door that carried a card when it ended; confirmed_at: when its agent's fact of adopting a list that says the
    end came in (not before it was said), null while none has."""

    __tablename__ = "card_end_receipt"

    card_end_id: Mapped[int] = mapped_column(ForeignKey("card_end.id"), primary_key=True)
    door_id: Mapped[int] = mapped_column(ForeignKey("door.id"), primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_card_end_receipt_agent_id_confirmed_at", "agent_id", "confirmed_at"),)


def waiting(session: Session) -> bool:
    """Whether the doors of an end are to be counted; cheap, and writes nothing."""
    return session.scalar(_uncounted(session).with_only_columns(CardEnd.id).limit(1)) is not None


def count(session: Session, site: Site) -> int:
    """Count the doors of ends whose lists have been compiled; of how many."""
    ends = session.scalars(_uncounted(session).order_by(CardEnd.id).limit(_AT_ONCE)).all()
    if not ends:
        return 0
    first = min(each.ledger_sequence for each in ends)
    look = _Look(session, identities_of_each(session, {each.credential_id for each in ends}), first)
    areas, guarding = _areas_of(session, {each.cardholder_id for each in ends}), doors.guarding(session, site)
    for end in ends:
        behind = defaultdict[int, list[Area]](list)
        found: dict[int, Door] = {}
        for area in areas[end.cardholder_id]:
            for door in guarding.get(area.id, ()):
                behind[door.id].append(area)
                found[door.id] = door
        carrying = [door for door in found.values() if look.carried(end, door.agent_id, behind[door.id])]
        session.add_all(
            Receipt(
                card_end_id=end.id,
                door_id=door.id,
                agent_id=door.agent_id,
                confirmed_at=look.confirmed(end, door.agent_id),
            )
            for door in carrying
        )
    session.flush()
    _tally(session, [each.id for each in ends])
    return len(ends)


def confirm(session: Session, now: datetime, adopted: IssuedList) -> None:
    """An agent's fact says that it has adopted this list: it confirms every end that the list says."""
    said = select(CardEnd.id).where(CardEnd.told_by_list(adopted.reflects))
    mine = and_(Receipt.agent_id == adopted.agent_id, Receipt.confirmed_at.is_(None), Receipt.card_end_id.in_(said))
    ends = session.scalars(select(Receipt.card_end_id).where(mine).distinct()).all()
    if ends:
        session.execute(update(Receipt).where(mine).values(confirmed_at=now))
        _tally(session, ends)


@dataclass(slots=True)
class _Look:
    """What agents carried, each list read once however many cards are looked for in it. first: the earliest row of the
    ledger that is asked about."""

    session: Session
    identities: Mapping[int, Sequence[IdentityRow]]
    first: int
    lists: dict[tuple[int, int, int], AuthorisationList | None] = field(default_factory=dict)
    agents: dict[int, Agent] = field(default_factory=dict)
    adoptions: dict[int, list[tuple[int, datetime]]] = field(default_factory=dict)

    def carried(self, end: CardEnd, agent_id: int, areas: Iterable[Area]) -> bool:
        """Whether this agent carried the card into one of `areas` when the end was said, or by the list sent since."""
        agent = self._agent(agent_id)
        if agent.list_key is None:
            return False
        keys = [lookup_key(agent.list_key, each.identity()) for each in self.identities.get(end.credential_id, ())]
        lists = [each for each in self._lists(agent, end.said_at) if each is not None]
        return any(each.find(area.key, key) is not None for each in lists for area in areas for key in keys)

    def confirmed(self, end: CardEnd, agent_id: int) -> datetime | None:
        """When this agent is first on record with a list that says the end; at once, if its list said so already."""
        if agent_id not in self.adoptions:
            mine = (IssuedList.agent_id == agent_id, IssuedList.adopted_at.is_not(None))
            told = select(IssuedList.reflects, IssuedList.adopted_at).where(*mine, IssuedList.reflects >= self.first)
            self.adoptions[agent_id] = [(reflects, at) for reflects, at in self.session.execute(told) if at]
        moments = [at for reflects, at in self.adoptions[agent_id] if end.told_by(reflects)]
        return max(min(moments), end.said_at) if moments else None

    def _agent(self, agent_id: int) -> Agent:
        if agent_id not in self.agents:
            self.agents[agent_id] = self.session.get_one(Agent, agent_id)
        return self.agents[agent_id]

    def _lists(self, agent: Agent, at: datetime) -> Iterable[AuthorisationList | None]:
        mine = select(IssuedList).where(IssuedList.agent_id == agent.id)
        order = (IssuedList.epoch.desc(), IssuedList.version.desc())
        then = self.session.scalar(mine.where(IssuedList.adopted_at <= at).order_by(*order).limit(1))
        for each in (then, issued.newest(self.session, agent)):
            if each is not None:
                key = (agent.id, each.epoch, each.version)
                if key not in self.lists:
                    self.lists[key] = issued.opened(each)
                yield self.lists[key]


def missing(session: Session, ends: Iterable[int]) -> Mapping[int, Sequence[tuple[Door, Agent]]]:
    """By the id of an end: the doors that have not confirmed it, each with its agent of then, by key; the first
    MOST_NAMED of them."""
    place = func.row_number().over(partition_by=Receipt.card_end_id, order_by=Door.key).label("place")
    each = (
        select(Receipt.card_end_id, Receipt.door_id, Receipt.agent_id, place)
        .join(Door, Door.id == Receipt.door_id)
        .where(Receipt.card_end_id.in_(list(ends)), Receipt.confirmed_at.is_(None))
        .subquery()
    )
    statement = (
        select(each.c.card_end_id, Door, Agent)
        .join(Door, Door.id == each.c.door_id)
        .join(Agent, Agent.id == each.c.agent_id)
        .where(each.c.place <= MOST_NAMED)
    )
    found: dict[int, list[tuple[Door, Agent]]] = defaultdict(list)
    for end_id, door, agent in session.execute(statement.order_by(Door.key)):
        found[end_id].append((door, agent))
    return found


def _uncounted(session: Session) -> Select[CardEnd]:
    """Ends whose lists have been compiled and whose doors nobody has counted."""
    position = session.get(DeliveryPosition, 1)
    compiled = position.sequence if position is not None else 0
    return select(CardEnd).where(CardEnd.doors.is_(None), CardEnd.ledger_sequence <= compiled)


def _tally(session: Session, ends: Sequence[int]) -> None:
    """Say at each of these ends what its receipts come to."""
    mine = Receipt.card_end_id == CardEnd.id
    for start in range(0, len(ends), _AT_ONCE):
        told = {
            name: select(what).where(mine).scalar_subquery()
            for name, what in (
                ("doors", func.count(Receipt.door_id)),
                ("confirmed", func.count(Receipt.confirmed_at)),
                ("first_at", func.min(Receipt.confirmed_at)),
                ("last_at", func.max(Receipt.confirmed_at)),
            )
        }
        some = CardEnd.id.in_(ends[start : start + _AT_ONCE])
        session.execute(update(CardEnd).where(some).values(told).execution_options(synchronize_session="fetch"))


def _areas_of(session: Session, holders: Collection[int]) -> Mapping[int, Sequence[Area]]:
    """By cardholder: every area whose table a list may hold their cards in, since they were ever permitted it or are
    believed inside."""
    mine = (Grant.cardholder_id.in_(holders), Grant.decided_at.is_not(None))
    levels = (AccessLevelArea, AccessLevelAreaLeft)
    every = union(
        select(Grant.cardholder_id, Grant.area_id).where(*mine, Grant.area_id.is_not(None)),
        select(Presence.cardholder_id, Presence.area_id).where(Presence.cardholder_id.in_(holders)),
        *(
            select(Grant.cardholder_id, each.area_id)
            .join(each, each.access_level_id == Grant.access_level_id)
            .where(*mine)
            for each in levels
        ),
    ).subquery()
    found = defaultdict[int, list[Area]](list)
    statement = select(every.c.cardholder_id, Area).join(Area, Area.id == every.c.area_id)
    for holder, area in session.execute(statement.order_by(Area.id)):
        found[holder].append(area)
    return found
