"""An index of decisions by time, with all that the coverage of doors counts of them; and one of the cards that nobody
has in their order, which PostgreSQL does not see in the older one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"

_DECISION = sa.text("kind || '' = 'DECISION'")
_UNKNOWN = sa.text("kind = 'DECISION' AND cardholder_id IS NULL")


def upgrade() -> None:
    columns = ["kind", "at", "door_id", "received_at", "trusted", "ledger_sequence"]
    op.create_index("ix_fact_decided", "fact", columns, sqlite_where=_DECISION, postgresql_where=_DECISION)
    newest = ["ledger_sequence"]
    op.create_index("ix_fact_unknown_newest", "fact", newest, sqlite_where=_UNKNOWN, postgresql_where=_UNKNOWN)
