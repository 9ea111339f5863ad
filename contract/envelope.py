"""The signed envelope around every message, and sealing for payloads that only one reader may see.

Layout, big-endian: magic (4) · kind length u8 · kind · key id (16) · payload length u32 · payload · signature (64).
The Ed25519 signature covers a pre-authentication encoding (DSSE manner): the domain, then kind, key id and payload,
each with its length, so no two different messages share signed bytes. A hostile broker can delay, not forge.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

LIMIT = 64 * 1024
KEY_ID_BYTES = 16
_MAGIC = b"SKE\x01"
_DOMAIN = b"sekisho/1/envelope"
_SEAL_DOMAIN = b"sekisho/1/seal\x00"
_SIGNATURE_BYTES = 64
_PUBLIC_BYTES = 32
_NONCE = bytes(12)
_LENGTH = struct.Struct(">I")


class Kind(StrEnum):
    """What a payload is; part of what is signed, so no message can be taken for one of another kind."""

    EVENTS = "events"
    STATUS = "status"
    RECEIPT = "receipt"
    LIST = "list"
    FRESH = "fresh"
    ACK = "ack"
    PRESENCE = "presence"


class BadEnvelope(ValueError):
    """Not an envelope, too large, of another kind, from an unknown signer, or altered."""


class CannotUnseal(ValueError):
    """Sealed to somebody else, for another purpose, or altered."""


@dataclass(frozen=True, slots=True)
class Envelope:
    kind: Kind
    key_id: bytes
    payload: bytes


@dataclass(frozen=True, slots=True)
class SealKey:
    """A key that seals one text to one recipient for one purpose, and is thrown away. `sender`: its public half."""

    sender: bytes
    purpose: bytes
    cipher: ChaCha20Poly1305 = field(repr=False)


def key_id(public: Ed25519PublicKey) -> bytes:
    """The first 16 bytes of SHA-256 over the raw public key."""
    return hashlib.sha256(public.public_bytes_raw()).digest()[:KEY_ID_BYTES]


def signed(kind: Kind, payload: bytes, key: Ed25519PrivateKey) -> bytes:
    """The envelope bytes of `payload`; ValueError when they would exceed one message (64 KiB)."""
    signer = key_id(key.public_key())
    name = kind.encode()
    data = b"".join((_MAGIC, bytes((len(name),)), name, signer, _LENGTH.pack(len(payload)), payload))
    data += key.sign(_encoding(kind, signer, payload))
    if len(data) > LIMIT:
        raise ValueError(f"a message of {len(data)} bytes exceeds the limit of {LIMIT}")
    return data


def opened(data: bytes, kind: Kind, signers: Mapping[bytes, Ed25519PublicKey]) -> Envelope:
    """The envelope in `data` if it is of `kind` and signed by one of `signers` (by key id); BadEnvelope otherwise."""
    if len(data) > LIMIT:
        raise BadEnvelope("larger than a message may be")
    envelope, signature = _parsed(data)
    if envelope.kind is not kind:
        raise BadEnvelope(f"a message of kind {envelope.kind} where {kind} belongs")
    signer = signers.get(envelope.key_id)
    if signer is None:
        raise BadEnvelope("signed by a key that is not known here")
    try:
        signer.verify(signature, _encoding(envelope.kind, envelope.key_id, envelope.payload))
    except InvalidSignature as flaw:
        raise BadEnvelope("its signature does not hold") from flaw
    return envelope


def seal(recipient: X25519PublicKey, plain: bytes, purpose: bytes, ephemeral: X25519PrivateKey) -> bytes:
    """`plain` readable only by the holder of `recipient`'s private key; `ephemeral` is fresh for every call.

    X25519, HKDF-SHA256 over both public keys and the purpose, ChaCha20-Poly1305 under that single-use key.
    """
    return seal_with(agreed(recipient, purpose, ephemeral), plain)


def agreed(recipient: X25519PublicKey, purpose: bytes, ephemeral: X25519PrivateKey) -> SealKey:
    """The slow half of `seal`, which needs no plain text and can be done before there is any."""
    sender = ephemeral.public_key().public_bytes_raw()
    shared = ephemeral.exchange(recipient)
    return SealKey(sender, purpose, _cipher(shared, sender, recipient.public_bytes_raw(), purpose))


def seal_with(key: SealKey, plain: bytes) -> bytes:
    """The quick half of `seal`. The nonce is fixed, so a second use of the same key would reveal both texts."""
    return key.sender + key.cipher.encrypt(_NONCE, plain, key.purpose)


def unseal(private: X25519PrivateKey, sealed: bytes, purpose: bytes) -> bytes:
    """What `seal` sealed to this key for this purpose; CannotUnseal otherwise."""
    try:
        sender = X25519PublicKey.from_public_bytes(sealed[:_PUBLIC_BYTES])
        shared = private.exchange(sender)
        own = private.public_key().public_bytes_raw()
        cipher = _cipher(shared, sealed[:_PUBLIC_BYTES], own, purpose)
        return cipher.decrypt(_NONCE, sealed[_PUBLIC_BYTES:], purpose)
    except (InvalidTag, ValueError) as flaw:
        raise CannotUnseal("not sealed to this key for this purpose") from flaw


def _cipher(shared: bytes, sender: bytes, recipient: bytes, purpose: bytes) -> ChaCha20Poly1305:
    info = _SEAL_DOMAIN + sender + recipient + purpose
    return ChaCha20Poly1305(HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(shared))


def _encoding(kind: str, signer: bytes, payload: bytes) -> bytes:
    parts = (kind.encode(), signer, payload)
    return _DOMAIN + b"".join(struct.pack(">Q", len(part)) + part for part in parts)


def _parsed(data: bytes) -> tuple[Envelope, bytes]:
    if data[:4] != _MAGIC or len(data) < 5:
        raise BadEnvelope("not an envelope of a known version")
    place = 5 + data[4]
    head = place + KEY_ID_BYTES + _LENGTH.size
    if len(data) < head:
        raise BadEnvelope("cut short")
    (length,) = _LENGTH.unpack(data[head - _LENGTH.size : head])
    if len(data) != head + length + _SIGNATURE_BYTES:
        raise BadEnvelope("its lengths do not add up")
    try:
        kind = Kind(data[5:place].decode("ascii"))
    except ValueError as flaw:
        raise BadEnvelope("of an unknown kind") from flaw
    return Envelope(kind, data[place : place + KEY_ID_BYTES], data[head : head + length]), data[head + length :]
