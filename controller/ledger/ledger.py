"""The ledger: rows numbered without holes in the transaction of the change they record, and their openings apart.

A row's leaf holds commitments and impersonal values only. Rows are never updated or deleted; openings may be erased.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, Text, insert, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from contract import canonical
from contract.canonical import Object, Value
from contract.commitment import SALT_BYTES, Opening, commit
from contract.leaf import Leaf, leaf_hash
from controller.database import Base, UtcDateTime
from controller.ledger.kinds import Kind

_AT_ONCE = 500


class LedgerRow(Base):
    """One row: its leaf is exactly what was hashed; the other columns repeat parts of it for searching."""

    __tablename__ = "ledger"

    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(String(80))
    leaf: Mapped[bytes] = mapped_column(LargeBinary)
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (Index("ix_ledger_kind_sequence", "kind", "sequence"),)

    @property
    def subjects(self) -> Object:
        return _part(self.leaf, "subjects")

    @property
    def content(self) -> Object:
        return _part(self.leaf, "content")


class LedgerCounter(Base):
    """One locked row: the last number given out. A later number never becomes visible before an earlier one."""

    __tablename__ = "ledger_counter"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(BigInteger)


class OpeningRow(Base):
    """Salt and value behind one commitment of a ledger row; both become null when it is erased."""

    __tablename__ = "opening"

    commitment: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, ForeignKey("ledger.sequence"), index=True)
    name: Mapped[str] = mapped_column(String(32))
    salt: Mapped[bytes | None] = mapped_column(LargeBinary)
    value: Mapped[str | None] = mapped_column(Text)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def opening(self) -> Opening | None:
        """The opening, or None when it was erased."""
        if self.salt is None or self.value is None:
            return None
        return Opening(self.salt, canonical.decode(self.value.encode("utf-8")))


@dataclass(frozen=True, slots=True)
class Entry:
    """What a row is to record. `personal` values are committed to, `plain` ones stand in the leaf as they are."""

    kind: Kind
    actor: str
    at: datetime
    subjects: Mapping[str, Any]
    plain: Mapping[str, Any]
    openings: Mapping[str, Opening]


def append(
    session: Session,
    kind: Kind,
    actor: str,
    now: datetime,
    subjects: Mapping[str, Any],
    plain: Mapping[str, Any] | None = None,
    personal: Mapping[str, Any] | None = None,
    random: Callable[[int], bytes] = os.urandom,
) -> int:
    """Append one row and return its number. Its transaction is the change's own; other writers wait from here on.

    Values must have a canonical form; NotCanonical otherwise.
    """
    openings = {name: Opening(random(SALT_BYTES), value) for name, value in (personal or {}).items()}
    return append_all(session, [Entry(kind, actor, now, subjects, plain or {}, openings)])


def append_all(session: Session, entries: Sequence[Entry]) -> int:
    """Append many rows with one numbering; returns the last number. Flushes what the session holds first."""
    session.flush()
    last = _reserve(session, len(entries))
    rows: list[dict[str, object]] = []
    openings: list[dict[str, object]] = []
    for sequence, entry in enumerate(entries, last - len(entries) + 1):
        commitments = {name: commit(opening) for name, opening in entry.openings.items()}
        rows.append(_row(sequence, entry, commitments))
        openings += [_opening(sequence, name, commitments[name], entry.openings[name]) for name in commitments]
    if rows:
        session.execute(insert(LedgerRow), rows)
    if openings:
        session.execute(insert(OpeningRow), openings)
    return last


def keep_openings(session: Session, kept: Iterable[tuple[int, Mapping[str, Opening]]]) -> None:
    """Keep openings whose commitments stand in what each row names (a fact's, not the leaf's own).

    A salt is used once; a commitment that comes again is its author's fault, and stays with its first row.
    """
    rows: dict[bytes, dict[str, object]] = {}
    for sequence, openings in kept:
        for name, opening in openings.items():
            commitment = commit(opening)
            rows.setdefault(commitment, _opening(sequence, name, commitment, opening))
    names = list(rows)
    for start in range(0, len(names), _AT_ONCE):
        some = names[start : start + _AT_ONCE]
        for again in session.scalars(select(OpeningRow.commitment).where(OpeningRow.commitment.in_(some))):
            del rows[again]
    if rows:
        session.execute(insert(OpeningRow), list(rows.values()))


def rows_after(session: Session, sequence: int, limit: int = 500) -> list[LedgerRow]:
    """The next rows after number `sequence`, in order."""
    statement = select(LedgerRow).where(LedgerRow.sequence > sequence).order_by(LedgerRow.sequence).limit(limit)
    return list(session.scalars(statement))


def head(session: Session) -> int:
    """The number of the last row, 0 when there is none."""
    return session.scalar(select(LedgerCounter.last)) or 0


def hold(session: Session) -> int:
    """The number of the last row, which stays the last one of others: writers wait from here on, as after `append`."""
    return _reserve(session, 0)


def openings_of(session: Session, sequence: int) -> dict[str, OpeningRow]:
    """The openings of one row by name, erased ones too."""
    found = session.scalars(select(OpeningRow).where(OpeningRow.sequence == sequence))
    return {row.name: row for row in found}


def openings_of_rows(session: Session, sequences: Iterable[int], name: str) -> dict[int, OpeningRow]:
    """Of each of these rows the opening of this name, by the number of the row, erased ones too."""
    wanted = (OpeningRow.sequence.in_(set(sequences)), OpeningRow.name == name)
    return {row.sequence: row for row in session.scalars(select(OpeningRow).where(*wanted))}


def _reserve(session: Session, count: int) -> int:
    statement = text("UPDATE ledger_counter SET last = last + :count WHERE id = 1 RETURNING last")
    return int(session.execute(statement, {"count": count}).scalar_one())


def _row(sequence: int, entry: Entry, commitments: Mapping[str, bytes]) -> dict[str, object]:
    committed: Value = {name: value.hex() for name, value in commitments.items()}
    content: Object = {**entry.plain, "commitments": committed}
    leaf = Leaf(sequence, entry.at, entry.kind, entry.actor, dict(entry.subjects), content).encoded()
    return {
        "sequence": sequence,
        "at": entry.at,
        "kind": str(entry.kind),
        "actor": entry.actor,
        "leaf": leaf,
        "leaf_hash": leaf_hash(leaf),
    }


def _opening(sequence: int, name: str, commitment: bytes, opening: Opening) -> dict[str, object]:
    return {
        "commitment": commitment,
        "sequence": sequence,
        "name": name,
        "salt": opening.salt,
        "value": opening.plain.decode("utf-8"),
    }


def _part(leaf: bytes, name: str) -> Object:
    part = canonical.decode_object(leaf)[name]
    if not isinstance(part, dict):
        raise TypeError(f"a leaf whose {name} is not an object")
    return part
