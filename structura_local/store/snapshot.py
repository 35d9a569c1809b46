"""Copies of the database as of one moment, and what tells that a copy is whole.

SQLite's own copying, page by page under one read transaction: nobody who writes waits for it, and it never begins anew
because somebody wrote. (`VACUUM INTO` builds every index again, which takes a processor for as long.)
"""

import contextlib
import hashlib
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from structura_local.domain.catalog import COLLECTIONS, SYNCED
from structura_local.phrases import Phrase, phrase
from structura_local.store import sqlite

MARK = "backup"  # in the node's state of a copy: whoever opens it as a database is no node that head office knows
PROGRAM = "program"  # in the node's state: the version of the program that opened it last
CARRIED = ("sessions", "terminals", "attempts")  # what a restore keeps as it is: who is logged in, paired, locked out

_PAGES = 256  # copied at a time, a megabyte
_REST = 0.5  # of the time that copying takes, so that a slow disk has room for others
_ROWS = 2_000  # digested at a time
_LOCAL = frozenset({"_base", "_seq"})  # columns that say how far the sync has come, not what the plant knows


class Unsound(Exception):
    """A database that is damaged, or none; `reason` says how."""

    def __init__(self, reason: Phrase | str) -> None:
        super().__init__(str(reason))
        self.reason = reason


def reason(error: Exception) -> Phrase | str:
    """Why something is not sound, or did not work; what stands before the full stop of a sentence."""
    return error.reason if isinstance(error, Unsound) else str(error).removesuffix(".")


@dataclass(frozen=True, slots=True)
class Census:
    """What a database holds. `schema`: its revision; `program`: the version that opened it last, if that is known.

    By collection, as the API names it: `counts` of living objects, `digests` of all rows and their merge state.
    """

    schema: str
    program: str
    counts: Mapping[str, int]
    digests: Mapping[str, str]


def copy(source: Path, target: Path, rest: Callable[[float], None] = time.sleep) -> None:
    """Copy a database that may be in use to a new file, which is on the disk when this returns. Blocking.

    The copy is marked as one and knows no sessions: a token is good in the database in which it can be revoked.
    """
    target.unlink(missing_ok=True)
    target.touch(0o600)
    began = time.monotonic()

    def pause(status: int, remaining: int, total: int) -> None:
        nonlocal began
        rest((time.monotonic() - began) * _REST)
        began = time.monotonic()

    with contextlib.closing(sqlite.connect(source, read_only=True)) as reading:
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # from here on it is one moment
        with contextlib.closing(sqlite.detached(target)) as writing:
            writing.execute("PRAGMA synchronous = OFF")  # of a copy that is not finished nobody has to hear
            reading.backup(writing, pages=_PAGES, progress=pause)
    mark(target)


def mark(path: Path) -> None:
    """Make a database that nobody has open a backup: a file of its own, marked, without sessions, on the disk."""
    with contextlib.closing(sqlite.detached(path)) as database:
        database.execute("PRAGMA journal_mode = DELETE")
        database.execute("PRAGMA secure_delete = ON")
        database.execute("BEGIN IMMEDIATE")
        database.execute("DELETE FROM sessions")
        database.execute("INSERT OR REPLACE INTO node_state (key, value) VALUES (?, '1')", (MARK,))
        database.execute("COMMIT")
    flush(path)


def flush(path: Path) -> None:
    """Have a file on the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def settle(path: Path) -> None:
    """Fold the write-ahead log of a database that nobody has open into it, so that it is one file."""
    with contextlib.closing(sqlite.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.execute("PRAGMA journal_mode = DELETE")


def check(path: Path, *, quick: bool = False) -> None:
    """Unsound unless every page, and (unless `quick`) every index, of a database is as it must be."""
    pragma = "quick_check" if quick else "integrity_check"
    try:
        with contextlib.closing(sqlite.connect(path, read_only=True)) as database:
            found = [line[0] for line in database.execute(f"PRAGMA {pragma}(3)")]
    except sqlite.Error as error:
        raise Unsound(str(error)) from error
    if found != ["ok"]:
        raise Unsound("; ".join(" ".join(str(one).split()) for one in found))


def check_length(path: Path) -> None:
    """Unsound if a database has less than its header says."""
    with path.open("rb") as file:
        header = file.read(100)
    size = int.from_bytes(header[16:18], "big")
    said = (65_536 if size == 1 else size) * int.from_bytes(header[28:32], "big")
    if not header.startswith(b"SQLite format 3\0"):
        raise Unsound(phrase("unsound-file"))
    if path.stat().st_size < said and not path.with_name(f"{path.name}-wal").exists():
        raise Unsound(phrase("unsound-cut", have=path.stat().st_size, said=said))


def census(path: Path) -> Census:
    """What a database holds, read to the last row. Unsound if it is none of this program."""
    try:
        with contextlib.closing(sqlite.connect(path, read_only=True)) as database:
            database.execute("BEGIN")
            ((schema,),) = database.execute("SELECT version_num FROM alembic_version")
            program = dict(database.execute("SELECT key, value FROM node_state")).get(PROGRAM, "")
            tables = {line[0] for line in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
            living = {c.path: _count(database, c.table) for c in COLLECTIONS if c.table in tables}
            digests = {c.path: _digest(database, c.table) for c in SYNCED if c.table in tables}
    except (sqlite.Error, ValueError) as error:
        raise Unsound(str(error)) from error
    return Census(schema, program, living, digests)


def counts(path: Path) -> dict[str, int]:
    """How many living objects a database holds, by collection; without those that cannot be read."""
    found = {}
    for collection in COLLECTIONS:
        with contextlib.suppress(sqlite.Error), contextlib.closing(sqlite.connect(path, read_only=True)) as database:
            found[collection.path] = _count(database, collection.table)
    return found


def carry_over(present: Path, restored: Path) -> None:
    """Have sessions, pairings and lock-outs in `restored` as they are in `present`: what was revoked stays revoked.

    If they cannot be read there, there are none.
    """
    kept: dict[str, tuple[list[str], list[Any]]] = {}
    if present.exists():
        with contextlib.suppress(sqlite.Error), contextlib.closing(sqlite.connect(present, read_only=True)) as database:
            for table in CARRIED:
                cursor = database.execute(f"SELECT * FROM {table}")
                kept[table] = [column[0] for column in cursor.description], cursor.fetchall()
    with contextlib.closing(sqlite.detached(restored)) as database:
        database.execute("BEGIN IMMEDIATE")
        for table in CARRIED:
            database.execute(f"DELETE FROM {table}")
            columns, lines = kept.get(table, ([], [])) if len(kept) == len(CARRIED) else ([], [])
            if lines:
                blanks = ", ".join("?" * len(columns))
                database.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({blanks})", lines)
        database.execute("COMMIT")
    flush(restored)


def file_digest(path: Path) -> str:
    """A digest of a file's bytes."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(2**20):
            digest.update(chunk)
    return digest.hexdigest()


def _count(database: sqlite.Connection, table: str) -> int:
    return int(database.execute(f"SELECT count(*) FROM {table} WHERE _life % 2 = 1").fetchone()[0])


def _digest(database: sqlite.Connection, table: str) -> str:
    """SQLite writes the rows as JSON, thousands at a time: a million of them cost the server's loop nothing."""
    columns = [line[1] for line in database.execute(f"PRAGMA table_info({table})") if line[1] not in _LOCAL]
    listed = ", ".join(f'"{column}"' for column in columns)
    statement = (
        f"SELECT max(id), json_group_array(json_array({listed}))"
        f" FROM (SELECT {listed} FROM {table} WHERE id > ? ORDER BY id LIMIT {_ROWS})"
    )
    digest, after = hashlib.blake2b(orjson.dumps(sorted(columns)), digest_size=16), ""
    while True:
        last, rows = database.execute(statement, (after,)).fetchone()
        if last is None:
            return digest.hexdigest()
        digest.update(rows.encode())
        after = last
