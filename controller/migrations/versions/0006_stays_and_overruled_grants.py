"""Stays, folded from every passage that is on record, and what the centre would have refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic import op

from controller.database import UtcDateTime

revision = "0006"
down_revision = "0005"

_AT_ONCE = 500
_PASSAGES = sa.text(
    "SELECT fact.cardholder_id, fact.at, fact.received_at, fact.trusted, fact.inferred, fact.ledger_sequence,"
    " access_point.from_area_id, access_point.to_area_id, area.open, cardholder.created_at FROM fact"
    " JOIN access_point ON access_point.id = fact.access_point_id JOIN area ON area.id = access_point.from_area_id"
    " JOIN cardholder ON cardholder.id = fact.cardholder_id WHERE fact.kind = 'PASSAGE' ORDER BY fact.cardholder_id"
).columns(
    sa.column("cardholder_id", sa.Integer),
    sa.column("at", UtcDateTime),
    sa.column("received_at", UtcDateTime),
    sa.column("trusted", sa.Boolean),
    sa.column("inferred", sa.Boolean),
    sa.column("ledger_sequence", sa.BigInteger),
    sa.column("from_area_id", sa.Integer),
    sa.column("to_area_id", sa.Integer),
    sa.column("open", sa.Boolean),
    sa.column("created_at", UtcDateTime),
)


class _Passage(NamedTuple):
    at: datetime
    place: int
    certain: bool
    from_area: int
    to_area: int
    from_open: bool
    born: datetime


def upgrade() -> None:
    made = op.create_table(
        "stay",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cardholder_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=True),
        sa.Column("entry_certain", sa.Boolean(), nullable=False),
        sa.Column("entry_sequence", sa.BigInteger(), nullable=True),
        sa.Column("came_from_id", sa.Integer(), nullable=True),
        sa.Column("left_at", UtcDateTime(), nullable=True),
        sa.Column("exit_certain", sa.Boolean(), nullable=True),
        sa.Column("exit_sequence", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["cardholder_id"], ["cardholder.id"], name=op.f("fk_stay_cardholder_id")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_stay_area_id")),
        sa.ForeignKeyConstraint(["came_from_id"], ["area.id"], name=op.f("fk_stay_came_from_id")),
        sa.ForeignKeyConstraint(["entry_sequence"], ["ledger.sequence"], name=op.f("fk_stay_entry_sequence")),
        sa.ForeignKeyConstraint(["exit_sequence"], ["ledger.sequence"], name=op.f("fk_stay_exit_sequence")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stay")),
    )
    op.create_index("ix_stay_cardholder_id", "stay", ["cardholder_id", "entered_at", "entry_sequence"])
    op.create_index("ix_stay_area_id", "stay", ["area_id", "left_at", "not_before", "cardholder_id"])
    op.create_table(
        "overruled_grant",
        sa.Column("ledger_sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("certain", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ledger_sequence"], ["ledger.sequence"], name=op.f("fk_overruled_grant_ledger_sequence")
        ),
        sa.PrimaryKeyConstraint("ledger_sequence", name=op.f("pk_overruled_grant")),
    )
    refold(op.get_bind(), made)


def refold(connection: sa.Connection, stays: sa.Table) -> None:
    """Write the stays of all passages into the empty table `stays`."""
    rows = connection.execute(_PASSAGES)
    for holder, group in groupby(rows, key=lambda row: row.cardholder_id):
        made = _stays(holder, sorted(_passage(row) for row in group))
        for start in range(0, len(made), _AT_ONCE):
            connection.execute(sa.insert(stays), made[start : start + _AT_ONCE])


def _passage(row: Any) -> _Passage:
    """A clock that cannot be believed orders nothing."""
    at = min(row.at, row.received_at) if row.trusted else row.received_at
    certain = bool(row.trusted and not row.inferred)
    ends = (row.from_area_id, row.to_area_id, bool(row.open))
    return _Passage(at, row.ledger_sequence, certain, *ends, row.created_at)


def _stays(holder: int, passages: Sequence[_Passage]) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    known: Iterable[_Passage | None] = (None, *passages[:-1])
    for before, each, after in zip(known, passages, (*passages[1:], None), strict=True):
        if (before is None or before.to_area != each.from_area) and not each.from_open:
            begun = min(each.born, each.at) if before is None else before.at
            found.append(_row(holder, each.from_area, begun, None, each, badged=True))
        badged = after is not None and after.from_area == each.to_area
        found.append(_row(holder, each.to_area, each.at, each, after, badged=badged))
    return found


def _row(
    holder: int, area: int, begun: datetime, entry: _Passage | None, leaving: _Passage | None, *, badged: bool
) -> dict[str, object]:
    return {
        "cardholder_id": holder,
        "area_id": area,
        "not_before": begun,
        "entered_at": entry.at if entry else None,
        "entry_certain": entry is not None and entry.certain,
        "entry_sequence": entry.place if entry else None,
        "came_from_id": entry.from_area if entry else None,
        "left_at": leaving.at if leaving else None,
        "exit_certain": badged and leaving.certain if leaving else None,
        "exit_sequence": leaving.place if leaving else None,
    }
