"""Doors and rooms that were taken out of service; their rows stay, because the record names them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from controller.database import UtcDateTime

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    for table in ("door", "area"):
        op.add_column(table, sa.Column("retired_at", UtcDateTime(), nullable=True))
