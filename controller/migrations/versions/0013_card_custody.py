"""In whose hands each card is, when a count last saw it, and which row last changed what it opens.

Giving a card in the pages was handing it over until now: cards in use count as handed out when they were issued.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from controller.database import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # No batch: a table made anew breaks what refers to it on SQLite.
    op.add_column("credential", sa.Column("ledger_sequence", sa.BigInteger(), nullable=False, server_default="0"))
    for name in ("handed_out_at", "counted_at"):
        op.add_column("credential", sa.Column(name, UtcDateTime(), nullable=True))
    card = sa.table("credential", *(sa.column(name) for name in ("state", "issued_at", "handed_out_at")))
    held = card.c.state.not_in(("returned", "destroyed"))
    op.execute(card.update().where(held).values(handed_out_at=card.c.issued_at))
