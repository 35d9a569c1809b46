"""Reading: a few read-only connections, each in a thread of its own, beside the door's."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite
from sqlalchemy import func, select, union_all
from sqlalchemy.sql import ClauseElement, ColumnElement

from structura_local.domain.fields import Collection
from structura_local.domain.row import Row
from structura_local.store import sqlite
from structura_local.store.rows import Codec, Stored, codec, compiled
from structura_local.store.tables import CHANGE_LOG, COLLECTION_TABLES, NODE_STATE, order

CONNECTIONS = 2


class Reader:
    """Open it with `await Reader.open(path)`."""

    def __init__(self, connections: Sequence[aiosqlite.Connection]) -> None:
        self._all = connections
        self._free: asyncio.LifoQueue[aiosqlite.Connection] = asyncio.LifoQueue()
        for connection in connections:
            self._free.put_nowait(connection)

    @classmethod
    async def open(cls, path: Path) -> "Reader":
        """A reader of a migrated database."""
        connect = partial(sqlite.connect, path, read_only=True)
        return cls([await aiosqlite.Connection(connect, iter_chunk_size=64) for _ in range(CONNECTIONS)])

    async def close(self) -> None:
        """Close all connections."""
        for connection in self._all:
            await connection.close()

    async def get(self, collection: Collection, row_id: str) -> Row | None:
        """A living row."""
        kind = codec(collection)
        for line in await self._lines(kind.get_sql, [row_id]):
            row = kind.decode(line).row
            return row if row.alive else None
        return None

    async def find(self, collection: Collection, limit: int | None = None, **equal: Any) -> list[Row]:
        """The living rows in the collection's order, those whose fields have the given values."""
        kind = codec(collection)
        columns = kind.table.c
        query = kind.select().where(columns["_life"] % 2 == 1)
        for name, value in equal.items():
            query = query.where(columns[collection.by_name[name].column] == value)
        for key in _order(kind):
            query = query.order_by(key.desc() if collection.newest_first else key)
        return [kind.decode(line).row for line in await self.fetch(query.limit(limit))]

    async def state(self) -> dict[str, str]:
        """This node's own state: node, plant, cursor, mark, …"""
        return dict(await self.fetch(select(NODE_STATE.c.key, NODE_STATE.c.value)))

    async def changed_after(self, mark: int, limit: int) -> Sequence[tuple[str, int]]:
        """(collection, change number) of the rows changed here after `mark`, oldest first."""
        arms = [
            select(func.printf(name).label("collection"), table.c["_seq"].label("seq")).where(table.c["_seq"] > mark)
            for name, table in COLLECTION_TABLES.items()
        ]
        union = union_all(*arms).subquery()
        query = select(union.c.collection, union.c.seq).order_by(union.c.seq).limit(limit)
        return [(line[0], line[1]) for line in await self.fetch(query)]

    async def changed_between(self, collection: Collection, after: int, upto: int) -> list[Stored]:
        """The rows whose last local change has a number in (after, upto]; deleted ones too. Decoded off the loop."""
        kind = codec(collection)
        seq = kind.table.c["_seq"]
        lines = await self.fetch(kind.select().where(seq > after, seq <= upto))
        return await asyncio.to_thread(lambda: [kind.decode(line) for line in lines])

    async def transaction_start(self, seq: int) -> int:
        """The number of the first change of the transaction that made change `seq`."""
        lines = await self.fetch(select(CHANGE_LOG.c.tx).where(CHANGE_LOG.c.seq == seq))
        return int(lines[0][0]) if lines else seq

    async def pending(self, mark: int) -> tuple[int, int | None]:
        """How many rows wait to be pushed, and since when (milliseconds since 1970)."""
        counts = [
            select(func.count().label("n"), func.min(t.c["_seq"]).label("first")).where(t.c["_seq"] > mark)
            for t in COLLECTION_TABLES.values()
        ]
        union = union_all(*counts).subquery()
        ((total, first),) = await self.fetch(select(func.sum(union.c.n), func.min(union.c.first)))
        lines = await self.fetch(select(CHANGE_LOG.c.at).where(CHANGE_LOG.c.seq == first))
        return int(total), (int(lines[0][0]) if lines else None)

    async def fetch(self, statement: ClauseElement) -> Sequence[Any]:
        """The lines of any query of the store."""
        sql, values = compiled(statement)
        return await self._lines(sql, values)

    async def _lines(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        async with self._connection() as connection:
            return list(await connection.execute_fetchall(sql, values))

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[aiosqlite.Connection]:
        connection = await self._free.get()
        try:
            yield connection
        finally:
            self._free.put_nowait(connection)


def _order(kind: Codec) -> list[ColumnElement[Any]]:
    return [kind.table.c[name] for name in order(kind.collection)]
