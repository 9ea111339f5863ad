"""A bench in a process of its own, with the Cedar room on it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hardware.bench.hand import Hand
from hardware.bench.process import BenchProcess

CEDAR = Path(__file__).with_name("cedar.toml")


@pytest.fixture
def start_bench() -> Iterator[Callable[[Path], BenchProcess]]:
    """Starts a bench in that folder."""
    started: list[BenchProcess] = []

    def start(folder: Path) -> BenchProcess:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(CEDAR, folder / "bench.toml")
        started.append(BenchProcess(folder / "bench.toml", folder / "bench.sock"))
        return started[-1]

    yield start
    for bench in started:
        bench.close()


@pytest.fixture
def bench(tmp_path: Path, start_bench: Callable[[Path], BenchProcess]) -> Iterator[BenchProcess]:
    with start_bench(tmp_path / "a bench") as running:
        yield running


@pytest.fixture
def hand(bench: BenchProcess) -> Iterator[Hand]:
    with Hand(bench.socket) as hand:
        hand.watch()
        yield hand
