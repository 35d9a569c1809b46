"""The port `Central` over one connection to Postgres.

Every statement runs inside a transaction and none is prepared by name, so that a pooler in transaction mode may stand
between. A push takes five round trips however many rows it carries.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, Self

import orjson

from structura_local.domain.catalog import COLLECTIONS
from structura_local.domain.fields import Collection, Kind
from structura_local.domain.row import Row
from sync.central.batch import copy_text, fold
from sync.central.dsn import connect
from sync.central.errors import BUSY, FAILURES, explain, explained, refusal
from sync.central.functions import INCOMING, INCOMING_COLUMNS
from sync.protocol import MAX_BATCH_BYTES, MAX_BATCH_ROWS, Batch, Hello, Page, Tagged, VersionRefused, Welcome

PUSH_ATTEMPTS = 10
HELLO_SECONDS = 10.0  # a link that is dead is to be noticed before a person asks
LONGEST_PAUSE = 0.4  # seconds between two attempts


class PostgresCentral:
    """Head office's database, as one plant's node sees it. Not to be used by two tasks at once."""

    def __init__(self, connection: Any, plant: str) -> None:
        self._connection = connection
        self.plant = plant
        self._node = ""
        self._pulled = -1  # what head office has on record of this node's cursor, as far as known here

    @classmethod
    async def connect(cls, dsn: str, plant: str) -> Self:
        """Raises SyncError."""
        with explained():
            return cls(await connect(dsn), plant)

    async def close(self) -> None:
        """Close the connection; at once if the other end does not answer."""
        try:
            await self._connection.close(timeout=2)
        except FAILURES:
            self._connection.terminate()

    async def listen(self, callback: Callable[[int], None]) -> bool:
        """Call `callback` with the new head whenever somebody else's changes commit.

        False where that is not possible (behind a pooler): then polling has to do.
        """
        own = self._connection.get_server_pid()

        def notified(_connection: object, pid: int, _channel: str, payload: object) -> None:
            if pid != own:
                callback(int(str(payload)))

        try:
            await self._connection.add_listener(f"structura_sync_{self.plant}", notified)
        except FAILURES:
            return False
        return True

    async def hello(self, hello: Hello) -> Welcome:
        """Introduce the node. Raises VersionRefused if the majors differ, SyncError for all else."""
        with explained():
            async with self._connection.transaction():
                row = await self._connection.fetchrow(
                    "SELECT major, head, mark, now FROM structura_sync.hello($1, $2, $3, $4, $5)",
                    self.plant, hello.node, hello.version, hello.major, hello.minor, timeout=HELLO_SECONDS,
                )  # fmt: skip
        if row["major"] != hello.major:
            raise VersionRefused(refusal(row["major"], hello.major))
        self._node = hello.node
        return Welcome(row["major"], row["head"], row["mark"], row["now"])

    async def pull(self, cursor: int, head: int, limit: int = MAX_BATCH_ROWS) -> Page:
        """See sync.protocol.Central. `hello` comes first."""
        with explained():
            async with self._connection.transaction():
                found = []
                if cursor < head:
                    found = await self._connection.fetch(
                        PULL, self.plant, cursor, head, self._node, limit, MAX_BATCH_BYTES
                    )
                whole = not found or found[0]["found"] == len(found) < limit
                reached = head if whole else found[-1]["_lsn"]
                if reached == head != self._pulled:
                    await self._connection.execute(RECORD_PULLED, self.plant, self._node, head)
                    self._pulled = head
        return Page(await asyncio.to_thread(lambda: [_tagged(record) for record in found]), reached)

    async def push(self, batch: Batch) -> int:
        """See sync.protocol.Central. `hello` comes first. Gives way to people and tries again, a bounded time."""
        payload = await asyncio.to_thread(lambda: copy_text(fold(batch.rows)))  # 5,000 rows would hold up the loop

        async def attempt() -> int:
            async with self._connection.transaction():
                await stage(self._connection, payload)
                head: int = await self._connection.fetchval(
                    "SELECT structura_sync.push($1, $2, $3)", self.plant, self._node, batch.mark
                )
                return head

        return await _persist(attempt)

    async def exchange_keys(self, keys: dict[str, str]) -> dict[str, str]:
        """See sync.protocol.Central. A key that central holds already stays as it is."""
        with explained():
            async with self._connection.transaction():
                if keys:
                    await self._connection.execute(ADD_KEYS, self.plant, list(keys), list(keys.values()))
                held = await self._connection.fetch(
                    "SELECT key_id, secret FROM structura_sync.pin_key WHERE plant_id = $1", self.plant
                )
        return {record["key_id"]: record["secret"] for record in held}


async def stage(connection: Any, payload: bytes) -> None:
    """Put a batch into the temporary table that `push` reads. Inside a transaction, whose end empties the table."""
    await connection.execute(INCOMING)
    await connection.copy_to_table(
        "incoming", schema_name="pg_temp", columns=INCOMING_COLUMNS, source=memoryview(payload), encoding="utf-8"
    )


async def _persist(attempt: Callable[[], Awaitable[int]]) -> int:
    for left in reversed(range(PUSH_ATTEMPTS)):
        try:
            return await attempt()
        except FAILURES as error:
            if getattr(error, "sqlstate", None) not in BUSY or not left:
                raise explain(error) from error
        await asyncio.sleep(random.uniform(0.05, LONGEST_PAUSE))
    raise AssertionError("unreachable")


def _tagged(record: Any) -> Tagged:
    row = Row(
        record["id"],
        record["_born"],
        record["_life"],
        orjson.loads(record["_stamps"]),
        orjson.loads(record["_parts"]),
        orjson.loads(record["data"]),
    )
    return Tagged(record["collection"], row)


def _pull_arm(collection: Collection) -> str:
    """One collection's next rows, in the order of its index.

    Nulls are stripped from the plain values only: inside a list of stages a null is part of the value.
    """
    plain = [f for f in collection.stored if f.kind not in (Kind.TEXTS, Kind.STAGES)]
    nested = [f for f in collection.stored if f.kind in (Kind.TEXTS, Kind.STAGES)]
    data = "jsonb_strip_nulls(jsonb_build_object({}))".format(", ".join(f"'{f.name}', \"{f.column}\"" for f in plain))
    for f in nested:
        data += (
            f" || CASE WHEN \"{f.column}\" IS NULL THEN '{{}}' ELSE jsonb_build_object('{f.name}', \"{f.column}\") END"
        )
    return f"""(
        SELECT '{collection.table}' AS collection, id, _born, _life, _stamps, _parts, {data} || _extra AS data, _lsn
        FROM structura_sync."{collection.table}"
        WHERE plant_id = $1 AND _lsn > $2 AND _lsn <= $3 AND _by IS DISTINCT FROM $4
        ORDER BY _lsn LIMIT $5
    )"""


_ROWS = " UNION ALL ".join(map(_pull_arm, COLLECTIONS)) + " ORDER BY _lsn LIMIT $5"

# A page ends with the row that makes it larger than $6 bytes, so that one arrives in time on a slow link.
PULL = f"""
SELECT * FROM (
    SELECT *, count(*) OVER () AS found,
        sum(pg_column_size(data)) OVER (ORDER BY _lsn) - pg_column_size(data) AS bytes_before
    FROM ({_ROWS}) AS rows
) AS sized WHERE bytes_before < $6 ORDER BY _lsn"""

RECORD_PULLED = """
UPDATE structura_sync.node SET pulled = $3 WHERE plant_id = $1 AND node_id = $2 AND pulled <> $3"""

ADD_KEYS = """
INSERT INTO structura_sync.pin_key (plant_id, key_id, secret)
SELECT $1, key_id, secret FROM unnest($2::text[], $3::text[]) AS k(key_id, secret)
ON CONFLICT (plant_id, key_id) DO NOTHING"""
