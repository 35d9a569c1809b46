"""The port `Central` over one connection to Postgres.

Behind a pooler in transaction mode every statement runs inside a transaction, and none is prepared by name. Whether
there is one shows at the hello: a pooler says another process id than the server's. Without one a push is a single
round trip however many rows it carries; with one it is four: BEGIN, Parse, Bind with the rows, COMMIT.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from typing import Any, Self, TypeVar

import orjson

from structura_local.domain.stamp import join
from sync.central.batch import columns, fold
from sync.central.dsn import connect
from sync.central.errors import BUSY, FAILURES, ROWS, explain, explained, refusal
from sync.central.functions import AHEAD, COLUMNS, REFUSED, RENEW
from sync.protocol import (
    AHEAD_LIMIT,
    MAX_BATCH_BYTES,
    MAX_BATCH_ROWS,
    SUPERSEDED,
    Batch,
    ClockAhead,
    Hello,
    NotCounted,
    Page,
    RowRefused,
    Standing,
    SyncError,
    Tagged,
    VersionRefused,
    Welcome,
    latest,
)
from sync.texts import Texts, newest

PUSH_ATTEMPTS = 10
HELLO_SECONDS = 10.0  # a link that is dead is to be noticed before a person asks
LONGEST_PAUSE = 0.4  # seconds between two attempts
COUNT_SECONDS = 30  # for all rows of a plant, which others wait for; a million takes two
CANCELED = "57014"  # SQLSTATE: a statement took too long


T = TypeVar("T")


class Held(SyncError):
    """Somebody keeps a write waiting for longer than it tries."""


class PostgresCentral:
    """Head office's database, as one plant's node sees it. Not to be used by two tasks at once."""

    def __init__(self, connection: Any, plant: str, heard: Callable[[int], None] | None = None) -> None:
        self._connection = connection
        self.plant = plant
        self._heard = heard
        self._listens = False
        self._node = ""
        self._latest = 0  # of the stamps that the node has from here
        self._word: str | None = None  # of the lineage that goes on here; None: reads for nobody
        self._direct = False  # whether no pooler stands between
        self._prepared: dict[str, Any] = {}  # statements that come again and again, if no pooler stands between

    @classmethod
    async def connect(cls, dsn: str, plant: str, heard: Callable[[int], None] | None = None) -> Self:
        """Raises SyncError. `heard`: see `hello`."""
        with explained():
            return cls(await connect(dsn), plant, heard)

    async def close(self) -> None:
        """Close the connection; at once if the other end does not answer."""
        try:
            await self._connection.close(timeout=2)
        except FAILURES:
            self._connection.terminate()

    async def hello(self, hello: Hello) -> Welcome:
        """Introduce the node. Raises VersionRefused if the majors differ, SyncError for all else.

        From then on `heard` gets the head whenever somebody else's changes commit, unless a pooler stands between,
        whose connections are everybody's: then polling has to do.
        """
        with explained():
            async with self._transaction():
                row = await self._connection.fetchrow(
                    "SELECT *, pg_backend_pid() AS pid FROM structura_sync.hello($1, $2, $3, $4, $5, $6, $7)",
                    self.plant, hello.node, hello.version, hello.major, hello.minor, hello.last, hello.next,
                    timeout=HELLO_SECONDS,
                )  # fmt: skip
        if row["major"] != hello.major:
            raise VersionRefused(refusal(row["major"], hello.major))
        self._node, self._word, self._latest = hello.node, f"{row['hellos']} {hello.next}", hello.latest
        self._direct = row["pid"] == self._connection.get_server_pid()  # a pooler says a number of its own
        if self._direct and self._heard and not self._listens:
            await self._listen(self._heard)
        return Welcome(
            row["major"],
            row["known"],
            _standing(row),
            row["mark"],
            row["now"],
            row["version"],
            row["at"],
            row["pulled"],
        )

    async def pull(self, cursor: int, head: int, limit: int = MAX_BATCH_ROWS) -> Page:
        """See sync.protocol.Central. `hello` comes first."""
        with explained():
            async with self._transaction():
                found = []
                if cursor < head:
                    found = await self._ask(PAGE, cursor, head, self._node, limit, MAX_BATCH_BYTES)
                more = found and found[-1]["more"]
                reached = found[-1]["lsn"] if more else head
                if more:
                    rest = await self._ask(REST, reached, self._node)
                    known = {(record["collection"], record["id"]) for record in found if record["lsn"] == reached}
                    found += [record for record in rest if (record["collection"], record["id"]) not in known]
                # A later statement, so that it sees whatever the rows' one did not.
                at = await self._ask(PULLED, self._node, reached, self._word)
                if not at:
                    raise SyncError(SUPERSEDED)
                standing = _standing(at[0]) if reached == head else None
        self._latest = max(self._latest, await asyncio.to_thread(newest, found))
        return Page(Texts(found), reached, standing)

    async def push(self, batch: Batch) -> Standing:
        """See sync.protocol.Central. `hello` comes first. Gives way to people and tries again, a bounded time."""
        # 5,000 rows would hold up the loop
        rows, last = await asyncio.to_thread(lambda: (columns(fold(batch.rows)), _latest(batch.rows)))
        ahead = join(last, 0, "") if last > self._latest + AHEAD_LIMIT else ""

        async def attempt() -> Standing:
            async with self._transaction():
                said = self._node, batch.mark, ahead, self._word, batch.at
                return _standing((await self._ask(PUSH, *said, *rows))[0])

        try:
            return await _persist(attempt)
        except Held as error:
            raise SyncError(f"{error} {await self._holders()}".rstrip()) from error

    async def buckets(self, collection: str) -> dict[int, int]:
        """See sync.protocol.Central."""
        return {record["bucket"]: record["digest"] for record in await self._found(BUCKETS, collection)}

    async def fingerprints(self, collection: str, buckets: Sequence[int]) -> dict[str, int]:
        """See sync.protocol.Central."""
        found = await self._found(FINGERPRINTS, collection, list(buckets))
        return {record["id"]: record["digest"] for record in found}

    async def fetch(self, collection: str, ids: Sequence[str]) -> Sequence[Tagged]:
        """See sync.protocol.Central."""
        return Texts(await self._found(ROWS_OF, collection, list(ids)))

    async def recount(self) -> Standing:
        """See sync.protocol.Central."""
        with explained():
            try:
                async with self._connection.transaction():
                    await self._connection.execute(f"SET LOCAL statement_timeout = '{COUNT_SECONDS}s'")
                    return _standing(
                        await self._connection.fetchrow("SELECT * FROM structura_sync.recount($1)", self.plant)
                    )
            except FAILURES as error:
                if getattr(error, "sqlstate", None) not in BUSY | {CANCELED}:
                    raise
                raise NotCounted(f"Head office could not count this plant's rows anew. {explain(error)}") from error

    async def renew(self) -> None:
        """See sync.protocol.Central."""
        with explained():
            async with self._transaction():
                await self._connection.execute(RENEW, self.plant)

    async def empty_graves(self, before: str) -> None:
        """See sync.protocol.Central."""

        async def attempt() -> None:
            async with self._transaction():
                await self._connection.execute("SELECT structura_sync.empty_graves($1, $2)", self.plant, before)

        await _persist(attempt)

    async def exchange_keys(self, keys: dict[str, str]) -> dict[str, str]:
        """See sync.protocol.Central. A key that central holds already stays as it is."""
        with explained():
            async with self._transaction():
                held = await self._connection.fetch(KEYS, self.plant, list(keys), list(keys.values()))
        return {record["key_id"]: record["secret"] for record in held}

    async def _listen(self, heard: Callable[[int], None]) -> None:
        own = self._connection.get_server_pid()

        def notified(_connection: object, pid: int, _channel: str, payload: object) -> None:
            if pid != own:
                with suppress(ValueError):  # somebody else's, with a text of their own
                    heard(int(str(payload)))

        with explained():
            await self._connection.add_listener(f"structura_sync_{self.plant}", notified)
        self._listens = True

    async def _holders(self) -> str:
        """Who at head office keeps this plant waiting."""
        with explained():
            async with self._transaction():
                found = await self._connection.fetch("SELECT role, program FROM structura_sync.holders()")
        who = [f"{holder['role']} ({holder['program']})" if holder["program"] else holder["role"] for holder in found]
        return f"It is open by {', '.join(who)}." if who else ""

    @property
    def _alone(self) -> bool:
        """Whether a statement is a transaction of its own, on a connection of its own."""
        return self._direct and not self._connection.is_in_transaction()

    def _transaction(self) -> AbstractAsyncContextManager[object]:
        """Around statements that need no other transaction than their own, but for a pooler: two round trips less."""
        if self._alone:
            return nullcontext()
        transaction: AbstractAsyncContextManager[object] = self._connection.transaction()
        return transaction

    async def _ask(self, statement: str, *values: Any) -> Any:
        """The records of a statement that comes again and again: a single round trip, if nobody else is in between."""
        if not self._alone:
            return await self._connection.fetch(statement, self.plant, *values)
        if statement not in self._prepared:
            self._prepared[statement] = await self._connection.prepare(statement)
        return await self._prepared[statement].fetch(self.plant, *values)

    async def _found(self, statement: str, *values: Any) -> Any:
        with explained():
            async with self._transaction():
                return await self._connection.fetch(statement, self.plant, *values)


def _standing(record: Any) -> Standing:
    return Standing(record["head"], {name: int(digest) for name, digest in orjson.loads(record["digests"]).items()})


async def _persist(attempt: Callable[[], Awaitable[T]]) -> T:
    for left in reversed(range(PUSH_ATTEMPTS)):
        try:
            return await attempt()
        except FAILURES as error:
            state = getattr(error, "sqlstate", None) or ""
            if state == AHEAD:
                raise ClockAhead(str(explain(error))) from error
            if state == REFUSED or state[:2] in ROWS:
                raise RowRefused(str(explain(error))) from error
            if state not in BUSY:
                raise explain(error) from error
            if not left:
                raise Held(str(explain(error))) from error
        await asyncio.sleep(random.uniform(0.05, LONGEST_PAUSE))
    raise AssertionError("unreachable")


def _latest(rows: Sequence[Tagged]) -> int:
    return newest(rows.lines) if isinstance(rows, Texts) else latest(rows)


PUSH = f"SELECT * FROM structura_sync.push_rows({', '.join(f'${n}' for n in range(1, 7 + len(COLUMNS)))})"

PAGE = "SELECT * FROM structura_sync.page($1, $2, $3, $4, $5, $6)"
REST = "SELECT * FROM structura_sync.rest($1, $2, $3)"
ROWS_OF = "SELECT * FROM structura_sync.rows_of($1, $2, $3)"
BUCKETS = "SELECT * FROM structura_sync.buckets($1, $2)"
FINGERPRINTS = "SELECT * FROM structura_sync.fingerprints($1, $2, $3)"

# Nothing, if a copy of this node has said hello meanwhile: what it writes would be taken for this one's.
PULLED = """
WITH recorded AS (
    UPDATE structura_sync.node SET pulled = $3 WHERE plant_id = $1 AND node_id = $2 AND pulled <> $3
        AND hellos || ' ' || word = $4)
SELECT head, digests FROM structura_sync.partition
WHERE plant_id = $1 AND ($4::text IS NULL OR EXISTS (
    SELECT FROM structura_sync.node AS n
    WHERE n.plant_id = $1 AND n.node_id = $2 AND n.hellos || ' ' || n.word = $4))"""

KEYS = """
WITH added AS (
    INSERT INTO structura_sync.pin_key (plant_id, key_id, secret)
    SELECT $1, key_id, secret FROM unnest($2::text[], $3::text[]) AS k(key_id, secret)
    ON CONFLICT (plant_id, key_id) DO NOTHING RETURNING key_id, secret
)
SELECT key_id, secret FROM structura_sync.pin_key WHERE plant_id = $1 UNION SELECT key_id, secret FROM added"""
