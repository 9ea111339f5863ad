"""How each door stands, and what was noted when an alarm was acknowledged.

What a door last told before is not folded again: until its next fact its state is unknown, which is true. Its newest
passage is looked up once.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from controller.database import UtcDateTime

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "door_state",
        sa.Column("door_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("leaf", sa.String(length=8), nullable=False),
        sa.Column("leaf_at", UtcDateTime(), nullable=True),
        sa.Column("released_at", UtcDateTime(), nullable=True),
        sa.Column("held_by", sa.String(length=120), nullable=False),
        sa.Column("faults", sa.Text(), nullable=False),
        sa.Column("passage", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["door_id"], ["door.id"], name=op.f("fk_door_state_door_id")),
        sa.PrimaryKeyConstraint("door_id", name=op.f("pk_door_state")),
    )
    op.execute(
        "INSERT INTO door_state (door_id, leaf, held_by, faults, passage)"
        " SELECT door_id, 'unknown', '', '', max(ledger_sequence) FROM fact"
        " WHERE kind = 'PASSAGE' AND door_id IS NOT NULL GROUP BY door_id"
    )
    op.add_column("alarm", sa.Column("note", sa.String(length=400), nullable=False, server_default=""))
