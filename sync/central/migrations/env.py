"""Run by Alembic around the migrations, on the connection that sync/central/migrate.py hands over."""

from alembic import context

SCHEMA = "structura_sync"

context.configure(connection=context.config.attributes["connection"], version_table_schema=SCHEMA)
context.run_migrations()
