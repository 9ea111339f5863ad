"""Messages on the bus: what we write, what we take for a message, and what we do not."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.readers.osdp.frame import LONGEST, Damaged, Deframer, Frame, checksum, crc16, decode
from tests.hardware.osdp import slow_reference as slow

ADDRESSES = st.integers(0, 0x7F)
BLOCKS = st.sampled_from([b"", b"\x02\x15", b"\x02\x16", b"\x02\x17", b"\x02\x18", b"\x03\x11\x01", b"\x03\x14\xff"])


@st.composite
def frames(draw: st.DrawFn, reply: bool | None = None) -> Frame:
    block = draw(BLOCKS)
    mac = draw(st.binary(min_size=4, max_size=4)) if block[1:] >= b"\x15" else b""
    is_reply = draw(st.booleans()) if reply is None else reply
    payload = draw(st.binary(min_size=1, max_size=200))
    return Frame(draw(ADDRESSES), is_reply, draw(st.integers(0, 3)), payload, block, mac, draw(st.booleans()))


def test_the_published_checks_come_out(vectors: Path) -> None:
    published = json.loads((vectors / "osdp.json").read_text())
    for vector in published["crc16"]:
        assert crc16(bytes.fromhex(vector["message"])).hex().upper() == vector["crc_little_endian"]
    for vector in published["checksum"]:
        assert checksum(bytes.fromhex(vector["message"])).hex().upper() == vector["checksum"]


def test_the_published_messages_are_what_we_write(vectors: Path) -> None:
    poll = Frame(0, reply=False, sequence=0, payload=b"\x61\x00")
    published = json.loads((vectors / "osdp.json").read_text())
    assert poll.encode().hex().upper().startswith(published["crc16"][1]["message"])
    bare = Frame(0, reply=False, sequence=0, payload=b"\x61\x00", crc=False)
    assert bare.encode().hex().upper() == published["checksum"][1]["message"] + published["checksum"][1]["checksum"]


@given(st.binary(max_size=300))
def test_the_checks_are_those_of_the_slow_reference(data: bytes) -> None:
    assert crc16(data) == slow.crc16(data).to_bytes(2, "little")
    assert checksum(data) == bytes([slow.checksum(data)])


@given(frames())
def test_a_message_is_read_as_it_was_written(frame: Frame) -> None:
    assert decode(frame.encode()) == frame


@given(frames(reply=True), st.integers(0, 10_000))
def test_a_message_with_any_bit_turned_over_is_none(frame: Frame, chosen: int) -> None:
    raw = bytearray(frame.encode())
    place = chosen % (len(raw) * 8)
    raw[place // 8] ^= 1 << place % 8
    assert decode(bytes(raw)) != frame


@pytest.mark.parametrize("cut", range(1, 13))
def test_a_message_cut_anywhere_is_none(cut: int) -> None:
    raw = Frame(1, reply=True, sequence=1, payload=b"\x50\x00\x00\x08\x00\xaa").encode()
    assert isinstance(decode(raw[:-cut]), Damaged)


@given(frames(reply=True), st.binary(max_size=30).filter(lambda noise: b"\x53" not in noise))
def test_marks_noise_and_our_own_echo_before_a_reply_do_not_hide_it(frame: Frame, noise: bytes) -> None:
    echo = Frame(frame.address, reply=False, sequence=frame.sequence, payload=b"\x60").encode()
    assert Deframer().feed(b"\xff" + echo + noise + frame.encode()) == [frame]


@given(frames(reply=True), st.data())
def test_a_reply_may_come_in_any_lumps(frame: Frame, data: st.DataObject) -> None:
    raw = frame.encode()
    deframer, found, at = Deframer(), [], 0
    while at < len(raw):
        step = data.draw(st.integers(1, len(raw)))
        found += deframer.feed(raw[at : at + step])
        at += step
    assert found == [frame]
    assert not deframer.pending


@given(frames(reply=True), frames(reply=True))
def test_a_good_reply_behind_a_damaged_one_is_found(spoiled: Frame, good: Frame) -> None:
    raw = bytearray(spoiled.encode())
    raw[-1] ^= 0xFF
    assert good in Deframer().feed(bytes(raw) + good.encode())


@given(st.lists(st.binary(max_size=4000), max_size=5))
def test_no_bytes_make_it_hold_more_than_one_message(lumps: list[bytes]) -> None:
    deframer = Deframer()
    for lump in lumps:
        deframer.feed(lump)
        assert len(deframer._held) <= LONGEST


def test_a_hostile_flood_of_beginnings_is_gone_through_quickly() -> None:
    # Every four bytes claim to begin a message of the greatest length: the worst for a deframer that looks twice.
    flood = bytes((0x53, 0xD3, 0xA0, 0x05)) * 20_000
    found = Deframer().feed(flood)
    assert all(isinstance(frame, Damaged) for frame in found)
