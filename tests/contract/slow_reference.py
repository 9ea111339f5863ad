"""A second, slow and independent writing of the wire formats, made from `docs/protocol/` and never from `contract/`.

It imports nothing of ours. The vectors in `docs/protocol/vectors/` are its output (`python -m
tests.contract.make_vectors`); the tests hold `contract/` against them. Keys are derived from phrases, so no vector
holds a private key.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

# Ed25519 after RFC 8032, in affine coordinates: slow, and short enough to be read.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
Point = tuple[int, int]


def _recover_x(y: int, sign: int) -> int:
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    return x if x % 2 == sign else P - x


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE: Point = (_recover_x(BASE_Y, 0), BASE_Y)


def _add(a: Point, b: Point) -> Point:
    (ax, ay), (bx, by) = a, b
    product = D * ax * bx * ay * by % P
    x = (ax * by + bx * ay) * pow(1 + product, P - 2, P) % P
    y = (ay * by + ax * bx) * pow(1 - product, P - 2, P) % P
    return x, y


def _times(scalar: int, point: Point) -> Point:
    total: Point = (0, 1)
    while scalar:
        if scalar & 1:
            total = _add(total, point)
        point, scalar = _add(point, point), scalar >> 1
    return total


def _compressed(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def secret(phrase: str) -> bytes:
    """The 32 private bytes that a phrase stands for, for Ed25519, X25519 and keyed hashes alike."""
    return hashlib.sha256(b"sekisho vector " + phrase.encode()).digest()


def _expanded(seed: bytes) -> tuple[int, bytes]:
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & (2**254 - 8) | 2**254
    return scalar, digest[32:]


def ed25519_public(seed: bytes) -> bytes:
    return _compressed(_times(_expanded(seed)[0], BASE))


def ed25519_sign(seed: bytes, message: bytes) -> bytes:
    scalar, prefix = _expanded(seed)
    public = _compressed(_times(scalar, BASE))
    nonce = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % ORDER
    commitment = _compressed(_times(nonce, BASE))
    challenge = int.from_bytes(hashlib.sha512(commitment + public + message).digest(), "little") % ORDER
    return commitment + ((nonce + challenge * scalar) % ORDER).to_bytes(32, "little")


def x25519(private: bytes, public: bytes) -> bytes:
    """RFC 7748 section 5, the Montgomery ladder."""
    scalar = int.from_bytes(private, "little") & (2**254 - 8) | 2**254
    u = int.from_bytes(public, "little") & (2**255 - 1)
    x2, z2, x3, z3 = 1, 0, u, 1
    for position in reversed(range(255)):
        bit = scalar >> position & 1
        if bit:
            x2, z2, x3, z3 = x3, z3, x2, z2
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        da, cb = d * a, c * b
        x3, z3 = (da + cb) ** 2 % P, u * (da - cb) ** 2 % P
        aa, bb = a * a % P, b * b % P
        x2, z2 = aa * bb % P, (aa - bb) * (aa + 121665 * (aa - bb)) % P
        if bit:
            x2, z2, x3, z3 = x3, z3, x2, z2
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


X25519_BASE = (9).to_bytes(32, "little")


def canonical(value: Any) -> bytes:
    """docs/protocol/canonical.md"""
    if value is None:
        return b"null"
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, int):
        return str(value).encode()
    if isinstance(value, str):
        short = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
        escaped = "".join(short.get(ord(c), f"\\u{ord(c):04x}" if ord(c) < 32 else c) for c in value)
        return f'"{escaped}"'.encode()
    if isinstance(value, list):
        return b"[" + b",".join(canonical(item) for item in value) + b"]"
    return b"{" + b",".join(canonical(key) + b":" + canonical(value[key]) for key in sorted(value)) + b"}"


def packed_bits(bits: str) -> bytes:
    padded = bits + "0" * (-len(bits) % 8)
    return bytes(int(padded[at : at + 8], 2) for at in range(0, len(padded), 8))


def lookup_key(agent_key: bytes, source: str, bits: str) -> bytes:
    message = b"sekisho/1/identity\0" + bytes([len(source)]) + source.encode() + struct.pack(">H", len(bits))
    return hashlib.blake2b(message + packed_bits(bits), digest_size=16, key=agent_key).digest()


def commitment(salt: bytes, value: Any) -> bytes:
    return hmac.new(salt, b"sekisho/1/commitment\0" + canonical(value), hashlib.sha256).digest()


def envelope(kind: str, payload: bytes, seed: bytes) -> bytes:
    key_id = hashlib.sha256(ed25519_public(seed)).digest()[:16]
    signed = b"sekisho/1/envelope"
    for part in (kind.encode(), key_id, payload):
        signed += struct.pack(">Q", len(part)) + part
    head = b"SKE\x01" + bytes([len(kind)]) + kind.encode() + key_id + struct.pack(">I", len(payload))
    return head + payload + ed25519_sign(seed, signed)


def seal(recipient_public: bytes, plain: bytes, purpose: bytes, ephemeral: bytes) -> bytes:
    sender = x25519(ephemeral, X25519_BASE)
    extracted = hmac.new(bytes(32), x25519(ephemeral, recipient_public), hashlib.sha256).digest()
    info = b"sekisho/1/seal\0" + sender + recipient_public + purpose
    key = hmac.new(extracted, info + b"\x01", hashlib.sha256).digest()
    return sender + ChaCha20Poly1305(key).encrypt(bytes(12), plain, purpose)


def area_key_name(area_key: bytes) -> bytes:
    return hashlib.sha256(b"sekisho/1/area-key\0" + area_key).digest()[:8]


def area_seal(area_key: bytes, plain: bytes, purpose: bytes, salt: bytes) -> bytes:
    extracted = hmac.new(salt, area_key, hashlib.sha256).digest()
    key = hmac.new(extracted, b"sekisho/1/area-seal\0" + purpose + b"\x01", hashlib.sha256).digest()
    return salt + ChaCha20Poly1305(key).encrypt(bytes(12), plain, purpose)


def presence(clear: dict[str, Any], area_key: bytes, told: dict[str, Any], salt: bytes) -> bytes:
    """docs/protocol/messages.md, Presence: the payload; `clear`: its fields but `key` and `sealed`."""
    numbered = f"{clear['session']}:{clear['sequence']}"
    purpose = f"presence:{clear['site']}/{clear['agent']}:{clear['area']}:{numbered}".encode()
    sealed = area_seal(area_key, canonical(told), purpose, salt)
    return canonical({**clear, "key": area_key_name(area_key).hex(), "sealed": sealed.hex()})


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 16)


_SHORT = ("schedule", "flags")


def record_payload(record: dict[str, Any]) -> bytes:
    holder = bytes.fromhex(record["holder"])
    permission = struct.pack(">IIIHH", *(record[name] for name in ("grant", "valid_from", "valid_until", *_SHORT)))
    card = struct.pack(">III", record["card_from"], record["card_until"], record["trained_until"])
    counts = struct.pack(">HHBB", record["uses"], record["forgiven"], record["state"], record["clearance"])
    return holder + permission + card + counts


def pin_payload(pin: dict[str, str]) -> bytes:
    return bytes.fromhex(pin["salt"] + pin["verifier"] + pin["duress"])


def pin_stretched(typed: str, salt: bytes) -> bytes:
    """docs/protocol/identity.md"""
    return Scrypt(salt, length=32, n=16384, r=8, p=1).derive(typed.encode())


def pin_verifier(agent_key: bytes, holder: bytes, stretched: bytes) -> bytes:
    """docs/protocol/identity.md"""
    return hashlib.blake2b(b"sekisho/1/pin\0" + holder + stretched, digest_size=16, key=agent_key).digest()


def _list_table(records: dict[bytes, bytes]) -> tuple[dict[str, int], bytes]:
    bits = (len(records) // 8).bit_length() - 1 if len(records) >= 16 else 0
    prefixes = [int.from_bytes(key[:4], "big") >> (32 - bits) for key in sorted(records)]
    starts = [sum(1 for each in prefixes if each < prefix) for prefix in range(2**bits + 1)]
    fanout = _padded(b"".join(struct.pack(">I", start) for start in starts))
    body = b"".join(sorted(records)) + b"".join(records[key] for key in sorted(records))
    return {"count": len(records), "bits": bits}, _padded(fanout + body)


def authorisation_list(
    header: dict[str, Any],
    tables: dict[str, dict[str, dict[str, Any]]],
    pins: dict[str, dict[str, str]],
    seed: bytes,
) -> bytes:
    """docs/protocol/list.md; `tables`: area → hex key → record; `pins`: hex holder → PIN. Fills in `tables`, `pins` and
    `set_hash` of the header."""
    described, bodies, entries = [], b"", []
    for area in sorted(tables):
        records = {bytes.fromhex(key): record_payload(record) for key, record in tables[area].items()}
        summary, body = _list_table(records)
        described.append({"area": area, **summary})
        bodies += body
        entries += [area.encode() + b"\0" + key + payload for key, payload in records.items()]
    verifiers = {bytes.fromhex(holder): pin_payload(pin) for holder, pin in pins.items()}
    of_pins, body = _list_table(verifiers)
    entries += [b"\0pin\0" + holder + payload for holder, payload in verifiers.items()]
    if header["neighbours"] != {"peers": [], "area_keys": {}}:
        entries.append(b"\0neighbours\0" + canonical(header["neighbours"]))
    total = sum(int.from_bytes(hashlib.sha256(entry).digest(), "big") for entry in entries)
    set_hash = (total % 2**256).to_bytes(32, "big").hex()
    head = canonical({**header, "tables": described, "pins": of_pins, "set_hash": set_hash})
    body = _padded(b"SKLIST\0\x01" + struct.pack(">I", len(head)) + head) + bodies + body
    return body + ed25519_sign(seed, b"sekisho/1/list\0" + body)


def fact_hash(encoded: bytes) -> bytes:
    return hashlib.sha256(b"sekisho/1/fact\0" + encoded).digest()


def first_previous(site: str, agent: str) -> bytes:
    return hashlib.sha256(f"sekisho/1/first-fact\0{site}/{agent}".encode()).digest()


def leaf_hash(encoded: bytes) -> bytes:
    return hashlib.sha256(b"\0" + encoded).digest()
