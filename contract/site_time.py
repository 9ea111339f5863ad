"""The site's clock as a door carries it: a table of UTC offsets, made at the centre, that needs no time-zone database.

A list must mean the same at every door for as long as it is kept, whatever its host knows of time zones; so what the
zone does is written into the list. The table is known from its first second up to `until`. Outside it nothing is
proven about the wall clock: `local` answers with the nearest offset, `known` says no, and schedules permit nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import pairwise

from contract import shape
from contract.canonical import Object, Value

DAY_S = 86_400
MOST_TRANSITIONS = 64
_OFFSETS = range(-89_999, 93_600)
"""Seconds east of UTC that a clock may be at (RFC 9636, section 3.2): more than -25 h, less than 26 h."""


@dataclass(frozen=True, slots=True)
class SiteTime:
    """zone: its IANA name, for people; transitions: (UTC second, offset in seconds east from then on), ascending;
    until: the UTC second up to which they are known. The first second is where the knowledge begins.

    starts, spells: the same for the look-up: `spells[bisect_right(starts, second)]` is (offset, second of its end).
    """

    zone: str
    transitions: tuple[tuple[int, int], ...]
    until: int
    since: int = field(init=False, repr=False, compare=False)
    starts: tuple[int, ...] = field(init=False, repr=False, compare=False)
    spells: tuple[tuple[int, int], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 1 <= len(self.transitions) <= MOST_TRANSITIONS:
            raise ValueError(f"a site's clock has 1 to {MOST_TRANSITIONS} offsets")
        starts, offsets = tuple(at for at, _ in self.transitions), tuple(offset for _, offset in self.transitions)
        bounds = (*starts, self.until)
        if not all(earlier < later for earlier, later in pairwise(bounds)):
            raise ValueError("the transitions of a site's clock ascend, and end before it is no longer known")
        if not all(offset in _OFFSETS for offset in offsets):
            raise ValueError("a site's clock is less than 25 hours behind and less than 26 hours ahead of UTC")
        object.__setattr__(self, "since", starts[0])
        object.__setattr__(self, "starts", starts)
        spells = tuple(zip(offsets, bounds[1:], strict=True))
        object.__setattr__(self, "spells", (spells[0], *spells))

    def known(self, second: int) -> bool:
        """Whether the table says what the wall clock shows at this UTC second."""
        return self.since <= second < self.until

    def spell(self, second: int) -> tuple[int, int]:
        """What to add to this UTC second, and the second at which that changes (the last spell ends at `until`)."""
        return self.spells[bisect_right(self.starts, second)]

    def local(self, second: int) -> tuple[int, int]:
        """The wall clock at this UTC second: days since 1970-01-01, and seconds since midnight."""
        return divmod(second + self.spell(second)[0], DAY_S)

    def as_object(self) -> Object:
        pairs: list[Value] = [[at, offset] for at, offset in self.transitions]
        return {"zone": self.zone, "transitions": pairs, "until": self.until}

    @classmethod
    def from_object(cls, data: Object) -> SiteTime:
        shape.exactly(data, ("zone", "transitions", "until"))
        pairs = shape.items(data, "transitions", MOST_TRANSITIONS)
        zone, until = shape.text(data, "zone", 64), shape.integer(data, "until")
        return cls(zone, tuple(_pair(each) for each in pairs), until)


def _pair(value: Value) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise shape.BadShape("a transition is [UTC second, offset]")
    at, offset = value
    start = shape.integer({"transition": at}, "transition")
    return start, shape.integer({"offset": offset}, "offset", _OFFSETS.start, _OFFSETS.stop - 1)
