"""Lost cards and leavers: which doors know of it, since when, and what they decided when the card was presented."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contract.credential import Identity, Source
from controller.database import reading, transaction
from controller.delivery import compiling, losses, receipts
from controller.delivery.compiling import card_must_fit
from controller.delivery.losses import Loss, LossFilter, Reach
from controller.people import cardholder, credential, leaver, permission, roster, roster_file
from controller.people.card_end import Ended, Way
from controller.people.card_state import Act
from controller.people.operator import SCHEDULE
from controller.people.permission import Wish
from controller.premises import agent as agents
from controller.record.fact import FactRow
from controller.refusal import Refused
from door_agent.events import Arrived, Card, LinkState, Lock, LockWish, Record
from tests.controller.conftest import CARDS, NOW, House
from tests.controller.doorway import Site, joined
from tests.controller.statements import counted

BY = "operator:1"
BOTH = ("cedar", "cedar-back")
BITS = f"{0x1E000000A2:040b}"
SECOND = Identity(Source.SERIAL_HEX, BITS)


def minute(number: float) -> datetime:
    """Minutes of the test; a door's own clock stands at the second one when it begins."""
    return NOW + timedelta(minutes=number)


@pytest.fixture
def site(house: House) -> Site:
    """Ada may enter the Cedar room by both of its doors, each at an agent of its own; Eve may enter nothing."""
    site = joined(house)
    site.grant("Ada")
    carry(site, 2, *BOTH)
    return site


def carry(site: Site, number: float, *heard: str) -> None:
    """The centre sends what it has; these doors hear it and answer, the others are cut off."""
    now = minute(number)
    site.link.follow(now)
    for key in heard:
        site.doors[key].mono = number * 60
        site.doors[key].feed(LinkState(up=True))
    for _ in range(20):
        site.hear(now)
        waiting, site.sent[:] = list(site.sent), []
        told = [(topic.split("/")[3], topic, payload) for topic, payload in waiting]
        for key, topic, payload in told:
            if key in heard:
                site.doors[key].feed(Arrived(topic, payload))
        for key in heard:
            site.doors[key].report()
        if not waiting:
            break
    site.hear(now)


def card_of(site: Site, name: str) -> int:
    with reading(site.house.engine) as session:
        return credential.of_cardholder(session, site.house.holder(session, name))[0].id


def act(site: Site, name: str, what: Act, number: float) -> None:
    with transaction(site.house.engine) as session:
        card = credential.of_cardholder(session, site.house.holder(session, name))[-1]
        credential.turn(session, BY, minute(number), card, what, "in a taxi", card_must_fit)


def leave(site: Site, name: str, at: datetime | None, number: float) -> None:
    with transaction(site.house.engine) as session:
        leaver.leave(session, BY, minute(number), site.house.holder(session, name), at, "new job")


def admits(site: Site, key: str, number: float, bits: str | None = None) -> bool:
    """Whether a door lets Ada's card in (or the card with these bits) by its own clock at this minute."""
    door = site.doors[key]
    door.mono = number * 60
    done = door.card(f"{key}-in", "Ada") if bits is None else door.feed(Card(f"{key}-in", "serial-hex", bits))
    return any(isinstance(each, Lock) and each.wish is LockWish.RELEASE for each in done)


def told(site: Site, wanted: LossFilter | None = None) -> Sequence[Loss]:
    with reading(site.house.engine) as session:
        return losses.listed(session, site.house.site(session), wanted or LossFilter(), 0, 100)


def one(site: Site) -> Loss:
    (found,) = told(site)
    return found


def missing(loss: Loss) -> list[str]:
    return [door.key for door, _ in loss.missing]


def test_a_loss_is_told_door_by_door_until_the_last_has_confirmed(site: Site) -> None:
    act(site, "Ada", Act.LOSE, 3)
    assert one(site).reach is Reach.COUNTING
    carry(site, 4, "cedar")
    loss = one(site)
    assert (loss.reach, loss.end.confirmed, loss.end.doors, loss.took) == (Reach.WAITING, 1, 2, None)
    assert (missing(loss), loss.end.first_at) == (["cedar-back"], minute(4))
    assert admits(site, "cedar-back", 5), "a door that is cut off does not know"
    assert not admits(site, "cedar", 6)
    carry(site, 9, *BOTH)
    loss = one(site)
    assert (loss.reach, missing(loss), loss.took) == (Reach.EVERYWHERE, [], timedelta(minutes=6))
    assert (loss.end.first_at, loss.end.last_at) == (minute(4), minute(9))
    assert (loss.end.refused, loss.end.admitted, loss.end.let_out) == (1, 1, 0)
    with reading(site.house.engine) as session:
        fact = session.query(FactRow).filter_by(ledger_sequence=loss.end.admitted_sequence).one()
        assert (fact.kind, fact.outcome, fact.at, fact.received_at) == ("DECISION", "GRANT", minute(5), minute(9))
    assert (loss.end.what, loss.end.way, loss.end.actor, loss.end.said_at) == (Ended.LOST, Way.HAND, BY, minute(3))


def test_a_list_that_was_overtaken_is_confirmed_by_the_later_one(site: Site) -> None:
    act(site, "Ada", Act.STEAL, 3)
    carry(site, 4)
    assert (one(site).end.doors, one(site).end.confirmed) == (2, 0)
    site.grant("Ben")
    carry(site, 5)
    carry(site, 6, *BOTH)
    assert (one(site).reach, one(site).took) == (Reach.EVERYWHERE, timedelta(minutes=3))


def test_what_was_presented_before_it_was_said_does_not_count_however_late_it_comes(site: Site) -> None:
    assert admits(site, "cedar-back", 2.5)
    act(site, "Ada", Act.LOSE, 3)
    carry(site, 4, "cedar")
    carry(site, 9, *BOTH)
    assert (one(site).end.admitted, one(site).end.refused) == (0, 0)


def test_a_card_that_is_let_out_is_no_entry(site: Site) -> None:
    assert site.doors["cedar"].passes("cedar-in", "Ada")
    carry(site, 2.5, *BOTH)
    act(site, "Ada", Act.LOSE, 3)
    carry(site, 4, *BOTH)
    site.doors["cedar"].mono = 300
    assert site.doors["cedar"].passes("cedar-out", "Ada")
    carry(site, 6, *BOTH)
    assert (one(site).end.let_out, one(site).end.admitted) == (1, 0)


def test_a_card_lost_twice_is_told_twice_and_no_door_confirms_what_it_never_heard(site: Site) -> None:
    act(site, "Ada", Act.LOSE, 3)
    carry(site, 4, "cedar")
    act(site, "Ada", Act.RESTORE, 5)
    carry(site, 6, "cedar")
    assert admits(site, "cedar", 6.5)
    act(site, "Ada", Act.LOSE, 7)
    carry(site, 8, "cedar")
    carry(site, 9, *BOTH)
    second, first = told(site)
    assert (first.reach, first.end.over_at, first.end.confirmed) == (Reach.TAKEN_BACK, minute(5), 1)
    assert missing(first) == ["cedar-back"]
    assert (second.reach, second.took, second.end.over_at) == (Reach.EVERYWHERE, timedelta(minutes=2), None)
    assert [each.end.admitted for each in (first, second)] == [0, 0], "in between it was in use"


def test_what_was_taken_back_before_any_list_was_made_no_door_confirms(site: Site) -> None:
    act(site, "Ada", Act.SUSPEND, 3)
    act(site, "Ada", Act.RESUME, 3.5)
    carry(site, 4, *BOTH)
    loss = one(site)
    assert (loss.end.what, loss.reach, loss.end.confirmed, loss.end.doors) == (Ended.SUSPENDED, Reach.TAKEN_BACK, 0, 2)


def test_a_card_that_no_door_ever_carried_says_so_and_later_doors_do_not_count(site: Site) -> None:
    act(site, "Eve", Act.LOSE, 3)
    carry(site, 4, *BOTH)
    assert (one(site).reach, one(site).took) == (Reach.NOWHERE, None)
    site.grant("Eve")
    carry(site, 5, *BOTH)
    assert (one(site).reach, one(site).end.doors) == (Reach.NOWHERE, 0)


def test_a_door_cut_off_since_a_permission_ended_counts_for_it_may_still_let_the_card_in(site: Site) -> None:
    with transaction(site.house.engine) as session:
        grant = permission.of_cardholder(session, site.house.holder(session, "Ada"))[0]
        permission.revoke(session, site.house.operator(session, "kim"), minute(3), grant, "moved on")
    later = 60 * 24 * 9
    carry(site, later, "cedar")
    act(site, "Ada", Act.LOSE, later + 1)
    carry(site, later + 2, "cedar")
    assert (one(site).reach, missing(one(site)), one(site).end.doors) == (Reach.WAITING, ["cedar-back"], 1)
    carry(site, later + 3, *BOTH)
    assert one(site).reach is Reach.EVERYWHERE


def test_an_agent_that_was_revoked_never_confirms(site: Site) -> None:
    with transaction(site.house.engine) as session:
        agents.revoke(session, BY, minute(2.5), site.house.agent(session, "cedar-back"))
    act(site, "Ada", Act.LOSE, 3)
    carry(site, 4, *BOTH)
    loss = one(site)
    assert (loss.reach, missing(loss), loss.missing[0][1].revoked_at) == (Reach.WAITING, ["cedar-back"], minute(2.5))


def test_a_leaver_said_ahead_is_confirmed_ahead_and_ends_at_the_minute_without_another_row(site: Site) -> None:
    leave(site, "Ada", minute(60), 3)
    carry(site, 4, *BOTH)
    loss = one(site)
    assert (loss.end.what, loss.end.takes_effect_at, loss.took) == (Ended.LEFT, minute(60), timedelta(minutes=1))
    assert admits(site, "cedar", 30)
    assert not admits(site, "cedar", 61)
    carry(site, 62, *BOTH)
    loss = one(site)
    assert (loss.end.stands, loss.end.admitted, loss.end.refused) == (True, 0, 1)


def test_a_leaver_who_stays_after_all_and_one_whose_date_moves(site: Site) -> None:
    leave(site, "Ada", minute(60), 3)
    carry(site, 4, "cedar")
    leave(site, "Ada", None, 5)
    carry(site, 6, "cedar")
    assert (one(site).reach, one(site).end.over_at) == (Reach.TAKEN_BACK, minute(5))
    leave(site, "Ada", minute(90), 7)
    leave(site, "Ada", minute(80), 8)
    carry(site, 9, *BOTH)
    newest, moved, stayed = told(site)
    assert [each.end.stands for each in (newest, moved, stayed)] == [True, False, False]
    assert (newest.reach, newest.end.takes_effect_at) == (Reach.EVERYWHERE, minute(80))
    assert (moved.end.over_at, stayed.end.over_at) == (minute(8), minute(5))


def test_a_leaver_who_comes_back_with_a_new_card_is_not_the_one_who_left(site: Site) -> None:
    leave(site, "Ada", minute(3), 3)
    carry(site, 4, *BOTH)
    with transaction(site.house.engine) as session:
        own = site.house.site(session)
        again = cardholder.enrol(session, BY, minute(5), own, "Ada Again", "9001")
        credential.issue(session, BY, minute(5), again, "new", [SECOND], card_must_fit)
        wish = Wish(again, site.house.cedar(session), minute(5), None, "is back")
        grant = permission.request(session, site.house.operator(session, "kim"), minute(5), wish)
        permission.approve(session, site.house.operator(session, "mia"), minute(5), grant, compiling.must_fit)
    carry(site, 6, *BOTH)
    assert admits(site, "cedar", 7, BITS)
    assert not admits(site, "cedar", 8)
    carry(site, 9, *BOTH)
    assert (one(site).end.refused, one(site).end.admitted) == (1, 0)


def test_another_card_of_the_same_person_is_another_card(site: Site) -> None:
    with transaction(site.house.engine) as session:
        holder = site.house.holder(session, "Ada")
        credential.issue(session, BY, minute(2), holder, "second", [SECOND], card_must_fit)
    act(site, "Ada", Act.LOSE, 3)
    carry(site, 4, *BOTH)
    assert admits(site, "cedar", 5, BITS)
    carry(site, 6, *BOTH)
    assert (one(site).end.admitted, one(site).end.refused) == (0, 0)


def test_a_file_of_leavers_says_so_of_every_card_in_use_and_since_when_it_should_have_been(site: Site) -> None:
    assert site.doors["cedar"].passes("cedar-in", "Ada")
    with transaction(site.house.engine) as session:
        ada, ben = site.house.holder(session, "Ada"), site.house.holder(session, "Ben")
        credential.issue(session, BY, minute(2), ada, "second", [SECOND], card_must_fit)
        credential.report_lost(session, BY, minute(2), credential.of_cardholder(session, ben)[0], "in a taxi")
        lines = f"number,name,leaves\n{ada.number},Ada,2026-11-01\n{ben.number},Ben,2026-11-01\n"
        rows = roster.judge(session, site.house.site(session), minute(3), roster_file.lines(lines))
        roster.apply(session, BY, minute(3), site.house.site(session), rows, "list of November")
    carry(site, 4, *BOTH)
    by_file = told(site, LossFilter(what=Ended.LEFT))
    assert [(each.holder.name, each.end.way, each.end.actor) for each in by_file] == [("Ada", Way.FILE, BY)] * 2
    assert {each.reach for each in by_file} == {Reach.EVERYWHERE}
    assert {each.end.takes_effect_at for each in by_file} == {datetime(2026, 11, 1, 15, tzinfo=UTC)}
    assert [each.end.admitted for each in by_file] == [0, 0], "nobody had said it yet"
    assert [each.holder.name for each in told(site, LossFilter(what=Ended.LOST))] == ["Ben"]


def test_a_card_given_after_the_date_was_said_ends_by_the_date(site: Site) -> None:
    leave(site, "Ada", minute(60), 3)
    with transaction(site.house.engine) as session:
        credential.issue(session, BY, minute(4), site.house.holder(session, "Ada"), "late", [SECOND], card_must_fit)
    carry(site, 5, *BOTH)
    carry(site, 61, *BOTH)
    late, first = told(site)
    assert (late.end.said_at, late.end.takes_effect_at) == (minute(61), minute(60))
    assert [(each.card.label, each.end.way, each.end.actor) for each in (late, first)] == [
        ("late", Way.DATE, SCHEDULE),
        ("Ada's card", Way.HAND, BY),
    ]


def test_by_a_clock_that_is_not_believed_a_card_counts_from_when_it_was_heard_of(site: Site) -> None:
    act(site, "Ada", Act.LOSE, 3)
    carry(site, 4, "cedar")
    door = site.doors["cedar-back"]
    unset = replace(door.moment, wall=minute(2), trusted=False)
    for each in door.agent.feed(Card("cedar-back-in", "serial-hex", f"{CARDS['Ada']:040b}"), unset):
        door.facts += [each] if isinstance(each, Record) else []
    carry(site, 9, *BOTH)
    assert one(site).end.admitted + one(site).end.refused == 1


def test_what_waits_comes_first_and_each_filter_narrows(site: Site) -> None:
    act(site, "Ada", Act.LOSE, 3)
    carry(site, 4, "cedar")
    act(site, "Eve", Act.STEAL, 5)
    carry(site, 6, "cedar")
    assert [each.holder.name for each in told(site)] == ["Ada", "Eve"]
    with reading(site.house.engine) as session:
        own, ada = site.house.site(session), site.house.holder(session, "Ada").id
        for wanted, names in (
            (LossFilter(waiting=True), ["Ada"]),
            (LossFilter(what=Ended.STOLEN), ["Eve"]),
            (LossFilter(cardholder=ada), ["Ada"]),
            (LossFilter(since=minute(4)), ["Eve"]),
            (LossFilter(until=minute(4)), ["Ada"]),
            (LossFilter(what=Ended.LEFT), []),
        ):
            found = losses.listed(session, own, wanted, 0, 10)
            assert [each.holder.name for each in found] == names, wanted
            assert losses.count(session, own, wanted) == len(names), wanted
        assert [each.holder.name for each in losses.listed(session, own, LossFilter(), 1, 1)] == ["Eve"]


def test_of_many_doors_that_have_not_confirmed_some_are_named_and_all_counted(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "MOST_NAMED", 1)
    act(site, "Ada", Act.LOSE, 3)
    carry(site, 4)
    assert (missing(one(site)), one(site).unnamed) == (["cedar"], 1)


def test_doors_are_counted_once_and_only_when_their_lists_were_compiled(site: Site) -> None:
    act(site, "Ada", Act.LOSE, 3)
    with transaction(site.house.engine) as session:
        assert not receipts.waiting(session)
        assert receipts.count(session, site.house.site(session)) == 0
    carry(site, 4)
    with transaction(site.house.engine) as session:
        assert not receipts.waiting(session)
        assert receipts.count(session, site.house.site(session)) == 0
    assert one(site).end.doors == 2


def test_an_act_that_is_refused_leaves_no_end(site: Site) -> None:
    act(site, "Ada", Act.LOSE, 3)
    for name, what in (("Ada", Act.LOSE), ("Eve", Act.RESUME)):
        with pytest.raises(Refused):
            act(site, name, what, 4)
    with pytest.raises(Refused), transaction(site.house.engine) as session:
        leaver.deactivate(session, BY, minute(4), site.house.holder(session, "Eve"), " ")
    assert one(site).end.what == Ended.LOST


def test_no_question_is_asked_for_each_row(site: Site) -> None:
    def asked() -> int:
        with counted(site.house.engine) as found:
            told(site)
        return len(found)

    act(site, "Ada", Act.LOSE, 3)
    carry(site, 4, "cedar")
    before = asked()
    for name in ("Ben", "Eve"):
        site.grant(name)
        act(site, name, Act.LOSE, 5)
    carry(site, 6, "cedar")
    assert asked() == before <= 4
