"""Pictures that somebody sends: looked at, drawn anew, and kept as what came of that.

The law: not one byte that was sent is kept or served. What is kept are points, drawn anew in one kind of file: no place
where a photo was taken, no name of who took it, nothing that another program could read in it.
"""

from __future__ import annotations

import hashlib
import io
import struct
import threading
import zlib
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageOps

from controller import picture_file
from controller.picture_file import Measured
from controller.refusal import Refused

LONGEST: Final = 10 * 1024 * 1024
MOST_POINTS: Final = 25_000_000
MEDIA: Final = "image/webp"
_QUALITY: Final = 88
_SIXTEEN_BITS: Final = ("I", "I;16", "I;16B")
_BROKEN: Final = (
    OSError,
    ValueError,
    TypeError,
    SyntaxError,
    EOFError,
    LookupError,
    ArithmeticError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""What Pillow raises about files that are not what they say."""
_one_at_a_time = threading.Lock()
"""The largest picture takes 200 MB while it is drawn: several at once would be too much for a small machine."""


@dataclass(frozen=True, slots=True)
class Picture:
    """data: WebP of `width` by `height` points; digest: its SHA-256 as hex."""

    data: bytes
    width: int
    height: int

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def redrawn(sent: bytes, side: int) -> Picture:
    """What a PNG, JPEG or WebP file shows, upright, on white, its longer side at most `side` points.
    Refused picture-missing, picture-large, picture-points, picture-kind, picture-broken, picture-more."""
    if not sent:
        raise Refused("picture-missing")
    if len(sent) > LONGEST:
        raise Refused("picture-large")
    found = picture_file.measured(sent)
    if found.width * found.height > MOST_POINTS:
        raise Refused("picture-points")
    with _one_at_a_time:
        try:
            shown = _opened(sent, found, side)
        except _BROKEN as flaw:
            raise Refused("picture-broken") from flaw
        return _written(shown, side)


def _opened(sent: bytes, found: Measured, side: int) -> Image.Image:
    with Image.open(io.BytesIO(sent), formats=(found.kind,)) as opened:
        if opened.size != (found.width, found.height):
            raise ValueError("the file says two sizes")
        opened.draft("RGB", (side, side))
        return _plain(ImageOps.exif_transpose(opened))


def _plain(image: Image.Image) -> Image.Image:
    """Red, green and blue of eight bits each; what is transparent is white."""
    if image.mode in _SIXTEEN_BITS:
        return image.point(lambda value: value / 256).convert("L").convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    with_alpha = image.convert("RGBA")
    ground = Image.new("RGB", image.size, "white")
    ground.paste(with_alpha, mask=with_alpha.getchannel("A"))
    return ground


def _written(image: Image.Image, side: int) -> Picture:
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    # What a picture brought with it (colour profile, EXIF, XMP) would be written along.
    image.info.clear()
    file = io.BytesIO()
    image.save(file, "WEBP", quality=_QUALITY, method=4)
    return Picture(file.getvalue(), image.width, image.height)
