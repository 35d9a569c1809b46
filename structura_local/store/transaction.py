"""What can be done inside the door: read a row, change a row. Stamping and the change log happen here and only here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from sqlalchemy.sql import ClauseElement

from structura_local.domain.fields import Collection
from structura_local.domain.row import LIFE, Row
from structura_local.domain.stamp import HybridClock
from structura_local.store.rows import Stored, codec, compiled
from structura_local.store.sqlite import Connection

MASK = "•"

_LOG = (
    "INSERT INTO change_log (seq, tx, at, collection, row_id, kind, origin, user_id, stamp, fields)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


@dataclass(frozen=True, slots=True)
class Author:
    """On whose behalf something is written. `origin`: api, import, setup, sync or rules."""

    origin: str
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A committed change of a row, announced to whoever listens at the door."""

    seq: int
    collection: str
    row_id: str
    kind: str
    origin: str


@dataclass(frozen=True, slots=True)
class Touched:
    """A row as it was and as it is, for rules that follow from its change."""

    collection: Collection
    before: Row | None
    after: Row


@dataclass(slots=True)
class Transaction:
    """One write. Valid only inside the function that was handed to `Door.write`."""

    connection: Connection
    clock: HybridClock
    author: Author
    at: int  # milliseconds since 1970
    seq: int  # of the last change so far
    changes: list[Change] = field(default_factory=list)
    touched: list[Touched] = field(default_factory=list)
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    rules: Callable[["Transaction"], None] | None = None
    settled: int = 0  # how many of `touched` the rules have seen
    _first: int = 0

    def __post_init__(self) -> None:
        self._first = self.seq + 1

    def settle(self) -> None:
        """Let the rules follow from what was changed so far: now, for who wants to see the outcome, or at the end."""
        if self.rules:
            self.rules(self)

    def after_commit(self, work: Callable[[], None]) -> None:
        """Call `work` on the event loop once this write is safe on disk, before it is announced; never if it fails."""
        self.afterwards.append(work)

    # Reading

    def stored(self, collection: Collection, row_id: str) -> Stored | None:
        """A row with its local change number, deleted or not."""
        kind = codec(collection)
        line = self.connection.execute(kind.get_sql, (row_id,)).fetchone()
        return kind.decode(line) if line else None

    def get(self, collection: Collection, row_id: str) -> Row | None:
        """A row, deleted or not."""
        found = self.stored(collection, row_id)
        return found.row if found else None

    def find(self, collection: Collection, **equal: Any) -> list[Row]:
        """The living rows whose fields have these values."""
        kind = codec(collection)
        query = kind.select().where(kind.table.c["_life"] % 2 == 1)
        for name, value in equal.items():
            query = query.where(kind.table.c[collection.by_name[name].column] == value)
        return [kind.decode(line).row for line in self.execute(query)]

    def received_since(self, collection: Collection, moment: str) -> list[Row]:
        """The living rows that the server received at `moment` (ISO 8601, UTC) or later, newest first."""
        kind = codec(collection)
        columns = kind.table.c
        query = kind.select().where(columns["_life"] % 2 == 1, columns["received_at"] >= moment)
        query = query.order_by(columns["received_at"].desc(), columns["_born"].desc(), columns["id"].desc())
        return [kind.decode(line).row for line in self.execute(query)]

    def execute(self, statement: ClauseElement) -> list[Any]:
        """For the store's own tables; returns the lines."""
        sql, values = compiled(statement)
        return self.connection.execute(sql, values).fetchall()

    # Writing

    def create(self, collection: Collection, row_id: str, data: Mapping[str, Any]) -> Row:
        """A new row; `data` without unset fields."""
        stamp = self.clock.tick()
        row = Row(row_id, stamp, 1, {}, {}, {k: v for k, v in data.items() if v is not None})
        self._put(collection, row, self._log(collection, None, row, "create", stamp))
        return row

    def update(self, collection: Collection, row: Row, changes: Mapping[str, Any]) -> Row:
        """The row with other values (None clears a field). What does not change is not written."""
        news = {k: v for k, v in changes.items() if row.data.get(k) != v}
        if not news:
            return row
        stamp = self.clock.tick()
        after = replace(
            row,
            stamps={**row.stamps, **dict.fromkeys(news, stamp)},
            data={k: v for k, v in {**row.data, **news}.items() if v is not None},
        )
        self._put(collection, after, self._log(collection, row, after, "update", stamp))
        return after

    def delete(self, collection: Collection, row: Row) -> Row:
        """The row as a tombstone."""
        return self._turn(collection, row, "delete")

    def restore(self, collection: Collection, row: Row) -> Row:
        """A deleted row, alive again."""
        return self._turn(collection, row, "restore")

    def adopt(self, collection: Collection, before: Stored | None, after: Row) -> None:
        """Keep a merged row as it is, stamps included. What was still to be pushed before stays so."""
        for stamp in (after.born, *after.stamps.values()):
            self.clock.observe(stamp)
        old = before.row if before else None
        if old is None:
            kind = "create" if after.alive else "delete"
        elif old.alive != after.alive:
            kind = "restore" if after.alive else "delete"
        else:
            kind = "update"
        self._log(collection, old, after, kind, max((after.born, *after.stamps.values())))
        self._put(collection, after, before.seq if before else 0)

    def state(self, key: str) -> str | None:
        """A value of this node's own state."""
        line = self.connection.execute("SELECT value FROM node_state WHERE key = ?", (key,)).fetchone()
        return line[0] if line else None

    def set_state(self, key: str, value: str) -> None:
        """Keep a value of this node's own state."""
        self.connection.execute(
            "INSERT INTO node_state (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, value),
        )

    def _turn(self, collection: Collection, row: Row, kind: str) -> Row:
        stamp = self.clock.tick()
        after = replace(row, life=row.life + 1, stamps={**row.stamps, LIFE: stamp})
        self._put(collection, after, self._log(collection, row, after, kind, stamp))
        return after

    def _put(self, collection: Collection, row: Row, seq: int) -> None:
        kind = codec(collection)
        self.connection.execute(kind.put_sql, kind.encode(row, seq))

    def _log(self, collection: Collection, before: Row | None, after: Row, kind: str, stamp: str) -> int:
        self.seq += 1
        fields = orjson.dumps(_difference(before, after, collection.secrets)).decode()
        author = self.author
        self.connection.execute(
            _LOG,
            (
                self.seq,
                self._first,
                self.at,
                collection.table,
                after.id,
                kind,
                author.origin,
                author.user_id,
                stamp,
                fields,
            ),
        )
        self.touched.append(Touched(collection, before, after))
        self.changes.append(Change(self.seq, collection.table, after.id, kind, author.origin))
        return self.seq


def _difference(before: Row | None, after: Row, secrets: frozenset[str]) -> dict[str, Sequence[Any]]:
    old: Mapping[str, Any] = before.data if before else {}
    new = after.data
    return {
        name: (MASK, MASK) if name in secrets else (old.get(name), new.get(name))
        for name in old.keys() | new.keys()
        if old.get(name) != new.get(name)
    }
