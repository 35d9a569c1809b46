"""What an exchange costs, counted: round trips, local commits and statements, bytes on the wire, how databases look."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from structura_local.domain.jobs import JOBS
from structura_local.store.transaction import Author, Transaction
from sync import protocol
from sync.central.batch import columns
from sync.central.postgres import PUSH
from sync.protocol import Batch
from tests.statements import Statements, plans, scans, sorts
from tests.sync.central.factories import PLANT, enrolled, job
from tests.sync.central.test_download import Pc, joined
from tests.system.proxy import Proxy

PERSON = Author("api", "U-1")


@asynccontextmanager
async def wired(dsn: str, path: Path) -> AsyncIterator[tuple[Pc, Proxy]]:
    """A PC that reaches head office through a proxy that counts, and has been in contact."""
    (folder,) = parse_qs(urlsplit(dsn).query)["host"]
    async with Proxy(Path(folder) / ".s.PGSQL.5432") as line, joined(dsn, path) as pc:
        parts = urlsplit(pc.dsn)
        pc.dsn = f"postgresql://{parts.netloc.rpartition('@')[0]}@127.0.0.1:{line.port}{parts.path}"
        await pc.sync()
        yield pc, line


def created(count: int, tx: Transaction) -> None:
    for number in range(count):
        tx.create(JOBS, f"J-{count}-{number}", {"productName": f"Perfil {number}", "targetQuantity": 5, "unit": "m"})


def noted(count: int, rows: int, tx: Transaction) -> None:
    for number in range(rows):
        row = tx.get(JOBS, f"J-{count}-{number}")
        assert row
        tx.update(JOBS, row, {"operatorNotes": "bien"})


async def test_a_push_is_the_same_few_steps_however_much_it_carries(
    statements: Statements, central_dsn: str, tmp_path: Path
) -> None:
    """Ten rows or five thousand: as many round trips, local commits and local statements."""
    costs = []
    async with wired(central_dsn, tmp_path / "one.db") as (pc, line):
        for count in (1, 10, protocol.MAX_BATCH_ROWS):  # with the first comes who writes
            await pc.store.door.write(lambda tx, count=count: created(count, tx), PERSON)
            statements.clear()
            before = line.turns
            await pc.sync()
            assert (await pc.store.reader.pending(await pc.port.mark()))[0] == 0
            costs.append((line.turns - before, statements.commits, len(statements)))
        pushed = await _count(central_dsn)
    assert pushed == 1 + 10 + protocol.MAX_BATCH_ROWS
    assert costs[1] == costs[2], "round trips, commits, statements"
    assert costs[1][0] <= 14
    assert costs[1][1] <= 6


async def test_bytes_of_a_changed_field(central_dsn: str, tmp_path: Path) -> None:
    """All of a row goes, as state does: with its stamps and what was agreed, a few hundred bytes (sync/README.md)."""
    async with wired(central_dsn, tmp_path / "one.db") as (pc, line):
        await pc.store.door.write(lambda tx: created(2_000, tx), PERSON)
        before = line.up
        await pc.sync()
        new = (line.up - before) / 2_000
        await pc.store.door.write(lambda tx: noted(2_000, 0, tx), PERSON)
        await pc.sync()
        quiet = line.up
        await pc.sync()
        quiet = line.up - quiet  # of an exchange with nothing in it
        before = line.up
        await pc.store.door.write(lambda tx: noted(2_000, 2_000, tx), PERSON)
        await pc.sync()
        changed = (line.up - before - quiet) / 2_000
    print(f"{new:.0f} bytes a new row, {changed:.0f} a changed field, {quiet} an exchange without news")
    assert new < 350
    assert changed < 400
    assert quiet < 4_000


async def test_no_query_of_the_sync_goes_through_a_table(
    statements: Statements, central_dsn: str, tmp_path: Path
) -> None:
    """A first download, an offer, a push of changes, a pull that merges: by an index each, and nothing is sorted."""
    async with enrolled(central_dsn) as central:
        await central.push(Batch([job(f"K-{n}", ms=n + 1) for n in range(50)], 1))
    async with joined(central_dsn, tmp_path / "one.db") as pc:
        statements.clear()  # what is looked at when the database is opened is no exchange's
        await pc.sync()
        await pc.store.door.write(lambda tx: created(50, tx), PERSON)
        await pc.port.offer_all(forgotten=False)
        await pc.sync()
        await pc.store.door.write(lambda tx: noted(50, 50, tx), PERSON)
        owner = await asyncpg.connect(central_dsn)
        await owner.execute("UPDATE structura.jobs SET notes = 'x' WHERE id LIKE 'J-50-1%' OR id LIKE 'K-1%'")
        await owner.close()
        await pc.sync()
        assert pc.differing == []
        found = plans(tmp_path / "one.db", statements)
    small = ("node_state", "set_aside", "sqlite_master", "pushes")  # of a few lines each
    wrong = {
        sql: steps
        for sql, steps in found.items()
        if any(not step.endswith(small) for step in scans(steps)) or sorts(steps)
    }
    assert len(found) > 20
    assert wrong == {}


async def _count(dsn: str) -> Any:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval("SELECT count(*) FROM structura_sync.jobs")
    finally:
        await connection.close()


@pytest.mark.parametrize("analyzed", [False, True], ids=["no-statistics", "statistics"])
async def test_central_finds_rows_by_an_index(central_dsn: str, *, analyzed: bool) -> None:
    """Pages and what follows them by number, rows by their ids, a batch's rows by their key."""
    owner = await asyncpg.connect(central_dsn)
    await owner.execute("ALTER TABLE structura_sync.jobs SET (autovacuum_enabled = off)")
    try:
        async with enrolled(central_dsn) as central:
            rows = [[job(f"{batch} {n}", ms=n + 1) for n in range(1_000)] for batch in range(5)]
            for mark, batch in enumerate(rows[:4], 1):
                await central.push(Batch(batch, mark))
            if analyzed:
                await owner.execute("ANALYZE structura_sync.jobs")
            ids = "ARRAY['0 1', '3 999']"
            for asked, index in [
                (f"page('{PLANT}', 2000, 4000, 'x', 10, 1000000)", "ix_jobs_lsn"),
                (f"rest('{PLANT}', 2000, 'x')", "ix_jobs_lsn"),
                (f"rows_of('{PLANT}', 'jobs', {ids})", "pk_jobs"),
            ]:
                plan = "\n".join(line[0] for line in await owner.fetch(f"EXPLAIN SELECT * FROM structura_sync.{asked}"))
                assert index in plan, plan
                assert "Seq Scan on jobs" not in plan
            read = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'jobs'"
            connection = central._connection
            for batch in (rows[0], rows[4]):  # what is there already, and what is new
                async with connection.transaction():
                    before = await connection.fetchval(read)
                    said = (PLANT, "node0001", 9, "", "1 first word", "")
                    await connection.fetchrow(PUSH, *said, *columns(batch))
                    assert await connection.fetchval(read) - before <= 5 * len(batch)
    finally:
        await owner.close()
