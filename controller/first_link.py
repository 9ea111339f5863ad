"""How the owner of the host gets the first operator's one-time link, which makes whoever opens it a security admin.

A terminal shows it. Without one, stderr is the journal, which others read and which keeps it: there it is written to a
file beside the keys that only the owner may read, and its path is said. It goes once there is an operator.
"""

from __future__ import annotations

import sys
from pathlib import Path

from controller.settings import ControllerSettings
from process import secret_file

FILE = "first-operator.link"


def hand_over(told: ControllerSettings, token: str | None) -> None:
    """Say the link of this token, or where it is; None: there is an operator, and an older link is taken away."""
    file = _file(told)
    if token is None:
        file.unlink(missing_ok=True)
        return
    link = address(told, token)
    if sys.stderr.isatty():
        file.unlink(missing_ok=True)
        sys.stderr.write(f"first operator: {link}\n")
    else:
        secret_file.write(file, f"{link}\n".encode())
        sys.stderr.write(f"first operator: the one-time link is in {file}\n")
    sys.stderr.flush()


def address(told: ControllerSettings, token: str) -> str:
    """Where a one-time link is opened."""
    return f"{told.public_url.rstrip('/')}/set-up/{token}"


def _file(told: ControllerSettings) -> Path:
    return told.keys.parent / FILE
