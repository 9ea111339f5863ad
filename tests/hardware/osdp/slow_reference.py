"""A second, slow and independent writing of OSDP's arithmetic, from the standards and never from `hardware/`.

AES-128 after FIPS 197, CRC-16 bit by bit, and the Secure Channel's derivations and MACs after Annex D. It imports
nothing of ours.
"""

from __future__ import annotations

import operator
from functools import cache, lru_cache, reduce


def crc16(data: bytes) -> int:
    """Polynomial x^16 + x^12 + x^5 + 1, begun with 0x1D0F, most significant bit first."""
    register = 0x1D0F
    for byte in data:
        for place in range(7, -1, -1):
            out = register >> 15 ^ (byte >> place & 1)
            register = (register << 1 & 0xFFFF) ^ (0x1021 if out else 0)
    return register


def checksum(data: bytes) -> int:
    total = 0
    for byte in data:
        total = (total + byte) % 256
    return (256 - total) % 256


@cache
def _times(a: int, b: int) -> int:
    product = 0
    while b:
        if b & 1:
            product ^= a
        a = a << 1 ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return product


TIMES = {factor: [_times(byte, factor) for byte in range(256)] for factor in (1, 2, 3, 9, 11, 13, 14)}


@cache
def _substitute(byte: int) -> int:
    inverse = next((other for other in range(256) if _times(byte, other) == 1), 0)
    result = 0x63
    for turn in range(5):
        result ^= (inverse << turn | inverse >> (8 - turn)) & 0xFF
    return result


SUBSTITUTE = [_substitute(byte) for byte in range(256)]


@cache
def _unsubstitute(byte: int) -> int:
    return next(other for other in range(256) if _substitute(other) == byte)


@cache
def _schedule(key: bytes) -> list[list[int]]:
    words = [list(key[at : at + 4]) for at in range(0, 16, 4)]
    constant = 1
    for number in range(4, 44):
        word = words[-1]
        if number % 4 == 0:
            word = [_substitute(byte) for byte in word[1:] + word[:1]]
            word[0] ^= constant
            constant = _times(constant, 2)
        words.append([a ^ b for a, b in zip(word, words[-4], strict=True)])
    return [reduce(operator.iadd, words[at : at + 4], []) for at in range(0, 44, 4)]


def _mix(state: list[int], row: tuple[int, int, int, int]) -> list[int]:
    mixed = []
    for column in range(4):
        for place in range(4):
            total = 0
            for other in range(4):
                total ^= TIMES[row[(other - place) % 4]][state[4 * column + other]]
            mixed.append(total)
    return mixed


def _xor(a: bytes | list[int], b: bytes | list[int]) -> list[int]:
    return [x ^ y for x, y in zip(a, b, strict=True)]


@lru_cache(4096)  # every desk without time begins with the same session
def encrypt_block(key: bytes, block: bytes) -> bytes:
    """FIPS 197, Cipher()."""
    keys = _schedule(key)
    state = _xor(block, keys[0])
    for number in range(1, 11):
        state = [SUBSTITUTE[byte] for byte in state]
        state = [state[(at + 4 * (at % 4)) % 16] for at in range(16)]
        state = state if number == 10 else _mix(state, (2, 3, 1, 1))
        state = _xor(state, keys[number])
    return bytes(state)


def decrypt_block(key: bytes, block: bytes) -> bytes:
    """FIPS 197, InvCipher()."""
    keys = _schedule(key)
    state = _xor(block, keys[10])
    for number in range(9, -1, -1):
        state = [state[(at - 4 * (at % 4)) % 16] for at in range(16)]
        state = [_unsubstitute(byte) for byte in state]
        state = _xor(state, keys[number])
        state = state if number == 0 else _mix(state, (14, 11, 13, 9))
    return bytes(state)


def _blocks(data: bytes) -> list[bytes]:
    return [data[at : at + 16] for at in range(0, len(data), 16)]


def pad(data: bytes) -> bytes:
    data += b"\x80"
    while len(data) % 16:
        data += b"\x00"
    return data


def session_keys(scbk: bytes, cp_random: bytes) -> tuple[bytes, bytes, bytes]:
    """S-ENC, S-MAC1, S-MAC2."""
    made = [encrypt_block(scbk, bytes([1, tag]) + cp_random[:6] + bytes(8)) for tag in (0x82, 1, 2)]
    return made[0], made[1], made[2]


def mac(s_mac1: bytes, s_mac2: bytes, initial: bytes, message: bytes) -> bytes:
    """CBC over the message: S-MAC1 for all blocks but the last, S-MAC2 for the last."""
    blocks = _blocks(message if len(message) % 16 == 0 else pad(message))
    chain = initial
    for block in blocks[:-1]:
        chain = encrypt_block(s_mac1, bytes(_xor(chain, block)))
    return encrypt_block(s_mac2, bytes(_xor(chain, blocks[-1])))


def encrypt(s_enc: bytes, last_mac: bytes, data: bytes) -> bytes:
    chain = bytes(255 - byte for byte in last_mac)
    made = b""
    for block in _blocks(pad(data)):
        chain = encrypt_block(s_enc, bytes(_xor(chain, block)))
        made += chain
    return made


def decrypt(s_enc: bytes, last_mac: bytes, data: bytes) -> bytes:
    chain = bytes(255 - byte for byte in last_mac)
    made = b""
    for block in _blocks(data):
        made += bytes(_xor(chain, decrypt_block(s_enc, block)))
        chain = block
    return made[: made.rindex(b"\x80")]
