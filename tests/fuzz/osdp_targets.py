"""OSDP lines that say anything: nothing raises or grows, nothing is read without a channel, and right afterwards a
reader is ready and its card is read."""

from __future__ import annotations

from hardware.readers.osdp.frame import LONGEST, Damaged, Deframer, Frame, crc16, decode
from hardware.readers.osdp.reply import read_reply
from hardware.signal import CardBits, KeysPressed
from tests.fuzz.engine import Target
from tests.hardware.osdp.desk import ADA, KEY, Desk, settings
from tests.hardware.osdp.reference_peripheral import ReferencePeripheral, message, raw

HOSTILE_FOR = 6.0
"""Seconds: less than a reader may be silent before its tries become rare."""

READ_WITHIN = 2.0
MOST_TOLD = 40
_WATCHED = ("hardware/readers/osdp/",)
_HEADER = 5


def deframer(wire: bytes) -> None:
    """What is found was on the wire, whole; one byte at a time finds the same; a message right after is found."""
    at_once, slowly = Deframer(), Deframer()
    found = at_once.feed(wire)
    assert found == [each for value in wire for each in slowly.feed(bytes((value,)))], "lumps change what is found"
    assert len(at_once._held) <= LONGEST, "it holds more than a message"
    for each in found:
        assert isinstance(each, Damaged) or each.encode() in wire, "it found what nobody said"
    at_once.reset()
    assert at_once.feed(_POLL_ANSWER) == [decode(_POLL_ANSWER)], "the next message was not found"


def reply(wire: bytes) -> None:
    """Any payload is read as some reply."""
    read_reply(wire or b"\x40")


def secured(wire: bytes) -> None:
    """The line of a reader with a key, which the attacker has not: nothing at all may be read from it."""
    peer = ReferencePeripheral(1, KEY.value)
    desk = Desk([settings()], [peer]).online()
    _hostile(desk, peer, wire)
    assert not [each for each in desk.signals if isinstance(each, CardBits | KeysPressed)], "a read without a channel"
    _reads_again(desk, peer)


def clear(wire: bytes) -> None:
    """The line of a reader in the clear: what is said there is believed, but nothing breaks."""
    peer = ReferencePeripheral(1, None)
    desk = Desk([settings(key=None, sign_off="for a fuzz only")], [peer]).online()
    _hostile(desk, peer, wire)
    _reads_again(desk, peer)


def _hostile(desk: Desk, peer: ReferencePeripheral, wire: bytes) -> None:
    asked, left = desk.answers, Deeds(wire)
    desk.answers = lambda sent: left.instead_of(asked(sent), sent)
    before = len(desk.signals)
    desk.run(HOSTILE_FOR, lambda: left.done)
    told = [each for each in desk.signals[before:] if not isinstance(each, CardBits | KeysPressed)]
    assert len(told) <= MOST_TOLD + len(wire), "it tells more than it hears"
    assert len(desk.bus._heard) <= len(desk.bus._said) + 1, "it keeps all that it hears"
    desk.answers = asked
    peer.events.clear()


def _reads_again(desk: Desk, peer: ReferencePeripheral) -> None:
    began = desk.now
    assert desk.run(READ_WITHIN, lambda: desk.session.ready), "the reader is not ready again"
    desk.signals.clear()
    peer.events.append(raw(ADA))
    assert desk.run(1.0, lambda: ADA in desk.cards), "the next card was not read"
    assert desk.now - began < READ_WITHIN, "the next card was read too late"


class Deeds:
    """What an attacker on the line does, spelled by bytes: one to say what, then those that it takes."""

    def __init__(self, spelled: bytes) -> None:
        self._left = spelled
        self._earlier = b""

    @property
    def done(self) -> bool:
        return not self._left

    def instead_of(self, honest: bytes, sent: bytes) -> bytes:
        """What is on the line after `sent`, to which the reader answers `honest`."""
        deed, size = self._take(2).ljust(2, b"\x00")
        match deed % 8:
            case 0 | 1:
                said = honest
            case 2:
                said = self._take(size % 64)
            case 3:
                said = as_reply(self._take(1 + size % 48), sent)
            case 4:
                said = _flipped(honest, size * 8 + deed // 32)
            case 5:
                said = self._earlier
            case 6:
                said = honest[: size % (len(honest) + 1)]
            case _:
                said = self._take(size % 16) + honest
        self._earlier = honest if size % 2 else self._earlier
        return said

    def _take(self, size: int) -> bytes:
        taken, self._left = self._left[:size], self._left[size:]
        return taken


def as_reply(body: bytes, sent: bytes) -> bytes:
    """These bytes as a message that checks out, from the right address and with the right number; the first says
    whether it begins with a security block."""
    control = sent[5] & 3 | 4 | (8 if body[:1] and body[0] % 2 else 0)
    made = bytes((0x53, sent[2] | 0x80, 7 + len(body) - 1, 0, control)) + body[1:]
    return made + crc16(made)


def _flipped(said: bytes, bit: int) -> bytes:
    if not said:
        return said
    place, data = bit % (8 * len(said)), bytearray(said)
    data[place // 8] ^= 1 << place % 8
    return bytes(data)


_POLL_ANSWER = message(1, 1, b"", b"\x40", None)
_REPLIES = (
    b"\x40",
    b"\x41\x06",
    b"\x45\x12\x34\x56\x01\x02\x00\x00\x00\x4d\x03\x02\x01",
    b"\x46\x04\x04\x01",
    b"\x48\x01\x00",
    b"\x49\x00\x01",
    raw("1" * 26),
    b"\x51\x00\x00\x03123",
    b"\x53\x00\x041234",
    b"\x54\x01\x00\x00\x00\x00",
    b"\x76" + bytes(32),
    b"\x78" + bytes(16),
    b"\x79",
)
_SEALED = Frame(1, True, 2, b"\x40", b"\x02\x16", b"abcd").encode()
_DEEDS = tuple(b"\x03" + bytes((len(each),)) + b"\x00" + each for each in _REPLIES)

TARGETS = (
    Target(
        "osdp-deframer", deframer, (b"".join(message(1, 1, b"", each, None) for each in _REPLIES), _SEALED), _WATCHED
    ),
    Target("osdp-reply", reply, _REPLIES, _WATCHED),
    Target(
        "osdp-secured",
        secured,
        (*_DEEDS, b"\x01\x01\x05\x00" * 3, b"\x04\x21\x00\x00", b"\x02\x05\xff\x53\x81\x08\x00"),
        _WATCHED,
        200,
    ),
    Target("osdp-clear", clear, (*_DEEDS, b"\x06\x05\x07\x03\x53\x81\xff"), _WATCHED, 200),
)
