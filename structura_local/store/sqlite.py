"""Opening the database: which SQLite, and every pragma with its reason."""

import errno
import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from structura_local import clock
from structura_local.drives import is_read_only
from structura_local.errors import AppError

if TYPE_CHECKING or sys.platform == "darwin":
    import sqlite3 as driver
else:
    # Newer than Python's own: SQLite before 3.51.3 can damage a WAL database when two connections checkpoint at once
    # (sqlite.org/wal.html#walresetbug).
    from pysqlite3 import dbapi2 as driver

__all__ = [
    "VERSION",
    "Connection",
    "Error",
    "Unstorable",
    "beside",
    "connect",
    "copied",
    "detached",
    "driver",
    "is_damage",
    "is_full",
    "is_unwritable",
    "translated",
]

Connection = driver.Connection
Error = driver.Error
Unstorable = (driver.InterfaceError, driver.ProgrammingError)  # a value that is none of SQLite's types
VERSION: str = driver.sqlite_version


def connect(path: Path, *, read_only: bool = False) -> driver.Connection:
    """One connection in autocommit mode: whoever uses it says BEGIN and COMMIT."""
    uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    if read_only and is_read_only(path) and not any(file.exists() for file in beside(path)):
        uri += "&immutable=1"  # or SQLite would make a log beside it before it reads
    connection = driver.connect(uri, uri=True, isolation_level=None, check_same_thread=False, cached_statements=512)
    for pragma in _pragmas(read_only):
        connection.execute(pragma)
    return _with_functions(connection)


def beside(path: Path) -> list[Path]:
    """What SQLite may keep beside a database."""
    return [path.with_name(path.name + ending) for ending in ("-wal", "-shm", "-journal")]


def detached(path: Path) -> driver.Connection:
    """A connection to a file that no server has open, such as a backup: left in whatever mode it is."""
    connection = driver.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA busy_timeout = 5000")
    return connection


def copied(database: driver.Connection) -> driver.Connection:
    """A copy of a database, in memory."""
    connection = driver.connect(":memory:", isolation_level=None, check_same_thread=False)
    database.backup(connection)
    return _with_functions(connection)


def _with_functions(connection: driver.Connection) -> driver.Connection:
    connection.create_function("epoch_ms", 1, clock.epoch_ms, deterministic=True)
    connection.create_function("has_words", -1, has_words, deterministic=True)
    connection.create_function("shortest", 1, repr, deterministic=True)
    return connection


def _pragmas(read_only: bool) -> list[str]:
    common = [
        # A checkpoint or a backup may hold the file for a moment.
        "PRAGMA busy_timeout = 5000",
        "PRAGMA temp_store = MEMORY",
        "PRAGMA foreign_keys = ON",
    ]
    if read_only:
        # Negative: kibibytes. There are two readers, and lists and objects are kept ready besides.
        return [*common, "PRAGMA cache_size = -8192", "PRAGMA query_only = ON"]
    return [
        # Readers never wait for the writer, nor it for them.
        "PRAGMA journal_mode = WAL",
        # What a user was told is saved survives a power cut: fsync at every commit.
        "PRAGMA synchronous = FULL",
        # Give the disk back after a large transaction, such as an import.
        "PRAGMA journal_size_limit = 67108864",
        # The working set of a plant fits.
        "PRAGMA cache_size = -16384",
        *common,
    ]


def has_words(words: str, *texts: str | None) -> bool:
    """Whether each of the words is somewhere in the texts, as people search: `maquina` finds `Máquina`."""
    together = _folded("\n".join(text for text in texts if text))
    return all(word in together for word in _folded(words).split())


def _folded(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))


def is_full(error: BaseException) -> bool:
    """Whether an error means that the disk is full."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return isinstance(error, driver.OperationalError) and "full" in str(error)


def is_unwritable(error: BaseException) -> bool:
    """Whether an error means that the disk takes no writes, for another reason than that it is full."""
    if isinstance(error, OSError):
        return error.errno in (errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM)
    return isinstance(error, Error) and ("readonly" in str(error) or "disk I/O" in str(error))


def is_damage(error: BaseException) -> bool:
    """Whether a database error means that the file is not what SQLite has written."""
    return isinstance(error, driver.DatabaseError) and any(
        word in str(error) for word in ("malformed", "not a database", "unsupported file format")
    )


def translated(error: BaseException) -> BaseException:
    """What an error of the database, or of its disk, means to people; others stay as they are."""
    if is_full(error):
        app_error = AppError("disk-full")
    elif is_damage(error):
        app_error = AppError("damaged", reason=str(error))
    elif is_unwritable(error):
        app_error = AppError("read-only", reason=getattr(error, "strerror", None) or str(error))
    elif isinstance(error, Error):
        app_error = AppError("database")
    else:
        return error
    app_error.__cause__ = error
    return app_error
