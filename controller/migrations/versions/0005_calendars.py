"""Calendars and their days, the hours that schedules have on them, and schedules that are no longer offered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from controller.database import UtcDateTime

revision = "0005"
down_revision = "0004"

_JAPAN = "INSERT INTO calendar (site_id, name, name_ja, built_in) SELECT id, :name, :name_ja, 'japan' FROM site"


def upgrade() -> None:
    op.create_table(
        "calendar",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_ja", sa.String(length=120), nullable=False),
        sa.Column("built_in", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_calendar_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar")),
        sa.UniqueConstraint("site_id", "name", name=op.f("uq_calendar_site_id_name")),
    )
    op.create_table(
        "holiday",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("calendar_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_ja", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["calendar_id"], ["calendar.id"], name=op.f("fk_holiday_calendar_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holiday")),
        sa.UniqueConstraint("calendar_id", "day", name=op.f("uq_holiday_calendar_id_day")),
    )
    op.create_table(
        "schedule_calendar",
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("calendar_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("intervals", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["calendar_id"], ["calendar.id"], name=op.f("fk_schedule_calendar_calendar_id")),
        sa.ForeignKeyConstraint(["schedule_id"], ["schedule.id"], name=op.f("fk_schedule_calendar_schedule_id")),
        sa.PrimaryKeyConstraint("schedule_id", "calendar_id", name=op.f("pk_schedule_calendar")),
    )
    with op.batch_alter_table("schedule") as schedule:
        schedule.add_column(sa.Column("retired_at", UtcDateTime(), nullable=True))
    names = {"name": "Japanese public holidays", "name_ja": "日本の祝日"}
    op.execute(sa.text(_JAPAN).bindparams(**names))
