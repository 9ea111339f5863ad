"""Become another program that ends with its parent: `python -m cli.brokers.tethered PARENT_PID PROGRAM [ARGUMENT...]`.

For programs that do not watch their stdin. The kernel keeps the wish across the exec.
"""

import os
import sys

from process.readiness import end_with_parent


def main() -> None:
    parent, program = int(sys.argv[1]), sys.argv[2]
    end_with_parent(parent)
    os.execv(program, sys.argv[2:])  # noqa: S606 - an argument list; no shell is wanted


if __name__ == "__main__":
    main()
