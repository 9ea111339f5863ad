"""Pictures that are sent: drawn anew without anything they brought along; what is no picture, or more, is refused."""

from __future__ import annotations

import contextlib
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable

import pytest
from PIL import Image, ImageDraw, PngImagePlugin

from controller import picture
from controller.picture import MOST_POINTS, redrawn
from controller.refusal import Refused

SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
KINDS = ("PNG", "JPEG", "WEBP")


def drawn(kind: str, size: tuple[int, int] = (64, 40), mode: str = "RGB", **how: object) -> bytes:
    """A picture whose left half is red and whose right half is blue."""
    image = Image.new(mode, size, "blue" if mode != "L" else 255)
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 2 - 1, size[1]), fill="red" if mode != "L" else 0)
    file = io.BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def code(data: bytes) -> str:
    with pytest.raises(Refused) as refused:
        redrawn(data, 100)
    return refused.value.code


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("index.html", "<script>alert(1)</script>")
    return file.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_of_each_kind_is_drawn_anew_as_webp(kind: str) -> None:
    made = redrawn(drawn(kind), 100)
    assert (made.width, made.height) == (64, 40)
    shown = opened(made.data)
    assert shown.format == "WEBP"
    left, right = shown.getpixel((10, 20)), shown.getpixel((54, 20))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert left[0] > 200 > 60 > left[2]
    assert right[2] > 200 > 60 > right[0]
    assert len(made.digest) == 64


@pytest.mark.parametrize(("size", "fits"), [((400, 200), (100, 50)), ((200, 400), (50, 100)), ((30, 20), (30, 20))])
def test_the_longer_side_is_bounded_and_nothing_grows(size: tuple[int, int], fits: tuple[int, int]) -> None:
    made = redrawn(drawn("PNG", size), 100)
    assert (made.width, made.height) == fits == opened(made.data).size


def test_nothing_that_the_file_brought_along_is_kept_and_a_photo_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "SECRET-PLACE"  # turned by a quarter; a description
    sent = drawn("JPEG", exif=exif.tobytes(), comment=b"SECRET-COMMENT", icc_profile=b"SECRET-PROFILE" * 20)
    made = redrawn(sent, 100)
    assert b"SECRET" in sent
    assert b"SECRET" not in made.data
    assert (made.width, made.height) == (40, 64)
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "SECRET-NAME")
    made = redrawn(drawn("PNG", pnginfo=text), 100)
    assert b"SECRET" not in made.data
    assert opened(made.data).info.keys() <= {"loop", "background", "timestamp", "duration"}


def test_what_is_transparent_is_white_and_sixteen_bits_keep_their_greys() -> None:
    clear = io.BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(clear, "PNG")
    assert opened(redrawn(clear.getvalue(), 100).data).getpixel((10, 10)) == (255, 255, 255)
    deep = io.BytesIO()
    Image.new("I;16", (20, 20), 0x8000).save(deep, "PNG")
    grey = opened(redrawn(deep.getvalue(), 100).data).getpixel((10, 10))
    assert isinstance(grey, tuple)
    assert all(abs(each - 128) < 4 for each in grey)
    palette = io.BytesIO()
    Image.new("P", (20, 20), 0).save(palette, "PNG", transparency=0)
    assert opened(redrawn(palette.getvalue(), 100).data).getpixel((10, 10)) == (255, 255, 255)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("more", [archive, lambda: SVG, lambda: b"<script>alert(1)</script>", lambda: b"%PDF-1.7"])
def test_a_file_that_is_a_picture_and_something_else_is_refused(kind: str, more: Callable[[], bytes]) -> None:
    assert code(drawn(kind) + more()) in ("picture-more", "picture-broken")


def test_the_preview_that_a_camera_puts_behind_its_photo_is_no_reason_to_refuse_it() -> None:
    made = redrawn(drawn("JPEG") + b"\0\0" + drawn("JPEG", (16, 10)), 100)
    assert (made.width, made.height) == (64, 40)
    assert code(drawn("JPEG") + drawn("JPEG", (16, 10)) + archive()) == "picture-more"


@pytest.mark.parametrize(
    "sent",
    [
        SVG,
        b"\xef\xbb\xbf" + SVG,
        b"GIF89a" + b"\0" * 40,
        b"BM" + b"\0" * 60,
        b"%!PS-Adobe-3.0 EPSF-3.0",
        b"\0",
        b"RIFF",
    ],
)
def test_svg_and_every_other_kind_is_refused_by_its_name(sent: bytes) -> None:
    assert code(sent) == "picture-kind"


def test_a_bomb_is_refused_before_a_point_of_it_is_decoded() -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    points = zlib.compress(b"\0" * 10_000_000)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", points) + chunk(b"IEND", b"")
    assert len(bomb) < 20_000
    assert code(bomb) == "picture-points"
    canvas = (16_382).to_bytes(3, "little") * 2
    webp = b"WEBPVP8X" + struct.pack("<I", 10) + b"\0" * 4 + canvas
    assert code(b"RIFF" + struct.pack("<I", len(webp)) + webp) == "picture-points"
    assert MOST_POINTS == 5000 * 5000
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"x" * 200_000_000, 9))
    small = drawn("PNG")
    assert code(small[:33] + text + small[33:]) == "picture-broken"


def test_nothing_too_much_and_nothing_at_all_have_words_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert code(b"") == "picture-missing"
    assert code(b"\x89PNG\r\n\x1a\n" + b"\0" * picture.LONGEST) == "picture-large"
    lying = drawn("PNG")
    assert code(lying[:16] + struct.pack(">II", 0, 0) + lying[24:]) == "picture-broken"


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_cut_anywhere_or_spoilt_is_refused_and_never_crashes(kind: str, rng: random.Random) -> None:
    whole = drawn(kind)
    for end in sorted({rng.randrange(1, len(whole)) for _ in range(30)}):
        assert code(whole[:end]) in ("picture-broken", "picture-kind")
    for _ in range(150):
        spoilt = bytearray(whole)
        for _ in range(rng.randrange(1, 6)):
            spoilt[rng.randrange(len(spoilt))] = rng.randrange(256)
        with contextlib.suppress(Refused):  # which is all that it may raise
            made = redrawn(bytes(spoilt), 100)
            assert max(made.width, made.height) <= 100
