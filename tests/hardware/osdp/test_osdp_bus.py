"""Several readers on one line: turns, the dead among the living, and lines that say anything at all."""

import time
import tracemalloc
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from hardware.readers.osdp.frame import crc16
from hardware.readers.osdp.liveness import REPLY_TIMEOUT
from hardware.signal import CardBits, FaultKind, ReaderFault
from tests.hardware.osdp.desk import ADA, KEY, LATENCY, OTHER_KEY, Desk, paired_desk, settings
from tests.hardware.osdp.reference_peripheral import ReferencePeripheral, message, raw

SIGN_OFF = "for a test of the line only"


def lasting(desk: Desk, peer: ReferencePeripheral) -> float:
    """How long it takes from a card at the reader to its delivery."""
    peer.events.append(raw(ADA))
    began, before = desk.now, len(desk.cards)
    assert desk.run(5.0, lambda: len(desk.cards) > before)
    return desk.now - began


def test_two_readers_take_turns_each_with_its_own_key() -> None:
    peers = [ReferencePeripheral(1, KEY.value), ReferencePeripheral(2, OTHER_KEY.value)]
    desk = Desk([settings(1), settings(2, OTHER_KEY)], peers).online()
    for peer in peers:
        peer.events.append(raw(ADA))
    desk.run(0.5)
    assert [signal.reader for signal in desk.signals if isinstance(signal, CardBits)] == ["reader-1", "reader-2"]


def test_the_reply_of_one_reader_is_not_taken_for_another() -> None:
    desk, _peer = paired_desk()
    desk.online()
    desk.answers = lambda sent: message(2, sent[5] & 3, b"", raw(ADA), None)
    desk.run(3.0)
    assert desk.cards == []
    assert FaultKind.AUTHENTICATION not in desk.faults


@pytest.mark.parametrize("dead", [1, 7])
def test_dead_readers_do_not_starve_the_living(dead: int) -> None:
    alive = ReferencePeripheral(1, KEY.value)
    others = [settings(2 + number, None, SIGN_OFF) for number in range(dead)]
    desk = Desk([*others, settings(1)], [alive])
    assert desk.run(10.0, lambda: desk.bus.sessions[-1].ready)
    times = [lasting(desk, alive) for _ in range(60) if not desk.run(0.06)]
    assert max(times) < 0.45
    assert sorted(times)[len(times) // 2] < 0.06
    assert FaultKind.STALE not in desk.faults


def turns(desk: Desk, address: int, since: float) -> list[float]:
    """When this reader was spoken to."""
    return [at for at, sent in desk.sent if sent[2] == address and at >= since]


def longest_wait(times: list[float]) -> float:
    return max(later - before for before, later in pairwise(times))


@pytest.mark.parametrize("dead", [5, 20])
def test_dead_readers_cost_a_living_one_one_timeout_between_two_turns_even_while_it_is_greeted(dead: int) -> None:
    alive = ReferencePeripheral(1, KEY.value)
    desk = Desk([*(settings(2 + number, None, SIGN_OFF) for number in range(dead)), settings(1)], [alive])
    assert desk.run(dead * REPLY_TIMEOUT + 3.0, lambda: desk.bus.sessions[-1].ready)
    answered = turns(desk, 1, desk.now - 1.0)
    desk.run(20.0)
    assert longest_wait([*answered, *turns(desk, 1, answered[-1])]) < REPLY_TIMEOUT + 0.05


def test_readers_that_die_together_are_found_out_once_and_then_cost_the_living_one_timeout() -> None:
    peers = [ReferencePeripheral(1 + number, None) for number in range(6)]
    desk = Desk([settings(1 + number, None, SIGN_OFF) for number in range(6)], peers).online()
    for peer in peers[1:]:
        peer.deaf = True
    found_out = desk.now + 5 * (REPLY_TIMEOUT + 0.05)
    desk.run(20.0)
    assert longest_wait(turns(desk, 1, found_out)) < REPLY_TIMEOUT + 0.05


def test_a_reader_that_answers_wrongly_and_is_to_wait_keeps_nobody_waiting() -> None:
    peers = [ReferencePeripheral(1, KEY.value), ReferencePeripheral(2, KEY.value)]
    desk = Desk([settings(1), settings(2, OTHER_KEY), settings(3, None, SIGN_OFF)], peers)
    assert desk.run(5.0, lambda: desk.session.ready)
    began = desk.now
    desk.run(20.0)
    assert longest_wait(turns(desk, 1, began)) < REPLY_TIMEOUT + 0.05


def test_an_adapter_that_hears_what_it_says_does_not_make_a_dead_reader_noisy() -> None:
    desk = Desk([settings(1)], [])
    desk.answers = lambda sent: sent
    desk.run(60.0)
    assert desk.faults == [FaultKind.LOST]
    assert len([at for at, _ in desk.sent if at > 115.0]) < 12


def test_a_reader_that_dies_does_not_delay_the_other_by_more_than_a_timeout() -> None:
    peers = [ReferencePeripheral(1, KEY.value), ReferencePeripheral(2, OTHER_KEY.value)]
    desk = Desk([settings(1), settings(2, OTHER_KEY)], peers).online()
    peers[1].deaf = True
    assert max(lasting(desk, peers[0]) for _ in range(100) if not desk.run(0.06)) < 0.3
    assert {signal.reader for signal in desk.signals if isinstance(signal, ReaderFault)} == {"reader-2"}


def test_a_reader_that_floods_does_not_starve_the_other() -> None:
    peers = [ReferencePeripheral(1, KEY.value), ReferencePeripheral(2, OTHER_KEY.value)]
    desk = Desk([settings(1), settings(2, OTHER_KEY)], peers).online()
    peers[1].events.extend([raw("1" * 26)] * 10_000)
    peers[0].events.append(raw(ADA))
    began = desk.now
    assert desk.run(1.0, lambda: ADA in desk.cards)
    assert desk.now - began < 0.1


def test_a_card_waits_for_its_turn_only_as_long_as_nobody_notices() -> None:
    desk, peer = paired_desk()
    desk.online()
    times = []
    for number in range(100):
        desk.run(0.06 + number % 37 / 1000)
        times.append(lasting(desk, peer))
    assert max(times) <= 0.025 + 2 * LATENCY + 0.005


def test_a_port_that_is_gone_is_told_for_every_reader_once_and_reads_after_it_are_fresh_only_later() -> None:
    peers = [ReferencePeripheral(1, KEY.value), ReferencePeripheral(2, OTHER_KEY.value)]
    desk = Desk([settings(1), settings(2, OTHER_KEY)], peers).online()
    desk.signals += desk.bus.port_lost("gone", desk.now)
    desk.signals += desk.bus.port_lost("gone", desk.now)
    assert desk.faults == [FaultKind.LOST] * 2
    peers[0].events.append(raw(ADA))
    desk.bus.port_opened(desk.now)
    desk.online()
    assert desk.cards == []
    assert desk.faults.count(FaultKind.REOPENED) == 2
    assert desk.faults.count(FaultKind.STALE) == 1


# ---------------------------------------------------------------- any bytes


@how(max_examples=20)
@given(st.lists(st.binary(min_size=1, max_size=60), max_size=30), st.booleans())
def test_any_bytes_at_any_time_deliver_no_read_and_a_card_right_after_is_read(
    noise: list[bytes], checked: bool
) -> None:
    desk, peer = paired_desk()
    desk.online()
    asked, left = desk.answers, list(noise)

    def noisy(sent: bytes) -> bytes:
        if not left:
            return asked(sent)
        said = left.pop()
        return _as_reply(said, sent) if checked else said

    desk.answers = noisy
    desk.run(20.0, lambda: not left)
    assert desk.cards == []
    peer.events.clear()
    began = desk.now
    assert desk.run(6.0, lambda: desk.session.ready)
    peer.events.append(raw(ADA))
    assert desk.run(1.0, lambda: ADA in desk.cards)
    assert desk.now - began < 2.0


def _as_reply(body: bytes, sent: bytes) -> bytes:
    """These bytes as a message that checks out, from the right address and with the right number."""
    control = sent[5] & 3 | 4 | (8 if body[:1] and body[0] % 2 else 0)
    made = bytes([0x53, 0x81, (7 + len(body)) % 256, 0, control]) + body
    return made + crc16(made)


@how(max_examples=40)
@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=20))
def test_a_reader_in_the_clear_that_says_anything_crashes_nothing(noise: list[bytes]) -> None:
    peer = ReferencePeripheral(1, None)
    desk = Desk([settings(key=None, sign_off=SIGN_OFF)], [peer]).online()
    asked, left = desk.answers, list(noise)
    desk.answers = lambda sent: _as_reply(left.pop(), sent) if left else asked(sent)
    desk.run(20.0, lambda: not left)
    peer.events.clear()
    began = desk.now
    desk.run(2.0, lambda: desk.session.ready)
    peer.events.append(raw(ADA))
    assert desk.run(1.0, lambda: ADA in desk.cards)
    assert desk.now - began < 2.0


def test_a_line_full_of_noise_costs_no_memory_and_little_time(rng: Random) -> None:
    desk, peer = paired_desk()
    desk.online()
    # 20 s of noise at full speed; what the readers say is lost in it.
    lumps = [rng.randbytes(1152) for _ in range(200)] + [bytes((0x53, 0xD3, 0xA0, 0x05)) * 288] * 20
    tracemalloc.start()
    began = time.process_time()
    for lump in lumps:
        desk.now += 0.1
        desk.signals += desk.bus.advance(desk.now, lump).signals
    spent, (_, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert desk.cards == []
    assert peak < 1_000_000
    assert spent < 10
    assert len(desk.signals) < 20
    quiet = desk.now
    assert desk.run(2.0, lambda: desk.session.ready)
    peer.events.append(raw(ADA))
    assert desk.run(1.0, lambda: ADA in desk.cards)
    assert desk.now - quiet < 2.0


def test_a_try_that_long_noise_has_drowned_does_not_make_the_next_ones_rare() -> None:
    desk, peer = paired_desk()
    desk.online()
    asked, tries = desk.answers, [b"\x53\x81noise"] * 60 + [b""]
    desk.answers = lambda sent: tries.pop(0) if tries else asked(sent)
    assert desk.run(60.0, lambda: not tries)
    quiet = desk.now
    assert desk.run(2.0, lambda: desk.session.ready)
    peer.events.append(raw(ADA))
    assert desk.run(1.0, lambda: ADA in desk.cards)
    assert desk.now - quiet < 2.0


def test_noise_and_losses_on_the_line_lose_no_card_of_a_reader_that_repeats_itself(rng: Random, seed: int) -> None:
    desk, peer = paired_desk()
    desk.online()
    asked = desk.answers

    def worn(sent: bytes) -> bytes:
        if rng.random() < 0.01:
            return b""
        reply = asked(sent)
        if reply and rng.random() < 0.02:
            place = rng.randrange(len(reply) * 8)
            reply = bytes(byte ^ (1 << place % 8 if at == place // 8 else 0) for at, byte in enumerate(reply))
        return b"" if rng.random() < 0.01 else reply

    desk.answers = worn
    for number in range(100):
        peer.events.append(raw(f"{number:026b}"))
        desk.run(0.5)
    assert sorted(desk.cards) == sorted(set(desk.cards)), seed
    missing = 100 - len(desk.cards)
    assert missing <= 2, seed
