"""The way from an empty house to the first door that opens for somebody: what is done, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from contract.policy import Direction
from controller.people.access import Role
from controller.people.cardholder import Cardholder
from controller.people.credential import Credential
from controller.people.operator import Operator
from controller.people.permission import Grant, GrantState
from controller.premises import door as doors
from controller.premises.agent import Agent
from controller.premises.area import Area
from controller.premises.door import AccessPoint
from controller.premises.site import Site

TWO = 2
"""So many security admins there must be: one asks, another approves."""


class Step(StrEnum):
    """ROOM: there is a guarded area; DOOR: an entry leads into one; CARD: somebody was given a card; GRANT: somebody
    was permitted to enter, whether that is still in force or not."""

    ROOM = "room"
    DOOR = "door"
    CARD = "card"
    GRANT = "grant"


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """done: in the order of the way; outside: there is an area that is open to everybody; agents: there is one;
    requested: somebody asked for a permission and nobody decided yet; admins: active security admins, two at most."""

    done: dict[Step, bool]
    outside: bool
    agents: bool
    requested: bool
    admins: int

    @property
    def next(self) -> Step | None:
        """The first step that is not done; None at the end of the way."""
        return next((step for step, done in self.done.items() if not done), None)

    @property
    def count(self) -> int:
        return sum(self.done.values())


def of_site(session: Session, site: Site) -> FirstSteps:
    """How far the site has come; a handful of questions that an index answers at its first row."""
    mine = Cardholder.site_id == site.id
    entry = (AccessPoint.site_id == site.id) & (AccessPoint.direction == Direction.ENTRY) & doors.serving()
    room = (Area.site_id == site.id) & Area.retired_at.is_(None)
    granted = (Grant.cardholder_id == Cardholder.id) & mine
    given = (Credential.cardholder_id == Cardholder.id) & mine
    approved = granted & Grant.state.in_((GrantState.APPROVED, GrantState.REVOKED)) & Grant.decided_by.is_not(None)
    admin = select(Operator.id).where(
        Operator.site_id == site.id, Operator.role == Role.SECURITY_ADMIN, Operator.active.is_(True)
    )
    return FirstSteps(
        {
            Step.ROOM: _any(session, room & Area.open.is_(False)),
            Step.DOOR: _any(session, entry),
            Step.CARD: _any(session, given),
            Step.GRANT: _any(session, approved),
        },
        outside=_any(session, room & Area.open.is_(True)),
        agents=_any(session, (Agent.site_id == site.id) & Agent.revoked_at.is_(None)),
        requested=_any(session, granted & (Grant.state == GrantState.REQUESTED)),
        admins=len(session.scalars(admin.limit(TWO)).all()),
    )


def _any(session: Session, where: ColumnElement[bool]) -> bool:
    return bool(session.scalar(select(exists().where(where))))
