"""People, cards, permissions and trainings by chance, written as rows: also such that no verb would have made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random

from sqlalchemy.orm import Session

from contract.schedule import Interval
from controller.people.access_level import AccessLevel, AccessLevelArea
from controller.people.card_state import State
from controller.people.cardholder import Cardholder
from controller.people.credential import Credential, CredentialUse, IdentityRow
from controller.people.permission import Grant, GrantState
from controller.people.training import AreaTraining, Completion, Training
from controller.premises import schedule
from controller.premises.agent import Agent
from controller.premises.area import Area
from controller.premises.schedule import SchedulePlan
from controller.premises.site import Site
from tests.contract.slow_schedule import Span

SPANS: Sequence[Sequence[Span]] = (
    [(day, 9 * 60, 17 * 60) for day in range(5)],
    [(day, 20 * 60, 30 * 60) for day in range(7)],
)
_SAID = [State.ACTIVE] * 12 + [
    State.SUSPENDED,
    State.LOST,
    State.STOLEN,
    State.DAMAGED,
    State.RETURNED,
    State.DESTROYED,
]
_DECIDED = [GrantState.APPROVED] * 8 + [GrantState.REVOKED, GrantState.REQUESTED, GrantState.DECLINED]


class World:
    """One random world around `now`; hours: what its schedules were written as, by id."""

    def __init__(self, session: Session, chance: Random, now: datetime, site: Site, area: Area, by: int) -> None:
        self._session, self._chance, self._now, self._site, self._area, self._by = session, chance, now, site, area, by
        self.hours: Mapping[int, Sequence[Span]] = {self._schedule(spans): spans for spans in SPANS}
        self._levels = [self._level(each) for each in (None, *self.hours)]
        self._trainings = [self._training(number) for number in range(2)]

    def people(self, agents: Sequence[Agent], count: int) -> None:
        for number in range(count):
            holder = Cardholder(
                site_id=self._site.id,
                handle=self._chance.randbytes(16),
                name=f"Person {number}",
                number=f"r{number}",
                created_at=self._now,
                ended_at=self._maybe(20),
                leaves_at=self._maybe(8),
            )
            self._add(holder)
            for _ in range(self._chance.randrange(4)):
                self._grant(holder)
            for _ in range(self._chance.randrange(5)):
                self._completion(holder)
            cards = [self._card(holder, agents) for _ in range(self._chance.randrange(1, 4))]
            if len(cards) > 1 and not self._chance.randrange(3):
                cards[1].replaces_id = cards[0].id
        self._session.flush()

    def _card(self, holder: Cardholder, agents: Sequence[Agent]) -> Credential:
        said = self._chance.choice(_SAID)
        card = Credential(
            cardholder_id=holder.id,
            label="",
            state=said,
            issued_at=self._past(),
            active_since=self._past(),
            ended_at=None if said in (State.ACTIVE, State.SUSPENDED) else self._past(),
            valid_from=self._maybe(8),
            valid_until=self._maybe(8),
            max_uses=self._perhaps(3, 16),
            max_days=self._perhaps(4, 60),
            unused_days=self._perhaps(4, 60),
        )
        self._add(card)
        for _ in range(self._chance.choice((1, 1, 2))):
            self._identity(card, agents)
        return card

    def _identity(self, card: Credential, agents: Sequence[Agent]) -> None:
        text = f"serial-hex:40:{self._chance.getrandbits(40):010x}"
        row = IdentityRow(site_id=self._site.id, credential_id=card.id, text=text)
        self._add(row)
        for agent in agents:
            if self._chance.randrange(2):
                first, last = sorted((self._past(), self._past()))
                entries, key = self._chance.randrange(1, 4), {"identity_id": row.id, "agent_id": agent.id}
                self._add(CredentialUse(**key, entries=entries, first_used=first, last_used=last, list_sequence=0))

    def _grant(self, holder: Cardholder) -> None:
        begins, level = self._about(), self._chance.choice((None, *self._levels))
        self._add(
            Grant(
                cardholder_id=holder.id,
                area_id=self._area.id if level is None else None,
                access_level_id=level,
                schedule_id=self._chance.choice((None, *self.hours)) if level is None else None,
                essential=bool(self._chance.randrange(2)),
                valid_from=begins,
                valid_until=self._chance.choice((None, begins + timedelta(hours=self._chance.randrange(1, 900)))),
                reason="chance",
                state=self._chance.choice(_DECIDED),
                requested_by=self._by,
                requested_at=self._past(),
                decided_at=self._past(),
                ledger_sequence=0,
            )
        )

    def _completion(self, holder: Cardholder) -> None:
        at = self._past()
        self._add(
            Completion(
                cardholder_id=holder.id,
                training_id=self._chance.choice(self._trainings),
                completed_at=at,
                until=at + timedelta(hours=self._chance.randrange(1, 1200)),
                recorded_by="chance",
                withdrawn_at=self._maybe(5),
            )
        )

    def _training(self, number: int) -> int:
        made = Training(site_id=self._site.id, name=f"training {number}", name_ja="", valid_days=30)
        self._add(made)
        if not self._chance.randrange(5):
            self._add(AreaTraining(area_id=self._area.id, training_id=made.id))
        return made.id

    def _level(self, schedule_id: int | None) -> int:
        level = AccessLevel(site_id=self._site.id, name=f"level {schedule_id}")
        self._add(level)
        self._add(AccessLevelArea(access_level_id=level.id, area_id=self._area.id, schedule_id=schedule_id))
        return level.id

    def _schedule(self, spans: Sequence[Span]) -> int:
        name = f"hours from {spans[0][1]}"
        made = schedule.make(
            self._session,
            "operator:1",
            self._now,
            self._site,
            SchedulePlan(name, name, [Interval(*each) for each in spans]),
        )
        return made.id

    def _add(self, row: object) -> None:
        self._session.add(row)
        self._session.flush()

    def _past(self) -> datetime:
        return self._now - timedelta(hours=self._chance.randrange(1, 700), seconds=self._chance.randrange(3600))

    def _about(self) -> datetime:
        return self._now + timedelta(hours=self._chance.randrange(-600, 300), seconds=self._chance.randrange(3600))

    def _maybe(self, one_in: int) -> datetime | None:
        return None if self._chance.randrange(one_in) else self._about()

    def _perhaps(self, one_in: int, most: int) -> int | None:
        return None if self._chance.randrange(one_in) else self._chance.randrange(1, most)
