"""One process of the demo: `python -m cli.demo.child controller|web|agent SETTINGS`, tied to the supervisor's life.

The law: it ends when its stdin does or its parent is gone, in an orderly way within three seconds, else at once.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Final

from process.readiness import end_with_parent, on_stdin_eof

ORDERLY_WITHIN: Final = 3.0


def main() -> int:
    """Run the service that the first argument names until it is told to end."""
    kind, settings = sys.argv[1], Path(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    on_stdin_eof(_end)
    if kind == "controller":
        from controller.service import serve as serve_controller

        return serve_controller(settings) or 0
    if kind == "web":
        from admin_web.serve import serve as serve_web

        return serve_web(settings) or 0
    from gpiozero import Device

    from door_agent.run import run
    from hardware.bench.pins import BenchFactory

    # Given here and not by name in the environment: a checkout that is not installed has no entry points.
    Device.pin_factory = BenchFactory()
    return run(settings)


def _end() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(ORDERLY_WITHIN)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
