"""PINs of cardholders, and the entries that ask for one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from controller.database import UtcDateTime

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "pin",
        sa.Column("cardholder_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("stretched", sa.LargeBinary(), nullable=False),
        sa.Column("duress", sa.LargeBinary(), nullable=True),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["cardholder_id"], ["cardholder.id"], name=op.f("fk_pin_cardholder_id")),
        sa.PrimaryKeyConstraint("cardholder_id", name=op.f("pk_pin")),
    )
    op.create_table(
        "pin_rule",
        sa.Column("access_point_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("card_alone_id", sa.Integer(), nullable=True),
        sa.Column("within_s", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("lockout_s", sa.Integer(), nullable=False),
        sa.Column("duress", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(["access_point_id"], ["access_point.id"], name=op.f("fk_pin_rule_access_point_id")),
        sa.ForeignKeyConstraint(["card_alone_id"], ["schedule.id"], name=op.f("fk_pin_rule_card_alone_id")),
        sa.PrimaryKeyConstraint("access_point_id", name=op.f("pk_pin_rule")),
    )
