"""The agent's keys, read from its keys folder: what it signs and unseals by, and whom it believes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from contract.credential import AGENT_KEY_BYTES


class KeysError(ValueError):
    """A key file is missing, of another kind, or readable by others. The text names the file and the mend."""

    safe_to_log = True


@dataclass(frozen=True, slots=True)
class Keys:
    signing: Ed25519PrivateKey
    sealing: X25519PrivateKey
    lookup: bytes
    controller: Ed25519PublicKey
    intake: X25519PublicKey


def load(folder: Path) -> Keys:
    """The keys in `folder`; KeysError when one of them cannot be used."""
    signing, sealing = _private(folder / "signing.key"), _private(folder / "sealing.key")
    controller, intake = _public(folder / "controller.pub"), _public(folder / "intake.pub")
    if not (isinstance(signing, Ed25519PrivateKey) and isinstance(controller, Ed25519PublicKey)):
        raise KeysError(f"{folder}: signing.key and controller.pub must be Ed25519 keys")
    if not (isinstance(sealing, X25519PrivateKey) and isinstance(intake, X25519PublicKey)):
        raise KeysError(f"{folder}: sealing.key and intake.pub must be X25519 keys")
    return Keys(signing, sealing, _lookup(folder / "lookup.key"), controller, intake)


def _private(path: Path) -> object:
    try:
        return serialization.load_pem_private_key(_secret(path), None)
    except (ValueError, TypeError) as flaw:
        if isinstance(flaw, KeysError):
            raise
        raise KeysError(f"{path} is not a private key") from flaw


def _public(path: Path) -> object:
    try:
        return serialization.load_pem_public_key(_read(path))
    except ValueError as flaw:
        if isinstance(flaw, KeysError):
            raise
        raise KeysError(f"{path} is not a public key") from flaw


def _lookup(path: Path) -> bytes:
    try:
        found = bytes.fromhex(_secret(path).decode("ascii").strip())
    except ValueError as flaw:
        if isinstance(flaw, KeysError):
            raise
        raise KeysError(f"{path} is not hex") from flaw
    if len(found) != AGENT_KEY_BYTES:
        raise KeysError(f"{path} does not hold {AGENT_KEY_BYTES} bytes")
    return found


def _secret(path: Path) -> bytes:
    data = _read(path)
    if path.stat().st_mode & 0o077:
        raise KeysError(f"{path} can be read by others: chmod 600 it")
    return data


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as flaw:
        raise KeysError(f"{path} cannot be read: {flaw.strerror}") from flaw
