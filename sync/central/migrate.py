"""Brings central's tables to this program's version. Alembic, configured in code."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from sync.central.dsn import connect
from sync.central.tables import SCHEMA

MIGRATIONS = Path(__file__).with_name("migrations")  # beside this file in a frozen program, too


async def migrate(dsn: str) -> None:
    """Run the migrations that this database lacks, in one transaction."""
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: connect(dsn), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(upgrade)
    finally:
        await engine.dispose()


def upgrade(connection: Connection) -> None:
    """Run the migrations on a connection; the caller commits."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('structura_sync init'))"))
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
