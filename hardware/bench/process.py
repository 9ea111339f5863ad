"""The bench as a child of this process: for the demo building, tests and benchmarks.

The law: once it exists it has said `ready`; it ends with us, however we end, because its standard input does.
"""

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self


class BenchStartError(OSError):
    """The bench did not start; what it said went to standard error."""


class BenchProcess:
    """`python -m hardware.bench` over a fixture file and a socket path, in a session of its own."""

    def __init__(self, fixture: Path, socket: Path) -> None:
        self.fixture = fixture.absolute()
        self.socket = socket.absolute()
        command = [sys.executable, "-m", "hardware.bench"]
        command += ["--fixture", str(self.fixture), "--socket", str(self.socket)]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
            start_new_session=True,
        )
        said = self.process.stdout.readline() if self.process.stdout else b""
        if said != b"ready\n":
            raise BenchStartError(f"the bench ended with {self.close()} before it was ready")

    def port(self, reader: str) -> str:
        """Where the fixtures of this house put a reader's port: `ports/<reader>` beside the fixture file."""
        return str(self.fixture.parent / "ports" / reader)

    def close(self, timeout: float = 2.0) -> int:
        """End it; kill it if it has not ended in time. Returns its exit code. May be called twice."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
        finally:
            if self.process.stdout is not None:
                self.process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
