"""Reading: a few read-only connections, each in a thread of its own, beside the door's."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import func, literal_column, select, union_all
from sqlalchemy.sql import ClauseElement, ColumnElement

from structura_local.domain.catalog import COLLECTIONS
from structura_local.domain.fields import Collection
from structura_local.domain.row import Row
from structura_local.errors import AppError
from structura_local.store import sqlite
from structura_local.store.lane import Lanes
from structura_local.store.rows import Codec, Stored, codec, compiled
from structura_local.store.sqlite import Connection
from structura_local.store.tables import ALIVE, CHANGE_LOG, COLLECTION_TABLES, NODE_STATE, SET_ASIDE_SEQ, order

CONNECTIONS = 2
MAX_WAITING = 256  # readings

T = TypeVar("T")


class Reader:
    """Open it with `await Reader.open(path)`."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes

    @classmethod
    async def open(cls, path: Path) -> "Reader":
        """A reader of a migrated database."""
        return cls(await Lanes.open(path, CONNECTIONS))

    async def close(self) -> None:
        """Close all connections."""
        await self._lanes.close()

    async def get(self, collection: Collection, row_id: str) -> Row | None:
        """A living row."""
        found = await self._rows(codec(collection), codec(collection).get_sql, [row_id])
        return found[0].row if found and found[0].row.alive else None

    async def find(self, collection: Collection, limit: int | None = None, **equal: Any) -> list[Row]:
        """The living rows in the collection's order, those whose fields have the given values."""
        kind = codec(collection)
        columns = kind.table.c
        query = kind.select().where(ALIVE)
        for name, value in equal.items():
            query = query.where(columns[collection.by_name[name].column] == value)
        for key in _order(kind):
            query = query.order_by(key.desc() if collection.newest_first else key)
        return [stored.row for stored in await self.rows(kind, query.limit(limit))]

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator["Reader"]:
        """A reader that sees the database as of one moment, however long it takes."""
        alone = await self._lanes.another()
        try:
            await alone.run(lambda connection: connection.execute("BEGIN"))
            yield Reader(alone)
        finally:
            await alone.close()

    async def by_ids(self, collection: Collection, ids: Sequence[str]) -> list[Stored]:
        """The rows with these ids, deleted ones too."""
        kind = codec(collection)
        return await self.rows(kind, kind.select().where(kind.table.c.id.in_(ids)))

    async def state(self) -> dict[str, str]:
        """This node's own state: node, plant, cursor, mark, …"""
        return dict(await self.fetch(select(NODE_STATE.c.key, NODE_STATE.c.value)))

    async def counts(self) -> dict[str, int]:
        """How many living objects there are, by collection as the API names it."""
        found = {}
        for collection in COLLECTIONS:
            table = COLLECTION_TABLES[collection.table]
            ((number,),) = await self.fetch(select(func.count()).select_from(table).where(table.c["_life"] % 2 == 1))
            found[collection.path] = int(number)
        return found

    async def changed_after(self, mark: int, limit: int) -> Sequence[tuple[str, int]]:
        """(collection, change number) of the rows changed here after `mark`, oldest first."""
        lines = await self._lines(_changed_after(), [*(mark, SET_ASIDE_SEQ) * len(COLLECTION_TABLES), limit, 0])
        return [(line[0], line[1]) for line in lines]

    async def changed_between(self, collection: Collection, after: int, upto: int) -> list[Sequence[Any]]:
        """The rows whose last local change has a number in (after, upto], as text; deleted ones too."""
        kind = codec(collection)
        seq = kind.table.c["_seq"]
        return await self._texts(kind, kind.select().where(seq > after, seq <= upto))

    async def text_after_id(self, collection: Collection, row_id: str, limit: int) -> list[Sequence[Any]]:
        """The next rows by their ids, as text; deleted ones too."""
        kind = codec(collection)
        query = kind.select().where(kind.table.c.id > row_id).order_by(kind.table.c.id).limit(limit)
        return await self._texts(kind, query)

    async def transaction_start(self, seq: int) -> int:
        """The number of the first change of the transaction that made change `seq`."""
        lines = await self.fetch(select(CHANGE_LOG.c.tx).where(CHANGE_LOG.c.seq == seq))
        return int(lines[0][0]) if lines else seq

    async def pending(self, mark: int) -> tuple[int, int | None]:
        """How many objects wait to be pushed, and since when (milliseconds since 1970)."""
        counts = [
            select(func.count().label("n"), func.min(t.c["_seq"]).label("first")).where(
                t.c["_seq"] > mark, t.c["_seq"] < SET_ASIDE_SEQ
            )
            for t in (COLLECTION_TABLES[collection.table] for collection in COLLECTIONS)
        ]
        union = union_all(*counts).subquery()
        ((total, first),) = await self.fetch(select(func.sum(union.c.n), func.min(union.c.first)))
        if first is None:
            return 0, None
        # What waits without having been changed here (a retry, what a merge left) is as old as the change before it.
        at = select(CHANGE_LOG.c.at).where(CHANGE_LOG.c.seq <= first).order_by(CHANGE_LOG.c.seq.desc()).limit(1)
        lines = await self.fetch(at)
        return int(total), (int(lines[0][0]) if lines else None)

    async def oldest(self, mark: int) -> tuple[str, str] | None:
        """(collection, id) of the row that has waited longest to be pushed."""
        for table, seq in await self.changed_after(mark, 1):
            column = COLLECTION_TABLES[table].c
            for line in await self.fetch(select(column.id).where(column["_seq"] == seq).limit(1)):
                return table, line[0]
        return None

    async def rows(self, kind: Codec, statement: ClauseElement) -> list[Stored]:
        """The rows that a `kind.select()` finds. Decoded off the loop."""
        return await self._rows(kind, *compiled(statement))

    async def fetch(self, statement: ClauseElement) -> Sequence[Any]:
        """The lines of any query of the store."""
        return await self._lines(*compiled(statement))

    async def _texts(self, kind: Codec, statement: ClauseElement) -> list[Sequence[Any]]:
        sql, values = compiled(statement)
        return await self.run(lambda connection: [kind.text(line) for line in connection.execute(sql, values)])

    async def _rows(self, kind: Codec, sql: str, values: Sequence[Any]) -> list[Stored]:
        return await self.run(lambda connection: [kind.decode(line) for line in connection.execute(sql, values)])

    async def _lines(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        return await self.run(lambda connection: connection.execute(sql, values).fetchall())

    def check_room(self) -> None:
        """AppError `busy` if so many people wait to read that who comes now had better come again."""
        if self._lanes.waiting >= MAX_WAITING:
            raise AppError("busy")

    async def run(self, work: Callable[[Connection], T]) -> T:
        """The result of `work`, done off the loop. A connection that only reads."""
        try:
            return await self._lanes.run(work)
        except sqlite.Error as error:
            raise sqlite.translated(error) from error


@cache
def _changed_after() -> str:
    """Asked at every turn of the sync, and slow to write out."""
    arms = [
        select(literal_column(f"'{name}'").label("collection"), table.c["_seq"].label("seq")).where(
            table.c["_seq"] > 0, table.c["_seq"] < 0
        )
        for name, table in COLLECTION_TABLES.items()
    ]
    union = union_all(*arms).subquery()
    return compiled(select(union.c.collection, union.c.seq).order_by(union.c.seq).limit(1))[0]


def _order(kind: Codec) -> list[ColumnElement[Any]]:
    return [kind.table.c[name] for name in order(kind.collection)]
