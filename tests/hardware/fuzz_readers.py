"""A long fuzz of every framer, guided by coverage: `python -m tests.hardware.fuzz_readers --seconds 600 [--seed N]`.

What runs new lines of a framer is kept and changed further. Nothing may raise, grow, or read a card that was not on the
wire; the next card after any of it is read. The fast tests run a few rounds of it.
"""

import argparse
import random
import secrets
import sys
import time
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from hardware.bench.encoding import encoded
from hardware.readers.framing import SERIAL_KINDS, Frame, framer_named
from hardware.readers.wiegand_frame import WiegandFrame

CARD = f"{0x62E3086CED:040b}"
SPEAKING = [name for name, kind in SERIAL_KINDS.items() if not kind.make(None).asked]
Lines = set[tuple[CodeType, int]]
Try = Callable[[bytes], None]


def card_for(name: str) -> str:
    """Bits that a reader of this kind can send."""
    return CARD[:32] if "decimal" in name else CARD


def try_serial(name: str) -> Try:
    """Every third byte value is also a pause, so that time is part of the input."""

    def attempt(wire: bytes) -> None:
        framer, now, card = framer_named(name), 0.0, card_for(name)
        framer.outgoing(now)
        for value in wire:
            now += 0.2 if value % 32 == 31 else 0.001
            framer.feed(bytes((value,)), now)
            framer.outgoing(now)
            assert len(framer._part) <= 128
        if framer.asked:
            return
        found = framer.feed(encoded(name, card), now + 0.5) + framer.tick(now + 1.0)
        assert any(isinstance(each, Frame) and each.bits == card for each in found), "the next card was not read"

    return attempt


def try_wiegand(wire: bytes) -> None:
    """A byte is an edge: its lowest bit the line, the others the pause before it."""
    collector, at = WiegandFrame(), 1.0
    for value in wire:
        at += (0.0, 5e-6, 3e-5, 0.0002, 0.002, 0.02, 0.024, 0.03)[value >> 1 & 7] * (1 + (value >> 4))
        collector.edge(value & 1, at, after_loss=value == 255)
        assert len(collector._bits) <= 128
    at += 0.5
    found = []
    for bit in CARD:
        at += 0.002
        found += collector.edge(int(bit), at)
    assert collector.tick(at + 1) == [Frame(CARD, at)], "the next card was not read"


def covered(attempt: Try, wire: bytes) -> Lines:
    """The lines of our readers that this input runs."""
    lines: Lines = set()

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if "readers" not in frame.f_code.co_filename:
            return None
        if event == "line":
            lines.add((frame.f_code, frame.f_lineno))
        return trace

    sys.settrace(trace)
    try:
        attempt(wire)
    finally:
        sys.settrace(None)
    return lines


def changed(wire: bytes, corpus: list[bytes], rng: random.Random) -> bytes:
    """Bytes flipped, dropped, doubled or taken from another input."""
    data = bytearray(wire)
    for _ in range(rng.randint(1, 6)):
        place = rng.randrange(len(data) + 1)
        match rng.randrange(5):
            case 0:
                data[place:place] = rng.randbytes(rng.randint(1, 8))
            case 1:
                del data[place : place + rng.randint(1, 4)]
            case 2 if data:
                data[place % len(data)] ^= 1 << rng.randrange(8)
            case 3:
                data[place:place] = data[: rng.randint(0, 20)]
            case _:
                data[place:] = rng.choice(corpus)
    return bytes(data[:400])


def fuzz(rounds: int, rng: random.Random, until: float = float("inf")) -> dict[str, int]:
    """So many rounds of each target, or until that time (`time.monotonic`); returns how many inputs were kept."""
    targets: dict[str, Try] = {name: try_serial(name) for name in SERIAL_KINDS} | {"wiegand": try_wiegand}
    corpora = {name: [encoded(name, card_for(name))] if name in SPEAKING else [b"0000\r00"] for name in targets}
    seen: dict[str, Lines] = {name: set() for name in targets}
    for _ in range(rounds):
        for name, attempt in targets.items():
            corpus = corpora[name]
            wire = changed(rng.choice(corpus), corpus, rng)
            try:
                new = covered(attempt, wire) - seen[name]
            except Exception:
                print(f"{name}: {wire.hex()}")  # noqa: T201 - what broke it is what one wants to see
                raise
            if new:
                seen[name] |= new
                corpus.append(wire)
        if time.monotonic() > until:
            break
    return {name: len(corpus) for name, corpus in corpora.items()}


def main() -> None:
    """Fuzz for a while and say what was found."""
    arguments = argparse.ArgumentParser(description="A long fuzz of every framer.")
    arguments.add_argument("--seconds", type=float, default=60.0)
    arguments.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    given = arguments.parse_args()
    print(f"seed {given.seed}")  # noqa: T201
    rng = random.Random(given.seed)  # noqa: S311 - a fuzz
    kept = fuzz(10**12, rng, time.monotonic() + given.seconds)
    print(", ".join(f"{name} {count}" for name, count in kept.items()))  # noqa: T201


if __name__ == "__main__":
    main()
