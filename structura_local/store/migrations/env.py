"""Run by Alembic: uses the connection that migrate.py opened."""

from alembic import context

from structura_local.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, render_as_batch=True)
context.run_migrations()
