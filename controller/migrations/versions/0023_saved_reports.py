"""Saved reports; empty until somebody saves one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from controller.database import UtcDateTime

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "saved_report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("report", sa.String(length=32), nullable=False),
        sa.Column("filters", sa.Text(), nullable=False),
        sa.Column("saved_by", sa.Integer(), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_report")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_saved_report_site_id")),
        sa.ForeignKeyConstraint(["saved_by"], ["operator.id"], name=op.f("fk_saved_report_saved_by")),
        sa.UniqueConstraint("site_id", "name", name=op.f("uq_saved_report_site_id_name")),
    )
