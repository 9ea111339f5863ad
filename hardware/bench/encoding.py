"""What each kind of serial reader writes for a card. Made apart from `hardware.readers.framing`, which reads it."""

from collections.abc import Callable, Mapping
from typing import Final

from hardware.bench.wire import RequestRefusedError

_EM4100: Final = 0x02
_MIFARE: Final = 0x01


def encoded(framing: str, bits: str) -> bytes:
    """The bytes with which a reader of that framing sends these bits, or RequestRefusedError if it cannot."""
    encode = _ENCODERS.get(framing)
    if encode is None:
        raise RequestRefusedError(f"a {framing} reader does not speak by itself")
    return encode(framing, bits)


def _stx_etx(framing: str, bits: str, ending: bytes = b"\r\n") -> bytes:
    if len(bits) != 40:
        raise RequestRefusedError(f"a {framing} reader sends exactly 40 bits")
    data = int(bits, 2).to_bytes(5, "big")
    return b"\x02" + data.hex().upper().encode() + b"%02X" % _check(data) + ending + b"\x03"


def _rdm6300(framing: str, bits: str) -> bytes:
    return _stx_etx(framing, bits, b"") * 3  # it repeats as long as the card lies there


def _gwiot(framing: str, bits: str) -> bytes:
    if len(bits) % 8 or not 32 <= len(bits) <= 80:
        raise RequestRefusedError(f"a {framing} reader sends 4 to 10 bytes")
    number = int(bits, 2).to_bytes(len(bits) // 8, "big")
    body = bytes((len(number) + 5, _EM4100 if len(number) == 5 else _MIFARE)) + number
    return b"\x02" + body + bytes((_check(body),)) + b"\x03"


def _hex(framing: str, bits: str) -> bytes:
    if len(bits) % 4:
        raise RequestRefusedError(f"a {framing} reader sends a multiple of 4 bits")
    return f"{int(bits, 2):0{len(bits) // 4}X}".encode()


def _decimal(framing: str, bits: str) -> bytes:
    if len(bits) != 32:
        raise RequestRefusedError(f"a {framing} reader sends exactly 32 bits")
    return f"{int(bits, 2):010d}".encode()


def _line(digits: Callable[[str, str], bytes]) -> Callable[[str, str], bytes]:
    return lambda framing, bits: digits(framing, bits) + b"\r\n"


def _enclosed(digits: Callable[[str, str], bytes], *, lrc: bool) -> Callable[[str, str], bytes]:
    def encode(framing: str, bits: str) -> bytes:
        checked = digits(framing, bits) + b"\x03"
        return b"\x02" + checked + (bytes((_check(checked),)) if lrc else b"")

    return encode


def _check(data: bytes) -> int:
    total = 0
    for value in data:
        total ^= value
    return total


_ENCODERS: Final[Mapping[str, Callable[[str, str], bytes]]] = {
    "stx-etx-hex": _stx_etx,
    "id-12la": _stx_etx,
    "rdm6300": _rdm6300,
    "gwiot-7941": _gwiot,
    "line-hex": _line(_hex),
    "line-decimal": _line(_decimal),
    "enclosed-hex": _enclosed(_hex, lrc=False),
    "enclosed-decimal": _enclosed(_decimal, lrc=False),
    "enclosed-hex-lrc": _enclosed(_hex, lrc=True),
    "enclosed-decimal-lrc": _enclosed(_decimal, lrc=True),
}
