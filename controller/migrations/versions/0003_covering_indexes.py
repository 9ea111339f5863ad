"""Indexes that answer the questions of the log page by themselves, and lists that have outgrown one message."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from controller.database import UtcDateTime

revision = "0003"
down_revision = "0002"

_NARROW = ("area_id_ledger_sequence", "door_id_ledger_sequence", "cardholder_id_ledger_sequence")


def upgrade() -> None:
    for name in (*_NARROW, "kind_ledger_sequence", "outcome_ledger_sequence", "at"):
        op.drop_index(f"ix_fact_{name}", table_name="fact")
    for column in ("area_id", "door_id", "cardholder_id"):
        op.create_index(f"ix_fact_{column}", "fact", [column, "ledger_sequence", "kind", "outcome", "at"])
    op.create_index("ix_fact_kind", "fact", ["kind", "ledger_sequence", "at", "outcome"])
    op.create_index("ix_fact_outcome", "fact", ["outcome", "ledger_sequence", "at", "kind", "area_id"])
    op.create_index("ix_fact_at", "fact", ["at", "ledger_sequence", "kind", "outcome"])
    op.add_column("issued_list", sa.Column("outgrown_at", UtcDateTime(), nullable=True))
