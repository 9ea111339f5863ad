"""Feeding: what comes out of the house and how, whatever becomes of recipient, network or process in between."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
import threading
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

import pytest
from sqlalchemy import update

from controller.database import reading, transaction
from controller.feeds import feed as feeds
from controller.feeds import reach, webhook
from controller.feeds.courier import AT_ONCE, PATIENCE, Courier
from controller.feeds.feed import Feed, Personal, State, Topic
from controller.feeds.handing import Why
from controller.ledger.kinds import Kind
from controller.ledger.ledger import LedgerRow, OpeningRow, append
from controller.people import cardholder, operator, signing_in
from controller.people.access import Permission
from controller.people.operator_session import Whence
from controller.record import alarm
from controller.record.fact import FactRow
from controller.settings import FeedSettings
from process.settings import SettingsError, parse
from tests.controller.conftest import CHEAP, NOW, House
from tests.controller.doorway import visited
from tests.controller.feed_hands import made, officer, raised, row, wanted
from tests.controller.feed_receivers import Conduct, Posted, Receiver, hook, siem

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
LATER = NOW + timedelta(seconds=10)


def courier(house: House, **told: object) -> Courier:
    settings = {"reach": ("127.0.0.0/8",), "ca": house.folder / "keys" / "ca.pem", **told}
    return Courier(house.engine, "tokyo", FeedSettings(**settings), house.authority.intake)  # type: ignore[arg-type]


def conduct(house: House) -> Conduct:
    return Conduct(keys=house.folder / "keys")


def at(server: Receiver, scheme: str = "https", path: str = "/hook") -> str:
    return f"{scheme}://localhost:{server.port}{path}"


def look(house: House, feed_id: int) -> Feed:
    with reading(house.engine) as session:
        return row(session, feed_id)


def names(posted: list[Posted]) -> list[str]:
    return [each.event["id"] for each in posted]


def test_an_alarm_goes_out_as_a_signed_cloud_event_and_only_once(house: House) -> None:
    with hook(conduct(house)) as server:
        feed_id, secret = made(house, wanted(at(server, path="/hook?from=tokyo")))
        raised(house, LATER)
        courier(house).turn(LATER)
        courier(house).turn(LATER + SECOND)
        (posted,) = server.all_taken()
    assert posted.path == "/hook?from=tokyo"
    assert posted.headers["content-type"] == "application/cloudevents+json"
    assert posted.headers["host"] == f"localhost:{server.port}"
    told = posted.event
    assert {name: told[name] for name in ("specversion", "source", "type", "time", "datacontenttype")} == {
        "specversion": "1.0",
        "source": "urn:sekisho:tokyo",
        "type": "sekisho.alarm.raised",
        "time": "2026-11-24T03:00:10.000000Z",
        "datacontenttype": "application/json",
    }
    assert told["data"]["alarm"] == "FORCED_OPEN"
    assert told["data"]["door"]["key"] == "cedar"
    assert posted.headers["webhook-id"] == told["id"]
    assert posted.headers["webhook-timestamp"] == str(int(LATER.timestamp()))
    signed = f"{told['id']}.{int(LATER.timestamp())}.".encode() + posted.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert posted.headers["webhook-signature"] == f"v1,{expected}"
    feed = look(house, feed_id)
    assert (feed.state, feed.taken_at) == (State.ON, LATER)


def test_what_is_not_taken_comes_again_in_order_under_the_same_name_after_growing_pauses(house: House) -> None:
    with hook(conduct(house)) as server:
        feed_id, _ = made(house, wanted(at(server)))
        raised(house, LATER, count=3)
        server.conduct.statuses = [204, 500]
        courier(house).turn(LATER)
        first, second = names(server.all_taken())
        feed = look(house, feed_id)
        assert (feed.state, feed.flaw, feed.failures) == (State.FAILING, "refused:500", 1)
        server.conduct.statuses = [503]
        courier(house).turn(LATER + PATIENCE.first - SECOND)
        assert server.all_taken() == []
        courier(house).turn(LATER + PATIENCE.first)
        assert names(server.all_taken()) == [second]
        assert look(house, feed_id).due_at == LATER + 3 * PATIENCE.first
        courier(house).turn(LATER + 3 * PATIENCE.first)
        again, third = names(server.all_taken())
        assert again == second
        assert len({first, second, third}) == 3
        feed = look(house, feed_id)
        assert (feed.state, feed.flaw, feed.failures, feed.failing_since) == (State.ON, "", 0, None)


def test_more_than_a_batch_comes_in_order_without_a_hole(house: House) -> None:
    with hook(conduct(house)) as server:
        made(house, wanted(at(server)))
        raised(house, LATER, count=2 * AT_ONCE + 3)
        courier(house).turn(LATER)
        numbers = [int(each.removeprefix("alarm-")) for each in names(server.all_taken())]
    assert numbers == list(range(numbers[0], numbers[0] + 2 * AT_ONCE + 3))


def test_a_recipient_that_hears_but_does_not_answer_hears_it_again(house: House) -> None:
    with hook(conduct(house)) as server:
        feed_id, _ = made(house, wanted(at(server)))
        raised(house, LATER)
        server.conduct.hangs_up = True
        courier(house).turn(LATER)
        server.conduct.hangs_up = False
        assert look(house, feed_id).flaw in ("nonsense", "away")
        courier(house).turn(LATER + HOUR)
        first, second = server.all_taken()
        assert first.body == second.body


def test_a_dead_recipient_is_paused_after_a_day_and_that_is_recorded(house: House) -> None:
    with hook(conduct(house)) as server:
        feed_id, _ = made(house, wanted(at(server)))
        raised(house, LATER)
        gone = server.port
    courier(house).turn(LATER)
    assert look(house, feed_id).flaw == "away"
    courier(house).turn(LATER + 23 * HOUR)
    assert look(house, feed_id).state is State.FAILING
    courier(house).turn(LATER + 25 * HOUR)
    assert look(house, feed_id).state is State.PAUSED
    with reading(house.engine) as session:
        told = session.query(LedgerRow).order_by(LedgerRow.sequence.desc()).first()
        assert told is not None
        assert (told.kind, told.subjects, told.content["flaw"]) == (Kind.FEED_PAUSED, {"feed": feed_id}, "away")
    with hook(conduct(house), gone) as server:
        courier(house).turn(LATER + 26 * HOUR)
        assert server.all_taken() == []
        with transaction(house.engine) as session:
            feeds.resume(session, house.operator(session, "kim"), LATER + 27 * HOUR, row(session, feed_id), skip=False)
        courier(house).turn(LATER + 27 * HOUR)
        assert len(server.all_taken()) == 1


def test_who_says_gone_is_paused_at_once(house: House) -> None:
    with hook(conduct(house)) as server:
        feed_id, _ = made(house, wanted(at(server)))
        raised(house, LATER)
        server.conduct.statuses = [410]
        courier(house).turn(LATER)
    assert (look(house, feed_id).state, look(house, feed_id).flaw) == (State.PAUSED, "gone:410")


def test_a_redirect_is_not_followed(house: House) -> None:
    with hook(conduct(house)) as server, hook(conduct(house)) as other:
        feed_id, _ = made(house, wanted(at(server)))
        raised(house, LATER)
        server.conduct.statuses, server.conduct.headers = [307], {"Location": at(other)}
        courier(house).turn(LATER)
        assert (len(server.all_taken()), other.all_taken()) == (1, [])
    assert look(house, feed_id).flaw == "refused:307"


def test_nothing_is_said_to_who_is_not_verified(house: House) -> None:
    with hook(conduct(house)) as server:
        feed_id, _ = made(house, wanted(at(server)))
        raised(house, LATER)
        courier(house, ca=None).turn(LATER)
        assert (server.all_taken(), look(house, feed_id).flaw) == ([], "certificate")


@pytest.mark.parametrize("scheme", ["https", "syslog-tls"])
def test_this_host_is_out_of_reach_unless_its_owner_says_otherwise(house: House, scheme: str) -> None:
    with hook(conduct(house)) as server:
        feed_id, _ = made(house, wanted(at(server, scheme, "")))
        raised(house, LATER)
        courier(house, reach=()).turn(LATER)
        assert (server.all_taken(), look(house, feed_id).flaw) == ([], "forbidden")


def test_plain_http_goes_to_this_host_alone_and_only_when_switched_on(house: House) -> None:
    with hook(Conduct()) as server:
        feed_id, _ = made(house, wanted(at(server, "http")))
        raised(house, LATER)
        courier(house).turn(LATER)
        assert (server.all_taken(), look(house, feed_id).flaw) == ([], "forbidden")
        courier(house, plain_on_loopback=True).turn(LATER + HOUR)
        assert len(server.all_taken()) == 1


def test_plain_http_goes_nowhere_else_whatever_the_name_of_this_host_means(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _host, port, **kind: real("93.184.216.34", port, **kind))
    feed_id, _ = made(house, wanted("http://localhost/hook"))
    raised(house, LATER)
    courier(house, plain_on_loopback=True).turn(LATER)
    assert look(house, feed_id).flaw == "forbidden"


def test_a_name_that_means_this_host_when_it_is_connected_to_is_not_reached(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first answer of a rebinding name server is public, the next one is not; only the last one is connected to."""
    real, answers = socket.getaddrinfo, iter(["93.184.216.34", "127.0.0.1"])
    monkeypatch.setattr(socket, "getaddrinfo", lambda _host, port, **kind: real(next(answers), port, **kind))
    with hook(conduct(house)) as server:
        feed_id, _ = made(house, wanted(f"https://rebind.example:{server.port}/"))
        assert socket.getaddrinfo("rebind.example", 443)[0][4][0] == "93.184.216.34"
        raised(house, LATER)
        courier(house, reach=()).turn(LATER)
        assert (server.all_taken(), look(house, feed_id).flaw) == ([], "forbidden")


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.8.8.8", "0.0.0.0",  # noqa: S104 - to be refused
     "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
     "192.0.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0",
     "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1",
     "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::1", "2002:a00:1::1", "2001:0:0:0:0:0:80ff:fffe",
     "::127.0.0.1", "2001:db8::1"],
)  # fmt: skip
def test_addresses_of_this_host_and_its_networks_are_out_of_reach(address: str) -> None:
    assert not reach.may_reach(address, ())


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]
)
def test_public_addresses_are_reached(address: str) -> None:
    assert reach.may_reach(address, ())


def test_a_network_that_is_named_is_reached_and_no_other() -> None:
    allowed: list[reach.Network] = [IPv4Network("10.1.2.0/24"), IPv6Network("fd00:1::/64")]
    assert [reach.may_reach(each, allowed) for each in ("10.1.2.9", "::ffff:10.1.2.9", "fd00:1::9")] == [True] * 3
    assert [reach.may_reach(each, allowed) for each in ("10.1.3.9", "fd00:2::9", "127.0.0.1")] == [False] * 3


@pytest.mark.parametrize("named", ["localhost", "localhost:{port}"])
def test_where_hosts_are_named_feeds_go_to_those(house: House, named: str) -> None:
    with hook(conduct(house)) as server:
        feed_id, _ = made(house, wanted(at(server)))
        raised(house, LATER)
        courier(house, hosts=(named.format(port=server.port), "other.example")).turn(LATER)
        assert len(server.all_taken()) == 1
        assert look(house, feed_id).state is State.ON


@pytest.mark.parametrize("named", ["other.example", "localhost:1", "ocalhost", "127.0.0.1"])
@pytest.mark.parametrize("scheme", ["https", "syslog-tls"])
def test_where_hosts_are_named_feeds_go_to_no_other(house: House, named: str, scheme: str) -> None:
    with (hook if scheme == "https" else siem)(conduct(house)) as server:
        feed_id, _ = made(house, wanted(at(server, scheme, "/hook" if scheme == "https" else "")))
        raised(house, LATER)
        courier(house, hosts=(named,)).turn(LATER)
        assert server.all_taken() == []
        assert look(house, feed_id).flaw == Why.FORBIDDEN


def test_who_answers_by_one_byte_at_a_time_is_cut_off(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "LONGEST_S", 0.5)
    over = threading.Event()
    with hook(conduct(house)) as server:
        server.conduct.drips = over
        feed_id, _ = made(house, wanted(at(server)))
        raised(house, LATER)
        courier(house).turn(LATER)
        assert over.wait(10)
    assert look(house, feed_id).state is State.FAILING


def test_an_approval_withdrawn_between_two_events_stops_the_second(house: House) -> None:
    with hook(conduct(house)) as server:
        feed_id, _ = made(house, wanted(at(server), fields=(Personal.HANDLE,)))
        raised(house, LATER, count=3)

        def withdrawn() -> None:
            with transaction(house.engine) as session:
                feeds.withdraw(session, officer(house, session), LATER, row(session, feed_id), "enough")

        server.conduct.meanwhile = withdrawn
        courier(house).turn(LATER)
        assert len(server.all_taken()) == 1
    assert look(house, feed_id).state is State.DECLINED


def test_a_defect_of_ours_is_seen_and_stops_no_other_feed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with hook(conduct(house)) as server, siem(conduct(house)) as other:
        feed_id, _ = made(house, wanted(at(server)))
        made(house, wanted(at(other, "syslog-tls", "")))
        raised(house, LATER)
        monkeypatch.setattr(webhook, "body", lambda *_told: int("defect"))
        courier(house).turn(LATER)
        assert (server.all_taken(), len(other.all_taken())) == ([], 1)
    assert (look(house, feed_id).state, look(house, feed_id).flaw) == (State.FAILING, "defect")


def test_a_feed_that_waits_or_is_stopped_or_ended_says_nothing(house: House) -> None:
    with hook(conduct(house)) as server:
        made(house, wanted(at(server), fields=(Personal.HANDLE,)), approved=False)
        stopped, _ = made(house, wanted(at(server)))
        ended, _ = made(house, wanted(at(server)))
        with transaction(house.engine) as session:
            feeds.stop(session, house.operator(session, "kim"), NOW, row(session, stopped))
            feeds.end(session, house.operator(session, "kim"), NOW, row(session, ended))
        raised(house, LATER)
        courier(house).turn(LATER)
        assert server.all_taken() == []


def test_a_slow_recipient_holds_up_no_other(house: House) -> None:
    answer = threading.Event()
    with hook(conduct(house)) as slow, hook(conduct(house)) as quick:
        slow.conduct.meanwhile = lambda: answer.wait(10)
        made(house, wanted(at(slow)))
        made(house, wanted(at(quick)))
        raised(house, LATER)
        stop = threading.Event()
        running = threading.Thread(target=courier(house).run, args=(stop,), daemon=True)
        running.start()
        assert quick.taken.get(timeout=20)
        answer.set()
        assert slow.taken.get(timeout=20)
        stop.set()
        for each in [running, *(each for each in threading.enumerate() if each.name == "feed")]:
            each.join(20)


def test_what_happens_at_the_doors_names_nobody_unless_that_was_approved(house: House) -> None:
    with hook(conduct(house)) as server:
        made(house, wanted(at(server, path="/plain"), topics=(Topic.ACCESS,)))
        everything = (Personal.HANDLE, Personal.PERSON, Personal.CARD)
        made(house, wanted(at(server, path="/named"), topics=(Topic.ACCESS,), fields=everything))
        visited(house)
        courier(house).turn(LATER)
        posted = server.all_taken()
    plain = [each for each in posted if each.path == "/plain"]
    decisions = [each.event["data"] for each in posted if each.event["type"] == "sekisho.access.decision"]
    assert names(plain) == names([each for each in posted if each.path == "/named"])
    assert {each.event["type"] for each in plain} >= {"sekisho.access.decision", "sekisho.access.passage"}
    with reading(house.engine) as session:
        people = [house.holder(session, name) for name in ("Ada", "Ben")]
        personal = [word for each in people for word in (each.name, each.number, each.handle.hex())]
    assert [word for word in personal for each in plain if word.encode() in each.body] == []
    told = [each for each in decisions if "person" in each]
    assert [(each["person"]["name"], each["outcome"], each.get("card")) for each in told] == [
        ("Ada", "GRANT", {"id": 1, "label": "Ada's card"}),
        ("Ben", "REFUSE", None),  # no door carries his card: it could not say which one it was
    ]
    assert [each["handle"] for each in told] == [each.handle.hex() for each in people]
    assert [(each["direction"], each["area"]["key"]) for each in told] == [("entry", "cedar-room")] * 2


def test_what_was_erased_while_it_waited_is_not_told(house: House) -> None:
    with hook(conduct(house)) as server:
        made(house, wanted(at(server), topics=(Topic.ACCESS,), fields=(Personal.PERSON, Personal.CARD)))
        visited(house)
        with transaction(house.engine) as session:
            session.execute(update(FactRow).values(cardholder_id=None))
            session.execute(update(OpeningRow).values(salt=None, value=None))
        courier(house).turn(LATER)
        posted = server.all_taken()
    assert posted
    assert all("person" not in each.event["data"] and "card" not in each.event["data"] for each in posted)


def changed(house: House, now: datetime) -> None:
    with transaction(house.engine) as session:
        kim = house.operator(session, "kim")
        cardholder.enrol(session, kim.actor, now, house.site(session), "Zoe", "9009")
        append(session, Kind.LIST_COMPILED, "controller", now, {})


def test_changes_name_nobody_unless_that_was_approved(house: House) -> None:
    with hook(conduct(house)) as server:
        made(house, wanted(at(server, path="/plain"), topics=(Topic.CHANGES,)))
        told = (Personal.HANDLE, Personal.OPERATOR)
        made(house, wanted(at(server, path="/named"), topics=(Topic.CHANGES,), fields=told))
        changed(house, LATER)
        courier(house).turn(LATER)
        by_path = {
            each.path: each for each in server.all_taken() if each.event["type"] == "sekisho.change.cardholder-made"
        }
    plain, named = by_path["/plain"].event["data"], by_path["/named"].event["data"]
    assert plain == {"by": "operator", "of": {}}
    assert named["operator"] == {"name": "kim", "display_name": "Kim"}
    assert named["of"].keys() == {"cardholder"}


def test_a_refusal_says_what_was_refused_and_how_often_and_names_nobody(house: House) -> None:
    with hook(conduct(house)) as server:
        made(house, wanted(at(server), topics=(Topic.CHANGES,)))
        with transaction(house.engine) as session:
            olu, here = house.operator(session, "olu"), Whence("Firefox, Linux", "192.0.2.0/24")
            for _ in range(2):
                operator.act_refused(session, LATER, olu, Permission.MANAGE_OPERATORS, here)
            signing_in.sign_in(session, LATER, house.site(session), "olu", "typed by somebody", CHEAP)
        courier(house).turn(LATER)
        posted = {each.event["type"]: each for each in server.all_taken()}
    refused = {"by": "operator", "of": {}, "outcome": "REFUSE", "reason": "manage-operators", "count": 2}
    assert posted["sekisho.change.act-refused"].event["data"] == refused
    failed = posted["sekisho.change.sign-in-failed"].event["data"]
    assert (failed["reason"], failed["count"]) == ("password", 1)
    assert all(b"192.0" not in each.body and b"typed" not in each.body for each in posted.values())


def test_an_acknowledged_alarm_is_told_where_alarms_are(house: House) -> None:
    with hook(conduct(house)) as server:
        made(house, wanted(at(server)))
        raised(house, LATER)
        courier(house).turn(LATER)
        with transaction(house.engine) as session:
            (waiting,) = alarm.waiting(session)
            alarm.acknowledge(session, house.operator(session, "kim"), LATER, waiting.id, "Ada forgot her key")
        courier(house).turn(LATER)
        posted = server.all_taken()
    assert [each.event["type"] for each in posted] == ["sekisho.alarm.raised", "sekisho.alarm.acknowledged"]
    assert all(b"Ada" not in each.body and b"Kim" not in each.body for each in posted)


def test_syslog_takes_cef_lines_in_octet_frames(house: House) -> None:
    with siem(conduct(house)) as server:
        made(house, wanted(at(server, "syslog-tls", "")))
        raised(house, LATER, count=AT_ONCE + 1)
        courier(house).turn(LATER)
        lines = server.all_taken()
    assert len(lines) == AT_ONCE + 1
    assert lines[0].startswith(
        "<82>1 2026-11-24T03:00:10.000Z tokyo sekisho - alarm.raised - CEF:0|Sekisho|Sekisho|1|alarm.raised|"
        "Door forced open|10|externalId=alarm-"
    )
    assert " cs1Label=door cs1=cedar" in lines[0]


def test_syslog_that_broke_off_is_sent_again(house: House) -> None:
    with siem(conduct(house)) as server:
        feed_id, _ = made(house, wanted(at(server, "syslog-tls", "")))
        raised(house, LATER)
        gone = server.port
    courier(house).turn(LATER)
    assert look(house, feed_id).flaw == "away"
    with siem(conduct(house), gone) as server:
        courier(house).turn(LATER + HOUR)
        assert len(server.all_taken()) == 1
        assert look(house, feed_id).state is State.ON


def test_syslog_is_not_spoken_to_who_is_not_verified(house: House) -> None:
    with siem(conduct(house)) as server:
        feed_id, _ = made(house, wanted(at(server, "syslog-tls", "")))
        raised(house, LATER)
        courier(house, ca=None).turn(LATER)
        assert (server.all_taken(), look(house, feed_id).flaw) == ([], "certificate")


@pytest.mark.parametrize(
    ("line", "told"),
    [('reach = ["10.0.0.1/8"]', "without bits of a host"), ('reach = ["example"]', "without bits of a host"),
     ('hosts = ["https://siem.example"]', "in small letters"), ('hosts = ["SIEM.example"]', "in small letters"),
     ("pause_after_h = 0", "from 1 to 720"), ('to = "https://x"', "not a known setting")],
)  # fmt: skip
def test_settings_that_mean_nothing_are_refused(line: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        parse(line.encode(), FeedSettings, Path("feeds.toml"))
