"""Who said no to a feed, when and why. An approval that was withdrawn before looks as if nobody had decided yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from controller.database import UtcDateTime

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.add_column("feed", sa.Column("declined_by", sa.Integer(), nullable=True))
    op.add_column("feed", sa.Column("declined_at", UtcDateTime(), nullable=True))
    op.add_column("feed", sa.Column("declined_why", sa.String(length=400), nullable=False, server_default=""))
