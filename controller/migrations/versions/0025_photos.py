"""Photos of cardholders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from controller.database import UtcDateTime

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_table(
        "photo",
        sa.Column("cardholder_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["cardholder_id"], ["cardholder.id"], name=op.f("fk_photo_cardholder_id")),
        sa.PrimaryKeyConstraint("cardholder_id", name=op.f("pk_photo")),
    )
