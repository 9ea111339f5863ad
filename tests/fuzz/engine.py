"""What runs new lines of the watched code is kept and changed further; what raises is a finding, made small.

The law: all randomness comes from the seed and the target's name, so that a run of one target repeats what a run of all
of them did to it.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from types import CodeType, FrameType
from typing import Any

LONGEST = 600
"""Bytes of one input; longer ones find little that these do not, and take their time."""

_SMALLER = 300
"""At most so many tries to make a finding smaller."""

Lines = set[tuple[CodeType, int]]
Attempt = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Target:
    """What is fuzzed. `attempt` raises exactly when a promise is broken; `watched`: parts of the paths of the files
    whose lines guide the search; `longest`: bytes of one input."""

    name: str
    attempt: Attempt
    seeds: tuple[bytes, ...]
    watched: tuple[str, ...]
    longest: int = LONGEST


@dataclass(frozen=True, slots=True)
class Finding:
    """An input that breaks a promise, and what was raised."""

    target: str
    wire: bytes
    flaw: Exception

    def __str__(self) -> str:
        what = f"{self.target}: {type(self.flaw).__name__}: {self.flaw}"
        return f"{what}\n  --target {self.target} --input {self.wire.hex()}"


class Campaign:
    """The search in one target. Call `step` as often as there is time for it."""

    def __init__(self, target: Target, seed: int) -> None:
        self.target = target
        self.rounds = 0
        self.spent = 0.0
        self.corpus: list[bytes] = list(target.seeds)
        self._rng = random.Random(f"{seed} {target.name}")  # noqa: S311 - a search that can be repeated
        self._seen: Lines = set()
        self._unused = list(target.seeds)

    def step(self) -> Finding | None:
        """Try one input: first each of the seeds, then changed ones."""
        self.rounds += 1
        new = not self._unused
        wire = changed(self._rng, self.corpus, self.target.longest) if new else self._unused.pop()
        lines, flaw = covered(self.target, wire)
        if flaw is not None:
            return Finding(self.target.name, *smaller(self.target.attempt, wire, flaw))
        if new and lines - self._seen:
            self.corpus.append(wire)
        self._seen |= lines
        return None


def in_turns(
    targets: Iterable[Target], seed: int, rounds: int, until: float, clock: Callable[[], float] = time.monotonic
) -> Iterator[Campaign | Finding]:
    """At most so many rounds of every target, to each the same time, until `until` on that clock. A finding ends its
    target and comes before the target's campaign; the campaigns of all others follow as they end."""
    running = [Campaign(target, seed) for target in targets]
    while running and clock() < until:
        campaign = min(running, key=lambda each: each.spent)
        began = clock()
        found = campaign.step()
        campaign.spent += clock() - began
        if found is not None:
            yield found
        if found is not None or campaign.rounds >= rounds:
            running.remove(campaign)
            yield campaign
    yield from running


def covered(target: Target, wire: bytes) -> tuple[Lines, Exception | None]:
    """The watched lines that this input runs, and what it raised."""
    lines: Lines = set()

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if not _within(frame.f_code.co_filename, target.watched):
            return None
        if event == "line":
            lines.add((frame.f_code, frame.f_lineno))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        return lines, raised(target.attempt, wire)
    finally:
        sys.settrace(before)


@cache
def _within(path: str, parts: tuple[str, ...]) -> bool:
    return any(part in path for part in parts)


def raised(attempt: Attempt, wire: bytes) -> Exception | None:
    """What this input raises."""
    try:
        attempt(wire)
    except Exception as flaw:  # noqa: BLE001 - whatever is raised is what a fuzzer looks for
        return flaw
    return None


def smaller(attempt: Attempt, wire: bytes, flaw: Exception) -> tuple[bytes, Exception]:
    """A shorter input that raises the same kind of flaw, found by cutting pieces out."""
    piece, tries = max(1, len(wire) // 2), 0
    while piece:
        place = 0
        while place < len(wire) and tries < _SMALLER:
            tries += 1
            cut = wire[:place] + wire[place + piece :]
            other = raised(attempt, cut)
            if type(other) is type(flaw) and other is not None:
                wire, flaw = cut, other
            else:
                place += piece
        piece //= 2
    return wire, flaw


def changed(rng: random.Random, corpus: Sequence[bytes], longest: int) -> bytes:
    """An input of the corpus with bytes flipped, replaced, dropped, doubled or taken from another one."""
    data = bytearray(rng.choice(corpus))
    for _ in range(rng.randint(1, 6)):
        place = rng.randrange(len(data) + 1)
        match rng.randrange(6):
            case 0:
                data[place:place] = rng.randbytes(rng.randint(1, 8))
            case 1:
                del data[place : place + rng.randint(1, 4)]
            case 2 if data:
                data[place % len(data)] ^= 1 << rng.randrange(8)
            case 3:
                other = rng.choice(corpus)
                start = rng.randrange(len(other) + 1)
                data[place:place] = other[start : start + rng.randint(1, 40)]
            case 4 if data:
                data[place % len(data)] = rng.choice((0, 1, 0x20, 0x53, 0x7F, 0x80, 0xFF))
            case _:
                data[place:] = rng.choice(corpus)[place:]
    return bytes(data[:longest])
