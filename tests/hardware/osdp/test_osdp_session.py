"""One reader's conversation, with the clock in the test's hand: joining, reading, distrust, silence, return."""

from itertools import pairwise

import pytest

from hardware.readers.osdp import command
from hardware.readers.osdp.capabilities import Capabilities
from hardware.readers.reader import Shown
from hardware.signal import CardBits, FaultKind, InputLevel, KeysPressed, ReaderFault, ReaderTamper
from tests.hardware.osdp import slow_reference as slow
from tests.hardware.osdp.desk import ADA, KEY, OTHER_KEY, Desk, paired_desk, settings
from tests.hardware.osdp.reference_peripheral import CAPABILITIES, ReferencePeripheral, message, raw

SIGN_OFF = "old reader, to be replaced in May"


def details(desk: Desk, kind: FaultKind) -> list[str]:
    return [signal.detail for signal in desk.signals if isinstance(signal, ReaderFault) and signal.kind is kind]


def test_a_card_is_read_inside_the_secure_channel_and_stamped_when_it_arrived() -> None:
    desk, peer = paired_desk()
    desk.online()
    assert desk.session.secure
    peer.events.append(raw(ADA))
    assert desk.run(1.0, lambda: bool(desk.cards))
    assert desk.signals == [CardBits("reader-1", "osdp", ADA, desk.now)]


def test_keys_and_states_arrive_and_a_state_is_told_once() -> None:
    desk, peer = paired_desk()
    desk.online()
    peer.events.extend([b"\x53\x00\x0312\x0d", b"\x48\x01\x00", b"\x48\x01\x00", b"\x48\x00\x01", b"\x49\x00\x01"])
    desk.run(1.0)
    told = [(type(signal), getattr(signal, "keys", None) or getattr(signal, "active", None)) for signal in desk.signals]
    states = [(ReaderTamper, True), (ReaderTamper, False), (InputLevel, True), (InputLevel, True)]
    assert told == [(KeysPressed, "12#"), *states]
    assert [signal.input for signal in desk.signals if isinstance(signal, InputLevel)] == [
        "reader-1.power",
        "reader-1.input2",
    ]


def test_a_tamper_from_before_we_came_is_found() -> None:
    desk, peer = paired_desk()
    peer.local = b"\x01\x00"
    desk.online()
    assert [type(signal) for signal in desk.signals] == [ReaderTamper]


def test_a_head_that_is_torn_off_is_a_tamper_until_all_is_well() -> None:
    desk, peer = paired_desk()
    desk.online()
    peer.events.extend([b"\x4b\x02", b"\x48\x01\x00", b"\x4b\x00", b"\x48\x00\x00"])
    desk.run(1.0)
    assert [signal.active for signal in desk.signals if isinstance(signal, ReaderTamper)] == [True, False]


def test_a_reader_shows_what_was_decided_and_only_the_newest() -> None:
    desk, peer = paired_desk()
    desk.online()
    peer.commands.clear()
    for shown in Shown:
        desk.session.show(shown)
    desk.session.show(Shown.GRANTED)
    desk.run(0.5)
    assert [said[0] for said in peer.commands if said[0] != 0x60] == [0x69, 0x6A]
    assert peer.commands[0][6] == 2  # green


def test_a_text_and_an_output_reach_a_reader_that_has_them() -> None:
    desk, peer = paired_desk()
    desk.online()
    peer.commands.clear()
    desk.session.ask(command.text("hello", 5))
    desk.session.ask(command.output(0, on=True))
    desk.run(0.5)
    assert [said for said in peer.commands if said[0] != 0x60] == [
        command.text("hello", 5).payload,
        command.output(0, on=True).payload,
    ]


def test_what_a_reader_refuses_is_told_once_and_not_said_again() -> None:
    desk, peer = paired_desk()
    peer.capabilities[6] = (1, 1)
    desk.online()
    desk.session.ask(command.communication(5, 9600))
    desk.run(0.5)
    desk.session.ask(command.communication(5, 9600))
    desk.run(0.5)
    assert details(desk, FaultKind.GARBAGE) == ["it refuses osdp_COMSET"]
    assert [said[0] for said in peer.commands].count(0x6E) == 1
    assert desk.session.online


def test_every_session_has_a_new_challenge() -> None:
    desk, peer = paired_desk()
    desk.online()
    peer.open = False
    assert desk.run(2.0, lambda: not desk.session.online)
    desk.online()
    challenges = [sent[10:18] for _, sent in desk.sent if sent[6:9] == b"\x03\x11\x01"]
    assert len(challenges) == len(set(challenges)) == 2


# ---------------------------------------------------------------- distrust


def test_a_reader_with_another_key_is_never_online_and_alarms() -> None:
    peer = ReferencePeripheral(1, OTHER_KEY.value)
    peer.events.append(raw(ADA))
    desk = Desk([settings()], [peer])
    desk.run(30.0)
    assert not desk.session.online
    assert desk.cards == []
    assert FaultKind.AUTHENTICATION in desk.faults
    assert FaultKind.LOST in desk.faults


@pytest.mark.parametrize("default_key", [False, True])
def test_a_reader_without_a_key_is_refused_even_in_its_install_mode(default_key: bool) -> None:
    peer = ReferencePeripheral(1, None)
    peer.default_key_in_use = default_key
    peer.events.append(raw(ADA))
    desk = Desk([settings()], [peer])
    desk.run(30.0)
    assert not desk.session.online
    assert desk.cards == []
    assert FaultKind.AUTHENTICATION in desk.faults
    assert not any(said[0] == 0x75 for said in peer.commands)


def test_no_command_with_meaning_is_ever_said_in_the_clear_to_a_reader_with_a_key() -> None:
    peer = ReferencePeripheral(1, None)
    desk = Desk([settings()], [peer])
    desk.run(30.0)
    assert {said[0] for said in peer.commands} == {0x61}


@pytest.mark.parametrize(
    "forged",
    [
        lambda sequence: message(1, sequence, b"", raw(ADA), None),
        lambda sequence: message(1, sequence, b"\x02\x16", raw(ADA), lambda _: bytes(4)),
        lambda sequence: message(1, sequence, b"\x02\x18", raw(ADA) + bytes(7), lambda _: bytes(4)),
        lambda sequence: message(1, sequence, b"\x03\x12\x01", raw(ADA), None),
        lambda sequence: message(1, sequence, b"\x03\x14\x01", b"\x78" + bytes(16), None),
    ],
    ids=["in the clear", "with a false MAC", "with false data", "as a handshake", "as the end of one"],
)
def test_a_card_from_outside_the_channel_is_an_alarm_and_no_card(forged: object) -> None:
    desk, _peer = paired_desk()
    desk.online()
    desk.answers = lambda sent: forged(sent[5] & 3)  # type: ignore[operator]
    desk.run(0.03)
    assert desk.cards == []
    assert not desk.session.online
    assert desk.faults == [FaultKind.AUTHENTICATION]
    assert desk.session.authentication_failures == 1


def test_a_true_reply_with_one_bit_changed_and_a_right_check_is_an_alarm() -> None:
    desk, peer = paired_desk()
    desk.online()
    peer.events.append(raw(ADA))

    def changed(reply: bytes) -> bytes:
        body = bytearray(reply[:-2])
        body[9] ^= 1
        return bytes(body) + slow.crc16(bytes(body)).to_bytes(2, "little")

    peer.spoil = changed
    desk.run(0.1)
    assert desk.cards == []
    assert desk.faults == [FaultKind.AUTHENTICATION]
    peer.spoil = bytes
    desk.online()


def test_a_refusal_in_the_clear_ends_the_session_and_is_believed_no_further() -> None:
    desk, _peer = paired_desk()
    desk.online()
    asked = desk.answers
    desk.answers = lambda sent: message(1, sent[5] & 3, b"", b"\x41\x06", None)
    assert desk.run(1.0, lambda: not desk.session.online)
    desk.answers = asked
    desk.online()
    assert desk.session.secure
    assert desk.faults == []


def test_many_failures_are_counted_and_told_in_sum() -> None:
    peer = ReferencePeripheral(1, OTHER_KEY.value)
    desk = Desk([settings()], [peer])
    desk.run(120.0)
    told = details(desk, FaultKind.AUTHENTICATION)
    assert desk.session.authentication_failures > len(told) >= 2
    assert len(told) <= 12
    assert "times in" in told[-1]


def test_a_recording_of_an_earlier_session_opens_no_channel_and_delivers_no_card() -> None:
    desk, peer = paired_desk()
    desk.online()
    peer.events.append(raw(ADA))
    assert desk.run(1.0, lambda: bool(desk.cards))
    recording = list(desk.replied)

    second = Desk([settings()], [], first=1000)
    tape: list[bytes] = []

    def played(sent: bytes) -> bytes:
        if sent[5] & 3 == 0:
            tape[:] = recording
        return tape.pop(0) if tape else b""

    second.answers = played
    second.run(60.0)
    assert not second.session.online
    assert second.cards == []
    assert FaultKind.AUTHENTICATION in second.faults


def test_every_recorded_reply_at_any_moment_of_a_new_session_delivers_nothing() -> None:
    desk, peer = paired_desk()
    desk.online()
    peer.events.append(raw(ADA))
    assert desk.run(1.0, lambda: bool(desk.cards))
    for recorded in {reply[5:]: reply for reply in desk.replied}.values():
        fresh, _peer = paired_desk(first=1000)
        fresh.online()
        fresh.answers = lambda _sent, recorded=recorded: recorded  # type: ignore[misc]
        fresh.run(2.0)
        assert fresh.cards == []


def test_a_reader_that_offers_less_than_when_it_was_paired_is_a_fault_and_a_tamper() -> None:
    paired = Capabilities(tuple((function, *pair) for function, pair in sorted(CAPABILITIES.items())))
    peer = ReferencePeripheral(1, KEY.value)
    del peer.capabilities[5]
    desk = Desk([settings(paired=paired)], [peer]).online()
    assert details(desk, FaultKind.CAPABILITY) == [
        "it no longer offers what it offered when it was paired: sound",
    ]
    assert [signal.active for signal in desk.signals if isinstance(signal, ReaderTamper)] == [True]
    assert desk.session.capabilities != paired


# ---------------------------------------------------------------- in the clear, in writing


def test_a_reader_that_may_speak_in_the_clear_is_read_and_is_not_called_secure() -> None:
    peer = ReferencePeripheral(1, None)
    desk = Desk([settings(key=None, sign_off=SIGN_OFF)], [peer]).online()
    peer.events.append(raw(ADA))
    desk.run(0.5)
    assert desk.cards == [ADA]
    assert not desk.session.secure


# ---------------------------------------------------------------- silence and return


def test_a_read_from_while_the_line_was_down_is_dropped_and_recorded() -> None:
    desk, peer = paired_desk()
    desk.online()
    peer.deaf = True
    desk.run(20.0)
    assert desk.faults == [FaultKind.LOST]
    peer.events.extend([raw(ADA), b"\x53\x00\x041234"])
    peer.deaf = False
    desk.run(10.0)
    assert desk.cards == []
    assert not any(isinstance(signal, KeysPressed) for signal in desk.signals)
    assert desk.faults == [FaultKind.LOST, FaultKind.REOPENED, FaultKind.STALE]
    peer.events.append(raw(ADA))
    desk.run(0.5)
    assert desk.cards == [ADA]


def test_a_short_silence_without_a_new_session_makes_reads_old_too() -> None:
    desk, peer = paired_desk()
    desk.online()
    peer.busy = 12  # at 0.1 s each: longer than a read may be old, and the session stays
    desk.run(0.3)
    peer.events.append(raw(ADA))
    desk.run(1.4)
    assert desk.cards == []
    assert desk.faults == [FaultKind.STALE]


def test_no_read_is_delivered_in_the_first_second_nor_before_the_reader_had_nothing_to_tell() -> None:
    desk, peer = paired_desk()
    peer.events.extend([raw(ADA)] * 150)
    desk.run(5.0, lambda: not peer.events)
    desk.run(0.005)
    assert desk.cards == []
    began = desk.now
    desk.online()
    peer.events.append(raw(ADA))
    desk.run(0.5)
    assert desk.cards == [ADA]
    assert desk.now - began < 2.0


def test_one_lost_reply_costs_a_retry_and_nothing_else() -> None:
    desk, peer = paired_desk()
    desk.online()
    peer.events.append(raw(ADA))
    asked, losses = desk.answers, [True, False]

    def once(sent: bytes) -> bytes:
        reply = asked(sent)
        return b"" if losses and losses.pop(0) else reply

    desk.answers = once
    desk.run(1.0)
    assert desk.cards == [ADA]
    assert desk.faults == []


def test_a_damaged_reply_is_asked_for_again_at_once() -> None:
    desk, peer = paired_desk()
    desk.online()
    peer.events.append(raw(ADA))
    asked, damage = desk.answers, [True]

    def once(sent: bytes) -> bytes:
        reply = asked(sent)
        return reply[:-1] + bytes((reply[-1] ^ 1,)) if damage and damage.pop() else reply

    desk.answers = once
    began = desk.now
    assert desk.run(1.0, lambda: bool(desk.cards))
    assert desk.now - began < 0.15
    assert desk.cards == [ADA]
    assert desk.faults == [FaultKind.BAD_CHECKSUM]


def test_three_quick_tries_then_one_a_second_then_one_every_five_seconds_for_ever() -> None:
    desk, peer = paired_desk()
    desk.online()
    peer.deaf = True
    silent_from = desk.now
    desk.sent.clear()
    desk.run(600.0)
    tries = [round(at - silent_from, 1) for at, _ in desk.sent]
    assert tries[:3] == [0.0, 0.2, 0.4]
    assert max(after - before for before, after in pairwise(tries) if after < 8) < 0.6
    late = [after - before for before, after in pairwise(tries) if before > 15]
    assert min(late) >= 5.0
    assert max(late) <= 5.4
    lost = next(signal for signal in desk.signals if isinstance(signal, ReaderFault))
    assert lost.kind is FaultKind.LOST
    assert 8.0 <= lost.mono - silent_from <= 9.5
    assert desk.faults == [FaultKind.LOST]


def test_a_reader_that_comes_back_is_online_within_its_next_try() -> None:
    desk, peer = paired_desk()
    desk.online()
    peer.deaf = True
    desk.run(120.0)
    peer.deaf = False
    assert desk.run(5.5, lambda: desk.session.online)
    assert desk.faults == [FaultKind.LOST, FaultKind.REOPENED]


def test_a_reader_that_is_busy_is_waited_for_but_not_for_ever() -> None:
    desk, peer = paired_desk()
    desk.online()
    peer.busy = 5
    desk.run(2.0)
    assert desk.session.online
    assert desk.faults == []
    peer.busy = 10**9
    assert desk.run(12.0, lambda: not desk.session.online)
    desk.run(3.0)
    assert desk.faults == [FaultKind.LOST]


def test_a_reader_that_never_was_there_is_lost_after_eight_seconds() -> None:
    desk = Desk([settings()], [])
    desk.run(7.9)
    assert desk.faults == []
    desk.run(2.0)
    assert desk.faults == [FaultKind.LOST]


def test_nothing_is_shown_that_was_decided_while_the_reader_was_away() -> None:
    desk, peer = paired_desk()
    desk.online()
    peer.deaf = True
    desk.run(20.0)
    desk.session.show(Shown.GRANTED)
    peer.deaf = False
    peer.commands.clear()
    desk.run(10.0)
    lights = [said for said in peer.commands if said[0] == 0x69]
    assert [light[14 - 1] for light in lights] == [1]  # the idle red and nothing else


def test_a_flood_of_reads_is_counted_and_a_card_after_it_is_read_within_two_seconds() -> None:
    desk, peer = paired_desk()
    desk.online()
    peer.events.extend([raw("1" * 26)] * 400)
    desk.run(60.0, lambda: not peer.events)
    assert len(desk.cards) < 20 + 20 * (desk.now - 100.0)
    assert FaultKind.FLOOD in desk.faults
    assert len(desk.faults) < 10
    desk.run(0.1)
    peer.events.append(raw(ADA))
    assert desk.run(2.0, lambda: ADA in desk.cards)
