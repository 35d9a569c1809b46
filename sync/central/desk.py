"""Where files carried by hand come in and go out: the port `Desk` (sync/carry/office.py) on Postgres.

It works as head office's own role, in the name of a node.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import orjson

from sync.carry.office import Answer, Candidate, Notes
from sync.carry.stick import Key, Refused
from sync.central.dsn import connect
from sync.central.errors import explained
from sync.central.postgres import PostgresCentral
from sync.protocol import Hello, Standing, Welcome

NOBODY = "-"  # no node's id: what a node pushed itself comes back to it too


class PostgresDesk:
    """Use it in `async with PostgresDesk.connect(dsn, plant)`. Raises SyncError."""

    def __init__(self, connection: Any, plant: str) -> None:
        self._connection = connection
        self.plant = plant

    @classmethod
    @asynccontextmanager
    async def connect(cls, dsn: str, plant: str) -> AsyncIterator[Self]:
        with explained():
            connection = await connect(dsn)
        try:
            yield cls(connection, plant)
        finally:
            with explained():
                await connection.close()

    async def now(self) -> int:
        """See sync.carry.office.Desk."""
        with explained():
            return int(await self._connection.fetchval("SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)"))

    async def key(self, role: str) -> Key:
        """See sync.carry.office.Desk."""
        with explained():
            bundle = await self._connection.fetchrow(BUNDLE, self.plant, role)
        if bundle is None:
            raise Refused(f"Head office has not handed out a bundle {role} to the plant {self.plant}.")
        if bundle["revoked"]:
            raise Refused(f"The bundle {role} has been revoked; nothing is exchanged with who holds it.")
        if bundle["carry"] is None:
            raise Refused(f"The bundle {role} is too old to sign files; enrol the PC with a new one.")
        return Key(role, bundle["carry"])

    async def bundle(self, node: str) -> str | None:
        """See sync.carry.office.Desk."""
        with explained():
            found: str | None = await self._connection.fetchval(NODE_BUNDLE, self.plant, node)
        return found

    async def candidates(self) -> list[Candidate]:
        """See sync.carry.office.Desk."""
        with explained():
            return [Candidate(*record) for record in await self._connection.fetch(CANDIDATES, self.plant)]

    async def greeted(self, hello: Hello, role: str, cursor: int) -> tuple[PostgresCentral, Welcome]:
        """See sync.carry.office.Desk."""
        central = PostgresCentral(self._connection, self.plant)
        with explained():
            async with self._connection.transaction():
                new = await self._connection.fetchval(NODE_BUNDLE, self.plant, hello.node) is None
                welcome = await central.hello(hello)
                if new:  # hello put down the role that we work as
                    await self._connection.execute(SET_BUNDLE, self.plant, hello.node, role)
                if welcome.known:
                    await self._connection.execute(SET_PULLED, self.plant, hello.node, cursor)
        return central, welcome

    async def notes(self, node: str) -> Notes:
        """See sync.carry.office.Desk."""
        with explained():
            found = await self._connection.fetchrow(NOTES, self.plant, node)
        if found is None:
            return Notes()
        offered = orjson.loads(found["offered"]) if found["offered"] else None
        return Notes(found["stray"], offered, orjson.loads(found["refused"]), found["role"])

    async def note(self, node: str, notes: Notes) -> None:
        """See sync.carry.office.Desk."""
        offered = orjson.dumps(notes.offered).decode() if notes.offered else None
        refused = orjson.dumps(notes.refused).decode()
        with explained():
            await self._connection.execute(NOTE, self.plant, node, notes.role, notes.stray, offered, refused)

    @asynccontextmanager
    async def answer(self, node: str) -> AsyncIterator[Answer]:
        """See sync.carry.office.Desk."""
        central = _Snapshot(self._connection, self.plant)
        with explained():
            async with self._connection.transaction(isolation="repeatable_read"):
                row = await self._connection.fetchrow(STANDING, self.plant, node)
                digests = {name: int(digest) for name, digest in orjson.loads(row["digests"]).items()}
                standing = Standing(row["head"], digests)
                now, notes = await self.now(), await self.notes(node)
                keys = await central.exchange_keys({})
                known = row["word"], row["mark"], row["at"], row["pulled"]
                yield Answer(central, standing, *known, now, notes, keys)


class _Snapshot(PostgresCentral):
    """Reads for a node that is not here, its own rows included."""

    def __init__(self, connection: Any, plant: str) -> None:
        super().__init__(connection, plant)
        self._node = NOBODY


BUNDLE = """
SELECT carry, revoked_at IS NOT NULL AS revoked FROM structura_sync.bundle WHERE plant_id = $1 AND role = $2"""

NODE_BUNDLE = "SELECT bundle FROM structura_sync.node WHERE plant_id = $1 AND node_id = $2"

SET_BUNDLE = "UPDATE structura_sync.node SET bundle = $3 WHERE plant_id = $1 AND node_id = $2"

SET_PULLED = "UPDATE structura_sync.node SET pulled = $3 WHERE plant_id = $1 AND node_id = $2"

# Of each bundle the node whose file came last: a copy or a restored PC goes on as another node under the same bundle.
CANDIDATES = """
SELECT DISTINCT ON (c.role) c.node_id, c.role, c.at
FROM structura_sync.carried AS c
JOIN structura_sync.bundle AS b ON b.plant_id = c.plant_id AND b.role = c.role AND b.revoked_at IS NULL
WHERE c.plant_id = $1 ORDER BY c.role, c.at DESC"""

NOTES = "SELECT stray, offered, refused, role FROM structura_sync.carried WHERE plant_id = $1 AND node_id = $2"

NOTE = """
INSERT INTO structura_sync.carried AS c (plant_id, node_id, at, role, stray, offered, refused)
VALUES ($1, $2, clock_timestamp(), $3, $4, $5::jsonb, $6::jsonb)
ON CONFLICT (plant_id, node_id) DO UPDATE SET at = excluded.at, role = excluded.role, stray = excluded.stray,
    offered = excluded.offered, refused = excluded.refused"""

STANDING = """
SELECT p.head, p.digests, coalesce(n.word, '') AS word, coalesce(n.mark, 0) AS mark, coalesce(n.at, '') AS at,
    coalesce(n.pulled, 0) AS pulled
FROM structura_sync.partition AS p LEFT JOIN structura_sync.node AS n ON n.plant_id = p.plant_id AND n.node_id = $2
WHERE p.plant_id = $1"""
