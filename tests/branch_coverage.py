"""Whether the tests of the rules take every branch of them: `python -m tests.branch_coverage`.

The law: modules, tests and seed are those of `tests.mutation`, so that both speak of the same. Exit code 0 when the
tests pass and at least LEAST of the statements and branches are run, else 1.
"""

from __future__ import annotations

import os
import sys

from coverage import Coverage

from tests.mutation import MODULES, ROOT, SEED, passing

LEAST = 100.0
"""In per cent: what was reached (docs/testing.md), below which it never falls again."""


def main() -> int:
    os.environ["SEKISHO_SEED"] = SEED
    measured = Coverage(
        data_file=None,
        config_file=False,
        branch=True,
        include=[f"{ROOT}/contract/{module}.py" for module in MODULES],
    )
    with measured.collect():  # nothing of the contract is imported yet: a module's own lines are run once
        passed = passing()
    if not passed:
        print("the tests fail")  # noqa: T201 - a command
        return 1
    return 0 if measured.report(show_missing=True, precision=1) >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
