"""Access levels get a Japanese name, an end and their last change; changes of them wait for a second person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from controller.database import UtcDateTime

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    # No batch: a table made anew breaks what refers to it on SQLite.
    op.add_column("access_level", sa.Column("name_ja", sa.String(length=120), nullable=False, server_default=""))
    op.add_column("access_level", sa.Column("retired_at", UtcDateTime(), nullable=True))
    op.add_column("access_level", sa.Column("ledger_sequence", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_table(
        "access_level_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("access_level_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_ja", sa.String(length=120), nullable=False),
        sa.Column("rooms", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("requested_by", sa.Integer(), nullable=False),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decision_note", sa.String(length=400), nullable=False),
        sa.Column("ledger_sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["access_level_id"], ["access_level.id"], name=op.f("fk_access_level_change_access_level_id")
        ),
        sa.ForeignKeyConstraint(["requested_by"], ["operator.id"], name=op.f("fk_access_level_change_requested_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["operator.id"], name=op.f("fk_access_level_change_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_level_change")),
    )
    op.create_table(
        "access_level_area_left",
        sa.Column("access_level_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("left_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["access_level_id"], ["access_level.id"], name=op.f("fk_access_level_area_left_access_level_id")
        ),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_access_level_area_left_area_id")),
        sa.PrimaryKeyConstraint("access_level_id", "area_id", name=op.f("pk_access_level_area_left")),
    )
    op.create_index(op.f("ix_access_level_change_access_level_id"), "access_level_change", ["access_level_id"])
