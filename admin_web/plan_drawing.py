"""How a floor plan is drawn: in which size, and where on it a mark and its label stand.

All of it are attributes of SVG: the content security policy lets no style into a page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from controller.premises.floor_plan import FAR, FloorPlan

WIDEST: Final = 1200
HIGHEST: Final = 900
LABEL: Final = (240, 52)
"""A label's width and height: a name of one line, and below it a state, a posture and an alarm."""
_BELOW: Final = 10


@dataclass(frozen=True, slots=True)
class Drawing:
    """A plan's size on a page, in pixels."""

    width: int
    height: int

    @classmethod
    def of(cls, plan: FloorPlan) -> Drawing:
        """As large as fits, in the proportions of its picture."""
        scale = min(WIDEST / plan.width, HIGHEST / plan.height)
        return cls(max(1, round(plan.width * scale)), max(1, round(plan.height * scale)))

    def left(self, x: int) -> int:
        return round(self.width * x / FAR)

    def top(self, y: int) -> int:
        return round(self.height * y / FAR)

    def label_left(self, x: int) -> int:
        """The label stands below its place in the middle, and never beyond the plan."""
        return max(0, min(self.left(x) - LABEL[0] // 2, self.width - LABEL[0]))

    def label_top(self, y: int) -> int:
        return max(0, min(self.top(y) + _BELOW, self.height - LABEL[1]))

    def place(self, left: int, top: int) -> tuple[int, int]:
        """The place on the plan where somebody clicked, in pixels of its picture."""
        return min(FAR, round(left * FAR / self.width)), min(FAR, round(top * FAR / self.height))
