"""Uncertainty about who is in an area ends when presence there is forgiven, and that it was uncertain stays known.

What was uncertain before goes on, since nobody reconciled it. The table is made anew: its key was the area alone.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from controller.database import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    before = sa.table("area_uncertainty", *(sa.column(name) for name in ("area_id", "since", "cause")))
    kept = [dict(row._mapping) for row in op.get_bind().execute(sa.select(before))]
    op.drop_table("area_uncertainty")
    op.create_table(
        "area_uncertainty",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.Column("cause", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_area_uncertainty_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area_uncertainty")),
    )
    op.create_index("ix_area_uncertainty_area_id_until", "area_uncertainty", ["area_id", "until"])
    if kept:
        op.bulk_insert(before, kept)
