"""`python -m hardware.bench --fixture F --socket S`: the bench as a process.

The law: it says `ready` on stdout once everything can be opened, and ends within 0.2 s, with nothing left behind, when
stdin ends or SIGTERM comes. SIGINT is for the supervisor. Exit 2: wrong fixture; 3: cannot start.
"""

import argparse
import signal
import socket
import sys
from pathlib import Path

from hardware.bench.fixture import FixtureError, read_fixture
from hardware.bench.server import BenchServer


def main() -> int:
    """Run the bench until it is told to end; returns the exit code."""
    arguments = argparse.ArgumentParser(prog="python -m hardware.bench", description="The simulated bench.")
    arguments.add_argument("--fixture", type=Path, required=True, help="TOML file: readers and pins")
    arguments.add_argument("--socket", type=Path, required=True, help="UNIX socket for hands and agents")
    given = arguments.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setblocking(False)
        signal.set_wakeup_fd(theirs.fileno())
        signal.signal(signal.SIGTERM, lambda *_: None)  # the wake-up byte is what counts
        try:
            return _serve(BenchServer(read_fixture(given.fixture), given.socket), ours.fileno())
        except FixtureError as error:
            return _complain(error, 2)
        except OSError as error:
            return _complain(error, 3)
        finally:
            signal.set_wakeup_fd(-1)


def _serve(bench: BenchServer, told_to_end: int) -> int:
    bench.open()
    try:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        bench.serve(told_to_end, leash=0)
    finally:
        bench.close()
    return 0


def _complain(error: Exception, code: int) -> int:
    sys.stderr.write(f"bench: {error}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
