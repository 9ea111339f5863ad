"""The faults of `python -m tests.mutation` are faults: each is another program than the sound one, and it can run."""

from __future__ import annotations

import ast

import pytest

from tests.mutation import MODULES, ROOT, mutants


@pytest.mark.parametrize("module", MODULES)
def test_every_fault_makes_another_program_that_can_be_read(module: str) -> None:
    sound = ast.unparse(ast.parse((ROOT / "contract" / f"{module}.py").read_text(encoding="utf-8")))
    found = [mutant.source for mutant in mutants(module)]
    assert found
    assert sound not in found
    assert len(set(found)) == len(found)
    for source in found:
        compile(source, module, "exec")


def test_a_limit_is_moved_by_one_and_turned_round() -> None:
    told = {mutant.what for mutant in mutants("freshness")}
    assert "LtE to Lt: proven_s <= area.fresh_s" in told
    assert "LtE to Gt: proven_s <= area.fresh_s" in told
