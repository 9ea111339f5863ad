"""Since when a card format of the site's own is given to no reader any more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from controller.database import UtcDateTime

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.add_column("card_format", sa.Column("retired_at", UtcDateTime(), nullable=True))
