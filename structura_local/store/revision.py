"""Which schema a database has; without Alembic, which is as large as the rest of the store."""

import contextlib
from pathlib import Path

from structura_local.store import sqlite

NEWEST = "0001"  # the last of migrations/versions


def revision(path: Path) -> str | None:
    """The schema of the database at `path`; None if there is none. Raises sqlite.Error if that is no database."""
    if not path.exists():
        return None
    with contextlib.closing(sqlite.connect(path, read_only=True)) as database:
        if not database.execute("SELECT 1 FROM sqlite_schema WHERE name = 'alembic_version'").fetchone():
            return None
        return next((str(line[0]) for line in database.execute("SELECT version_num FROM alembic_version")), None)
