"""Bringing a database to the schema of this version. Alembic, configured in code."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, pool

from structura_local.errors import StartError
from structura_local.store import sqlite


def config() -> Config:
    """Alembic's configuration; the scripts lie beside this file, in the frozen program too."""
    alembic = Config()
    alembic.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return alembic


def upgrade(path: Path) -> None:
    """Create the database or migrate it; a database of a newer program is refused, untouched."""
    engine = create_engine(
        "sqlite://", creator=lambda: sqlite.connect(path), poolclass=pool.NullPool, module=sqlite.driver
    )
    alembic = config()
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        known = {script.revision for script in ScriptDirectory.from_config(alembic).walk_revisions()}
        has_table = connection.exec_driver_sql("SELECT 1 FROM sqlite_schema WHERE name = 'alembic_version'").first()
        if has_table:
            current = {line[0] for line in connection.exec_driver_sql("SELECT version_num FROM alembic_version")}
            if current - known:
                raise StartError(
                    "This database was written by a newer version of the program; install that version again."
                )
        alembic.attributes["connection"] = connection
        command.upgrade(alembic, "head")
        connection.commit()
    engine.dispose()
