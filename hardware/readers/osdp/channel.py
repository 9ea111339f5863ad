"""How commands become messages and messages replies: in the clear, or sealed in a Secure Channel. Sans-I/O.

The law: a message that does not verify opens as None and changes nothing, so it can be neither used nor used up. What a
Secure Channel carries is authenticated and, but for refusals, encrypted: a reply with data in the clear does not open.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from hardware.readers.osdp import command, reply
from hardware.readers.osdp.cipher import RANDOM_BYTES, SessionKeys, same
from hardware.readers.osdp.command import Command
from hardware.readers.osdp.frame import MAC, Frame
from hardware.readers.osdp.reply import ClientCryptogram, InitialMac, read_reply

SCS_11: Final = 0x11
SCS_12: Final = 0x12
SCS_13: Final = 0x13
SCS_14: Final = 0x14
SCS_15: Final = 0x15
SCS_16: Final = 0x16
SCS_17: Final = 0x17
SCS_18: Final = 0x18
DEFAULT: Final = 0
OWN: Final = 1
"""Which key a session is made with: the default one, or the reader's own (third byte of SCS_11 to SCS_13)."""
ACCEPTED: Final = 1

RandomBytes = Callable[[int], bytes]


class PlainChannel:
    """Messages in the clear, with a check against noise and nothing against anybody."""

    secure = False

    def __init__(self, *, crc: bool = True) -> None:
        self._crc = crc

    def seal(self, address: int, sequence: int, said: Command) -> Frame:
        """The message that carries this command."""
        return Frame(address, False, sequence, said.payload, crc=self._crc)

    def open(self, frame: Frame) -> bytes | None:
        """The payload of a reply, or None if it pretends to belong to a Secure Channel."""
        return None if frame.block else frame.payload


class SecureChannel:
    """One session: each message is chained to the other side's last by its MAC."""

    secure = True

    def __init__(self, keys: SessionKeys, initial_mac: bytes, *, crc: bool = True) -> None:
        self._keys = keys
        self._crc = crc
        self._their_mac = initial_mac
        self._our_mac = initial_mac

    def seal(self, address: int, sequence: int, said: Command) -> Frame:
        """The next message; sealed once, and sent again byte for byte if it must be repeated."""
        block, payload = bytes((2, SCS_15)), said.payload
        if said.data:
            block = bytes((2, SCS_17))
            payload = payload[:1] + self._keys.encrypt(said.data, self._their_mac)
        frame = Frame(address, False, sequence, payload, block, crc=self._crc)
        self._our_mac = self._keys.mac(frame.covered(), self._their_mac)
        return replace(frame, mac=self._our_mac[:MAC])

    def open(self, frame: Frame) -> bytes | None:
        """The payload of the reply to the message sealed last, or None if it does not verify."""
        mac = self._keys.mac(frame.covered(), self._our_mac)
        if not same(frame.mac, mac[:MAC]):
            return None
        payload = self._bare(frame)
        if payload is not None:
            self._their_mac = mac
        return payload

    def _bare(self, frame: Frame) -> bytes | None:
        code, data = frame.payload[:1], frame.payload[1:]
        if frame.block == bytes((2, SCS_18)):
            bare = self._keys.decrypt(data, self._our_mac)
            return None if bare is None else code + bare
        plain_enough = not data or code[0] == reply.Code.NAK
        return frame.payload if frame.block == bytes((2, SCS_16)) and plain_enough else None


class Handshake:
    """The four messages that open a Secure Channel (Annex D): challenge, answer, our answer, first MAC.

    Each step returns what to do next, or None: the other side has not proved that it holds this key.
    """

    def __init__(self, key: bytes, which: int, random_bytes: RandomBytes, *, crc: bool = True) -> None:
        self._key = key
        self._which = which
        self._crc = crc
        self._ours = random_bytes(RANDOM_BYTES)
        self._keys = SessionKeys.derive(key, self._ours)
        self._cryptogram = b""

    def challenge(self) -> Command:
        """What to ask first."""
        return command.challenge(self._ours)

    def seal(self, address: int, sequence: int, said: Command) -> Frame:
        """The message that carries a step of the handshake."""
        step = SCS_11 if said.code is command.Code.CHLNG else SCS_13
        return Frame(address, False, sequence, said.payload, bytes((3, step, self._which)), crc=self._crc)

    def prove(self, frame: Frame) -> Command | None:
        """What to answer to the reader's cryptogram, if that is right and made with the key that we meant."""
        answer = read_reply(frame.payload)
        if frame.block != bytes((3, SCS_12, self._which)) or not isinstance(answer, ClientCryptogram):
            return None
        if not same(answer.cryptogram, self._keys.client_cryptogram(self._ours, answer.random)):
            return None
        self._cryptogram = self._keys.server_cryptogram(self._ours, answer.random)
        return command.server_cryptogram(self._cryptogram)

    def complete(self, frame: Frame) -> SecureChannel | None:
        """The open channel, if the reader has accepted us and begins with the right MAC."""
        answer = read_reply(frame.payload)
        if frame.block != bytes((3, SCS_14, ACCEPTED)) or not isinstance(answer, InitialMac):
            return None
        initial = self._keys.initial_mac(self._cryptogram)
        if not same(answer.mac, initial):
            return None
        return SecureChannel(self._keys, initial, crc=self._crc)


Channel = PlainChannel | SecureChannel
