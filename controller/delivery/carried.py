"""What agents carry: the newest list that each is on record as having adopted. One statement for any number of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import ScalarSelect, Select, and_, bindparam, select
from sqlalchemy.orm import Session, aliased

from controller.delivery.issued import IssuedList
from controller.premises.agent import Agent


@dataclass(frozen=True, slots=True)
class Carried:
    """newest: no later list was issued to this agent; reflects: as of `IssuedList`."""

    version: int
    newest: bool
    reflects: int
    adopted_at: datetime


def of_agents(session: Session, agent_ids: Iterable[int]) -> Mapping[int, Carried]:
    """By agent id; an agent that has adopted nothing is not among them. The lists themselves are not read."""
    return {
        agent_id: Carried(version, bool(newest), reflects, adopted_at)
        for agent_id, version, newest, reflects, adopted_at in session.execute(_carried(), {"agents": set(agent_ids)})
        if adopted_at is not None
    }


@cache
def _carried() -> Select[int, int, bool, int, datetime | None]:
    """The statement, drawn up once: the live page asks it at every look, and drawing it up takes longer than asking."""
    mine = and_(
        IssuedList.agent_id == Agent.id,
        IssuedList.epoch == _newest("epoch", adopted=True),
        IssuedList.version == _newest("version", adopted=True),
    )
    return (
        select(
            Agent.id,
            IssuedList.version,
            (IssuedList.epoch == _newest("epoch")) & (IssuedList.version == _newest("version")),
            IssuedList.reflects,
            IssuedList.adopted_at,
        )
        .join(IssuedList, mine)
        .where(Agent.id.in_(bindparam("agents", expanding=True)))
    )


def _newest(column: str, *, adopted: bool = False) -> ScalarSelect[int]:
    """Of an agent's lists, or of those it adopted: from the end of the primary key, without reading the others."""
    lists = aliased(IssuedList)
    statement = select(getattr(lists, column)).where(lists.agent_id == Agent.id)
    if adopted:
        statement = statement.where(lists.adopted_at.is_not(None))
    ordered = statement.order_by(lists.epoch.desc(), lists.version.desc()).limit(1)
    return ordered.correlate(Agent).scalar_subquery()
