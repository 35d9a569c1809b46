"""Behind a real PgBouncer in transaction mode, where each transaction may meet another connection to Postgres."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg

from structura_local.domain.row import ANY
from sync.central import office
from sync.central.postgres import PostgresCentral
from sync.protocol import Batch, Tagged
from tests.pgbouncer import POOL, through
from tests.sync.central.factories import PLANT, at, greet, job

PUSHERS, BATCHES, ROWS = 4, 15, 20


@asynccontextmanager
async def connected(dsn: str, node: str, heard: Callable[[int], None] | None = None) -> AsyncIterator[PostgresCentral]:
    central = await PostgresCentral.connect(dsn, PLANT, heard)
    try:
        await greet(central, node)
        yield central
    finally:
        await central.close()


async def test_a_puller_beside_pushers_misses_nothing(central_dsn: str, pooler: str) -> None:
    """Five nodes of one bundle share two connections: each row comes once, and no number is passed over."""
    dsn = through(pooler, (await office.enroll(central_dsn, PLANT))["dsn"])
    pushed = asyncio.Event()
    seen: list[str] = []

    async def push(central: PostgresCentral, name: str) -> None:
        for batch in range(BATCHES):
            await central.push(Batch([job(f"{name}-{batch}-{n}") for n in range(ROWS)], batch + 1))

    async def pull(central: PostgresCentral) -> None:
        cursor = 0
        while True:
            last = pushed.is_set()
            head = (await greet(central, "puller")).standing.head
            while cursor < head:
                page = await central.pull(cursor, head, limit=50)
                assert all(cursor < tagged.lsn <= page.cursor for tagged in page.rows)
                seen.extend(tagged.row.id for tagged in page.rows)
                cursor = page.cursor
            if last:
                return

    async with AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(connected(dsn, f"node000{n}")) for n in range(PUSHERS)]
        puller = asyncio.create_task(pull(await stack.enter_async_context(connected(dsn, "puller"))))
        await asyncio.gather(*(push(central, str(n)) for n, central in enumerate(nodes)))
        pushed.set()
        await puller
        assert await nodes[0].recount() == (await greet(nodes[0])).standing
        backends = await _backends(central_dsn)
    every = {f"{p}-{b}-{r}" for p, b, r in itertools.product(range(PUSHERS), range(BATCHES), range(ROWS))}
    assert sorted(seen) == sorted(every)
    assert 0 < backends <= POOL


async def test_a_conflict_is_journaled(central_dsn: str, pooler: str) -> None:
    """With the tables of a batch, which are temporary, left over from whoever had the connection before."""
    dsn = through(pooler, (await office.enroll(central_dsn, PLANT))["dsn"])
    async with connected(dsn, "node0001") as one, connected(dsn, "node0002") as two:
        await one.push(Batch([job("a", notes="x")], 1))
        for central, actor, ms in ((one, "actor001", 5), (two, "actor002", 6)):
            row = job("a", notes="x").row
            changed = type(row)("a", row.born, 1, {"notes": at(ms, actor)}, {}, {**row.data, "notes": actor})
            await central.push(Batch([Tagged("jobs", changed, {ANY: at(1), "notes": at(1)})], 2))
        (lost,) = await _rows(central_dsn, "SELECT winner, loser FROM structura_sync.conflicts")
        assert tuple(lost) == ('"actor002"', '"actor001"')


async def test_what_a_plant_leaves_open_there_ends_by_itself(central_dsn: str, pooler: str) -> None:
    """A PC may die between two round trips of a push, which holds the partition: for a minute, not for hours."""
    dsn = through(pooler, (await office.enroll(central_dsn, PLANT))["dsn"])
    connection = await asyncpg.connect(dsn, statement_cache_size=0)
    assert await connection.fetchval("SHOW idle_in_transaction_session_timeout") == "1min"
    await connection.close()


async def test_nothing_is_heard_there(central_dsn: str, pooler: str) -> None:
    """A LISTEN would stay behind on a connection that is everybody's; so there is none, and the worker polls."""
    heard: list[int] = []
    dsn = through(pooler, (await office.enroll(central_dsn, PLANT))["dsn"])
    async with connected(dsn, "node0001", heard.append) as one, connected(dsn, "node0002") as two:
        await two.push(Batch([job("a")], 1))
        async with one._connection.transaction():
            assert await one._connection.fetch("SELECT pg_listening_channels()") == []
    assert heard == []


async def _rows(dsn: str, statement: str) -> list[asyncpg.Record]:
    owner = await asyncpg.connect(dsn)
    try:
        return list(await owner.fetch(statement))
    finally:
        await owner.close()


async def _backends(dsn: str) -> int:
    role = "usename LIKE 'plant_%' AND datname = current_database()"
    ((count,),) = await _rows(dsn, f"SELECT count(*) FROM pg_stat_activity WHERE {role}")
    return int(count)
