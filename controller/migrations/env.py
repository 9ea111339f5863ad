"""Runs the revisions on the connection that `controller.database.migrate` hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from controller.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
