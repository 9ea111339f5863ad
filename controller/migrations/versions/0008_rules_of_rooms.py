"""The rules of rooms as settings, sign-offs of controlled exits, and the posture of the site.

Exits that are controlled already stay so: they are signed by this migration for ninety days, and told to be signed by
somebody until then. A door that stood in lockdown stays in it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from contract import canonical
from contract.canonical import Object
from controller.database import UtcDateTime

revision = "0008"
down_revision = "0007"

_GOOD_FOR = timedelta(days=90)
_NOTE = "controlled before sign-offs were kept: test break-glass and fire, and sign this exit"


def upgrade() -> None:
    _rules_of_areas()
    op.add_column("door", sa.Column("unlock_first", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("door", sa.Column("may_hold", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("door", sa.Column("tailgate_s", sa.Integer(), nullable=False, server_default="0"))
    # In one statement that both databases know, and no batch: a table made anew breaks what refers to it on SQLite.
    named = "CONSTRAINT fk_door_unlock_schedule_id REFERENCES schedule (id)"
    op.execute(f"ALTER TABLE door ADD COLUMN unlock_schedule_id INTEGER {named}")
    op.add_column("access_point", sa.Column("card_again_s", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("access_point", sa.Column("door_again_s", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("delivery_position", sa.Column("posture", sa.BigInteger(), nullable=False, server_default="0"))
    _sign_offs()
    _posture()


def _rules_of_areas() -> None:
    op.add_column("area", sa.Column("rules", sa.Text(), nullable=False, server_default=""))
    op.add_column("area", sa.Column("forgive_since", UtcDateTime(), nullable=True))
    connection = op.get_bind()
    for key, fresh_s, essential_s, company in connection.execute(
        sa.text("SELECT id, fresh_s, essential_s, company FROM area")
    ).all():
        written = canonical.encode(_rules(fresh_s, essential_s, company)).decode()
        connection.execute(sa.text("UPDATE area SET rules = :rules WHERE id = :id"), {"rules": written, "id": key})
    for name in ("fresh_s", "essential_s", "company"):
        op.drop_column("area", name)


def _rules(fresh_s: int, essential_s: int, size: int) -> Object:
    """As rules were written when this revision was made; what they did not say is what was done until then."""
    return {
        "fresh_s": fresh_s,
        "essential_s": max(fresh_s, essential_s),
        "passback": {"entry": "soft", "exit": "soft", "forgiven_after_s": 0},
        "company": {
            "size": size,
            "within_s": 10,
            "most": 0,
            "most_by": "hard",
            "least": 0,
            "least_by": "hard",
            "supervisor": "off",
        },
        "clockless": "nobody",
        "unheard": "soften",
        "forgive_at": None,
    }


def _sign_offs() -> None:
    made = op.create_table(
        "exit_sign_off",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("access_point_id", sa.Integer(), nullable=False),
        sa.Column("signed_by", sa.String(length=120), nullable=False),
        sa.Column("failsafe", sa.String(length=24), nullable=False),
        sa.Column("note", sa.String(length=400), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.Column("signed_at", UtcDateTime(), nullable=False),
        sa.Column("valid_until", UtcDateTime(), nullable=False),
        sa.Column("lapse_told_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["access_point_id"], ["access_point.id"], name=op.f("fk_exit_sign_off_access_point_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exit_sign_off")),
    )
    op.create_index(op.f("ix_exit_sign_off_access_point_id"), "exit_sign_off", ["access_point_id"], unique=False)
    now = datetime.now(UTC)
    controlled = op.get_bind().scalars(
        sa.text("SELECT id FROM access_point WHERE exit_mode = 'controlled' ORDER BY id")
    )
    op.bulk_insert(
        made,
        [
            {
                "access_point_id": key,
                "signed_by": "migration",
                "failsafe": "not-stated",
                "note": _NOTE,
                "recorded_by": "migration",
                "signed_at": now,
                "valid_until": now + _GOOD_FOR,
                "lapse_told_at": None,
            }
            for key in controlled.all()
        ],
    )


def _posture() -> None:
    made = op.create_table(
        "posture_change",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("act", sa.String(length=16), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("door_id", sa.Integer(), nullable=True),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("ledger_sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_posture_change_site_id")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_posture_change_area_id")),
        sa.ForeignKeyConstraint(["door_id"], ["door.id"], name=op.f("fk_posture_change_door_id")),
        sa.PrimaryKeyConstraint("site_id", "number", name=op.f("pk_posture_change")),
    )
    place = ["site_id", "act", "area_id", "door_id", "number"]
    op.create_index("ix_posture_change_place", "posture_change", place, unique=False)
    actor = ["site_id", "actor", "area_id", "number"]
    op.create_index("ix_posture_change_actor", "posture_change", actor, unique=False)
    _doors_in_lockdown(made)
    op.drop_column("door", "mode")


def _doors_in_lockdown(made: sa.Table) -> None:
    now, numbers = datetime.now(UTC), dict[int, int]()
    locked = op.get_bind().execute(sa.text("SELECT id, site_id FROM door WHERE mode = 'lockdown' ORDER BY id")).all()
    rows = []
    for door_id, site_id in locked:
        numbers[site_id] = numbers.get(site_id, 0) + 1
        rows.append(
            {
                "site_id": site_id,
                "number": numbers[site_id],
                "act": "lockdown",
                "area_id": None,
                "door_id": door_id,
                "value": 1,
                "actor": "migration",
                "at": now,
                "reason": "in lockdown before postures were kept",
                "ledger_sequence": 0,
            }
        )
    op.bulk_insert(made, rows)
