"""Whether a database file is whole. Reads beside a running server, and writes nothing."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from structura_local.domain.fields import Collection, Kind
from structura_local.store import sqlite
from structura_local.store.revision import NEWEST
from structura_local.store.snapshot import PROGRAM
from structura_local.store.tables import METADATA

NEEDED = (3, 51, 3)  # sqlite.org/wal.html#walresetbug
WORST = 3  # problems that are worth naming


@dataclass(frozen=True, slots=True)
class Health:
    """`problems` in SQLite's words; `newest`: when something was last written (ms); `counts`: rows by table.

    `newer`: the version of the program that wrote it, if that is newer than this one: which does not open it then.
    """

    problems: tuple[str, ...]
    newest: int | None = None
    counts: dict[str, int] | None = None
    newer: str | None = None


def examine(path: Path) -> Health:
    """Read all of it, and compare its indexes and rows."""
    try:
        with contextlib.closing(sqlite.connect(path, read_only=True)) as database:
            said = [str(line[0]) for line in database.execute(f"PRAGMA integrity_check({WORST})")]
            if said != ["ok"]:
                return Health(tuple(said))
            ((schema,),) = database.execute("SELECT version_num FROM alembic_version")
            if schema > NEWEST:
                state = dict(database.execute("SELECT key, value FROM node_state").fetchall())
                return Health((), newer=state.get(PROGRAM, "?"))
            newest = database.execute("SELECT max(at) FROM change_log").fetchone()[0]
            counts = {
                table: int(database.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])
                for table in sorted(METADATA.tables)
            }
            return Health((), newest, counts)
    except (sqlite.Error, ValueError) as error:  # the latter: it does not say of which version it is
        return Health((str(error),))


def texts(path: Path, *collections: Collection) -> set[str]:
    """All that the text columns of some collections hold, of deleted rows too."""
    found: set[str] = set()
    with contextlib.closing(sqlite.connect(path, read_only=True)) as database:
        for collection in collections:
            table = METADATA.tables[collection.table]
            for name in (f.column for f in collection.fields if f.column in table.c and f.kind == Kind.TEXT):
                found |= {line[0] for line in database.execute(f'SELECT DISTINCT "{name}" FROM "{table.name}"')}
    return {value for value in found if value}


def is_safe(version: str = sqlite.VERSION) -> bool:
    """Whether a version of SQLite is free of the error that damages databases."""
    return tuple(int(part) for part in version.split(".")) >= NEEDED
