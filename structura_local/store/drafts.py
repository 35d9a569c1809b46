"""Rows and log lines on their way into the database. Writes that share a commit have theirs written together.

A statement a row would take the time of several: each hands Python's lock to the event loop and waits to have it back.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from structura_local.domain.fields import Collection
from structura_local.store.rows import Stored, codec
from structura_local.store.sqlite import Connection

AT_ONCE = 64  # rows in one statement, at most; otherwise a power of two, so that there are few statements

_LOG = (
    "INSERT INTO change_log (seq, tx, at, run, elapsed, collection, row_id, kind, origin, user_id, stamp, fields)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


@dataclass(slots=True)
class Drafts:
    """What has been written and is not in the database yet."""

    rows: dict[tuple[str, str], tuple[Collection, Stored]] = field(default_factory=dict)  # by table and id
    log: list[Sequence[Any]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows) + len(self.log)

    def find(self, collection: Collection, row_id: str) -> Stored | None:
        """A row that waits here."""
        found = self.rows.get((collection.table, row_id))
        return found[1] if found else None

    def put(self, collection: Collection, stored: Stored) -> None:
        """A row as it is to be."""
        self.rows[collection.table, stored.row.id] = collection, stored

    def add(self, later: "Drafts") -> None:
        """What was written after what is here."""
        self.rows |= later.rows
        self.log += later.log

    def clear(self) -> None:
        """Forget all of it."""
        self.rows.clear()
        self.log.clear()

    def write(self, connection: Connection) -> None:
        """Put all of it into the database."""
        lines = defaultdict(list)
        for collection, stored in self.rows.values():
            lines[collection].append(codec(collection).encode(stored.row, stored.base, stored.seq))
        for collection, some in lines.items():
            insert(connection, codec(collection).put_sql, some)
        if self.log:
            insert(connection, _LOG, self.log)
        self.clear()


def insert(connection: Connection, sql: str, lines: Sequence[Sequence[Any]]) -> None:
    """Run a statement that inserts one line for many."""
    for some in _together(lines):
        connection.execute(_repeated(sql, len(lines[0]), len(some)), [value for line in some for value in line])


def _together(lines: Sequence[Sequence[Any]]) -> Iterator[Sequence[Sequence[Any]]]:
    start = 0
    while left := len(lines) - start:
        count = min(AT_ONCE, 1 << (left.bit_length() - 1))
        yield lines[start : start + count]
        start += count


@cache
def _repeated(sql: str, columns: int, lines: int) -> str:
    """A statement that inserts one line, for several."""
    one = f"({', '.join('?' * columns)})"
    return sql.replace(one, ", ".join([one] * lines), 1)
