"""What cards may be and how long they are good, what people are and may, trainings, and how often cards were used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from controller.database import UtcDateTime

revision = "0007"
down_revision = "0006"

_LONG_AGO = "1970-01-01T00:00:00.000000Z"


def upgrade() -> None:
    with op.batch_alter_table("cardholder") as cardholder:
        cardholder.add_column(sa.Column("forgiven", sa.Integer(), nullable=False, server_default="0"))
    _credentials()
    _uses()
    op.create_table(
        "cardholder_attribute",
        sa.Column("cardholder_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=24), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("given_by", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.ForeignKeyConstraint(
            ["cardholder_id"], ["cardholder.id"], name=op.f("fk_cardholder_attribute_cardholder_id")
        ),
        sa.PrimaryKeyConstraint("cardholder_id", "name", name=op.f("pk_cardholder_attribute")),
    )
    _trainings()


def _credentials() -> None:
    with op.batch_alter_table("credential") as credential:
        credential.add_column(sa.Column("issue_level", sa.Integer(), nullable=False, server_default="1"))
        credential.add_column(sa.Column("active_since", UtcDateTime(), nullable=False, server_default=_LONG_AGO))
        for name in ("valid_from", "valid_until"):
            credential.add_column(sa.Column(name, UtcDateTime(), nullable=True))
        for name in ("max_uses", "max_days", "unused_days"):
            credential.add_column(sa.Column(name, sa.Integer(), nullable=True))
    op.execute("UPDATE credential SET active_since = issued_at")
    # SQLite adds a column with its reference in one statement only: a table made anew would let go of its identities.
    op.execute(
        "ALTER TABLE credential ADD COLUMN replaces_id INTEGER"
        " CONSTRAINT fk_credential_replaces_id REFERENCES credential (id)"
    )
    op.create_index("ix_credential_replaces_id", "credential", ["replaces_id"], unique=True)
    op.create_index("ix_credential_unused_days", "credential", ["unused_days", "active_since"])


def _uses() -> None:
    op.create_table(
        "credential_use",
        sa.Column("identity_id", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("first_used", UtcDateTime(), nullable=False),
        sa.Column("last_used", UtcDateTime(), nullable=False),
        sa.Column("list_sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_credential_use_identity_id")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_credential_use_agent_id")),
        sa.PrimaryKeyConstraint("identity_id", "agent_id", name=op.f("pk_credential_use")),
    )
    for name in ("last_used", "list_sequence"):
        op.create_index(op.f(f"ix_credential_use_{name}"), "credential_use", [name])


def _trainings() -> None:
    op.create_table(
        "training",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_ja", sa.String(length=120), nullable=False),
        sa.Column("valid_days", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_training_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training")),
        sa.UniqueConstraint("site_id", "name", name=op.f("uq_training_site_id_name")),
    )
    op.create_table(
        "area_training",
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("training_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_area_training_area_id")),
        sa.ForeignKeyConstraint(["training_id"], ["training.id"], name=op.f("fk_area_training_training_id")),
        sa.PrimaryKeyConstraint("area_id", "training_id", name=op.f("pk_area_training")),
    )
    op.create_table(
        "training_completion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cardholder_id", sa.Integer(), nullable=False),
        sa.Column("training_id", sa.Integer(), nullable=False),
        sa.Column("completed_at", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["cardholder_id"], ["cardholder.id"], name=op.f("fk_training_completion_cardholder_id")
        ),
        sa.ForeignKeyConstraint(["training_id"], ["training.id"], name=op.f("fk_training_completion_training_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_completion")),
    )
    for name in ("cardholder_id", "training_id"):
        op.create_index(op.f(f"ix_training_completion_{name}"), "training_completion", [name])
