"""The symlink through which agents find a port of the bench.

The law: it is there exactly while the device is; what is not ours is never replaced or removed.
"""

from __future__ import annotations

import os
from pathlib import Path


def point(link: Path, device: str) -> None:
    """Let `link` lead to `device`; FileExistsError if something else than a link stands there."""
    link.parent.mkdir(parents=True, exist_ok=True)
    if link.is_symlink():
        link.unlink()  # of a bench that was killed
    if link.exists():
        raise FileExistsError(f"{link} is in the way of a reader's port")
    link.symlink_to(device)


def take_away(link: Path, device: str) -> None:
    """Remove the link, if it leads to `device`."""
    if link.is_symlink() and os.readlink(link) == device:
        link.unlink()
