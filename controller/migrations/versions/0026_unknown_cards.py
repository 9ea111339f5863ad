"""An index of the cards that nobody has: pages offer the latest for enrolment, however long ago one was presented."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

_UNKNOWN = sa.text("kind = 'DECISION' AND cardholder_id IS NULL")


def upgrade() -> None:
    columns = ["kind", "cardholder_id", "ledger_sequence"]
    op.create_index("ix_fact_unknown", "fact", columns, sqlite_where=_UNKNOWN, postgresql_where=_UNKNOWN)
