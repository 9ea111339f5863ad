"""Floor plans, and where doors and rooms stand on them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from controller.database import UtcDateTime

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.create_table(
        "floor_plan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_ja", sa.String(length=120), nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_floor_plan_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_floor_plan")),
    )
    op.create_index(op.f("ix_floor_plan_site_id"), "floor_plan", ["site_id"])
    op.create_table(
        "plan_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("door_id", sa.Integer(), nullable=True),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("x", sa.Integer(), nullable=False),
        sa.Column("y", sa.Integer(), nullable=False),
        sa.CheckConstraint("(door_id IS NULL) <> (area_id IS NULL)", name=op.f("ck_plan_mark_one_thing")),
        sa.ForeignKeyConstraint(["plan_id"], ["floor_plan.id"], name=op.f("fk_plan_mark_plan_id")),
        sa.ForeignKeyConstraint(["door_id"], ["door.id"], name=op.f("fk_plan_mark_door_id")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_plan_mark_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_mark")),
        sa.UniqueConstraint("door_id", name=op.f("uq_plan_mark_door_id")),
        sa.UniqueConstraint("area_id", name=op.f("uq_plan_mark_area_id")),
    )
    op.create_index(op.f("ix_plan_mark_plan_id"), "plan_mark", ["plan_id"])
