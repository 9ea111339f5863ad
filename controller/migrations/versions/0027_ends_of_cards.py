"""Ends of cards, and at which doors each is in force. What was said before is not counted afterwards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from controller.database import UtcDateTime

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.create_table(
        "card_end",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("credential_id", sa.Integer(), nullable=False),
        sa.Column("cardholder_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("said_at", UtcDateTime(), nullable=False),
        sa.Column("takes_effect_at", UtcDateTime(), nullable=False),
        sa.Column("ledger_sequence", sa.BigInteger(), nullable=False),
        sa.Column("over_at", UtcDateTime()),
        sa.Column("over_sequence", sa.BigInteger()),
        sa.Column("doors", sa.Integer()),
        sa.Column("confirmed", sa.Integer(), nullable=False),
        sa.Column("first_at", UtcDateTime()),
        sa.Column("last_at", UtcDateTime()),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("admitted", sa.Integer(), nullable=False),
        sa.Column("let_out", sa.Integer(), nullable=False),
        sa.Column("admitted_sequence", sa.BigInteger()),
        sa.ForeignKeyConstraint(["credential_id"], ["credential.id"], name=op.f("fk_card_end_credential_id")),
        sa.ForeignKeyConstraint(["cardholder_id"], ["cardholder.id"], name=op.f("fk_card_end_cardholder_id")),
        sa.ForeignKeyConstraint(["ledger_sequence"], ["ledger.sequence"], name=op.f("fk_card_end_ledger_sequence")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_end")),
    )
    for columns in (["credential_id"], ["cardholder_id"], ["said_at"], ["doors", "ledger_sequence"]):
        op.create_index(op.f(f"ix_card_end_{columns[0]}"), "card_end", columns)
    op.create_table(
        "card_end_receipt",
        sa.Column("card_end_id", sa.Integer(), nullable=False),
        sa.Column("door_id", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime()),
        sa.ForeignKeyConstraint(["card_end_id"], ["card_end.id"], name=op.f("fk_card_end_receipt_card_end_id")),
        sa.ForeignKeyConstraint(["door_id"], ["door.id"], name=op.f("fk_card_end_receipt_door_id")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_card_end_receipt_agent_id")),
        sa.PrimaryKeyConstraint("card_end_id", "door_id", name=op.f("pk_card_end_receipt")),
    )
    op.create_index("ix_card_end_receipt_agent_id_confirmed_at", "card_end_receipt", ["agent_id", "confirmed_at"])
