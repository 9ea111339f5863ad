"""The fuzz itself: it finds what is planted, finds it again, and every target runs without a finding for a moment."""

from __future__ import annotations

import random
import re
from math import inf

import pytest

from tests.fuzz import __main__ as command
from tests.fuzz.engine import Campaign, Finding, Target, covered, in_turns, raised

WATCHED = ("fuzz/test_fuzz",)
HIGH = b"\xc0"


class PlantedError(Exception):
    """What the fuzz is to find."""


def planted(wire: bytes) -> None:
    """Six steps deep, one byte in four leads on: a search that is not guided needs thousands of inputs for each hit."""
    if wire[:1] < HIGH:
        return
    if wire[1:2] < HIGH:
        return
    if wire[2:3] < HIGH:
        return
    if wire[3:4] < HIGH:
        return
    if wire[4:5] < HIGH:
        return
    if wire[5:6] >= HIGH:
        raise PlantedError


def careless(wire: bytes) -> None:
    if b"\xff" in wire:
        raise PlantedError(wire)


def searched(seed: int, watched: tuple[str, ...] = WATCHED, rounds: int = 20_000) -> Finding | None:
    target = Target("planted", planted, (b"0000",), watched)
    return next((each for each in in_turns([target], seed, rounds, inf) if isinstance(each, Finding)), None)


def test_a_planted_bug_is_found_made_small_and_found_again_by_its_seed(seed: int) -> None:
    found = searched(seed)
    assert found is not None
    assert len(found.wire) == 6
    assert raised(planted, found.wire) is not None
    assert isinstance(found.flaw, PlantedError)
    assert str(searched(seed)) == str(found)
    assert str(found).endswith(f"--target planted --input {found.wire.hex()}")


def test_coverage_is_what_leads_there() -> None:
    blind = sum(searched(seed, ("no such file",), 1500) is not None for seed in range(5))
    guided = sum(searched(seed, WATCHED, 1500) is not None for seed in range(5))
    assert (blind, guided) == (0, 5)


def test_what_one_target_is_fed_does_not_depend_on_the_others(seed: int) -> None:
    alone, beside = (Campaign(command.TARGETS["line-hex"], seed) for _ in range(2))
    other = Campaign(command.TARGETS["wiegand"], seed)
    for _ in range(30):
        assert alone.step() is None
        other.step()
        assert beside.step() is None
    assert alone.corpus == beside.corpus


@pytest.mark.parametrize("name", command.TARGETS)
def test_every_target_runs_its_own_lines_and_finds_no_fault_in_a_few_rounds(name: str, seed: int) -> None:
    target = command.TARGETS[name]
    campaign = Campaign(target, seed)
    assert covered(target, target.seeds[0])[0]
    assert [found for _ in range(10) if (found := campaign.step())] == []


def test_the_command_prints_its_seed_and_says_yes(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--target", "osdp-reply", "--rounds", "30", "--seed", "5"]) == 0
    assert re.fullmatch(r"seed 5\nosdp-reply: 30 inputs, \d+ kept\n", capsys.readouterr().out)


def test_the_command_fails_on_a_finding_and_repeats_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(command.TARGETS, "careless", Target("careless", careless, (b"0",), WATCHED))
    assert command.main(["--target", "careless", "--rounds", "5000", "--seed", "5"]) == 1
    told = capsys.readouterr().out
    assert "FOUND careless: PlantedError" in told
    repeat = re.search(r"--target careless --input [0-9a-f]+", told)
    assert repeat is not None
    assert command.main(repeat[0].split()) == 1
    assert command.main(["--target", "careless", "--input", "00"]) == 0


def test_random_bytes_without_end_are_survived_by_the_parsers_of_messages(rng: random.Random) -> None:
    for name in ("osdp-deframer", "canonical", "messages", "envelopes", "lists", "policy"):
        for _ in range(20):
            assert raised(command.TARGETS[name].attempt, rng.randbytes(rng.randrange(300))) is None, name
