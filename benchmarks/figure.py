"""What a benchmark reports, and how two things are timed side by side."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Ratio:
    """A figure against a baseline of the same run: the median of per-round ratios, and both medians in microseconds."""

    name: str
    baseline: str
    rounds: int
    median_us: float
    baseline_us: float
    ratio: float
    goal: float
    must: float

    @property
    def kept(self) -> bool:
        return self.ratio <= self.must

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "kept": self.kept, "machine": machine()}

    def as_line(self) -> str:
        verdict = "goal" if self.ratio <= self.goal else "kept" if self.kept else "MISSED"
        return (
            f"{self.name}: {self.ratio:.2f}x of {self.baseline} "
            f"({self.median_us:.1f} against {self.baseline_us:.1f} us; "
            f"goal {self.goal:g}x, must {self.must:g}x) {verdict}"
        )


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles of many trials in milliseconds. plain_ms: the median of what does nothing of its own, measured in
    turns with it; None where there is no such thing."""

    name: str
    trials: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    goal_ms: float
    must_ms: float
    plain_ms: float | None = None

    @property
    def kept(self) -> bool:
        return self.p99_ms <= self.must_ms

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "kept": self.kept, "machine": machine()}

    def as_line(self) -> str:
        verdict = "goal" if self.p99_ms <= self.goal_ms else "kept" if self.kept else "MISSED"
        beside = f", {self.p50_ms / self.plain_ms:.1f}x of a plain page" if self.plain_ms else ""
        return (
            f"{self.name}: p50 {self.p50_ms:.2f}, p99 {self.p99_ms:.2f}, max {self.max_ms:.2f} ms "
            f"of {self.trials}{beside} (p99 goal {self.goal_ms:g}, must {self.must_ms:g} ms) {verdict}"
        )


def machine() -> str:
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def interleaved(
    name: str,
    work: Callable[[], object],
    baseline_name: str,
    baseline: Callable[[], object],
    bounds: tuple[float, float],
    *,
    rounds: int = 60,
    repeat: int = 200,
    idle: Callable[[], object] = lambda: None,
) -> Ratio:
    """Time `repeat` calls of each in turn, `rounds` times, first one and then the other first; bounds: (goal, must).

    `idle` is called before every round and is not timed.
    """
    ours: list[float] = []
    theirs: list[float] = []
    for place in range(rounds):
        pair = [(work, ours), (baseline, theirs)]
        idle()
        for call, times in pair if place % 2 else reversed(pair):
            started = time.perf_counter()
            for _ in range(repeat):
                call()
            times.append((time.perf_counter() - started) / repeat * 1e6)
    ratio = statistics.median(one / other for one, other in zip(ours, theirs, strict=True))
    medians = statistics.median(ours), statistics.median(theirs)
    return Ratio(name, baseline_name, rounds * repeat, *medians, ratio, *bounds)


def latency(name: str, seconds: Sequence[float], bounds: tuple[float, float], plain_ms: float | None = None) -> Latency:
    """The percentiles of `seconds`; bounds: (goal, must) in milliseconds for p99."""
    ordered = sorted(each * 1000 for each in seconds)
    p99 = ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
    return Latency(name, len(ordered), statistics.median(ordered), p99, ordered[-1], *bounds, plain_ms)
