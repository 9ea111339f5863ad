"""Sealing for the agents of one area: whoever holds the area's key, which travels in their sealed lists, can read it.

Every text has a key of its own, derived from the area's key, 16 fresh random bytes and the purpose, so nothing depends
on numbers that an agent must never use twice.
"""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from contract.envelope import CannotUnseal

SALT_BYTES = 16
KEY_NAME_BYTES = 8
_DOMAIN = b"sekisho/1/area-seal\x00"
_NAME_DOMAIN = b"sekisho/1/area-key\x00"
_NONCE = bytes(12)


def key_name(area_key: bytes) -> bytes:
    """Eight bytes by which two agents see that they hold the same key, and nobody sees anything else."""
    return hashlib.sha256(_NAME_DOMAIN + area_key).digest()[:KEY_NAME_BYTES]


def seal(area_key: bytes, plain: bytes, purpose: bytes, salt: bytes) -> bytes:
    """salt ‖ ChaCha20-Poly1305 of `plain` under HKDF-SHA256(area key, salt, domain ‖ purpose), the purpose as
    associated data; `salt`: 16 fresh random bytes."""
    return salt + ChaCha20Poly1305(_derived(area_key, salt, purpose)).encrypt(_NONCE, plain, purpose)


def unseal(area_key: bytes, sealed: bytes, purpose: bytes) -> bytes:
    """What `seal` sealed under this key for this purpose; CannotUnseal otherwise."""
    salt, rest = sealed[:SALT_BYTES], sealed[SALT_BYTES:]
    if len(salt) != SALT_BYTES:
        raise CannotUnseal("not sealed under this area's key for this purpose")
    try:
        return ChaCha20Poly1305(_derived(area_key, salt, purpose)).decrypt(_NONCE, rest, purpose)
    except (InvalidTag, ValueError) as flaw:
        raise CannotUnseal("not sealed under this area's key for this purpose") from flaw


def _derived(area_key: bytes, salt: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=_DOMAIN + purpose).derive(area_key)
