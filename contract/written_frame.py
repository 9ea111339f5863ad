"""The bits of a card as people write them down: 0 and 1, one hexadecimal number, or a chip's serial number.

The law: leading zeros are bits, too. Nobody's idea of a length is guessed.
"""

from __future__ import annotations

from typing import Final

from contract.credential import LONGEST_BITS

SERIAL_BYTES: Final = (4, 7, 8, 10)
_SIGNS = str.maketrans("", "", " :-_")


def read(bits: str | None, length: int | None, uid: str | None) -> str:
    """The frame of `bits` (0 and 1, or 0xHEX with `length`) or of a serial number `uid`; ValueError says what is wrong
    with it, and repeats no more than digits."""
    if (bits is None) == (uid is None):
        raise ValueError("give BITS, or 0xHEX with --length, or --uid HEX; one of them")
    if uid is not None:
        if length is not None:
            raise ValueError("--length belongs to 0xHEX; a serial number has the length of its bytes")
        return _serial_bits(uid)
    text = str(bits).translate(_SIGNS)
    if text[:2].lower() == "0x":
        return _hex_bits(text[2:], length)
    if not text or text.strip("01") or len(text) > LONGEST_BITS:
        raise ValueError(f"BITS are 1 to {LONGEST_BITS} characters 0 or 1; write hexadecimal as 0xHEX with --length")
    if length not in (None, len(text)):
        raise ValueError(f"these are {len(text)} bits, not {length}")
    return text


def digits(text: str) -> str:
    """The hexadecimal digits of a serial number, without what people write between them."""
    return text.translate(_SIGNS).lower().removeprefix("0x")


def _hex_bits(text: str, length: int | None) -> str:
    if length is None:
        raise ValueError("0xHEX needs --length: leading zeros are bits, too")
    if not text or text.lower().strip("0123456789abcdef") or len(text) > LONGEST_BITS:
        raise ValueError("after 0x come hexadecimal digits")
    number = int(text, 16)
    if number.bit_length() > length:
        raise ValueError(f"0x{text} needs {number.bit_length()} bits, more than {length}")
    return f"{number:0{length}b}"


def _serial_bits(text: str) -> str:
    found = digits(text)
    if found.strip("0123456789abcdef") or len(found) not in [2 * each for each in SERIAL_BYTES]:
        raise ValueError(f"a serial number has {', '.join(map(str, SERIAL_BYTES))} bytes, written in hexadecimal")
    return f"{int(found, 16):0{len(found) * 4}b}"
