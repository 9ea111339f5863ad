"""UNIX socket addresses in folders of any depth. The kernel takes 107 bytes; deeper ones go through an open folder."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

LONGEST_ADDRESS: Final = 107


@contextmanager
def reachable(path: Path) -> Iterator[str]:
    """Yield a name for `path` that `bind` and `connect` take, however long the path is. Valid inside the block."""
    if len(os.fsencode(path)) <= LONGEST_ADDRESS:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
