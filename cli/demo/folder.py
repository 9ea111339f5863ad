"""The demo's data folder: what lies where, that only one demo lives in it, and sockets for folders with long names.

DIR/demo.lock    held by the demo that lives here
DIR/demo.json    where everything is, for this run (mode 0600)
DIR/building/    made once: database, keys, certificates, journals, secrets.json, made.json
DIR/run/         of this run: settings, bench, logs
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

LAYOUT: Final = 2
"""Grows whenever a folder made by an older version cannot be used any more."""

UNKNOWN: Final = -1
"""The layout of a finished building whose mark cannot be read."""

LONGEST_ADDRESS: Final = 107
"""Bytes that the kernel takes as the address of a UNIX socket."""

SHORT: Final = "short-folder"
"""The file in the run folder that names the private folder outside, when there is one."""


class TakenError(OSError):
    """Another demo lives in this folder."""


class ForeignFolderError(OSError):
    """The folder holds something that no demo put there: nothing in it may be replaced."""


class OtherLayoutError(OSError):
    """The building in this folder was made by another version."""


@dataclass(frozen=True, slots=True)
class Folder:
    """Paths below one data folder."""

    root: Path

    @property
    def building(self) -> Path:
        return self.root / "building"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def description(self) -> Path:
        return self.root / "demo.json"

    @property
    def secrets(self) -> Path:
        return self.building / "secrets.json"

    @property
    def database(self) -> Path:
        return self.building / "controller.sqlite"

    @property
    def keys(self) -> Path:
        return self.building / "keys"

    @property
    def agents(self) -> Path:
        return self.building / "agents"

    def agent(self, name: str) -> Path:
        return self.agents / name

    def log(self, name: str) -> Path:
        return self.run / "logs" / f"{name}.log"

    @property
    def made(self) -> Path:
        return self.building / "made.json"

    @property
    def lock(self) -> Path:
        return self.root / "demo.lock"

    @property
    def foreign(self) -> bool:
        """Whether there is something in the folder, and nothing that says a demo made it."""
        marked = self.lock.exists() or self.made.exists()
        return not marked and self.root.is_dir() and any(self.root.iterdir())

    @property
    def layout(self) -> int | None:
        """The layout of the finished building in this folder, UNKNOWN when it does not say; None when none is there."""
        try:
            found = json.loads(self.made.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            return UNKNOWN
        return found["layout"] if isinstance(found, dict) and isinstance(found.get("layout"), int) else UNKNOWN

    def prepare(self) -> None:
        """Make this run's part anew. The folder is for its owner only."""
        self._forget_short_folder()
        shutil.rmtree(self.run, ignore_errors=True)
        for folder in (self.root, self.run, self.run / "logs"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def _forget_short_folder(self) -> None:
        """What a killed supervisor left outside of the folder; the name is checked because a file is only a file."""
        with contextlib.suppress(OSError):
            left = Path((self.run / SHORT).read_text(encoding="utf-8"))
            if left.name.startswith("sekisho-") and not left.is_symlink() and left.stat().st_uid == os.getuid():
                (left / "bench.sock").unlink(missing_ok=True)
                left.rmdir()

    def clear_building(self, *, keep: bool) -> bool:
        """True when a building must be made (what was half made or of an older layout is gone); OtherLayoutError."""
        if self.layout == LAYOUT:
            return False
        if self.layout is not None and keep:
            raise OtherLayoutError(f"{self.building} was made by another version, and --keep forbids making it anew")
        shutil.rmtree(self.building, ignore_errors=True)
        self.building.mkdir(parents=True, mode=0o700)
        return True

    def finish_building(self) -> None:
        """Say that the building is whole."""
        write_private(self.made, {"layout": LAYOUT})


class Claim:
    """Holds the folder for this process for as long as it lives.

    TakenError when another one has it, ForeignFolderError when it is not a demo's; OSError.
    """

    def __init__(self, folder: Folder) -> None:
        if folder.foreign:
            raise ForeignFolderError(f"{folder.root} holds something that is not the demo's: name a folder of its own")
        folder.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._descriptor = os.open(folder.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._descriptor)
            raise TakenError(f"another demo is running in {folder.root}: stop it, or name another folder") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)


class SocketPlace:
    """A path for the bench's socket that every program can use: in the run folder, or in a private short one."""

    def __init__(self, folder: Folder) -> None:
        wanted = folder.run.absolute() / "bench.sock"
        self._short: Path | None = None
        if len(os.fsencode(wanted)) > LONGEST_ADDRESS:
            self._short = Path(tempfile.mkdtemp(prefix="sekisho-", dir=_short_parent()))
            wanted = self._short / "bench.sock"
            (folder.run / SHORT).write_text(str(self._short), encoding="utf-8")
        self.path = wanted

    def close(self) -> None:
        """Take the short folder away again."""
        if self._short is not None:
            shutil.rmtree(self._short, ignore_errors=True)


def _short_parent() -> str | None:
    for place in (os.environ.get("XDG_RUNTIME_DIR", ""), "/tmp"):  # noqa: S108 - mkdtemp makes a private folder in it
        if 0 < len(os.fsencode(place)) <= LONGEST_ADDRESS - 40 and os.access(place, os.W_OK):
            return place
    return None


def write_private(path: Path, document: Mapping[str, Any]) -> None:
    """Write JSON that only the owner may read, whole or not at all."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=False, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
