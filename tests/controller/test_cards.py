"""What a card may be and what may be done with it: every act from every state, and what time and use make of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from contract.credential import Identity, Source
from controller.database import transaction
from controller.delivery.compiling import card_must_fit
from controller.ledger.kinds import CHANGES_LISTS
from controller.ledger.ledger import LedgerRow, head, openings_of
from controller.people import attribution, credential
from controller.people.attribute import Attribute
from controller.people.card_state import ACTS, NO_LIMITS, UNUSED, Act, CardLife, Limits, State, state_at
from controller.people.credential import Credential, NewCard
from controller.refusal import Refused
from tests.controller.conftest import NOW, House

DAY = timedelta(days=1)
BY = "operator:1"
SAID = list(State)[:7]
POSSIBLE = {
    State.ACTIVE: {"suspend", "lost", "stolen", "damaged", "return", "destroy"},
    State.INACTIVE: {"suspend", "resume", "lost", "stolen", "damaged", "return", "destroy"},
    State.SUSPENDED: {"resume", "lost", "stolen", "damaged", "return", "destroy"},
    State.LOST: {"stolen", "damaged", "return", "destroy", "restore"},
    State.STOLEN: {"damaged", "return", "destroy", "restore"},
    State.DAMAGED: {"lost", "stolen", "return", "destroy", "restore"},
    State.RETURNED: {"destroy", "restore"},
    State.DESTROYED: set[str](),
}


def card_of(session: Session, house: House, name: str = "Ada") -> Credential:
    return credential.of_cardholder(session, house.holder(session, name))[0]


def identity(number: int) -> Identity:
    return Identity(Source.SERIAL_HEX, f"{number:040b}")


def put(card: Credential, state: State) -> None:
    """The card as it would be had people said `state` of it, or had it lain unused."""
    card.state = State.ACTIVE if state is State.INACTIVE else state
    card.unused_days = 30 if state is State.INACTIVE else None
    card.active_since = NOW - 31 * DAY
    card.ended_at = None if state in (State.ACTIVE, State.INACTIVE, State.SUSPENDED) else NOW - DAY


def test_every_act_is_possible_from_just_the_states_that_make_sense(house: House) -> None:
    with transaction(house.engine) as session:
        card = card_of(session, house)
        for state, acts in POSSIBLE.items():
            put(card, state)
            session.flush()
            assert credential.state_now(session, card, NOW) is state
            assert set(credential.possible(session, card, NOW)) == acts
    assert {state for states, _ in ACTS.values() for state in states} == POSSIBLE.keys() - {State.DESTROYED}


def test_an_act_leads_to_its_state_with_a_row_that_tells_why_and_changes_lists(house: House) -> None:
    with transaction(house.engine) as session:
        card = card_of(session, house)
        for state, acts in POSSIBLE.items():
            for act in Act:
                put(card, state)
                session.flush()
                before = head(session)
                if act not in acts:
                    with pytest.raises(Refused) as refused:
                        credential.turn(session, BY, NOW, card, act, "why", card_must_fit)
                    assert (refused.value.code, head(session)) == ("act-impossible", before)
                    continue
                credential.turn(session, BY, NOW, card, act, f"why {act}", card_must_fit)
                row = session.get_one(LedgerRow, before + 1)
                assert card.state == ACTS[act][1] == row.content["state"]
                assert row.kind in CHANGES_LISTS
                told = openings_of(session, row.sequence)["reason"].opening()
                assert told is not None
                assert told.value == card.reason == f"why {act}"
                assert (card.ended_at is None) == (card.state in (State.ACTIVE, State.SUSPENDED))
                assert head(session) == before + 1


def test_every_act_needs_a_reason(house: House) -> None:
    with transaction(house.engine) as session:
        card = card_of(session, house)
        for act in Act:
            with pytest.raises(Refused, match="reason"):
                credential.turn(session, BY, NOW, card, act, "  ", card_must_fit)


def test_a_card_that_goes_from_bad_to_worse_left_use_when_it_first_did(house: House) -> None:
    with transaction(house.engine) as session:
        card = card_of(session, house)
        credential.turn(session, BY, NOW, card, Act.LOSE, "on a train", card_must_fit)
        credential.turn(session, BY, NOW + DAY, card, Act.STEAL, "out of the bag", card_must_fit)
        assert card.ended_at == NOW


@pytest.mark.parametrize(
    ("limits", "life", "later", "found"),
    [
        (NO_LIMITS, UNUSED, 9999 * DAY, State.ACTIVE),
        (Limits(valid_from=NOW + DAY), UNUSED, DAY - timedelta(seconds=1), State.NOT_YET_VALID),
        (Limits(valid_from=NOW + DAY), UNUSED, DAY, State.ACTIVE),
        (Limits(valid_until=NOW + DAY), UNUSED, DAY - timedelta(seconds=1), State.ACTIVE),
        (Limits(valid_until=NOW + DAY), UNUSED, DAY, State.EXPIRED),
        (Limits(max_days=2), UNUSED, 9 * DAY, State.ACTIVE),
        (Limits(max_days=2), CardLife(1, NOW, NOW), 2 * DAY - timedelta(seconds=1), State.ACTIVE),
        (Limits(max_days=2), CardLife(1, NOW, NOW), 2 * DAY, State.EXPIRED),
        (Limits(max_uses=2), CardLife(1, NOW, NOW), DAY, State.ACTIVE),
        (Limits(max_uses=2), CardLife(2, NOW, NOW), DAY, State.EXHAUSTED),
        (Limits(unused_days=2), UNUSED, 2 * DAY - timedelta(seconds=1), State.ACTIVE),
        (Limits(unused_days=2), UNUSED, 2 * DAY, State.INACTIVE),
        (Limits(unused_days=2), CardLife(1, NOW + DAY, NOW + DAY), 2 * DAY, State.ACTIVE),
        (Limits(unused_days=2), CardLife(1, NOW + DAY, NOW + DAY), 3 * DAY, State.INACTIVE),
        (NO_LIMITS, CardLife(superseded_at=NOW), DAY, State.SUPERSEDED),
        (Limits(max_uses=1, unused_days=1), CardLife(1, NOW, NOW, NOW), 9 * DAY, State.SUPERSEDED),
    ],
)
def test_time_and_use_make_of_a_card_what_its_limits_say(
    limits: Limits, life: CardLife, later: timedelta, found: State
) -> None:
    assert state_at(State.ACTIVE, limits, NOW, life, NOW + later) is found
    assert state_at(State.LOST, limits, NOW, life, NOW + later) is State.LOST


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(max_uses=0), "limits-wrong"),
        (Limits(max_uses=10_001), "limits-wrong"),
        (Limits(max_days=0), "limits-wrong"),
        (Limits(unused_days=3_661), "limits-wrong"),
        (Limits(valid_from=NOW + DAY, valid_until=NOW + DAY), "validity-wrong"),
        (Limits(valid_until=NOW), "validity-past"),
        (Limits(valid_until=datetime(2100, 1, 1, tzinfo=NOW.tzinfo)), "validity-absurd"),
    ],
)
def test_limits_that_make_no_sense_are_refused(house: House, limits: Limits, code: str) -> None:
    with transaction(house.engine) as session:
        card = card_of(session, house)
        for refusing in (
            lambda: credential.limit(session, BY, NOW, card, limits, "why", card_must_fit),
            lambda: credential.issue(
                session, BY, NOW, house.holder(session, "Ben"), "", [identity(5)], card_must_fit, limits
            ),
        ):
            with pytest.raises(Refused) as refused:
                refusing()
            assert refused.value.code == code


def test_a_card_that_lay_unused_is_vouched_for_again(house: House) -> None:
    with transaction(house.engine) as session:
        card = card_of(session, house)
        credential.limit(session, BY, NOW, card, Limits(unused_days=10), "policy", card_must_fit)
        later = NOW + 10 * DAY
        assert credential.state_now(session, card, later) is State.INACTIVE
        credential.turn(session, BY, later, card, Act.RESUME, "back from leave", card_must_fit)
        assert credential.state_now(session, card, later + 9 * DAY) is State.ACTIVE
        assert credential.state_now(session, card, later + 10 * DAY) is State.INACTIVE


def test_a_reissue_supersedes_the_older_card_for_good_and_keeps_its_limits(house: House) -> None:
    with transaction(house.engine) as session:
        old = card_of(session, house)
        credential.limit(session, BY, NOW, old, Limits(valid_until=NOW + 30 * DAY), "a month", card_must_fit)
        again = credential.reissue(session, BY, NOW, old, NewCard("new", [identity(6)]), "worn", card_must_fit)
        assert (again.issue_level, again.replaces_id, again.limits) == (2, old.id, old.limits)
        assert credential.state_now(session, old, NOW) is State.SUPERSEDED
        with pytest.raises(Refused, match="already been replaced"):
            credential.reissue(session, BY, NOW, old, NewCard("", [identity(7)]), "again", card_must_fit)
        third = credential.reissue(
            session, BY, NOW, again, NewCard("", [identity(8)], Limits(max_uses=3)), "worn", card_must_fit
        )
        assert (third.issue_level, third.limits) == (3, Limits(max_uses=3))
        credential.turn(session, BY, NOW, third, Act.LOSE, "gone", card_must_fit)
        assert credential.state_now(session, old, NOW) is State.SUPERSEDED
        kinds = session.scalars(select(LedgerRow.kind).order_by(LedgerRow.sequence.desc()).limit(3)).all()
        assert list(kinds) == ["credential-ended", "credential-reissued", "credential-reissued"]


def test_a_visitors_card_needs_an_end(house: House) -> None:
    ending: dict[str, Any] = {"limits": Limits(valid_until=NOW + DAY)}
    with transaction(house.engine) as session:
        ben, card = house.holder(session, "Ben"), card_of(session, house, "Ben")
        with pytest.raises(Refused, match="need an end"):
            attribution.change(session, BY, NOW, ben, Attribute.VISITOR, 1, "auditor from outside")
        credential.limit(session, BY, NOW, card, **ending, reason="one day", fits=card_must_fit)
        attribution.change(session, BY, NOW, ben, Attribute.VISITOR, 1, "auditor from outside")
        with pytest.raises(Refused, match="need an end"):
            credential.limit(session, BY, NOW, card, NO_LIMITS, "for ever", card_must_fit)
        with pytest.raises(Refused, match="need an end"):
            credential.issue(session, BY, NOW, ben, "", [identity(9)], card_must_fit)
        assert credential.issue(session, BY, NOW, ben, "", [identity(9)], card_must_fit, **ending).valid_until
