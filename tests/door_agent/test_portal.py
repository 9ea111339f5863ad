"""One door as a state machine: who passed, what was forced or held, and that every release ends."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from door_agent.portal import (
    Admission,
    Closed,
    Happening,
    HeldOpen,
    NotUsed,
    Opened,
    Passed,
    Portal,
    Relock,
    SoonHeld,
    Times,
    Unlock,
)

ADA = Admission(1, "cedar-in", b"A" * 16, "hallway", "cedar-room")
BEN = Admission(2, "cedar-in", b"B" * 16, "hallway", "cedar-room")
ADA_OUT = Admission(3, "cedar-out", b"A" * 16, "cedar-room", "hallway")
CLOSED = Portal(open=False)


def test_a_granted_person_who_opens_the_door_passes() -> None:
    portal, happened = CLOSED.released(0.0, 5.0, [ADA])
    assert happened == [Unlock()]
    portal, happened = portal.opened(1.0)
    assert happened == [Opened(forced=False), Passed(ADA, inferred=False)]
    portal, happened = portal.closed(2.0)
    assert happened == [Closed(held=False), Relock()]
    assert portal == replace(CLOSED, closed_at=2.0)


def test_who_does_not_open_the_door_moves_nowhere() -> None:
    portal, _ = CLOSED.released(0.0, 5.0, [ADA])
    assert portal.deadline == 5.0
    portal, happened = portal.tick(5.0)
    assert happened == [Relock(), NotUsed(ADA)]
    assert portal == CLOSED


def test_two_different_holders_waiting_make_the_passage_inferred() -> None:
    portal, _ = CLOSED.released(0.0, 5.0, [ADA])
    portal, _ = portal.released(1.0, 5.0, [BEN])
    portal, happened = portal.opened(2.0)
    assert happened == [Opened(forced=False), Passed(ADA, inferred=True)]
    portal, _ = portal.closed(2.5)
    _, happened = portal.opened(3.0)
    assert happened == [Opened(forced=False), Passed(BEN, inferred=False)]


def test_a_company_passes_together() -> None:
    portal, _ = CLOSED.released(0.0, 5.0, [ADA, BEN])
    _, happened = portal.opened(1.0)
    assert happened[1:] == [Passed(ADA, inferred=False), Passed(BEN, inferred=False)]


def test_entry_and_exit_at_once_are_inferred() -> None:
    portal, _ = CLOSED.released(0.0, 5.0, [BEN])
    portal, _ = portal.released(0.5, 5.0, [ADA_OUT])
    _, happened = portal.opened(1.0)
    assert Passed(BEN, inferred=True) in happened


def test_somebody_who_was_let_in_and_let_out_before_the_door_opened_may_have_gone_either_way() -> None:
    portal, _ = CLOSED.released(0.0, 5.0, [ADA])
    portal, _ = portal.released(0.5, 5.0, [ADA_OUT])
    _, happened = portal.opened(1.0)
    assert Passed(ADA, inferred=True) in happened


def test_a_grant_at_an_open_door_or_without_a_contact_is_an_inferred_passage() -> None:
    for portal in (Portal(open=True), Portal(open=None)):
        _, happened = portal.released(0.0, 5.0, [ADA])
        assert happened == [Unlock(), Passed(ADA, inferred=True)]


def test_a_door_opened_without_a_release_is_forced_and_a_latched_one_is_not() -> None:
    assert CLOSED.opened(0.0)[1] == [Opened(forced=True)]
    assert CLOSED.latch().opened(0.0)[1] == [Opened(forced=False)]


def test_a_door_kept_open_is_told_once() -> None:
    portal, _ = CLOSED.opened(0.0)
    assert portal.deadline == 30.0
    portal, happened = portal.tick(30.0)
    assert happened == [HeldOpen()]
    assert portal.tick(99.0)[1] == []
    assert portal.closed(99.5)[1] == [Closed(held=True)]


def test_nothing_relocks_a_latched_door_until_it_is_unlatched() -> None:
    portal, _ = CLOSED.released(0.0, 5.0, [ADA])
    portal, happened = portal.latch().tick(5.0)
    assert happened == [NotUsed(ADA)]
    assert portal.opened(6.0)[0].closed(7.0)[1] == [Closed(held=False)]
    assert portal.unlatch(8.0)[1] == [Relock()]


def test_a_door_that_relocks_on_opening_is_secured_while_it_is_still_open() -> None:
    portal, _ = replace(CLOSED, times=Times(relock_on_open=True)).released(0.0, 5.0, [ADA])
    portal, happened = portal.opened(1.0)
    assert happened == [Opened(forced=False), Passed(ADA, inferred=False), Relock()]
    assert portal.closed(2.0)[1] == [Closed(held=False)]


def test_it_stays_released_for_who_is_still_waiting() -> None:
    portal, _ = replace(CLOSED, times=Times(relock_on_open=True)).released(0.0, 5.0, [ADA])
    portal, _ = portal.released(0.5, 5.0, [BEN])
    portal, happened = portal.opened(1.0)
    assert Relock() not in happened
    portal, _ = portal.closed(2.0)
    assert portal.opened(3.0)[1] == [Opened(forced=False), Passed(BEN, inferred=False), Relock()]


def test_who_needs_more_time_has_it_until_the_door_is_closed() -> None:
    portal, _ = CLOSED.released(0.0, 15.0, [ADA], extended=True)
    portal, _ = portal.opened(10.0)
    assert portal.held_at == 70.0
    portal, _ = portal.closed(12.0)
    portal, _ = portal.released(20.0, 5.0, [BEN])
    assert portal.opened(21.0)[0].held_at == 51.0


def test_a_warning_comes_before_the_alarm_and_none_where_none_is_wanted() -> None:
    portal, _ = replace(CLOSED, times=Times(held_open=30.0, pre_alarm=5.0)).opened(0.0)
    assert portal.deadline == 25.0
    portal, happened = portal.tick(25.0)
    assert happened == [SoonHeld()]
    assert portal.tick(30.0)[1] == [HeldOpen()]
    assert CLOSED.opened(0.0)[0].tick(29.9)[1] == []


def test_an_opening_right_after_a_closing_is_the_doors_bounce() -> None:
    shunted = replace(CLOSED, times=Times(shunt=0.5))
    portal, _ = shunted.released(0.0, 5.0, [ADA])
    portal, _ = portal.opened(1.0)
    portal, _ = portal.closed(2.0)
    assert portal.opened(2.5)[1] == [Opened(forced=False)]
    assert portal.opened(2.51)[1] == [Opened(forced=True)]
    assert shunted.opened(0.0)[1] == [Opened(forced=True)]


steps = st.lists(st.sampled_from(["release", "rex", "open", "close", "tick", "latch", "unlatch"]), max_size=30)


@given(steps, st.booleans())
def test_every_admission_ends_exactly_once_and_every_release_is_secured_again(made: list[str], contact: bool) -> None:
    portal, now, decision = Portal(open=False if contact else None), 0.0, 0
    admitted: list[int] = []
    happened: list[Happening] = []
    for step in [*made, "unlatch", "close", "tick", "tick"]:
        now += 10.0 if step == "tick" else 0.5
        more: list[Happening] = []
        if step == "release":
            decision += 1
            admitted.append(decision)
            portal, more = portal.released(now, 5.0, [Admission(decision, "cedar-in", b"A" * 16, "a", "b")])
        elif step == "rex":
            portal, more = portal.released(now, 5.0)
        elif step == "open" and contact:
            portal, more = portal.opened(now)
        elif step == "close" and contact:
            portal, more = portal.closed(now)
        elif step == "tick":
            portal, more = portal.tick(now)
        elif step == "latch":
            portal = portal.latch()
        elif step == "unlatch" and portal.latched:
            portal, more = portal.unlatch(now)
        happened += more
    ended = [each.admission.decision for each in happened if isinstance(each, Passed | NotUsed)]
    assert sorted(ended) == admitted
    assert portal.released_until is None
    locks = [each for each in happened if isinstance(each, Unlock | Relock)]
    assert not locks or isinstance(locks[-1], Relock)
