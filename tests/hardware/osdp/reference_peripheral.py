"""A peripheral device on the slow reference, without wires or clocks: messages in, replies out.

It repeats its last reply when a sequence number comes again, as the standard wants and libosdp does not. It can be made
to misbehave. It imports nothing of `hardware/`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from tests.hardware.osdp import slow_reference as slow

ACK = b"\x40"
CAPABILITIES = {1: (1, 2), 2: (1, 1), 3: (1, 1), 4: (1, 1), 5: (1, 1), 6: (1, 1), 8: (1, 0), 9: (1, 0), 13: (0, 1)}


def raw(bits: str) -> bytes:
    """A RAW reply with these bits, left-aligned."""
    padded = bits + "0" * (-len(bits) % 8)
    packed = bytes(int(padded[at : at + 8], 2) for at in range(0, len(padded), 8))
    return b"\x50\x00\x01" + len(bits).to_bytes(2, "little") + packed


def message(address: int, sequence: int, block: bytes, body: bytes, mac: Callable[[bytes], bytes] | None) -> bytes:
    """A whole reply with a CRC; `mac` makes the MAC of what comes before it."""
    length = 5 + len(block) + len(body) + (4 if mac else 0) + 2
    control = sequence | 4 | (8 if block else 0)
    made = bytes([0x53, address | 0x80, length % 256, length // 256, control]) + block + body
    if mac:
        made += mac(made)[:4]
    return made + slow.crc16(made).to_bytes(2, "little")


class ReferencePeripheral:
    """`answer` takes one whole command with or without a mark; b"" if it says nothing."""

    def __init__(self, address: int, key: bytes | None, random: bytes = b"\xa0\xa1\xa2\xa3\xa4\xa5\xa6\xa7") -> None:
        self.address = address
        self.key = key
        self.random = random
        self.capabilities = dict(CAPABILITIES)
        self.events: deque[bytes] = deque()
        self.commands: list[bytes] = []
        self.deaf = False
        self.busy = 0
        self.local = b"\x00\x00"
        self.spoil: Callable[[bytes], bytes] = bytes
        self.default_key_in_use = False
        self._keys: tuple[bytes, bytes, bytes] | None = None
        self._mac = b""
        self._last: tuple[int, bytes] = (0, b"")
        self._cp_random = b""
        self.open = False

    def answer(self, command: bytes) -> bytes:
        command = command.lstrip(b"\xff")
        if self.deaf or not command or command[1] not in (self.address, 0x7F):
            return b""
        assert command[-2:] == slow.crc16(command[:-2]).to_bytes(2, "little")
        sequence = command[4] & 3
        if self.busy:
            self.busy -= 1
            return message(self.address, 0, b"", b"\x79", None)
        if sequence and sequence == self._last[0]:
            return self._last[1]
        if sequence == 0:
            self.open = False
        reply = self.spoil(self._reply(command, sequence))
        self._last = (sequence, reply)
        return reply

    def _reply(self, command: bytes, sequence: int) -> bytes:
        block, rest = b"", command[5:-2]
        if command[4] & 8:
            block, rest = rest[: rest[0]], rest[rest[0] :]
        if len(block) == 2:
            return self._sealed(command, sequence, block, rest)
        if self.open:
            return message(self.address, sequence, b"", b"\x41\x06", None)
        if rest[0] == 0x76:
            return self._challenged(sequence, block, rest[1:])
        if rest[0] == 0x77:
            return self._proved(sequence, rest[1:])
        if self.key is not None and rest[0] not in (0x61, 0x62):
            return message(self.address, sequence, b"", b"\x41\x06", None)
        return message(self.address, sequence, b"", self._body(rest[0], rest[1:]), None)

    def _body(self, code: int, data: bytes) -> bytes:
        self.commands.append(bytes([code]) + data)
        match code:
            case 0x60:
                return self.events.popleft() if self.events else ACK
            case 0x61:
                return b"\x45\x12\x34\x56\x01\x02" + (77).to_bytes(4, "little") + b"\x03\x02\x01"
            case 0x62:
                return b"\x46" + b"".join(bytes([code, *pair]) for code, pair in self.capabilities.items())
            case 0x64:
                return b"\x48" + self.local
            case 0x65:
                return b"\x49\x00\x00"
            case 0x69 | 0x6A | 0x6B | 0x68:
                return ACK
            case 0x75:
                self.key = data[2:]
                return ACK
        return b"\x41\x03"

    def _challenged(self, sequence: int, block: bytes, cp_random: bytes) -> bytes:
        if self.key is None and not self.default_key_in_use:
            return message(self.address, sequence, b"", b"\x41\x05", None)
        own = block[2] == 1 and not self.default_key_in_use
        scbk = self.key if own and self.key else bytes(range(0x30, 0x40))
        self._keys = slow.session_keys(scbk, cp_random)
        self._cp_random = cp_random
        cryptogram = slow.encrypt_block(self._keys[0], cp_random + self.random)
        body = b"\x76" + bytes(8) + self.random + cryptogram
        return message(self.address, sequence, bytes([3, 0x12, 1 if own else 0]), body, None)

    def _proved(self, sequence: int, cryptogram: bytes) -> bytes:
        if self._keys is None or cryptogram != slow.encrypt_block(self._keys[0], self.random + self._cp_random):
            return message(self.address, sequence, b"", b"\x41\x05", None)
        self._mac = slow.encrypt_block(self._keys[2], slow.encrypt_block(self._keys[1], cryptogram))
        self.open = True
        return message(self.address, sequence, b"\x03\x14\x01", b"\x78" + self._mac, None)

    def _sealed(self, command: bytes, sequence: int, block: bytes, rest: bytes) -> bytes:
        if not self.open or self._keys is None:
            return message(self.address, sequence, b"", b"\x41\x06", None)
        s_enc, s_mac1, s_mac2 = self._keys
        theirs = slow.mac(s_mac1, s_mac2, self._mac, command[:-6])
        if theirs[:4] != command[-6:-2]:
            self.open = False
            return message(self.address, sequence, b"", b"\x41\x06", None)
        code, data = rest[0], rest[1:-4]
        if block[1] == 0x17:
            data = slow.decrypt(s_enc, self._mac, data)
        body = self._body(code, data)
        kind = b"\x02\x16"
        if len(body) > 1:
            kind, body = b"\x02\x18", body[:1] + slow.encrypt(s_enc, theirs, body[1:])

        def mac(covered: bytes) -> bytes:
            self._mac = slow.mac(s_mac1, s_mac2, theirs, covered)
            return self._mac

        return message(self.address, sequence, kind, body, mac)
