"""What a search for people compares, beside each name and card, and the minute from which somebody will have left."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from controller.database import UtcDateTime
from controller.people import credential, folding

revision = "0014"
down_revision = "0013"

_AT_ONCE = 1000


def upgrade() -> None:
    op.add_column("cardholder", sa.Column("leaves_at", UtcDateTime(), nullable=True))
    for table in ("cardholder", "credential"):
        op.add_column(table, sa.Column("folded", sa.String(length=600), nullable=False, server_default=""))
    _fold_people()
    _fold_cards()
    op.create_index("ix_cardholder_site_id_id_folded", "cardholder", ["site_id", "id", "folded"])
    op.create_index("ix_cardholder_leaves_at", "cardholder", ["leaves_at"])
    op.create_index("ix_credential_folded_cardholder_id", "credential", ["folded", "cardholder_id"])


def _fold_people() -> None:
    found = op.get_bind().execute(sa.text("SELECT id, name, name_kana, number FROM cardholder")).all()
    _keep("cardholder", {row.id: folding.key(row.name, row.name_kana, row.number) for row in found})


def _fold_cards() -> None:
    texts = dict[int, list[str]]()
    for row in op.get_bind().execute(sa.text("SELECT credential_id, text FROM identity ORDER BY id")):
        texts.setdefault(row.credential_id, []).append(row.text)
    found = op.get_bind().execute(sa.text("SELECT id, label FROM credential")).all()
    _keep("credential", {row.id: credential.folded(row.label, texts.get(row.id, [])) for row in found})


def _keep(table: str, keys: dict[int, str]) -> None:
    rows = [{"row": row, "key": key} for row, key in keys.items()]
    for start in range(0, len(rows), _AT_ONCE):
        statement = sa.text(f"UPDATE {table} SET folded = :key WHERE id = :row")  # noqa: S608 - our own names
        op.get_bind().execute(statement, rows[start : start + _AT_ONCE])
