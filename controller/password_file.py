"""Passwords of other systems: the first line of a file that only its owner may read."""

from __future__ import annotations

from pathlib import Path


class PasswordFileError(ValueError):
    """The file of the password cannot be used."""

    safe_to_log = True


def read_password(setting: str, file: Path | None) -> str | None:
    """The first line of the file that `setting` names; PasswordFileError when others may read it, or it holds no
    password in ASCII, which is all that SMTP takes."""
    if file is None:
        return None
    if file.stat().st_mode & 0o077:
        raise PasswordFileError(f"{setting}: {file} can be read by others: chmod 600 {file}")
    first = file.read_bytes().split(b"\n", 1)[0].rstrip(b"\r")
    if not first or not first.isascii():
        raise PasswordFileError(f"{setting}: {file} holds no line of ASCII letters")
    return first.decode("ascii")
