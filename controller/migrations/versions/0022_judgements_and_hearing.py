"""What became of findings, when agents were heard, and by what findings, charts and timelines look things up.

When an agent was heard before is not known: its time begins with its next message.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from controller.database import UtcDateTime

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "judgement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("finding", sa.BigInteger(), nullable=False),
        sa.Column("disposition", sa.String(length=16), nullable=False),
        sa.Column("note", sa.String(length=400), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("operator_id", sa.Integer(), nullable=False),
        sa.Column("by_auditor", sa.Boolean(), nullable=False),
        sa.Column("replaced", sa.Boolean(), nullable=False),
        sa.Column("ledger_sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["finding"], ["ledger.sequence"], name=op.f("fk_judgement_finding")),
        sa.ForeignKeyConstraint(["operator_id"], ["operator.id"], name=op.f("fk_judgement_operator_id")),
        sa.ForeignKeyConstraint(["ledger_sequence"], ["ledger.sequence"], name=op.f("fk_judgement_ledger_sequence")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judgement")),
    )
    op.create_index("ix_judgement_finding", "judgement", ["finding", "replaced", "disposition"])
    op.create_index("ix_alarm_ledger_sequence", "alarm", ["ledger_sequence"])
    op.create_index("ix_stay_exit_sequence", "stay", ["exit_sequence"])
    op.create_index("ix_stay_area_id_not_before", "stay", ["area_id", "not_before", "entered_at", "left_at"])
    op.create_index("ix_fact_door_id_at", "fact", ["door_id", "at", "kind", "outcome", "area_id", "ledger_sequence"])
    op.create_table(
        "hearing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_hearing_agent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hearing")),
    )
    op.create_index("ix_hearing_agent_id_until", "hearing", ["agent_id", "until", "since"])
