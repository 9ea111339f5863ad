"""Feeds: who may open one that carries something of a person, and what closes it again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import select

from contract.envelope import CannotUnseal
from controller.database import reading, transaction
from controller.feeds import feed as feeds
from controller.feeds import signing_secret
from controller.feeds import target as targets
from controller.feeds.feed import MOST, Personal, State, Topic
from controller.feeds.target import FeedKind
from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow, openings_of
from controller.people import operator
from controller.people.access import OWN, TABLE, Permission, Role, may
from controller.people.operator import NewOperator, Operator
from controller.refusal import Refused
from tests.controller.conftest import CHEAP, NOW, PASSWORD, House
from tests.controller.feed_hands import HOOK, made, officer, raised, readable, row, wanted

PERSONAL = wanted(topics=(Topic.ACCESS,), fields=(Personal.PERSON,))


def _refused(code: str) -> pytest.RaisesExc[Refused]:
    return pytest.RaisesExc(Refused, check=lambda flaw: flaw.code == code)


def test_a_feed_that_carries_nothing_of_a_person_is_open_at_once(house: House) -> None:
    feed_id, secret = made(house, wanted())
    assert secret.startswith("whsec_")
    with reading(house.engine) as session:
        feed = row(session, feed_id)
        assert (feed.state, feed.kind, feed.carries, feed.tells) == (State.ON, "webhook", (Topic.ALARMS,), ())
        assert feed.is_open


def test_a_feed_that_carries_a_person_waits_for_the_privacy_officer_and_begins_with_the_approval(house: House) -> None:
    feed_id, _ = made(house, replace(PERSONAL, topics=(Topic.ALARMS,)), approved=False)
    raised(house, NOW)
    with transaction(house.engine) as session:
        feed = row(session, feed_id)
        before, state = feed.alarm_place, feed.state
        assert (state, feed.is_open) == (State.WAITING, False)
        feeds.approve(session, officer(house, session), NOW, feed, feed.version)
        assert feed.is_open
        assert feed.alarm_place == before + 1


@pytest.mark.parametrize(
    "other",
    [{"recipient": "Somebody else KK"}, {"purpose": "advertising"}, {"target": "https://other.example/"},
     {"fields": (Personal.PERSON, Personal.HANDLE)}, {"topics": (Topic.ACCESS, Topic.ALARMS)}],
)  # fmt: skip
def test_a_change_of_what_was_approved_closes_it_again(house: House, other: dict[str, object]) -> None:
    feed_id, _ = made(house, PERSONAL)
    with transaction(house.engine) as session:
        feed = row(session, feed_id)
        changed = replace(PERSONAL, **other)  # type: ignore[arg-type]
        secret = feeds.change(session, house.operator(session, "mia"), NOW, feed, feed.version, changed)
        assert (secret is not None) == ("target" in other)
        assert (feed.state, feed.approved_by, feed.version) == (State.WAITING, None, 2)


def test_neither_who_made_it_nor_who_last_changed_it_approves_it(house: House) -> None:
    feed_id, _ = made(house, PERSONAL, approved=False)
    with transaction(house.engine) as session:
        feed, mia = row(session, feed_id), house.operator(session, "mia")
        feeds.change(session, mia, NOW, feed, 1, replace(PERSONAL, purpose="count the visits"))
        for name in ("kim", "mia"):
            with _refused("same-person"):
                feeds.approve(session, house.operator(session, name), NOW, feed, 2)
        link = operator.invite(session, mia, NOW, house.site(session), Role.PRIVACY_OFFICER)
        puppet = operator.set_up(session, NOW, link, NewOperator("puppet", "Puppet", PASSWORD), CHEAP)
        with _refused("not-independent"):
            feeds.approve(session, puppet, NOW, feed, 2)
        assert feed.state is State.WAITING


def test_only_what_was_shown_is_approved_or_changed(house: House) -> None:
    feed_id, _ = made(house, PERSONAL, approved=False)
    with transaction(house.engine) as session:
        feed, kim, pia = row(session, feed_id), house.operator(session, "kim"), officer(house, session)
        feeds.change(session, kim, NOW, feed, 1, replace(PERSONAL, purpose="another one"))
        with _refused("feed-changed"):
            feeds.approve(session, pia, NOW, feed, 1)
        with _refused("feed-changed"):
            feeds.change(session, kim, NOW, feed, 1, PERSONAL)
        feeds.approve(session, pia, NOW, feed, 2)
        with _refused("feed-decided"):
            feeds.approve(session, pia, NOW, feed, 2)


def test_an_approval_is_withdrawn_at_once_with_a_reason(house: House) -> None:
    feed_id, _ = made(house, PERSONAL)
    with transaction(house.engine) as session:
        feed, pia = row(session, feed_id), officer(house, session)
        with _refused("reason-missing"):
            feeds.withdraw(session, pia, NOW, feed, " ")
        feeds.withdraw(session, pia, NOW, feed, "the contract has ended")
        assert (feed.state, feed.declined_by, feed.is_open) == (State.DECLINED, pia.id, False)
        with _refused("feed-decided"):
            feeds.withdraw(session, pia, NOW, feed, "again")


def test_a_feed_is_declined_with_a_reason_and_stays_closed_until_it_is_changed_or_approved_after_all(
    house: House,
) -> None:
    feed_id, _ = made(house, PERSONAL, approved=False)
    with transaction(house.engine) as session:
        feed, kim, pia = row(session, feed_id), house.operator(session, "kim"), officer(house, session)
        for version, reason, code in ((1, " ", "reason-missing"), (2, "too much", "feed-changed")):
            with _refused(code):
                feeds.decline(session, pia, NOW, feed, version, reason)
        feeds.decline(session, pia, NOW, feed, 1, "nobody needs names for that")
        assert (feed.state, feed.declined_why) == (State.DECLINED, "nobody needs names for that")
        with _refused("feed-decided"):
            feeds.decline(session, pia, NOW, feed, 1, "again")
        feeds.change(session, kim, NOW, feed, 1, replace(PERSONAL, fields=(Personal.HANDLE,)))
        assert (feed.state, feed.declined_by, feed.declined_why) == (State.WAITING, None, "")
        feeds.decline(session, pia, NOW, feed, 2, "still too much")
        with _refused("same-person"):
            feeds.approve(session, kim, NOW, feed, 2)
        feeds.approve(session, pia, NOW, feed, 2)
        assert (feed.state, feed.declined_at, feed.is_open) == (State.ON, None, True)
        with _refused("feed-decided"):
            feeds.decline(session, pia, NOW, feed, 2, "too late")


def test_a_feed_that_needs_no_approval_cannot_be_declined(house: House) -> None:
    feed_id, _ = made(house, wanted())
    with transaction(house.engine) as session, _refused("feed-decided"):
        feeds.decline(session, officer(house, session), NOW, row(session, feed_id), 1, "no")


def test_a_stopped_feed_goes_on_where_it_stopped_or_from_now_on(house: House) -> None:
    feed_id, _ = made(house, wanted())
    with transaction(house.engine) as session:
        feeds.stop(session, house.operator(session, "kim"), NOW, row(session, feed_id))
    raised(house, NOW, count=3)
    with transaction(house.engine) as session:
        feed, kim = row(session, feed_id), house.operator(session, "kim")
        assert feed.state is State.STOPPED
        with _refused("feed-as-it-is"):
            feeds.stop(session, kim, NOW, feed)
        before = feed.alarm_place
        feeds.resume(session, kim, NOW, feed, skip=False)
        assert (feed.state, feed.alarm_place) == (State.ON, before)
        with _refused("feed-as-it-is"):
            feeds.resume(session, kim, NOW, feed, skip=True)
        feeds.stop(session, kim, NOW, feed)
        feeds.resume(session, kim, NOW, feed, skip=True)
        assert feed.alarm_place == before + 3


def test_an_ended_feed_takes_no_more_acts_and_loses_its_secret(house: House) -> None:
    feed_id, _ = made(house, wanted())
    with transaction(house.engine) as session:
        feed, kim = row(session, feed_id), house.operator(session, "kim")
        feeds.end(session, kim, NOW, feed)
        assert (feed.is_open, feed.sealed, feeds.of_site(session, house.site(session))) == (False, None, [])
        with _refused("not-found"):
            feeds.change(session, kim, NOW, feed, 1, wanted(purpose="again"))
        with _refused("not-found"):
            feeds.resume(session, kim, NOW, feed, skip=True)


def test_a_secret_is_kept_for_the_controller_alone_and_renewed(house: House) -> None:
    feed_id, secret = made(house, wanted())
    private = house.authority.intake
    with transaction(house.engine) as session:
        feed = row(session, feed_id)
        assert signing_secret.written(signing_secret.opened(feed.sealed, feed.id, private)) == secret
        renewed = feeds.renew_secret(session, house.operator(session, "kim"), NOW, feed)
        assert signing_secret.written(signing_secret.opened(feed.sealed, feed.id, private)) == renewed != secret
        for sealed, other, key in (
            (feed.sealed, feed.id + 1, private),
            (feed.sealed, feed.id, X25519PrivateKey.generate()),
            (None, feed.id, private),
        ):
            with pytest.raises(CannotUnseal):
                signing_secret.opened(sealed, other, key)


def test_without_a_key_to_seal_for_there_is_no_webhook(house: House) -> None:
    with transaction(house.engine) as session, _refused("feed-not-ready"):
        feeds.make(session, house.operator(session, "kim"), NOW, house.site(session), wanted())


@pytest.mark.parametrize(
    ("other", "code"),
    [({"recipient": " "}, "feed-unexplained"), ({"purpose": "a\nb"}, "feed-unexplained"),
     ({"topics": ()}, "feed-empty"), ({"target": "ftp://siem.example"}, "feed-target-wrong")],
)  # fmt: skip
def test_a_feed_says_who_what_for_where_and_what(house: House, other: dict[str, object], code: str) -> None:
    readable(house)
    with transaction(house.engine) as session, _refused(code):
        what = replace(wanted(), **other)  # type: ignore[arg-type]
        feeds.make(session, house.operator(session, "kim"), NOW, house.site(session), what)


def test_there_are_at_most_so_many(house: House) -> None:
    readable(house)
    with transaction(house.engine) as session:
        kim, site = house.operator(session, "kim"), house.site(session)
        for _ in range(MOST):
            feeds.make(session, kim, NOW, site, wanted("syslog-tls://siem.example"))
        with _refused("feeds-full"):
            feeds.make(session, kim, NOW, site, wanted())


def test_the_ledger_knows_of_every_act_and_commits_to_what_may_name_somebody(house: House) -> None:
    feed_id, _ = made(house, PERSONAL)
    with transaction(house.engine) as session:
        feed, kim = row(session, feed_id), house.operator(session, "kim")
        feeds.change(session, kim, NOW, feed, 1, replace(PERSONAL, recipient="Other KK"))
        feeds.end(session, kim, NOW, feed)
    with reading(house.engine) as session:
        told = session.scalars(select(LedgerRow).where(LedgerRow.kind.startswith("feed-")).order_by(LedgerRow.sequence))
        rows = list(told)
        assert [each.kind for each in rows] == [Kind.FEED_MADE, Kind.FEED_APPROVED, Kind.FEED_CHANGED, Kind.FEED_ENDED]
        assert all(each.subjects == {"feed": feed_id} for each in rows)
        assert all(b"KK" not in each.leaf and b"siem.example" not in each.leaf for each in rows)
        opened = openings_of(session, rows[1].sequence)
        assert {name: str(found.value) for name, found in opened.items()} == {
            "recipient": '"Example Monitoring KK"', "purpose": '"watch the doors at night"', "target": f'"{HOOK}"'
        }  # fmt: skip


def test_a_privacy_officer_sees_what_leaves_approves_feeds_and_nothing_else() -> None:
    wanted_all = {Permission.SEE_FEEDS, Permission.SEE_TAKEN_OUT, Permission.APPROVE_FEEDS}
    assert TABLE[Role.PRIVACY_OFFICER] - OWN == wanted_all
    approvers = {role for role in Role if may(role, Permission.APPROVE_FEEDS)}
    makers = {role for role in Role if may(role, Permission.MANAGE_FEEDS)}
    assert (approvers, makers) == ({Role.PRIVACY_OFFICER}, {Role.SECURITY_ADMIN})


def test_a_maker_who_becomes_privacy_officer_is_still_the_same_person(house: House) -> None:
    feed_id, _ = made(house, PERSONAL, approved=False)
    with transaction(house.engine) as session:
        kim, mia, olu = (house.operator(session, name) for name in ("kim", "mia", "olu"))
        operator.set_role(session, mia, NOW, olu, Role.SECURITY_ADMIN)
        operator.set_role(session, mia, NOW, kim, Role.PRIVACY_OFFICER)
        with _refused("same-person"):
            feeds.approve(session, session.get_one(Operator, kim.id), NOW, row(session, feed_id), 1)


@pytest.mark.parametrize(
    ("text", "told"),
    [("https://siem.example", ("webhook", "siem.example", 443, "/", "siem.example")),
     ("https://siem.example:8443/a/b?c=d", ("webhook", "siem.example", 8443, "/a/b?c=d", "siem.example:8443")),
     ("https://[2001:db8::1]/x", ("webhook", "2001:db8::1", 443, "/x", "[2001:db8::1]")),
     ("http://127.0.0.1:8080/x", ("webhook", "127.0.0.1", 8080, "/x", "127.0.0.1:8080")),
     ("syslog-tls://siem.example", ("syslog", "siem.example", 6514, "", "siem.example:6514")),
     ("syslog-tls://10.0.0.9:7000/", ("syslog", "10.0.0.9", 7000, "", "10.0.0.9:7000"))],
)  # fmt: skip
def test_an_address_is_understood(text: str, told: tuple[object, ...]) -> None:
    found = targets.understood(text)
    assert (found.kind, found.host, found.port, found.path, found.authority) == told
    assert found.plain == text.startswith("http:")
    assert isinstance(found.kind, FeedKind)


@pytest.mark.parametrize(
    "text",
    ["", "https://", "http://siem.example/", "https://a:b@siem.example/", "https://siem.example/#x", "//siem.example",
     "https://siem.example/a b", "https://siem.example/\r\nX: y", "https://siem.example:0/", "https://siem.example:99999/",
     "syslog-tls://siem.example/path", "syslog-tls://siem.example?x=1", "file:///etc/passwd", "https://-a.example/",
     "https://[::1", "https://exämple.jp/", f"https://siem.example/{'a' * 400}", "https://a..b/", "https://a_b/",
     "HTTP://siem.example/", f"https://{'a' * 64}.example/", "https://siem.example\\@evil.example/"],
)  # fmt: skip
def test_an_address_that_means_something_else_is_refused(text: str) -> None:
    with _refused("feed-target-wrong"):
        targets.understood(text)
