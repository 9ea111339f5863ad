"""The authorisation list of one agent: one immutable signed file, read in place from bytes or an mmap.

Layout, big-endian: magic (8) · header length u32 · header (canonical JSON: numbers, policy, tables) · zeros up to a
multiple of 16 · per table: fan-out u32[2^b + 1], zeros up to a multiple of 16, n keys of 16 bytes ascending, n
payloads · Ed25519 signature (64) over the domain and everything before it. One table per guarded area, by look-up key,
then one of PINs, by holder handle. The fan-out (as in a git pack index) bounds the range where a key may lie; `find`
on the buffer does the rest. Payloads: `contract.record`.
"""

from __future__ import annotations

import hashlib
import struct
import sys
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from mmap import mmap
from typing import Protocol, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from contract import canonical, leaf, shape
from contract.canonical import Object, Value
from contract.credential import KEY_BYTES
from contract.neighbours import NOBODY, Neighbours
from contract.policy import Policy
from contract.record import PAYLOAD, PIN_PAYLOAD, CardState, Pin, Record

FORMAT = 3
_MAGIC = b"SKLIST\x00\x01"
_DOMAIN = b"sekisho/1/list\x00"
_LENGTH = struct.Struct(">I")
_SIGNATURE_BYTES = 64
_LARGEST_HEADER = 2**20
_SET_MODULUS = 2**256
_RECORD_BYTES = PAYLOAD.size
_unpacked_from, _made = PAYLOAD.unpack_from, tuple.__new__
"""`_made` is `_make` without a second look at the number of members, which the layout fixes: for every card."""

Buffer: TypeAlias = "bytes | mmap"


class BadList(ValueError):
    """The bytes are not a list of ours: cut, altered, unsigned, or of an unknown format."""


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """Lists are ordered by (epoch, version); a new epoch is opened only when a controller was restored."""

    epoch: int
    number: int


class _Packed(Protocol):
    """A record or a PIN."""

    def packed(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class _Table:
    """Where a table lies. starts: its fan-out as numbers, half a byte a key, so that a look-up unpacks nothing."""

    count: int
    shift: int
    starts: array[int]
    keys: int
    payloads: int

    @classmethod
    def at(cls, buffer: Buffer, place: int, count: int, bits: int) -> _Table:
        after = place + 4 * (2**bits + 1)
        starts = array("I", buffer[place:after])
        if len(starts) != 2**bits + 1:
            raise BadList("its tables do not fit")
        if sys.byteorder == "little":
            starts.byteswap()
        keys = _aligned(after)
        return cls(count, 32 - bits, starts, keys, keys + KEY_BYTES * count)

    def index(self, buffer: Buffer, key: bytes) -> int | None:
        """Which of the payloads is that of `key` (16 bytes); None when there is none."""
        bucket, keys = int.from_bytes(key[:4], "big") >> self.shift, self.keys
        place, end = keys + KEY_BYTES * self.starts[bucket], keys + KEY_BYTES * self.starts[bucket + 1]
        while (place := buffer.find(key, place, end)) >= 0:
            index, odd = divmod(place - keys, KEY_BYTES)
            if not odd:
                return index
            place += 1
        return None


class AuthorisationList:
    """A verified list, looked up in place. Make one with `open_list`; it keeps the buffer, and copies nothing."""

    __slots__ = (
        "_buffer",
        "_pins",
        "_tables",
        "compiled_at",
        "hash",
        "neighbours",
        "policy",
        "policy_hash",
        "set_hash",
        "version",
    )

    def __init__(self, buffer: Buffer, header: Object, tables: Mapping[str, _Table], pins: _Table) -> None:
        self._buffer = buffer
        self._tables, self._pins = tables, pins
        self.version = Version(shape.integer(header, "epoch", 1), shape.integer(header, "version", 1))
        self.compiled_at = leaf.read_moment(shape.text(header, "compiled_at"))
        self.policy = Policy.from_object(shape.child(header, "policy"))
        self.policy_hash = self.policy.hash()
        self.neighbours = Neighbours.from_object(shape.child(header, "neighbours"))
        self.set_hash = shape.octets(header, "set_hash", 32)
        self.hash = hashlib.sha256(buffer).digest()

    def find(self, area: str, key: bytes) -> Record | None:
        """The record of `key` (16 bytes, see `credential.lookup_key`) in the table of `area`, or None."""
        table = self._tables.get(area)
        if table is None or (index := table.index(self._buffer, key)) is None:
            return None
        return _made(Record, _unpacked_from(self._buffer, table.payloads + _RECORD_BYTES * index))

    def pin(self, holder: bytes) -> Pin | None:
        """How the PIN of `holder` is known again; None when none was set."""
        index = self._pins.index(self._buffer, holder)
        return None if index is None else self._pin(index)

    def pins(self) -> Iterable[tuple[bytes, Pin]]:
        """Every (holder, PIN), in the order of the handles."""
        for index in range(self._pins.count):
            at = self._pins.keys + KEY_BYTES * index
            yield self._buffer[at : at + KEY_BYTES], self._pin(index)

    def records(self, area: str) -> Iterable[tuple[bytes, Record]]:
        """Every (key, record) of `area`, in key order."""
        table = self._tables.get(area)
        for index in range(table.count if table else 0):
            assert table is not None  # noqa: S101 - for the type checker: the range is empty without a table
            at = table.keys + KEY_BYTES * index
            yield self._buffer[at : at + KEY_BYTES], self._record(table, index)

    def _record(self, table: _Table, index: int) -> Record:
        return Record._make(_unpacked_from(self._buffer, table.payloads + _RECORD_BYTES * index))

    def _pin(self, index: int) -> Pin:
        return Pin._make(PIN_PAYLOAD.unpack_from(self._buffer, self._pins.payloads + PIN_PAYLOAD.size * index))

    def __len__(self) -> int:
        return sum(table.count for table in self._tables.values())


@dataclass(frozen=True, slots=True)
class Content:
    """What a list says, before it has a version. tables: each guarded area's records by look-up key; pins: by holder
    handle."""

    policy: Policy
    tables: Mapping[str, Mapping[bytes, Record]]
    pins: Mapping[bytes, Pin] = field(default_factory=dict)
    neighbours: Neighbours = NOBODY

    def set_hash(self) -> bytes:
        """Sum of SHA-256 over every record, PIN and the neighbours, modulo 2^256: the same for any order, updated in
        O(changes). A record counts as area ‖ 0 ‖ key ‖ payload, a PIN as 0 ‖ "pin" ‖ 0 ‖ holder ‖ payload, the
        neighbours as 0 ‖ "neighbours" ‖ 0 ‖ their canonical bytes."""
        records = ((area, key, record) for area, table in self.tables.items() for key, record in table.items())
        return _summed(records, self.pins.items(), self.neighbours)


def build(content: Content, version: Version, compiled_at: datetime, key: Ed25519PrivateKey) -> bytes:
    """The signed bytes of a list."""
    tables = {area: content.tables[area] for area in sorted(content.tables)}
    described: list[Value] = [{"area": area, **_described(tables[area])} for area in tables]
    header = canonical.encode(
        {
            "format": FORMAT,
            "epoch": version.epoch,
            "version": version.number,
            "compiled_at": leaf.written(compiled_at),
            "policy": content.policy.as_object(),
            "neighbours": content.neighbours.as_object(),
            "set_hash": content.set_hash().hex(),
            "tables": described,
            "pins": _described(content.pins),
        }
    )
    bodies = [_padded(_table(each)) for each in tables.values()]
    bodies.append(_padded(_table(content.pins)))
    body = _padded(_MAGIC + _LENGTH.pack(len(header)) + header) + b"".join(bodies)
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


def _summed(
    records: Iterable[tuple[str, bytes, Record]], pins: Iterable[tuple[bytes, Pin]], neighbours: Neighbours
) -> bytes:
    total = 0
    for area, key, record in records:
        total += _digest(area.encode() + b"\x00" + key + record.packed())
    for holder, pin in pins:
        total += _digest(b"\x00pin\x00" + holder + pin.packed())
    if neighbours != NOBODY:
        total += _digest(b"\x00neighbours\x00" + canonical.encode(neighbours.as_object()))
    return (total % _SET_MODULUS).to_bytes(32, "big")


def _digest(entry: bytes) -> int:
    return int.from_bytes(hashlib.sha256(entry).digest(), "big")


def _opened(buffer: Buffer, end: int) -> AuthorisationList:
    (length,) = _LENGTH.unpack(buffer[len(_MAGIC) : len(_MAGIC) + _LENGTH.size])
    start = len(_MAGIC) + _LENGTH.size
    if length > _LARGEST_HEADER or start + length > end:
        raise BadList("its header does not fit")
    header = canonical.decode_object(buffer[start : start + length])
    shape.exactly(
        header, ("format", "epoch", "version", "compiled_at", "policy", "neighbours", "set_hash", "tables", "pins")
    )
    if shape.integer(header, "format") != FORMAT:
        raise BadList("not a list of a known format")
    place, tables = _aligned(start + length), dict[str, _Table]()
    for each in shape.children(header, "tables", 1024):
        shape.exactly(each, ("area", "count", "bits"))
        table = tables[shape.text(each, "area", 64)] = _table_at(buffer, place, each)
        place = _aligned(table.payloads + PAYLOAD.size * table.count)
    described = shape.child(header, "pins")
    shape.exactly(described, ("count", "bits"))
    pins = _table_at(buffer, place, described)
    if _aligned(pins.payloads + PIN_PAYLOAD.size * pins.count) != end:
        raise BadList("its tables do not fill it")
    opened = AuthorisationList(buffer, header, tables, pins)
    _verify(opened, tables)
    if not all(_findable(buffer, table) for table in (*tables.values(), pins)):
        raise BadList("a record cannot be found")
    return opened


def _table_at(buffer: Buffer, place: int, described: Object) -> _Table:
    return _Table.at(
        buffer, place, shape.integer(described, "count", 0, 2**26), shape.integer(described, "bits", 0, 24)
    )


def _verify(opened: AuthorisationList, areas: Iterable[str]) -> None:
    """The records are those that the set hash names, and `decide()` can judge by each of them."""
    found = [(area, key, record) for area in areas for key, record in opened.records(area)]
    if _summed(found, opened.pins(), opened.neighbours) != opened.set_hash:
        raise BadList("its records are not the ones it names")
    for _, _, record in found:
        if record.schedule >= len(opened.policy.schedules):
            raise BadList("a record names a schedule that is not there")
        if record.state > max(CardState):
            raise BadList("a card in an unknown state")


def _findable(buffer: Buffer, table: _Table) -> bool:
    """Whether every key lies in the bucket where `find` looks for it."""
    starts = table.starts
    if starts[0] != 0 or starts[-1] != table.count or any(after < before for before, after in pairwise(starts)):
        return False
    buckets = (prefix for prefix, (first, last) in enumerate(pairwise(starts)) for _ in range(first, last))
    places = range(table.keys, table.payloads, KEY_BYTES)
    return all(
        int.from_bytes(buffer[place : place + 4], "big") >> table.shift == bucket
        for place, bucket in zip(places, buckets, strict=True)
    )


def _table(records: Mapping[bytes, _Packed]) -> bytes:
    keys, bits = sorted(records), _fanout_bits(len(records))
    starts, place = [], 0
    for prefix in range(2**bits):
        while place < len(keys) and int.from_bytes(keys[place][:4], "big") >> (32 - bits) < prefix:
            place += 1
        starts.append(place)
    fanout = struct.pack(f">{len(starts) + 1}I", *starts, len(keys))
    return _padded(fanout) + b"".join(keys) + b"".join(records[key].packed() for key in keys)


def _described(records: Mapping[bytes, _Packed]) -> Object:
    return {"count": len(records), "bits": _fanout_bits(len(records))}


def _fanout_bits(count: int) -> int:
    """About eight keys a bucket."""
    return max(0, (count // 8).bit_length() - 1) if count >= 16 else 0


def _aligned(place: int) -> int:
    return (place + 15) // 16 * 16


def _padded(data: bytes) -> bytes:
    return data.ljust(_aligned(len(data)), b"\x00")
