"""The authorisation list of one agent: one immutable signed file, read in place from bytes or an mmap.

Layout, big-endian: magic (8) · header length u32 · header (canonical JSON: numbers, policy, tables) · zeros up to a
multiple of 16 · per table: fan-out u32[2^b + 1], zeros up to a multiple of 16, n keys of 16 bytes ascending, n payloads
of 32 bytes · Ed25519 signature (64) over the domain and everything before it. One table per guarded area. The fan-out
(as in a git pack index) bounds the range where a key may lie; `find` on the buffer does the rest.
A record's payload: holder handle 16 · grant u32 · valid from u32 · valid until u32 (UTC seconds) · schedule u16 ·
flags u16.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from itertools import pairwise
from mmap import mmap
from typing import NamedTuple, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from contract import canonical, leaf, shape
from contract.canonical import Object, Value
from contract.credential import KEY_BYTES
from contract.policy import Policy

FORMAT = 2
HANDLE_BYTES = 16
FOREVER = 0xFFFF_FFFF
ALWAYS = 0
_MAGIC = b"SKLIST\x00\x01"
_DOMAIN = b"sekisho/1/list\x00"
_PAYLOAD = struct.Struct(">16sIIIHH")
_LENGTH = struct.Struct(">I")
_BUCKET = struct.Struct(">II")
_SIGNATURE_BYTES = 64
_LARGEST_HEADER = 2**20
_SET_MODULUS = 2**256

Buffer: TypeAlias = "bytes | mmap"


class Flag(IntEnum):
    """Bits of a record's flags. EXIT_ONLY: may leave but not enter; ESSENTIAL: may still enter on a stale list;
    EXTENDED: needs more time at the door.

    An IntEnum, not an IntFlag: flags stay plain integers on the decision path, and unknown bits survive.
    """

    NONE = 0
    EXIT_ONLY = 1
    ESSENTIAL = 2
    EXTENDED = 4


class BadList(ValueError):
    """The bytes are not a list of ours: cut, altered, unsigned, or of an unknown format."""


class Record(NamedTuple):
    """What one identity may do in one area. Times are UTC seconds; valid while from <= now < until.

    A named tuple, because one is unpacked for every card: it costs a third of a frozen dataclass.
    """

    holder: bytes
    grant: int
    valid_from: int
    valid_until: int
    schedule: int = ALWAYS
    flags: int = 0

    def packed(self) -> bytes:
        return _PAYLOAD.pack(*self)


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """Lists are ordered by (epoch, version); a new epoch is opened only when a controller was restored."""

    epoch: int
    number: int


@dataclass(frozen=True, slots=True)
class _Table:
    count: int
    bits: int
    fanout: int
    keys: int
    payloads: int


class AuthorisationList:
    """A verified list, looked up in place. Make one with `open_list`; it keeps the buffer, and copies nothing."""

    __slots__ = ("_buffer", "_tables", "compiled_at", "hash", "policy", "policy_hash", "set_hash", "version")

    def __init__(self, buffer: Buffer, header: Object, tables: Mapping[str, _Table]) -> None:
        self._buffer = buffer
        self._tables = tables
        self.version = Version(shape.integer(header, "epoch", 1), shape.integer(header, "version", 1))
        self.compiled_at = leaf.read_moment(shape.text(header, "compiled_at"))
        self.policy = Policy.from_object(shape.child(header, "policy"))
        self.policy_hash = self.policy.hash()
        self.set_hash = shape.octets(header, "set_hash", 32)
        self.hash = hashlib.sha256(buffer).digest()

    def find(self, area: str, key: bytes) -> Record | None:
        """The record of `key` (16 bytes, see `credential.lookup_key`) in the table of `area`, or None."""
        table = self._tables.get(area)
        if table is None or not table.count:
            return None
        buffer, prefix = self._buffer, int.from_bytes(key[:4], "big") >> (32 - table.bits)
        first, last = _BUCKET.unpack_from(buffer, table.fanout + 4 * prefix)
        place, end = table.keys + KEY_BYTES * first, table.keys + KEY_BYTES * last
        while (place := buffer.find(key, place, end)) >= 0:
            index, odd = divmod(place - table.keys, KEY_BYTES)
            if not odd:
                return self._record(table, index)
            place += 1
        return None

    def records(self, area: str) -> Iterable[tuple[bytes, Record]]:
        """Every (key, record) of `area`, in key order."""
        table = self._tables.get(area)
        for index in range(table.count if table else 0):
            assert table is not None  # noqa: S101 - for the type checker: the range is empty without a table
            at = table.keys + KEY_BYTES * index
            yield self._buffer[at : at + KEY_BYTES], self._record(table, index)

    def _record(self, table: _Table, index: int) -> Record:
        return Record._make(_PAYLOAD.unpack_from(self._buffer, table.payloads + _PAYLOAD.size * index))

    def __len__(self) -> int:
        return sum(table.count for table in self._tables.values())


def build(
    policy: Policy,
    version: Version,
    compiled_at: datetime,
    tables: Mapping[str, Mapping[bytes, Record]],
    key: Ed25519PrivateKey,
) -> bytes:
    """The signed bytes of a list: `tables` maps each guarded area to its records by look-up key."""
    bodies = {area: _table(tables[area]) for area in sorted(tables)}
    described: list[Value] = [
        {"area": area, "count": len(tables[area]), "bits": _fanout_bits(len(tables[area]))} for area in bodies
    ]
    header = canonical.encode(
        {
            "format": FORMAT,
            "epoch": version.epoch,
            "version": version.number,
            "compiled_at": leaf.written(compiled_at),
            "policy": policy.as_object(),
            "set_hash": set_hash(tables).hex(),
            "tables": described,
        }
    )
    body = _padded(_MAGIC + _LENGTH.pack(len(header)) + header) + b"".join(bodies.values())
    return body + key.sign(_DOMAIN + body)


def open_list(buffer: Buffer, signer: Ed25519PublicKey) -> AuthorisationList:
    """The list in `buffer`, once its signature, layout and set hash have been verified; BadList otherwise."""
    body = len(buffer) - _SIGNATURE_BYTES
    if body < len(_MAGIC) + _LENGTH.size or buffer[: len(_MAGIC)] != _MAGIC:
        raise BadList("not a list of a known format")
    try:
        signer.verify(buffer[body:], _DOMAIN + buffer[:body])
    except InvalidSignature as flaw:
        raise BadList("its signature is not the controller's") from flaw
    try:
        return _opened(buffer, body)
    except (struct.error, ValueError) as flaw:
        raise BadList(str(flaw)) from flaw


def set_hash(tables: Mapping[str, Mapping[bytes, Record]]) -> bytes:
    """Sum of SHA-256(area ‖ 0 ‖ key ‖ payload) modulo 2^256: the same for any order, updated in O(changes)."""
    return _summed((area, key, record) for area, records in tables.items() for key, record in records.items())


def _summed(entries: Iterable[tuple[str, bytes, Record]]) -> bytes:
    total = 0
    for area, key, record in entries:
        digest = hashlib.sha256(area.encode() + b"\x00" + key + record.packed()).digest()
        total += int.from_bytes(digest, "big")
    return (total % _SET_MODULUS).to_bytes(32, "big")


def _opened(buffer: Buffer, end: int) -> AuthorisationList:
    (length,) = _LENGTH.unpack(buffer[len(_MAGIC) : len(_MAGIC) + _LENGTH.size])
    start = len(_MAGIC) + _LENGTH.size
    if length > _LARGEST_HEADER or start + length > end:
        raise BadList("its header does not fit")
    header = canonical.decode_object(buffer[start : start + length])
    shape.exactly(header, ("format", "epoch", "version", "compiled_at", "policy", "set_hash", "tables"))
    if shape.integer(header, "format") != FORMAT:
        raise BadList("not a list of a known format")
    place, tables = _aligned(start + length), {}
    for each in shape.children(header, "tables", 1024):
        shape.exactly(each, ("area", "count", "bits"))
        count, bits = shape.integer(each, "count", 0, 2**26), shape.integer(each, "bits", 0, 24)
        keys = _aligned(place + 4 * (2**bits + 1))
        payloads = keys + KEY_BYTES * count
        tables[shape.text(each, "area", 64)] = _Table(count, bits, place, keys, payloads)
        place = payloads + _PAYLOAD.size * count
    if place != end:
        raise BadList("its tables do not fill it")
    opened = AuthorisationList(buffer, header, tables)
    if _summed((area, key, record) for area in tables for key, record in opened.records(area)) != opened.set_hash:
        raise BadList("its records are not the ones it names")
    if not all(_findable(buffer, table) for table in tables.values()):
        raise BadList("a record cannot be found")
    if any(record.schedule >= len(opened.policy.schedules) for area in tables for _, record in opened.records(area)):
        raise BadList("a record names a schedule that is not there")
    return opened


def _findable(buffer: Buffer, table: _Table) -> bool:
    """Whether every key lies in the bucket where `find` looks for it."""
    starts = struct.unpack_from(f">{2**table.bits + 1}I", buffer, table.fanout)
    if starts[0] != 0 or starts[-1] != table.count or any(after < before for before, after in pairwise(starts)):
        return False
    buckets = (prefix for prefix, (first, last) in enumerate(pairwise(starts)) for _ in range(first, last))
    places = range(table.keys, table.payloads, KEY_BYTES)
    return all(
        int.from_bytes(buffer[place : place + 4], "big") >> (32 - table.bits) == bucket
        for place, bucket in zip(places, buckets, strict=True)
    )


def _table(records: Mapping[bytes, Record]) -> bytes:
    keys, bits = sorted(records), _fanout_bits(len(records))
    starts, place = [], 0
    for prefix in range(2**bits):
        while place < len(keys) and int.from_bytes(keys[place][:4], "big") >> (32 - bits) < prefix:
            place += 1
        starts.append(place)
    fanout = struct.pack(f">{len(starts) + 1}I", *starts, len(keys))
    return _padded(fanout) + b"".join(keys) + b"".join(records[key].packed() for key in keys)


def _fanout_bits(count: int) -> int:
    """About eight keys a bucket."""
    return max(0, (count // 8).bit_length() - 1) if count >= 16 else 0


def _aligned(place: int) -> int:
    return (place + 15) // 16 * 16


def _padded(data: bytes) -> bytes:
    return data.ljust(_aligned(len(data)), b"\x00")
