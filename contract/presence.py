"""Presence: the area a holder last passed into. It moves on a passage, never on a swipe.

What was forgiven since stays known, but is no reason to refuse any more: presence keeps under which count of the
holder's forgiveness, and under which posture of the site, it was learned.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """area: the one a holder last passed into; certain: it was surely this holder; flags: of the record that let them
    pass; forgiven: the record's count then; posture: the site's then; at: the UTC second, None on a clock that cannot
    be believed.

    stamp: places it among all that is told of this holder at the site; before: the stamp of what was known of them when
    they passed, 0 when nothing was; witness: the agent at whose door it was, which decides between equal stamps.
    """

    area: str
    certain: bool
    flags: int = 0
    forgiven: int = 0
    posture: int = 0
    at: int | None = None
    stamp: int = field(default=0, compare=False)
    before: int = field(default=0, compare=False)
    witness: str = field(default="", compare=False)

    def later_than(self, other: Whereabouts) -> bool:
        """Whether this is the later of two passages of one holder."""
        return (self.stamp, self.witness) > (other.stamp, other.witness)


@dataclass(frozen=True, slots=True)
class Passage:
    """`holder` (a handle) came out of from_area into `to.area`."""

    holder: bytes
    from_area: str
    to: Whereabouts


def forgiven(known: Whereabouts, holder_count: int, area_posture: int) -> bool:
    """Whether what is known of a holder was forgiven since: the holder's own count differs now, or the area's last
    forgiveness belongs to a later posture than the one it was learned under."""
    return known.forgiven != holder_count or known.posture < area_posture
