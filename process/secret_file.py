"""Secrets in files that only their owner may read; one that a settings file names is the first line of such a file."""

from __future__ import annotations

import os
from pathlib import Path


class SecretFileError(ValueError):
    """The file of a secret cannot be used. `str()` names the setting and the file, and nothing of what it holds."""

    safe_to_log = True


def first_line(file: Path, setting: str) -> str:
    """The secret that `setting` names; SecretFileError when others may read the file, or it holds no line of ASCII."""
    if file.stat().st_mode & 0o077:
        raise SecretFileError(f"{setting}: {file} can be read by others: chmod 600 {file}")
    first = file.read_bytes().split(b"\n", 1)[0].rstrip(b"\r")
    if not first or not first.isascii():
        raise SecretFileError(f"{setting}: {file} holds no line of ASCII letters")
    return first.decode("ascii")


def write(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all; one that is there is replaced."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
