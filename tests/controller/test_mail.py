"""Mail: each kind of news once and to those named, whatever becomes of server, network or process in between."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from controller.database import reading, transaction
from controller.delivery.compiling import all_must_fit
from controller.ledger.kinds import Kind
from controller.ledger.ledger import append
from controller.mail.outbox import WAITING_FOR_ONE, OutgoingMail, Told
from controller.mail.postman import GIVE_UP_AFTER, LONGEST_AWAY, LONGEST_PAUSE, Postman, posted
from controller.people import access_level as levels
from controller.people import level_change, levers, permission, widening
from controller.people.access_level import LevelPlan
from controller.people.permission import Grant, Wish
from controller.premises import area as areas
from controller.premises import door as doors
from controller.premises.door import Door
from controller.premises.site import Site
from controller.record import alarm
from controller.record.alarm import Alarm
from controller.record.alarm_words import alarm_words
from controller.settings import BrokerSettings, ControllerSettings, MailSettings
from process.readiness import StopSignal
from process.secret_file import SecretFileError
from process.settings import SettingsError, parse
from tests.controller.conftest import CARDS, NOW, House
from tests.controller.mail_server import Manners, Taken, serving

GUARD, DESK = "guard@example.org", "desk@example.org"
PAGES = "https://sekisho.example"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
BEGUN = NOW + timedelta(seconds=10)


def _settings(port: int, **wanted: object) -> MailSettings:
    named = {"alarms": (GUARD,), "approvals": (DESK,), "expiries": (DESK,), "security": "local", **wanted}
    return MailSettings("127.0.0.1", "sekisho@example.org", port, **named)  # type: ignore[arg-type]


def _postman(house: House, mail: MailSettings, now: datetime = BEGUN) -> Postman:
    made = Postman(house.engine, "tokyo", PAGES, mail)
    made.begin(now)
    return made


def _raise(house: House, at: datetime, kind: str = "FORCED_OPEN", count: int = 1) -> None:
    with transaction(house.engine) as session:
        door = doors.by_key(session, house.site(session), "cedar")
        assert door is not None
        place = append(session, Kind.FACT, "controller", at, {})
        for _ in range(count):
            alarm.raise_alarm(session, kind, at, place, door.agent_id, door.id)


def _request(house: House, name: str, now: datetime, lasts: timedelta = DAY) -> int:
    with transaction(house.engine) as session:
        wish = Wish(house.holder(session, name), house.cedar(session), now, now + lasts, "counts the samples")
        return permission.request(session, house.operator(session, "kim"), now, wish).id


def _grant(house: House, name: str, now: datetime, lasts: timedelta) -> None:
    asked = _request(house, name, now, lasts)
    with transaction(house.engine) as session:
        given = session.get_one(Grant, asked)
        permission.approve(session, house.operator(session, "mia"), now, given, lambda _session, _grant: None)


def _waiting(house: House) -> int:
    with reading(house.engine) as session:
        return session.scalar(select(func.count(OutgoingMail.id))) or 0


def _subjects(taken: Sequence[Taken]) -> list[tuple[str, str]]:
    return [(each.recipient, str(each.message["Subject"])) for each in taken]


@pytest.fixture
def closed_port() -> int:
    with serving() as server:
        return server.port


def test_an_alarm_is_told_at_once_in_both_languages_and_only_once(house: House) -> None:
    with serving() as server:
        postman = _postman(house, _settings(server.port))
        _raise(house, BEGUN)
        postman.turn(BEGUN)
        postman.turn(BEGUN + MINUTE)
        (taken,) = server.all_taken()
    message = taken.message
    assert _subjects([taken]) == [(GUARD, "[Tokyo office] 1 alarm / 警報 1 件")]
    assert message["From"] == "sekisho@example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@example.org>")
    assert parsedate_to_datetime(message["Date"]) == BEGUN.replace(microsecond=0)
    assert message.get_content_type() == "text/plain"
    assert message.get_content_charset() == "utf-8"
    with reading(house.engine) as session:
        door = doors.by_key(session, house.site(session), "cedar")
        assert door is not None
        assert f"- 2026-11-24 12:00 Door forced open: {door.name}\n" in taken.text
        assert f"- 2026-11-24 12:00 こじ開け：{door.name_ja}\n" in taken.text
    assert taken.text.count(f"{PAGES}/alarms\n") == 2
    assert "Asia/Tokyo" in taken.text
    assert _waiting(house) == 0


def test_requests_that_wait_are_told_and_name_nobody(house: House) -> None:
    with serving() as server:
        postman = _postman(house, _settings(server.port))
        _request(house, "Ada", BEGUN)
        decided = _request(house, "Ben", BEGUN)
        with transaction(house.engine) as session:
            permission.decline(
                session, house.operator(session, "mia"), BEGUN, session.get_one(Grant, decided), "not now"
            )
        postman.turn(BEGUN)
        postman.turn(BEGUN + 2 * MINUTE)
        (taken,) = server.all_taken()
        assert _subjects([taken]) == [(DESK, "[Tokyo office] 1 request to approve / 承認待ちの申請 1 件")]
        assert f"{PAGES}/requests\n" in taken.text
        people = [*CARDS, "Kim", "Mia", "samples", *(f"{number:x}" for number in CARDS.values())]
        assert [each for each in people if each in taken.text or each.encode() in taken.raw] == []


def test_what_waits_about_access_levels_is_told_by_the_level(house: House) -> None:
    with serving() as server:
        postman = _postman(house, _settings(server.port))
        with transaction(house.engine) as session:
            kim, site = house.operator(session, "kim"), house.site(session)
            rooms = [each.id for each in areas.guarded_of_site(session, site)]
            narrow, wide = (LevelPlan("Cleaning", "清掃", dict.fromkeys(some)) for some in (rooms[:1], rooms))
            level = level_change.make(session, kim, BEGUN, site, narrow, "cleaners")
            opening = levels.opening(session, level)
            wish = Wish(house.holder(session, "Ada"), opening, BEGUN, BEGUN + DAY, "cleans")
            permission.request(session, kim, BEGUN, wish)
            level_change.change(session, kim, BEGUN + MINUTE, level, wide, "all of it", all_must_fit)
        postman.turn(BEGUN + MINUTE)
        (taken,) = server.all_taken()
        assert "2 requests to approve" in _subjects([taken])[0][1]
        assert "- 2026-11-24 12:00 Access requested: Cleaning\n" in taken.text
        assert "- 2026-11-24 12:01 アクセスレベルの変更の申請：清掃\n" in taken.text


def test_what_waits_to_widen_entry_is_told_by_its_rooms(house: House) -> None:
    with serving() as server:
        postman = _postman(house, _settings(server.port))
        _grant(house, "Ada", BEGUN, 20 * DAY)
        with transaction(house.engine) as session:
            eased = levers.of_settings(house.cedar(session), {"fresh_s": 7 * 86_400, "essential_s": 7 * 86_400})
            kim, site = house.operator(session, "kim"), house.site(session)
            assert widening.make(session, kim, BEGUN + MINUTE, site, eased, "a long weekend", all_must_fit) is not None
        postman.turn(BEGUN + MINUTE)
        (taken,) = server.all_taken()
        assert "1 request to approve" in _subjects([taken])[0][1]
        assert "- 2026-11-24 12:01 Wider entry requested: Cedar room\n" in taken.text
        assert "- 2026-11-24 12:01 入室範囲の拡大の申請：杉の間\n" in taken.text
        assert "long weekend" not in taken.text


def test_permissions_that_near_their_end_are_told_once_in_one_mail_a_day(house: House) -> None:
    eight = datetime.fromisoformat("2026-11-25T08:00:00+09:00")
    with serving() as server:
        postman = _postman(house, _settings(server.port, approvals=()), BEGUN - timedelta(hours=5))
        _grant(house, "Ada", BEGUN, 3 * DAY)
        _grant(house, "Ben", BEGUN, 20 * DAY)
        postman.turn(eight - MINUTE - DAY)
        assert server.all_taken() == []
        postman.turn(eight - DAY + 4 * 60 * MINUTE)
        (first,) = server.all_taken()
        assert _subjects([first]) == [
            (DESK, "[Tokyo office] 1 permission near the end / まもなく期限を迎える権限 1 件")
        ]
        assert "Cedar room: 1, the first on 2026-11-27 12:00" in first.text
        assert f"{PAGES}/reports/expiring?days=14\n" in first.text
        assert [name for name in CARDS if name in first.text] == []
        _grant(house, "Eve", BEGUN + MINUTE, DAY)
        postman.turn(eight - MINUTE)
        assert server.all_taken() == [], "not again on the same day"
        postman.turn(eight)
        (second,) = server.all_taken()
        assert "Cedar room: 1, the first on 2026-11-25 12:01" in second.text, "what was granted after the last mail"
        for day in range(1, 12):
            postman.turn(eight + day * DAY)
        (third,) = server.all_taken()
        assert "the first on 2026-12-14 12:00" in third.text


def test_an_alarm_that_nobody_looked_at_escalates_once(house: House) -> None:
    with serving() as server:
        postman = _postman(house, _settings(server.port))
        _raise(house, BEGUN)
        _raise(house, BEGUN, "HELD_OPEN")
        postman.turn(BEGUN)
        server.all_taken()
        with transaction(house.engine) as session:
            (held,) = session.scalars(select(Alarm).where(Alarm.kind == "HELD_OPEN"))
            alarm.acknowledge(session, house.operator(session, "kim"), BEGUN + MINUTE, held.id)
        for seconds in range(0, 900, 30):
            postman.turn(BEGUN + timedelta(seconds=seconds))
        (taken,) = server.all_taken()
        assert taken.message["Subject"] == "[Tokyo office] 1 alarm escalated / 対応遅れの警報 1 件"
        assert "Escalated, nobody has looked for 5 minutes: 1\n" in taken.text
        assert "対応遅れ（5 分以上未確認）：1 件\n" in taken.text
        assert "Door held open" not in taken.text


def test_new_alarms_and_those_that_escalate_share_a_mail(house: House) -> None:
    with serving() as server:
        postman = _postman(house, _settings(server.port))
        _raise_and_turn(house, postman)
        server.all_taken()
        _raise(house, BEGUN + 5 * MINUTE, count=2)
        postman.turn(BEGUN + 5 * MINUTE)
        (taken,) = server.all_taken()
        assert taken.message["Subject"] == "[Tokyo office] 2 alarms, 1 escalated / 警報 2 件、対応遅れ 1 件"
        assert "New alarms: 2\n" in taken.text


def test_what_comes_in_after_it_has_waited_too_long_is_told_once(house: House) -> None:
    with serving() as server:
        postman = _postman(house, _settings(server.port))
        _raise(house, BEGUN - 30 * MINUTE)
        for seconds in range(0, 900, 30):
            postman.turn(BEGUN + timedelta(seconds=seconds))
        assert len(server.all_taken()) == 1


def test_a_storm_is_one_mail_a_minute_with_its_number(house: House) -> None:
    with serving() as server:
        postman = _postman(house, _settings(server.port))
        for second in range(120):
            _raise(house, BEGUN + timedelta(seconds=second), count=5)
            postman.turn(BEGUN + timedelta(seconds=second))
        taken = server.all_taken()
        assert [subject for _, subject in _subjects(taken)] == [
            "[Tokyo office] 5 alarms / 警報 5 件",
            "[Tokyo office] 300 alarms / 警報 300 件",
        ]
        assert "- and 280 more\n" in taken[1].text
        assert "- ほか 280 件\n" in taken[1].text


def test_nothing_set_up_keeps_no_rows_and_a_topic_begins_with_what_happens_from_then_on(house: House) -> None:
    _raise(house, BEGUN)
    _request(house, "Ada", BEGUN)
    with serving() as server:
        postman = _postman(house, _settings(server.port, alarms=(), approvals=(), expiries=()))
        postman.turn(BEGUN)
        with reading(house.engine) as session:
            assert session.scalars(select(Told)).all() == []
        postman = _postman(house, _settings(server.port))
        postman.turn(BEGUN + MINUTE)
        assert server.all_taken() == []
        _raise(house, BEGUN + MINUTE)
        postman.turn(BEGUN + MINUTE)
        assert len(server.all_taken()) == 1


def test_a_topic_that_is_told_no_longer_leaves_nothing_behind(house: House, closed_port: int) -> None:
    postman = _postman(house, _settings(closed_port))
    _raise(house, BEGUN)
    postman.turn(BEGUN)
    assert _waiting(house) == 1
    _postman(house, _settings(closed_port, alarms=()))
    assert _waiting(house) == 0


def test_an_address_that_is_told_no_longer_gets_nothing_of_before_either(house: House, closed_port: int) -> None:
    _raise_and_turn(house, _postman(house, _settings(closed_port, alarms=(GUARD, DESK))))
    with serving(port=closed_port) as server:
        _postman(house, _settings(server.port, alarms=(DESK,))).turn(BEGUN + MINUTE)
        assert [each.recipient for each in server.all_taken()] == [DESK]
    assert _waiting(house) == 0


def test_a_server_that_was_away_gets_the_mail_after_a_pause(house: House, closed_port: int) -> None:
    postman = _postman(house, _settings(closed_port))
    _raise(house, BEGUN)
    postman.turn(BEGUN)
    with serving(port=closed_port) as server:
        postman.turn(BEGUN + timedelta(seconds=29))
        assert server.all_taken() == [], "not before the pause is over"
        postman.turn(BEGUN + timedelta(seconds=30))
        assert len(server.all_taken()) == 1
        postman.turn(BEGUN + 2 * MINUTE)
        assert server.all_taken() == []
    assert _waiting(house) == 0


def test_pauses_grow_and_a_mail_is_given_up_after_three_days(house: House, caplog: pytest.LogCaptureFixture) -> None:
    tried: list[datetime] = []
    now = BEGUN
    with serving(Manners(refused={GUARD: 450})) as server:
        postman = _postman(house, _settings(server.port, approvals=(), expiries=()))
        _raise(house, BEGUN)
        with transaction(house.engine) as session:
            alarm.acknowledge(session, house.operator(session, "kim"), BEGUN, session.scalars(select(Alarm.id)).one())
        while True:
            postman.turn(now)
            with reading(house.engine) as session:
                due = session.scalar(select(OutgoingMail.due_at))
            if due is None:
                break
            tried.append(now)
            now = due
    pauses = [later - earlier for earlier, later in itertools.pairwise(tried)]
    assert pauses[:4] == [timedelta(seconds=each) for each in (30, 60, 120, 240)]
    assert set(pauses[8:]) == {LONGEST_PAUSE}
    assert [each.message for each in caplog.records][-1] == "mail_given_up"
    assert GIVE_UP_AFTER <= now - BEGUN <= GIVE_UP_AFTER + LONGEST_PAUSE


def test_a_server_that_stays_away_loses_what_is_three_days_old(
    house: House, closed_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    postman = _postman(house, _settings(closed_port, escalate_minutes=1440))
    _raise_and_turn(house, postman)
    _raise_and_turn(house, postman, BEGUN + DAY)
    postman.turn(BEGUN + GIVE_UP_AFTER - MINUTE)
    caplog.clear()
    before = _waiting(house)
    postman.turn(BEGUN + GIVE_UP_AFTER + LONGEST_AWAY)
    assert _waiting(house) == before - 1
    assert [each.message for each in caplog.records] == ["mail_server_away", "mail_given_up"]


def test_a_mail_that_the_server_cannot_stand_holds_up_no_other(house: House) -> None:
    with serving(Manners(hangs_up=True)) as server:
        postman = _postman(house, _settings(server.port))
        _raise_and_turn(house, postman)
        (first,) = server.all_taken()
        server.manners.hangs_up = False
        _request(house, "Ada", BEGUN)
        again = _postman(house, _settings(server.port))
        again.turn(BEGUN + timedelta(seconds=1))
        assert [each.recipient for each in server.all_taken()] == [DESK]
        again.turn(BEGUN + MINUTE)
        assert [each.raw for each in server.all_taken()] == [first.raw]


@pytest.mark.parametrize(("code", "left"), [(550, 0), (450, 1)])
def test_a_refused_recipient_holds_up_nobody_else(house: House, code: int, left: int) -> None:
    with serving(Manners(refused={GUARD: code})) as server:
        postman = _postman(house, _settings(server.port, alarms=(GUARD, DESK)))
        _raise(house, BEGUN)
        postman.turn(BEGUN)
        assert [each.recipient for each in server.all_taken()] == [DESK]
        assert _waiting(house) == left
        server.manners.refused.clear()
        postman.turn(BEGUN + MINUTE)
        assert [each.recipient for each in server.all_taken()] == [GUARD] * left


def test_nothing_is_said_where_encryption_is_asked_for_and_not_offered(house: House) -> None:
    with serving() as server:
        postman = _postman(house, _settings(server.port, security="starttls"))
        _raise(house, BEGUN)
        postman.turn(BEGUN)
        assert server.all_taken() == []
        assert [each for each in server.said if not each.upper().startswith(("EHLO", "QUIT"))] == []
    assert _waiting(house) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_encryption_is_verified_and_the_password_goes_over_it_only(house: House, tmp_path: Path, security: str) -> None:
    keys = house.folder / "keys"
    manners = Manners(keys / "broker.pem", keys / "broker.key", security == "tls", {"sekisho": "open sesame"})
    password = tmp_path / "password"
    password.touch(0o600)
    password.write_text("open sesame\n", encoding="ascii")
    with serving(manners) as server:
        told = _settings(server.port, security=security, user="sekisho", password=password)
        _raise_and_turn(house, _postman(house, told))
        assert server.all_taken() == [], "the system's authorities do not know this one"
        assert not any(each.startswith("AUTH") for each in server.said)
        _raise_and_turn(house, _postman(house, dataclasses.replace(told, ca=keys / "ca.pem")), BEGUN + MINUTE)
        taken = server.all_taken()
        assert [(each.encrypted, each.user) for each in taken] == [(True, "sekisho")] * 2


def _raise_and_turn(house: House, postman: Postman, now: datetime = BEGUN) -> None:
    _raise(house, now)
    postman.turn(now)


def test_a_password_that_others_may_read_is_refused(house: House, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("open sesame\n", encoding="ascii")
    password.chmod(0o640)
    told = _settings(25, security="tls", user="sekisho", password=password)
    with pytest.raises(SecretFileError, match="chmod 600"):
        Postman(house.engine, "tokyo", PAGES, told)
    password.chmod(0o600)
    password.write_text("ひらけごま\n", encoding="utf-8")
    with pytest.raises(SecretFileError, match="ASCII"):
        Postman(house.engine, "tokyo", PAGES, told)


def test_a_mail_whose_fate_is_unknown_is_sent_again_as_the_same_mail_by_the_next_process(house: House) -> None:
    with serving(Manners(hangs_up=True)) as server:
        _raise_and_turn(house, _postman(house, _settings(server.port)))
        (first,) = server.all_taken()
        server.manners.hangs_up = False
        _postman(house, _settings(server.port), BEGUN + MINUTE).turn(BEGUN + MINUTE)
        (again,) = server.all_taken()
        assert again.raw == first.raw
    assert _waiting(house) == 0


def test_no_connection_to_the_database_is_held_while_the_server_is_spoken_with(house: House) -> None:
    held: list[str] = []
    with serving(Manners(meanwhile=lambda: held.append(house.engine.pool.status()))) as server:
        postman = _postman(house, _settings(server.port))
        before = house.engine.pool.status()
        _raise_and_turn(house, postman)
        assert held == [before]


def test_an_outage_keeps_a_bounded_number_of_mails_and_loses_no_alarm(house: House, closed_port: int) -> None:
    postman = _postman(house, _settings(closed_port, approvals=(), expiries=(), escalate_minutes=1440))
    minutes = WAITING_FOR_ONE + 20
    for minute in range(minutes):
        _raise(house, BEGUN + minute * MINUTE)
        postman.turn(BEGUN + minute * MINUTE)
    assert _waiting(house) == WAITING_FOR_ONE
    with serving(port=closed_port) as server:
        for minute in range(minutes + 5, minutes + 10):
            postman.turn(BEGUN + minute * MINUTE)
        counts = [int(subject.split()[2]) for _, subject in _subjects(server.all_taken())]
    assert sum(counts) == minutes
    assert counts[-1] == 20


def test_no_name_adds_a_header_or_a_line(house: House) -> None:
    wicked = "Tokyo\r\nBcc: thief@example.com\r\n\r\nhello\u2028\x07\u202e"
    with transaction(house.engine) as session:
        site: Site = house.site(session)
        site.name = site.name_ja = wicked
        door = session.scalars(select(Door).where(Door.key == "cedar")).one()
        door.name = door.name_ja = wicked
    with serving() as server:
        _raise_and_turn(house, _postman(house, _settings(server.port)))
        (taken,) = server.all_taken()
    assert taken.message.keys() == [
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted",
        "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
    ]  # fmt: skip
    assert taken.message["Subject"] == "[Tokyo Bcc: thief@example.com hello] 1 alarm / 警報 1 件"
    assert not any(line.startswith(("Bcc", "hello")) for line in taken.text.splitlines())


def test_every_kind_of_alarm_has_words() -> None:
    assert all(alarm_words(kind).en and alarm_words(kind).ja for kind in alarm.KINDS)


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        ('alarms = ["guard@example.org\\r\\nRCPT TO:<x@example.org>"]', "an address is plain"),
        ('alarms = ["Guard <guard@example.org>"]', "an address is plain"),
        ('alarms = ["a@example.org", "a@example.org"]', "each once"),
        ('user = "sekisho"', "together"),
        ('security = "local"', "only to this host"),
        ('security = "none"', "must be one of"),
        ("digest_hour = 24", "digest_hour from 0 to 23"),
        ("port = 0", "port is from 1"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(told: str, fault: str) -> None:
    text = f'host = "mail.example.org"\nsender = "sekisho@example.org"\n{told}\n'
    with pytest.raises(SettingsError, match=fault):
        parse(text.encode("utf-8"), MailSettings, Path("mail.toml"))


def test_the_thread_of_the_controller_tells_by_itself_and_ends_with_it(house: House) -> None:
    broker = BrokerSettings("localhost", 8883, Path("ca"), Path("certificate"), Path("key"))
    stop = StopSignal()
    try:
        with serving() as server:
            told = ControllerSettings("", "tokyo", Path("keys"), PAGES, broker, mail=_settings(server.port))
            with posted(house.engine, told, stop):
                _raise(house, BEGUN)
                assert server.taken.get(timeout=20).recipient == GUARD
                stop.set()
        assert _waiting(house) == 0
        with posted(house.engine, dataclasses.replace(told, mail=None), stop), reading(house.engine) as session:
            assert session.scalars(select(Told)).all() == []
    finally:
        stop.close()
