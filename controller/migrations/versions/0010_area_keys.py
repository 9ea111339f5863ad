"""The secrets under which the agents of one area tell each other who is in it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "area_key",
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("holders", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_area_key_area_id")),
        sa.PrimaryKeyConstraint("area_id", name=op.f("pk_area_key")),
    )
