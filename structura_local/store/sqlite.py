"""Opening the database: which SQLite, and every pragma with its reason."""

import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from structura_local import clock

if TYPE_CHECKING or sys.platform == "darwin":
    import sqlite3 as driver
else:
    # Newer than Python's own: SQLite before 3.51.3 can damage a WAL database when two connections checkpoint at once
    # (sqlite.org/wal.html#walresetbug).
    from pysqlite3 import dbapi2 as driver

__all__ = ["VERSION", "Connection", "Error", "connect", "driver", "is_full"]

Connection = driver.Connection
Error = driver.Error
VERSION: str = driver.sqlite_version


def connect(path: Path, *, read_only: bool = False) -> driver.Connection:
    """One connection in autocommit mode: whoever uses it says BEGIN and COMMIT."""
    uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    connection = driver.connect(uri, uri=True, isolation_level=None, check_same_thread=False, cached_statements=512)
    for pragma in _pragmas(read_only):
        connection.execute(pragma)
    connection.create_function("epoch_ms", 1, clock.epoch_ms, deterministic=True)
    connection.create_function("folded", 1, folded, deterministic=True)
    return connection


def _pragmas(read_only: bool) -> list[str]:
    common = [
        # A checkpoint or a backup may hold the file for a moment.
        "PRAGMA busy_timeout = 5000",
        # Negative: kibibytes. The working set of a plant fits.
        "PRAGMA cache_size = -16384",
        "PRAGMA temp_store = MEMORY",
        "PRAGMA foreign_keys = ON",
    ]
    if read_only:
        return [*common, "PRAGMA query_only = ON"]
    return [
        # Readers never wait for the writer, nor it for them.
        "PRAGMA journal_mode = WAL",
        # What a user was told is saved survives a power cut: fsync at every commit.
        "PRAGMA synchronous = FULL",
        # Give the disk back after a large transaction, such as an import.
        "PRAGMA journal_size_limit = 67108864",
        *common,
    ]


def folded(text: str | None) -> str | None:
    """A text as people search for it: `Máquina` is found by `maquina`."""
    if not isinstance(text, str):
        return None
    return "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))


def is_full(error: BaseException) -> bool:
    """Whether a database error means that the disk is full."""
    return isinstance(error, driver.OperationalError) and "full" in str(error)
