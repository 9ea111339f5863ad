"""How doors are timed, who needs more time at them, and the site's own card formats."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_TIMES = (("extended_ms", 15_000), ("extended_held_open_s", 60), ("pre_alarm_s", 0), ("shunt_ms", 500))


def upgrade() -> None:
    with op.batch_alter_table("door") as door:
        for name, usual in _TIMES:
            door.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default=str(usual)))
        door.add_column(sa.Column("relock", sa.String(16), nullable=False, server_default="closed"))
    with op.batch_alter_table("cardholder") as cardholder:
        cardholder.add_column(sa.Column("extended", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "card_format",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("layout", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_card_format_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_format")),
        sa.UniqueConstraint("site_id", "name", name=op.f("uq_card_format_site_id_name")),
    )
