"""What a file says of the picture in it, read from its bytes before anything is decoded: kind, size, and that it ends
where its picture ends.

The law: a file that is a picture and something else besides (an archive, a page, a program) is refused, and so is every
kind that can hold more than points: SVG is a document that may run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from controller.refusal import Refused

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8"
_STUFFED: Final = frozenset({0x00, 0x01, *range(0xD0, 0xD8)})
"""Second bytes of JPEG that begin no segment: a stuffed 0xFF, and restarts."""
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_END_OF_JPEG: Final = 0xD9


@dataclass(frozen=True, slots=True)
class Measured:
    """kind: as Pillow names it; width, height: in points, as the header says."""

    kind: str
    width: int
    height: int


def measured(data: bytes) -> Measured:
    """Refused picture-kind, picture-broken, picture-more."""
    kind, read = _reader(data)
    try:
        width, height, end = read(data)
    except IndexError as flaw:
        raise Refused("picture-broken") from flaw
    if end > len(data) or not width or not height:
        raise Refused("picture-broken")
    if end < len(data):
        raise Refused("picture-more")
    return Measured(kind, width, height)


def _reader(data: bytes) -> tuple[str, Callable[[bytes], tuple[int, int, int]]]:
    if data.startswith(_PNG):
        return "PNG", _png
    if data.startswith(_JPEG):
        return "JPEG", _jpeg
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP", _webp
    raise Refused("picture-kind")


def _number(data: bytes, start: int, size: int, *, little: bool = False) -> int:
    """IndexError beyond the end, where a slice would be silently shorter."""
    data[start + size - 1]
    return int.from_bytes(data[start : start + size], "little" if little else "big")


def _png(data: bytes) -> tuple[int, int, int]:
    """The header's size; the end of IEND (PNG 1.2, chapter 3)."""
    width, height, at = _number(data, 16, 4), _number(data, 20, 4), len(_PNG)
    while True:
        length, name = _number(data, at, 4), data[at + 4 : at + 8]
        at += length + 12
        if name == b"IEND":
            return width, height, at


def _jpeg(data: bytes) -> tuple[int, int, int]:
    """The size of the first picture; the end of the last: cameras put a preview or a brighter layer behind (CIPA
    DC-007)."""
    width, height, end = _one_jpeg(data, 0)
    while data.startswith(_JPEG, end):
        end = _one_jpeg(data, end)[2]
    return width, height, end


def _one_jpeg(data: bytes, start: int) -> tuple[int, int, int]:
    """Segment by segment to the marker of the end, and over the zeros that may pad it (ITU-T T.81, annex B)."""
    width = height = 0
    at = start + len(_JPEG)
    while True:
        at = data.find(b"\xff", at)
        if at < 0:
            raise Refused("picture-broken")
        marker = data[at + 1]
        if marker == _END_OF_JPEG:
            rest = data[at + 2 :]
            return width, height, len(data) - len(rest.lstrip(b"\0"))
        if marker == 0xFF or marker in _STUFFED:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in _FRAMES:
            height, width = _number(data, at + 5, 2), _number(data, at + 7, 2)
        at += 2 + _number(data, at + 2, 2)


def _webp(data: bytes) -> tuple[int, int, int]:
    """The size in the first chunk; the end that RIFF says, rounded up to even (RFC 9649)."""
    length = _number(data, 4, 4, little=True)
    end = 8 + length + length % 2
    first = data[12:16]
    if first == b"VP8X":
        return _number(data, 24, 3, little=True) + 1, _number(data, 27, 3, little=True) + 1, end
    if first == b"VP8L":
        packed = _number(data, 21, 4, little=True)
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1, end
    if first == b"VP8 ":
        return _number(data, 26, 2, little=True) & 0x3FFF, _number(data, 28, 2, little=True) & 0x3FFF, end
    raise Refused("picture-broken")
