"""Doors that went from one agent to another, and how far each is on its way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from controller.database import UtcDateTime

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.add_column("door", sa.Column("moving", sa.String(length=8), nullable=True))
    op.create_table(
        "door_move",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("door_id", sa.Integer(), nullable=False),
        sa.Column("from_agent_id", sa.Integer(), nullable=False),
        sa.Column("to_agent_id", sa.Integer(), nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=False),
        sa.Column("ledger_sequence", sa.BigInteger(), nullable=False),
        sa.Column("handed_over_at", UtcDateTime(), nullable=True),
        sa.Column("hand_over_sequence", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["door_id"], ["door.id"], name=op.f("fk_door_move_door_id")),
        sa.ForeignKeyConstraint(["from_agent_id"], ["agent.id"], name=op.f("fk_door_move_from_agent_id")),
        sa.ForeignKeyConstraint(["to_agent_id"], ["agent.id"], name=op.f("fk_door_move_to_agent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_door_move")),
    )
    op.create_index(op.f("ix_door_move_door_id"), "door_move", ["door_id"])
    op.create_index(op.f("ix_door_move_from_agent_id"), "door_move", ["from_agent_id"])
