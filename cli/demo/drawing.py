"""The floor plan of the demo building: the hallway, the Cedar room and the Maple room, and where on it everything is.

No word stands in the picture: the pages write names of doors and rooms beside their places, in the reader's language.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Final, TypeAlias

from PIL import Image, ImageDraw

Point: TypeAlias = tuple[int, int]
WIDTH, HEIGHT = 1200, 720
_FINER: Final = 3
"""Drawn so many times larger and shrunk: that smooths its lines."""
_PAPER, _OUTSIDE, _HALL = "#ffffff", "#f1f2f0", "#f7f5ee"
_WALL, _THIN, _FURNITURE = "#3b4542", "#8b9693", "#dfe4e1"
_THICK: Final = 10
_LEFT, _TOP, _RIGHT, _BOTTOM, _SPLIT = 60, 60, 1140, 600, 400
_CEDAR_END, _MAPLE_START = 580, 740
_OPENING: Final = 64

DOORS: Final = {
    "main": (660, _BOTTOM),
    "cedar": (220, _SPLIT),
    "cedar-back": (_CEDAR_END, 190),
    "maple": (940, _SPLIT),
}
"""The middle of each door, in points."""
AREAS: Final = {"cedar-room": (310, 230), "maple-room": (940, 190), "hallway": (370, 500)}


def place(at: Point) -> Point:
    """In thousandths of the picture, as plans count."""
    return at[0] * 1000 // WIDTH, at[1] * 1000 // HEIGHT


def plan() -> bytes:
    """The picture as a PNG file."""
    large = Image.new("RGB", (WIDTH * _FINER, HEIGHT * _FINER), _OUTSIDE)
    pen = _Pen(ImageDraw.Draw(large))
    pen.box((_LEFT, _TOP), (_RIGHT, _BOTTOM), _HALL)
    pen.box((_LEFT, _TOP), (_CEDAR_END, _SPLIT), _PAPER)
    pen.box((_MAPLE_START, _TOP), (_RIGHT, _SPLIT), _PAPER)
    _furnish(pen)
    for wall in _walls():
        pen.line(wall, _WALL, _THICK)
    for name, middle in DOORS.items():
        pen.door(middle, upright=name == "cedar-back", outwards=name != "maple")
    file = io.BytesIO()
    large.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(file, "PNG")
    return file.getvalue()


def _walls() -> Iterable[list[Point]]:
    yield [(_LEFT, _TOP), (_RIGHT, _TOP), (_RIGHT, _BOTTOM), (_LEFT, _BOTTOM), (_LEFT, _TOP)]
    yield [(_LEFT, _SPLIT), (_CEDAR_END, _SPLIT), (_CEDAR_END, _TOP)]
    yield [(_RIGHT, _SPLIT), (_MAPLE_START, _SPLIT), (_MAPLE_START, _TOP)]


def _furnish(pen: _Pen) -> None:
    """Shelves and desks in the rooms, a counter in the hallway."""
    for left in range(_LEFT + 20, _CEDAR_END - 60, 84):
        pen.box((left, _TOP + 16), (left + 72, _TOP + 48), _FURNITURE)
    for left in (110, 400):
        pen.box((left, 300), (left + 130, 352), _FURNITURE)
        pen.chair((left + 65, 372))
    for left, top in ((790, 90), (1000, 90), (790, 270), (1000, 270)):
        pen.box((left, top), (left + 100, top + 48), _FURNITURE)
        pen.chair((left + 50, top + 66))
    pen.box((840, 470), (1060, 504), _FURNITURE)
    pen.box((1026, 470), (1060, 560), _FURNITURE)


class _Pen:
    """Draws in points of the finished picture."""

    def __init__(self, draw: ImageDraw.ImageDraw) -> None:
        self._draw = draw

    def box(self, one: Point, other: Point, colour: str) -> None:
        self._draw.rectangle([*_scaled(one), *_scaled(other)], fill=colour)

    def line(self, points: list[Point], colour: str, width: int) -> None:
        self._draw.line([_scaled(each) for each in points], fill=colour, width=width * _FINER, joint="curve")
        for each in points:
            self._round(each, width // 2, colour)

    def chair(self, middle: Point) -> None:
        self._round(middle, 11, _FURNITURE)

    def door(self, middle: Point, *, upright: bool, outwards: bool) -> None:
        """A gap in the wall, the leaf, and the quarter circle that it swings through."""
        x, y = middle
        half, reach = _OPENING // 2, _THICK // 2 + 1
        side = 1 if outwards else -1
        if upright:
            self.box((x - reach, y - half), (x + reach, y + half), _PAPER)
            hinge, leaf, start = (x, y - half), (x + _OPENING, y - half), 0
        else:
            self.box((x - half, y - reach), (x + half, y + reach), _PAPER)
            hinge, leaf, start = (x - half, y), (x - half, y + side * _OPENING), 0 if outwards else 270
        corner, far = (hinge[0] - _OPENING, hinge[1] - _OPENING), (hinge[0] + _OPENING, hinge[1] + _OPENING)
        self._draw.arc([*_scaled(corner), *_scaled(far)], start, start + 90, fill=_THIN, width=2 * _FINER)
        self.line([hinge, leaf], _WALL, 4)

    def _round(self, middle: Point, radius: int, colour: str) -> None:
        x, y = middle
        self._draw.ellipse([*_scaled((x - radius, y - radius)), *_scaled((x + radius, y + radius))], fill=colour)


def _scaled(at: Point) -> Point:
    return at[0] * _FINER, at[1] * _FINER
