"""Card and PIN at the door: asked, typed, verified beside the thinking thread, late, locked out, under duress."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from contract import pin
from contract.authorisation import Content, Version, build, open_list
from contract.policy import AccessPointPolicy, AreaPolicy, Direction, DoorPolicy, Policy
from contract.record import NO_PIN, Pin
from contract.room_rules import Company, DuressAnswer, PinRule
from contract.schedule import Interval, compiled
from contract.situation import Moment, PinVerdict
from door_agent.events import Card, Command, Lock, LockWish, PinVerified, Show, Sign, Tick, Tried, Typed, VerifyPin
from door_agent.events import Record as JournalRecord
from door_agent.lists import Lists
from door_agent.pin_thread import PinThread
from door_agent.pins import Entered, Pins
from tests.door_agent.conftest import ADA, BEN, NOON, TOKYO, Core, holder
from tests.door_agent.test_rules_of_a_room import goes, pass_through, violations

RELEASE = Lock("cedar", LockWish.RELEASE)
RULE = PinRule(within_s=15, tries=3, lockout_s=300)
SALT = b"s" * 16
KEPT = pin.chosen("4831", "9906", SALT)
OTHERS = pin.chosen("271828", None, b"t" * 16)


def pins(core: Core, *, bens: bool = True) -> dict[bytes, Pin]:
    found = {b"A" * 16: pin.listed(KEPT, b"A" * 16, core.lookup)}
    return found | ({b"B" * 16: pin.listed(OTHERS, b"B" * 16, core.lookup)} if bens else {})


def adopt(core: Core, rule: PinRule = RULE, number: int = 1, **more: object) -> None:
    told: dict[str, object] = {"pins": pins(core), **more}
    core.adopt({ADA: holder(b"A"), BEN: holder(b"B")}, number, entry={"pin": rule}, **told)
    core.prove_fresh()


def shown(commands: Sequence[Command]) -> list[Sign]:
    return [each.sign for each in commands if isinstance(each, Show)]


def reasons(core: Core) -> list[str]:
    return [str(each.body["reason"]) for each in core.facts if each.kind == "DECISION"]


def test_a_card_asks_for_the_pin_and_the_right_one_opens(core: Core) -> None:
    adopt(core)
    asked = core.card("cedar-in", ADA)
    assert RELEASE not in asked
    assert shown(asked) == [Sign.PIN]
    opened = core.types("cedar-in", "4831#")
    assert RELEASE in opened
    assert shown(opened) == [Sign.GRANTED]
    assert reasons(core) == ["AWAITING_PIN", "PERMITTED"]
    pass_through(core)
    assert core.agent.presence[b"A" * 16].area == "cedar-room"


def test_keys_come_one_by_one_or_together_and_star_begins_anew(core: Core) -> None:
    adopt(core)
    for bursts in ("4 8 3 1 #", "48 31#", "9*4831#", "99999* 4831 #", "# 4831#"):
        core.card("cedar-in", ADA)
        commands = [each for burst in bursts.split() for each in core.types("cedar-in", burst)]
        assert RELEASE in commands, bursts
        pass_through(core)
        goes(core, "out", ADA)


def test_keys_of_another_access_point_or_without_a_card_are_nobodys(core: Core) -> None:
    adopt(core)
    assert core.types("cedar-in", "4831#") == []
    core.card("cedar-in", ADA)
    assert core.types("cedar-out", "4831#") == []
    assert core.types("elsewhere", "4831#") == []


@pytest.mark.parametrize("typed", ["4832#", "#4#", "48319#", "4831" * 50 + "#"])
def test_a_wrong_pin_is_refused(core: Core, typed: str) -> None:
    adopt(core)
    core.card("cedar-in", ADA)
    refused = core.types("cedar-in", typed)
    assert RELEASE not in refused
    assert shown(refused) == [Sign.REFUSED]
    assert violations(core)[0] == "PIN_WRONG"


def test_another_holders_pin_is_wrong(core: Core) -> None:
    adopt(core)
    core.card("cedar-in", BEN)
    core.types("cedar-in", "4831#")
    assert violations(core)[0] == "PIN_WRONG"


def test_a_pin_that_is_not_entered_in_time_is_late_and_no_wrong_try(core: Core) -> None:
    adopt(core)
    for _ in range(4):
        core.card("cedar-in", ADA)
        core.types("cedar-in", "4832")
        assert shown(core.feed(Tick(), after=RULE.within_s - 1)) == []
        assert shown(core.feed(Tick(), after=1)) == [Sign.REFUSED]
        assert violations(core)[0] == "PIN_LATE"
        assert core.types("cedar-in", "#") == []
    core.card("cedar-in", ADA)
    assert RELEASE in core.types("cedar-in", "4831#")


def test_digits_that_arrive_with_the_end_of_the_time_are_late(core: Core) -> None:
    adopt(core)
    core.card("cedar-in", ADA)
    commands = core.feed(Typed("cedar-in", "4831#"), after=RULE.within_s)
    assert not [each for each in commands if isinstance(each, VerifyPin)]
    assert violations(core)[0] == "PIN_LATE"


def test_another_card_ends_the_asking_and_takes_its_place(core: Core) -> None:
    adopt(core)
    core.card("cedar-in", ADA)
    core.types("cedar-in", "48")
    core.card("cedar-in", BEN)
    assert RELEASE in core.types("cedar-in", "271828#")
    pass_through(core)
    assert core.agent.presence.others("cedar-room", b"B" * 16).people == 0
    core.feed(Tick(), after=60)
    assert "PIN_LATE" not in reasons(core)


def test_a_complete_pin_is_decided_though_another_card_came(core: Core) -> None:
    adopt(core)
    core.card("cedar-in", ADA)
    (asked,) = [each for each in core.feed(Typed("cedar-in", "9906#")) if isinstance(each, VerifyPin)]
    core.card("cedar-in", BEN)
    core.feed(PinVerified(asked.ticket, PinVerdict.DURESS))
    assert violations(core) == ["PERMITTED", "DURESS"]
    assert RELEASE in core.types("cedar-in", "271828#")


def test_a_verification_counts_once(core: Core) -> None:
    adopt(core)
    core.card("cedar-in", ADA)
    (asked,) = [each for each in core.feed(Typed("cedar-in", "4831#")) if isinstance(each, VerifyPin)]
    assert RELEASE in core.feed(PinVerified(asked.ticket, PinVerdict.RIGHT))
    assert core.feed(PinVerified(asked.ticket, PinVerdict.RIGHT)) == []
    assert core.feed(PinVerified(99, PinVerdict.RIGHT)) == []


def test_everything_else_is_judged_again_when_the_pin_is_there(core: Core) -> None:
    adopt(core)
    core.card("cedar-in", ADA)
    core.adopt({BEN: holder(b"B")}, 2, entry={"pin": RULE}, pins=pins(core))
    core.types("cedar-in", "4831#")
    assert violations(core)[0] == "NOT_ON_LIST"


def test_a_pin_that_was_replaced_meanwhile_is_not_the_old_one_any_more(core: Core) -> None:
    adopt(core)
    core.card("cedar-in", ADA)
    replaced = pin.listed(pin.chosen("1906", None, b"u" * 16), b"A" * 16, core.lookup)
    adopt(core, number=2, pins={b"A" * 16: replaced})
    core.types("cedar-in", "4831#")
    assert violations(core)[0] == "PIN_WRONG"
    core.card("cedar-in", ADA)
    adopt(core, number=3, pins={})
    core.types("cedar-in", "1906#")
    assert violations(core)[0] == "PIN_MISSING"


def test_who_has_no_pin_is_refused_at_the_card(core: Core) -> None:
    adopt(core, pins=pins(core, bens=False))
    assert shown(core.card("cedar-in", BEN)) == [Sign.REFUSED]
    assert violations(core)[0] == "PIN_MISSING"


def test_leaving_never_asks_for_a_pin(core: Core) -> None:
    adopt(core, pins={})
    assert RELEASE in core.card("cedar-out", ADA)
    assert core.types("cedar-out", "0000#") == []


def locked_out(core: Core) -> None:
    for _ in range(RULE.tries):
        core.card("cedar-in", ADA)
        core.types("cedar-in", "1906#")


def test_wrong_pins_lock_the_pin_and_it_looks_like_any_refusal(core: Core) -> None:
    adopt(core)
    locked_out(core)
    refused = core.card("cedar-in", ADA)
    assert shown(refused) == [Sign.REFUSED]
    assert violations(core)[0] == "PIN_LOCKED"
    assert core.types("cedar-in", "4831#") == []
    core.card("cedar-in", BEN)
    assert RELEASE in core.types("cedar-in", "271828#")


def test_the_lockout_ends_and_every_further_wrong_pin_begins_it_again(core: Core) -> None:
    adopt(core)
    locked_out(core)
    core.mono += RULE.lockout_s
    core.card("cedar-in", ADA)
    core.types("cedar-in", "1906#")
    assert violations(core)[0] == "PIN_WRONG"
    core.card("cedar-in", ADA)
    assert violations(core)[0] == "PIN_LOCKED"
    core.mono += RULE.lockout_s
    core.card("cedar-in", ADA)
    assert RELEASE in core.types("cedar-in", "4831#")
    core.feed(Tick(), after=10)
    core.card("cedar-in", ADA)
    core.types("cedar-in", "1906#")
    core.card("cedar-in", ADA)
    assert violations(core)[0] == "AWAITING_PIN"


def test_a_right_pin_typed_before_the_lockout_does_not_open_after_it(core: Core) -> None:
    """Two doors of one agent: the last wrong one is told while a right one is still being verified."""
    adopt(core)
    locked_out(core)
    core.mono += RULE.lockout_s
    core.card("cedar-in", ADA)
    (right,) = [each for each in core.feed(Typed("cedar-in", "4831#")) if isinstance(each, VerifyPin)]
    core.card("cedar-in", ADA)
    core.types("cedar-in", "1906#")
    assert RELEASE not in core.feed(PinVerified(right.ticket, PinVerdict.RIGHT))
    assert violations(core)[0] == "PIN_LOCKED"


@pytest.mark.parametrize("trusted", [True, False])
def test_the_lockout_survives_a_restart(core: Core, trusted: bool) -> None:
    adopt(core)
    locked_out(core)
    core.restart()
    core.prove_fresh()
    if not trusted:
        core.mono = 1.0
    core.card("cedar-in", ADA)
    assert violations(core)[0] == "PIN_LOCKED"
    core.mono += RULE.lockout_s
    core.card("cedar-in", ADA)
    assert violations(core)[0] == "AWAITING_PIN"


def test_a_new_pin_begins_with_no_wrong_tries(core: Core) -> None:
    adopt(core)
    locked_out(core)
    renewed = pin.listed(pin.chosen("1906", None, b"u" * 16), b"A" * 16, core.lookup)
    adopt(core, number=2, pins={b"A" * 16: renewed})
    core.card("cedar-in", ADA)
    assert RELEASE in core.types("cedar-in", "1906#")


def test_duress_opens_like_any_pin_and_only_the_record_knows(core: Core) -> None:
    """The commands of a right PIN and of one under duress differ in nothing but the fact."""
    adopt(core)
    seen = []
    for typed in ("4831#", "9906#"):
        core.card("cedar-in", ADA)
        seen.append([each for each in core.types("cedar-in", typed) if not isinstance(each, JournalRecord | VerifyPin)])
        pass_through(core)
        goes(core, "out", ADA)
    assert seen[0] == seen[1]
    assert RELEASE in seen[1]
    decided = [each for each in core.facts if each.kind == "DECISION" and "DURESS" in str(each.body["violations"])]
    assert [each.body["outcome"] for each in decided] == ["GRANT"]


def test_duress_is_refused_like_a_wrong_pin_where_the_door_is_told_so(core: Core) -> None:
    adopt(core, PinRule(duress=DuressAnswer.REFUSE))
    core.card("cedar-in", ADA)
    wrong = core.types("cedar-in", "1906#")
    core.card("cedar-in", ADA)
    duress = core.types("cedar-in", "9906#")
    assert RELEASE not in duress
    assert shown(duress) == shown(wrong)
    assert violations(core) == ["DURESS", "DURESS"]


def test_the_card_is_enough_by_day_and_the_pin_is_asked_for_at_night(core: Core) -> None:
    day = compiled([Interval(weekday, 8 * 60, 19 * 60) for weekday in range(7)])
    adopt(core, PinRule(card_alone=1), schedules=[day])
    goes(core, "in", ADA)
    goes(core, "out", ADA)
    core.mono += 8 * 3600
    core.prove_fresh()
    assert shown(core.card("cedar-in", ADA)) == [Sign.PIN]


def test_company_is_waited_for_after_each_ones_own_pin(core: Core) -> None:
    adopt(core, area={"company": Company(2, within_s=30)})
    core.card("cedar-in", ADA)
    assert shown(core.types("cedar-in", "4831#")) == [Sign.WAITING]
    assert shown(core.card("cedar-in", BEN)) == [Sign.PIN]
    assert RELEASE in core.types("cedar-in", "271828#")
    assert reasons(core) == ["AWAITING_PIN", "AWAITING_COMPANY", "AWAITING_PIN", "PERMITTED"]


def test_what_was_typed_is_in_no_text_fact_log_or_file(
    core: Core, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    adopt(core)
    core.card("cedar-in", ADA)
    typed = Typed("cedar-in", "271906#")
    commands = core.feed(typed)
    (asked,) = [each for each in commands if isinstance(each, VerifyPin)]
    core.feed(PinVerified(asked.ticket, PinVerdict.WRONG))
    told = [repr(typed), repr(commands), repr(core.agent.__dict__), repr(vars(core.agent._pins)), caplog.text]
    assert not [each for each in told if "271906" in each]
    core.journal.close()
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"271906" in path.read_bytes()]
    assert not [each for each in core.facts if b"271906" in each.encoded()]
    core.start()


def test_the_thread_verifies_in_order_and_ends(core: Core) -> None:
    found: list[PinVerified] = []
    thread = PinThread(core.lookup, found.append)
    thread.start()
    started = thread.alive
    for ticket, typed in enumerate(("4831", "1906", "9906")):
        thread.put(VerifyPin(ticket, b"A" * 16, typed, pins(core)[b"A" * 16]))
    thread.stop(30.0)
    assert (started, thread.alive) == (True, False)
    verdicts = [PinVerdict.RIGHT, PinVerdict.WRONG, PinVerdict.DURESS]
    assert found == [PinVerified(ticket, verdict) for ticket, verdict in enumerate(verdicts)]


def test_without_memory_to_stretch_in_nobody_is_let_in_and_no_try_is_counted(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr(pin, "stretched", exhausted)
    found: list[PinVerified] = []
    thread = PinThread(core.lookup, found.append)
    thread.start()
    thread.put(VerifyPin(1, b"A" * 16, "4831", Pin(SALT, bytes(16), NO_PIN)))
    thread.stop(30.0)
    assert found == [PinVerified(1, PinVerdict.LATE)]
    adopt(core)
    core.card("cedar-in", ADA)
    (asked,) = [each for each in core.feed(Typed("cedar-in", "4831#")) if isinstance(each, VerifyPin)]
    commands = core.feed(PinVerified(asked.ticket, PinVerdict.LATE))
    assert violations(core)[0] == "PIN_LATE"
    assert not [each for each in commands if isinstance(each, Tried)]


class AtAKeypad(RuleBasedStateMachine):
    """The collector against a plain model: what is typed since the card, or since the last *, until #."""

    def __init__(self) -> None:
        super().__init__()
        self.pins = Pins(_carrying(), ())
        self.mono = 0.0
        self.asked: tuple[Card, float] | None = None
        self.typed = ""

    @rule(number=st.integers(0, 1))
    def card(self, number: int) -> None:
        card = Card("cedar-in", "serial-hex", str(number))
        self.pins.another("cedar-in")
        self.pins.ask(card, b"AB"[number : number + 1] * 16, _moment(self.mono))
        self.asked, self.typed = (card, self.mono + RULE.within_s), ""

    @rule(keys=st.text("0123456789*#", max_size=20))
    def keys(self, keys: str) -> None:
        found = self.pins.typed(Typed("cedar-in", keys), _moment(self.mono))
        expected: tuple[Card, str] | None = None
        if self.asked is not None and self.mono < self.asked[1]:
            for key in keys:
                if key == "#" and self.typed:
                    expected, self.asked = (self.asked[0], self.typed), None
                    break
                self.typed = "" if key == "*" else self.typed + key.strip("#")
        if expected is None:
            assert found is None
            return
        assert isinstance(found, VerifyPin)
        assert found.typed == expected[1][:13]
        told = self.pins.verified(PinVerified(found.ticket, PinVerdict.RIGHT), _moment(self.mono))
        assert told == Entered(expected[0], PinVerdict.RIGHT)

    @rule(seconds=st.floats(0, 20))
    def time(self, seconds: float) -> None:
        self.mono += seconds
        late = self.pins.late(_moment(self.mono))
        over = self.asked is not None and self.mono >= self.asked[1]
        assert [each.card for each in late] == ([self.asked[0]] if over and self.asked else [])
        assert all(each.verdict is PinVerdict.LATE and each.tried is None for each in late)
        if over:
            self.asked = None

    @invariant()
    def it_waits_exactly_while_somebody_is_asked(self) -> None:
        assert self.pins.deadline == (self.asked[1] if self.asked is not None else None)


def _moment(mono: float) -> Moment:
    return Moment(NOON + timedelta(seconds=mono), timedelta(0), mono, trusted=True)


def _carrying() -> Lists:
    """What Pins asks of the lists of an agent: one that asks Ada and Ben for PINs."""
    point = AccessPointPolicy("cedar-in", "cedar", Direction.ENTRY, "hallway", "cedar-room", ("serial-40",), pin=RULE)
    policy = Policy(
        "tokyo",
        "cedar",
        TOKYO,
        {"cedar-room": AreaPolicy("cedar-room", True, 3600, 7200)},
        {"cedar": DoorPolicy("cedar", 5000, 30)},
        {point.id: point},
    )
    kept = {letter * 16: Pin(letter * 16, letter * 16) for letter in (b"A", b"B")}
    signer = Ed25519PrivateKey.from_private_bytes(bytes(32))
    encoded = build(Content(policy, {"cedar-room": {}}, kept), Version(1, 1), NOON, signer)
    return cast("Lists", SimpleNamespace(carried=open_list(encoded, signer.public_key())))


TestAtAKeypad = AtAKeypad.TestCase
TestAtAKeypad.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
