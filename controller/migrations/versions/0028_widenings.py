"""Changes that widen entry into a private room wait for a second person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from controller.database import UtcDateTime

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.create_table(
        "widening",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("lever", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("judged_against", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("requested_by", sa.Integer(), nullable=False),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decision_note", sa.String(length=400), nullable=False),
        sa.Column("ledger_sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_widening_site_id")),
        sa.ForeignKeyConstraint(["requested_by"], ["operator.id"], name=op.f("fk_widening_requested_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["operator.id"], name=op.f("fk_widening_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_widening")),
    )
    op.create_index("ix_widening_site_id_state", "widening", ["site_id", "state"])
