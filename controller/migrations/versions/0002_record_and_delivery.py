"""Facts, presence, alarms, and the lists that were issued."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from controller.database import UtcDateTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "delivery_position",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("looked_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_position")),
    )
    op.create_table(
        "agent_chain",
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("through", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_agent_chain_agent_id")),
        sa.PrimaryKeyConstraint("agent_id", name=op.f("pk_agent_chain")),
    )
    op.create_table(
        "area_uncertainty",
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("cause", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_area_uncertainty_area_id")),
        sa.PrimaryKeyConstraint("area_id", name=op.f("pk_area_uncertainty")),
    )
    op.create_table(
        "issued_list",
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("set_hash", sa.LargeBinary(), nullable=False),
        sa.Column("list_hash", sa.LargeBinary(), nullable=False),
        sa.Column("policy_hash", sa.LargeBinary(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("encoded", sa.LargeBinary(), nullable=False),
        sa.Column("compiled_at", UtcDateTime(), nullable=False),
        sa.Column("reflects", sa.BigInteger(), nullable=False),
        sa.Column("adopted_at", UtcDateTime(), nullable=True),
        sa.Column("receipt", sa.String(length=240), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_issued_list_agent_id")),
        sa.PrimaryKeyConstraint("agent_id", "epoch", "version", name=op.f("pk_issued_list")),
    )
    op.create_index("ix_issued_list_policy_hash", "issued_list", ["policy_hash"], unique=False)
    op.create_table(
        "presence",
        sa.Column("cardholder_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("certain", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_presence_area_id")),
        sa.ForeignKeyConstraint(["cardholder_id"], ["cardholder.id"], name=op.f("fk_presence_cardholder_id")),
        sa.PrimaryKeyConstraint("cardholder_id", name=op.f("pk_presence")),
    )
    op.create_index(op.f("ix_presence_area_id"), "presence", ["area_id"], unique=False)
    op.create_table(
        "alarm",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("ledger_sequence", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("door_id", sa.Integer(), nullable=True),
        sa.Column("raised_at", UtcDateTime(), nullable=False),
        sa.Column("acknowledged_at", UtcDateTime(), nullable=True),
        sa.Column("acknowledged_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["acknowledged_by"], ["operator.id"], name=op.f("fk_alarm_acknowledged_by")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_alarm_agent_id")),
        sa.ForeignKeyConstraint(["door_id"], ["door.id"], name=op.f("fk_alarm_door_id")),
        sa.ForeignKeyConstraint(["ledger_sequence"], ["ledger.sequence"], name=op.f("fk_alarm_ledger_sequence")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm")),
    )
    op.create_index("ix_alarm_acknowledged_at_id", "alarm", ["acknowledged_at", "id"], unique=False)
    op.create_table(
        "fact",
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ledger_sequence", sa.BigInteger(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("inferred", sa.Boolean(), nullable=True),
        sa.Column("access_point_id", sa.Integer(), nullable=True),
        sa.Column("door_id", sa.Integer(), nullable=True),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("cardholder_id", sa.Integer(), nullable=True),
        sa.Column("encoded", sa.LargeBinary(), nullable=False),
        sa.Column("fact_hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["access_point_id"], ["access_point.id"], name=op.f("fk_fact_access_point_id")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_fact_agent_id")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_fact_area_id")),
        sa.ForeignKeyConstraint(["cardholder_id"], ["cardholder.id"], name=op.f("fk_fact_cardholder_id")),
        sa.ForeignKeyConstraint(["door_id"], ["door.id"], name=op.f("fk_fact_door_id")),
        sa.ForeignKeyConstraint(["ledger_sequence"], ["ledger.sequence"], name=op.f("fk_fact_ledger_sequence")),
        sa.PrimaryKeyConstraint("agent_id", "sequence", name=op.f("pk_fact")),
        sa.UniqueConstraint("ledger_sequence", name=op.f("uq_fact_ledger_sequence")),
    )
    op.create_index("ix_fact_area_id_ledger_sequence", "fact", ["area_id", "ledger_sequence"], unique=False)
    op.create_index("ix_fact_at", "fact", ["at"], unique=False)
    op.create_index("ix_fact_cardholder_id_ledger_sequence", "fact", ["cardholder_id", "ledger_sequence"], unique=False)
    op.create_index("ix_fact_door_id_ledger_sequence", "fact", ["door_id", "ledger_sequence"], unique=False)
    op.create_index("ix_fact_kind_ledger_sequence", "fact", ["kind", "ledger_sequence"], unique=False)
    op.create_index("ix_fact_outcome_ledger_sequence", "fact", ["outcome", "ledger_sequence"], unique=False)
