"""The rules of a room as the agent's core lives them: presence that is forgiven, repeated cards, company, hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from contract import fact
from contract.fact import FactKind
from contract.policy import Direction
from contract.reason import Reason
from contract.record import Flag, Record
from contract.room_rules import Company, Enforcement, Passback, Posture
from contract.schedule import Interval, compiled
from door_agent.events import Command, Level, Lock, LockWish, ResetAsked, Tick
from door_agent.events import Record as JournalRecord
from door_agent.modes import TWICE_WITHIN_S
from door_agent.wiring import WiredDoor
from tests.door_agent.conftest import Core, holder

ADA, BEN, CYD = (f"{0x1E00000000 + number:040b}" for number in (1, 2, 3))
RELEASE = Lock("cedar", LockWish.RELEASE)
HARD = {"passback": Passback(Enforcement.HARD, Enforcement.HARD)}


def violations(core: Core) -> list[str]:
    """Of the last decision: its reason, then every rule that failed."""
    body = next(each.body for each in reversed(core.facts) if each.kind is FactKind.DECISION)
    found = body["violations"]
    assert isinstance(found, list)
    return [str(body["reason"]), *(str(each) for each in found)]


def modes(core: Core) -> list[tuple[object, object]]:
    return [(each.body["mode"], each.body["cause"]) for each in core.facts if each.kind is FactKind.DOOR_MODE]


def pass_through(core: Core) -> None:
    core.feed(Level("cedar", "contact", True))
    core.feed(Level("cedar", "contact", False))


def goes(core: Core, way: str, card: str) -> None:
    assert RELEASE in core.card(f"cedar-{way}", card)
    pass_through(core)


def test_hard_passback_refuses_who_is_inside_and_lets_in_who_left(core: Core) -> None:
    core.adopt({ADA: holder(b"A")}, area=HARD)
    core.prove_fresh()
    goes(core, "in", ADA)
    assert RELEASE not in core.card("cedar-in", ADA)
    assert violations(core) == ["ALREADY_INSIDE", "ALREADY_INSIDE"]
    goes(core, "out", ADA)
    goes(core, "in", ADA)


def test_presence_survives_a_restart_with_what_it_was_learned_under(core: Core) -> None:
    core.adopt({ADA: holder(b"A", Flag.SUPERVISOR)}, area=HARD, posture=3)
    core.prove_fresh()
    goes(core, "in", ADA)
    known = core.agent.presence[b"A" * 16]
    core.journal.stop_cleanly()
    core.restart()
    assert core.agent.presence[b"A" * 16] == known
    assert (known.posture, known.flags) == (3, Flag.SUPERVISOR)
    assert known.at == int(core.moment.wall.timestamp())
    assert core.agent.presence.others("cedar-room", b"B" * 16).supervisors == 1


def test_a_card_that_was_not_used_moves_nobody(core: Core) -> None:
    core.adopt({ADA: holder(b"A")}, area=HARD)
    core.prove_fresh()
    assert RELEASE in core.card("cedar-in", ADA)
    core.feed(Tick(), after=6)
    assert RELEASE in core.card("cedar-in", ADA)


def test_forgiving_the_holder_or_the_room_lets_somebody_in_again(core: Core) -> None:
    core.adopt({ADA: holder(b"A")}, area=HARD, posture=1)
    core.prove_fresh()
    goes(core, "in", ADA)
    core.adopt({ADA: holder(b"A")._replace(forgiven=1)}, number=2, area=HARD, posture=1)
    core.prove_fresh()
    goes(core, "in", ADA)
    assert RELEASE not in core.card("cedar-in", ADA)
    forgiven = {**HARD, "posture": Posture(forgiven=2)}
    core.adopt({ADA: holder(b"A")._replace(forgiven=1)}, number=3, area=forgiven, posture=2)
    core.prove_fresh()
    goes(core, "in", ADA)
    assert RELEASE not in core.card("cedar-in", ADA)


def test_a_forced_door_weakens_hard_passback_until_the_room_is_forgiven(core: Core) -> None:
    core.adopt({ADA: holder(b"A")}, area=HARD, posture=1)
    core.prove_fresh()
    goes(core, "in", ADA)
    core.mono += 1
    pass_through(core)
    assert not core.agent.presence.certain("cedar-room")
    core.feed(Tick(), after=6)
    assert RELEASE in core.card("cedar-in", ADA)
    assert violations(core) == ["PERMITTED", "ALREADY_INSIDE", "PROTECTION_WEAKENED"]
    pass_through(core)
    core.adopt({ADA: holder(b"A")}, number=2, area={**HARD, "posture": Posture(forgiven=2)}, posture=2)
    core.prove_fresh()
    assert core.agent.presence.certain("cedar-room")
    assert core.agent.presence.whole
    goes(core, "in", ADA)
    assert RELEASE not in core.card("cedar-in", ADA)


def test_the_same_card_waits_before_it_may_come_in_again_and_others_do_not(core: Core) -> None:
    cards = {ADA: holder(b"A"), BEN: holder(b"B")}
    core.adopt(cards, entry={"card_again_s": 60})
    core.prove_fresh()
    goes(core, "in", ADA)
    goes(core, "out", ADA)
    assert RELEASE not in core.card("cedar-in", ADA)
    assert violations(core)[0] == Reason.REPEATED_CARD
    goes(core, "in", BEN)
    core.mono += 60
    goes(core, "in", ADA)


def test_the_last_card_at_the_door_waits_only_while_it_is_the_last(core: Core) -> None:
    core.adopt({ADA: holder(b"A"), BEN: holder(b"B")}, entry={"door_again_s": 60})
    core.prove_fresh()
    goes(core, "in", ADA)
    goes(core, "out", ADA)
    assert RELEASE not in core.card("cedar-in", ADA)
    assert violations(core)[0] == Reason.REPEATED_AT_DOOR
    goes(core, "in", BEN)
    goes(core, "in", ADA)


def test_uses_are_counted_by_passages_and_over_a_restart(core: Core) -> None:
    core.adopt({ADA: holder(b"A")._replace(uses=2)})
    core.prove_fresh()
    assert RELEASE in core.card("cedar-in", ADA)
    core.feed(Tick(), after=6)
    goes(core, "in", ADA)
    goes(core, "out", ADA)
    core.journal.stop_cleanly()
    core.restart()
    core.prove_fresh()
    goes(core, "in", ADA)
    goes(core, "out", ADA)
    assert RELEASE not in core.card("cedar-in", ADA)
    assert violations(core)[0] == Reason.USES_EXHAUSTED


def test_repeated_use_is_still_known_after_a_restart(core: Core) -> None:
    core.adopt({ADA: holder(b"A")}, entry={"card_again_s": 600})
    core.prove_fresh()
    goes(core, "in", ADA)
    goes(core, "out", ADA)
    core.journal.stop_cleanly()
    core.restart()
    core.prove_fresh()
    assert RELEASE not in core.card("cedar-in", ADA)
    core.mono += 600
    goes(core, "in", ADA)


def test_nobody_is_alone_in_a_room_that_wants_two(core: Core) -> None:
    core.adopt({card: holder(name) for card, name in ((ADA, b"A"), (BEN, b"B"), (CYD, b"C"))}, area=two_inside())
    core.prove_fresh()
    assert RELEASE not in core.card("cedar-in", ADA)
    assert violations(core)[0] == Reason.OCCUPANCY_MIN
    goes(core, "in", BEN)
    assert core.agent.presence.others("cedar-room", None).people == 2
    goes(core, "in", CYD)
    goes(core, "out", CYD)
    assert RELEASE in core.card("cedar-out", ADA)
    assert violations(core) == ["PERMITTED", "OCCUPANCY_MIN"]


def two_inside() -> dict[str, object]:
    return {"company": Company(least=2)}


def test_both_of_a_company_are_kept_as_admissions_until_the_door_opens(core: Core) -> None:
    core.adopt({ADA: holder(b"A"), BEN: holder(b"B")}, company=2)
    core.prove_fresh()
    core.card("cedar-in", ADA)
    core.card("cedar-in", BEN)
    core.restart()
    ended = [each.body["how"] for each in core.facts if each.kind is FactKind.ADMISSION_ENDED]
    assert ended == ["OUTCOME_UNKNOWN", "OUTCOME_UNKNOWN"]


def test_companions_wait_as_long_as_the_room_says(core: Core) -> None:
    core.adopt({ADA: holder(b"A"), BEN: holder(b"B")}, area={"company": Company(2, within_s=30)})
    core.prove_fresh()
    core.card("cedar-in", ADA)
    core.mono += 29
    assert RELEASE in core.card("cedar-in", BEN)


def test_nobody_is_company_any_more_once_their_permission_has_ended(core: Core) -> None:
    core.adopt({ADA: holder(b"A"), BEN: holder(b"B")}, company=2)
    core.prove_fresh()
    core.card("cedar-in", ADA)
    core.adopt({ADA: holder(b"A", Flag.EXIT_ONLY), BEN: holder(b"B")}, number=2, company=2)
    core.prove_fresh()
    assert RELEASE not in core.card("cedar-in", BEN)
    assert violations(core)[0] == Reason.AWAITING_COMPANY


def test_a_list_that_says_the_same_of_who_waits_lets_them_wait_on(core: Core) -> None:
    core.adopt({ADA: holder(b"A"), BEN: holder(b"B")}, company=2)
    core.prove_fresh()
    core.card("cedar-in", ADA)
    core.adopt({ADA: holder(b"A"), BEN: holder(b"B"), CYD: holder(b"C")}, number=2, company=2)
    core.prove_fresh()
    assert RELEASE in core.card("cedar-in", BEN)


def test_who_was_company_at_one_door_is_none_at_another(tmp_path: Path, wired: WiredDoor) -> None:
    maple = replace(wired, id="maple", points={"maple-in": Direction.ENTRY, "maple-out": Direction.EXIT})
    core = Core(tmp_path, wired, maple)
    core.adopt({ADA: holder(b"A"), BEN: holder(b"B"), CYD: holder(b"C")}, company=2)
    core.prove_fresh()
    core.card("cedar-in", ADA)
    core.card("maple-in", ADA)
    assert Lock("maple", LockWish.RELEASE) in core.card("maple-in", BEN)
    assert RELEASE not in core.card("cedar-in", CYD)
    assert violations(core)[0] == Reason.AWAITING_COMPANY
    core.journal.close()


def test_a_visitor_follows_the_host_and_no_one_else(core: Core) -> None:
    core.adopt({ADA: holder(b"A", Flag.HOST), BEN: holder(b"B", Flag.VISITOR)})
    core.prove_fresh()
    assert RELEASE not in core.card("cedar-in", BEN)
    assert violations(core)[0] == Reason.ESCORT_MISSING
    goes(core, "in", ADA)
    goes(core, "in", BEN)
    assert RELEASE in core.card("cedar-out", ADA)
    assert violations(core) == ["PERMITTED", "VISITOR_ALONE"]
    core.mono += 11
    goes(core, "out", BEN)


def test_a_supervisor_comes_first(core: Core) -> None:
    rules = {"company": Company(supervisor=Enforcement.HARD)}
    core.adopt({ADA: holder(b"A", Flag.SUPERVISOR), BEN: holder(b"B")}, area=rules)
    core.prove_fresh()
    assert RELEASE not in core.card("cedar-in", BEN)
    assert violations(core)[0] == Reason.SUPERVISOR_MISSING
    goes(core, "in", ADA)
    goes(core, "in", BEN)


def test_hours_unlock_an_ordinary_door_and_lock_it_again(core: Core) -> None:
    assert Lock("cedar", LockWish.HOLD, "schedule") in open_at_noon(core, until=13, private=False)
    assert modes(core) == [("unlocked", "schedule")]
    pass_through(core)
    core.mono += 3600
    assert Lock("cedar", LockWish.LIFT, "schedule") in core.feed(Tick())
    assert modes(core)[-1] == ("normal", "schedule")
    assert "FORCED_OPEN" not in core.kinds()
    assert "HELD_OPEN" not in core.kinds()


def test_hours_go_on_after_a_fire_was_reset(core: Core) -> None:
    hold = Lock("cedar", LockWish.HOLD, "schedule")
    assert hold in open_at_noon(core, until=13, private=False)
    core.feed(Level("cedar", "fire", True))
    core.feed(Level("cedar", "fire", False))
    reset = core.feed(ResetAsked("cedar"))
    assert reset.index(Lock("cedar", LockWish.RESET)) < reset.index(hold)


def test_hours_never_unlock_a_private_room(core: Core) -> None:
    open_at_noon(core, until=13, private=True)
    core.feed(Tick(), after=61)
    assert modes(core) == []


def test_hours_that_wait_for_a_supervisor_begin_with_one(core: Core) -> None:
    cards = {ADA: holder(b"A"), BEN: holder(b"B", Flag.SUPERVISOR)}
    open_at_noon(core, until=13, private=False, cards=cards, unlock_first=True)
    core.prove_fresh()
    goes(core, "in", ADA)
    core.feed(Tick())
    assert modes(core) == []
    goes(core, "in", BEN)
    core.feed(Tick())
    assert modes(core) == [("unlocked", "schedule")]


def test_a_lockdown_locks_what_the_hours_unlocked(core: Core) -> None:
    open_at_noon(core, until=13, private=False)
    core.feed(Tick())
    open_at_noon(core, until=13, private=False, number=2, posture=Posture(lockdown=True))
    core.feed(Tick())
    assert modes(core)[-1] == ("normal", "schedule")


def test_presenting_twice_holds_the_door_open_and_twice_again_ends_it(core: Core) -> None:
    core.adopt({ADA: holder(b"A", Flag.HOLD), BEN: holder(b"B")}, area={"private": False}, may_hold=True)
    core.prove_fresh()
    assert twice(core, BEN) == []
    core.feed(Tick(), after=6)
    assert twice(core, ADA) == [("unlocked", "double-swipe")]
    pass_through(core)
    assert "HELD_OPEN" not in core.kinds()
    assert twice(core, ADA)[-1] == ("normal", "double-swipe")


def test_presenting_again_too_late_does_not_hold_the_door(core: Core) -> None:
    core.adopt({ADA: holder(b"A", Flag.HOLD)}, area={"private": False}, may_hold=True)
    core.prove_fresh()
    core.card("cedar-in", ADA)
    core.mono += TWICE_WITHIN_S
    core.card("cedar-in", ADA)
    assert modes(core) == []


def test_a_restart_ends_holding_open(core: Core) -> None:
    core.adopt({ADA: holder(b"A", Flag.HOLD)}, area={"private": False}, may_hold=True)
    core.prove_fresh()
    twice(core, ADA)
    assert core.agent.at_rest is False
    core.restart()
    assert core.agent.at_rest


def test_a_door_that_stays_open_longer_than_one_person_needs_is_a_sign(core: Core) -> None:
    core.adopt({ADA: holder(b"A")}, tailgate_s=8)
    core.prove_fresh()
    core.card("cedar-in", ADA)
    core.feed(Level("cedar", "contact", True))
    core.feed(Tick(), after=7)
    assert "TAILGATE" not in core.kinds()
    core.feed(Tick(), after=1)
    assert core.kinds()[-1] == "TAILGATE"
    core.feed(Tick(), after=9)
    assert core.kinds().count("TAILGATE") == 1


@pytest.mark.parametrize("way", ["in", "out"])
def test_a_door_that_closes_in_time_shows_no_second_passage(core: Core, way: str) -> None:
    core.adopt({ADA: holder(b"A")}, tailgate_s=8)
    core.prove_fresh()
    goes(core, way, ADA)
    core.feed(Tick(), after=20)
    assert "TAILGATE" not in core.kinds()


def twice(core: Core, card: str) -> list[tuple[object, object]]:
    core.card("cedar-in", card)
    core.card("cedar-in", card)
    return modes(core)


def open_at_noon(
    core: Core,
    until: int,
    private: bool,
    number: int = 1,
    cards: dict[str, Record] | None = None,
    posture: Posture | None = None,
    **times: object,
) -> Sequence[Command]:
    """The door's hours: from noon in Tokyo, which is when these tests begin, on every day."""
    hours = compiled([Interval(day, 12 * 60, until * 60) for day in range(7)])
    area = {"private": private, **({"posture": posture} if posture else {})}
    return core.adopt(cards or {}, number, area=area, schedules=[hours], unlock=1, **times)


def test_every_mode_is_a_fact_that_names_its_decision(core: Core) -> None:
    core.adopt({ADA: holder(b"A", Flag.HOLD)}, area={"private": False}, may_hold=True)
    core.prove_fresh()
    first = core.card("cedar-in", ADA)
    second = [each for each in core.card("cedar-in", ADA) if isinstance(each, JournalRecord)]
    assert first
    kinds = {fact.decoded(each.encoded).kind: fact.decoded(each.encoded) for each in second}
    assert kinds[FactKind.DOOR_MODE].body["decision"] == kinds[FactKind.DECISION].sequence
