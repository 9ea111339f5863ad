"""The long fuzz: `python -m tests.fuzz [--seconds N] [--target NAME] [--seed N]`; docs/testing.md has the rest.

Exit code 1 on a finding, whose last line is what repeats it: `python -m tests.fuzz --target NAME --input HEX`.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from collections.abc import Sequence

from tests.fuzz.contract_targets import TARGETS as CONTRACT
from tests.fuzz.door_targets import TARGETS as DOORS
from tests.fuzz.engine import Campaign, Finding, Target, in_turns, raised
from tests.fuzz.osdp_targets import TARGETS as OSDP
from tests.fuzz.people_targets import TARGETS as PEOPLE
from tests.fuzz.reader_targets import TARGETS as READERS

TARGETS: dict[str, Target] = {target.name: target for target in (*READERS, *OSDP, *CONTRACT, *DOORS, *PEOPLE)}


def main(arguments: Sequence[str]) -> int:
    """Fuzz for a while, or try one input; 1 if a promise is broken."""
    given = _parser().parse_args(arguments)
    chosen = [TARGETS[given.target]] if given.target else list(TARGETS.values())
    if given.input is not None:
        return _again(chosen, bytes.fromhex(given.input))
    print(f"seed {given.seed}")  # noqa: T201 - a command
    findings = 0
    for told in in_turns(chosen, given.seed, given.rounds, time.monotonic() + given.seconds):
        if isinstance(told, Campaign):
            print(f"{told.target.name}: {told.rounds} inputs, {len(told.corpus)} kept")  # noqa: T201
        else:
            findings += 1
            print(f"FOUND {told}")  # noqa: T201
    return 1 if findings else 0


def _again(chosen: list[Target], wire: bytes) -> int:
    found = [Finding(each.name, wire, flaw) for each in chosen if (flaw := raised(each.attempt, wire)) is not None]
    for each in found:
        print(f"FOUND {each}")  # noqa: T201
    return 1 if found else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="A long fuzz, guided by coverage.")
    parser.add_argument("--seconds", type=float, default=60.0, help="for how long (60)")
    parser.add_argument("--rounds", type=int, default=10**12, help="at most so many inputs of each target")
    parser.add_argument("--target", choices=list(TARGETS), help="this one alone; otherwise all in turns")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32), help="what an earlier run printed")
    parser.add_argument("--input", metavar="HEX", help="try this input once instead")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
