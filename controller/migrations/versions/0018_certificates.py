"""Of each agent's certificate its fingerprint and its end. Both stay empty until an agent is enrolled anew: the
certificates of earlier enrolments lie at the agents only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from controller.database import UtcDateTime

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("agent", sa.Column("certificate_sha256", sa.String(length=64), nullable=True))
    op.add_column("agent", sa.Column("certificate_until", UtcDateTime(), nullable=True))
