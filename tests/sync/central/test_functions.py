"""Central's SQL: the same merge as the pure one, and numbers in the order of commits."""

import asyncio
import re
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings

from structura_local.domain.catalog import COLLECTIONS
from structura_local.domain.fields import Collection
from structura_local.domain.row import ANY, Row
from sync.central import office
from sync.central.batch import columns
from sync.central.functions import push_function
from sync.central.postgres import PUSH, PostgresCentral
from sync.merge import merge
from sync.protocol import Batch, SyncError, Tagged
from tests.sync.central.factories import PLANT, at, canonical, enrolled, everything, greet, job
from tests.sync.rows import versions

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize("collection", COLLECTIONS, ids=lambda c: c.table)
async def test_sql_and_pure_merge_agree(collection: Collection, central_dsn: str) -> None:
    """Every collection, all kinds of values: the same row, the same merge state, and the same idea of 'no change'."""
    async with enrolled(central_dsn) as central:
        examples = _examples(collection)
        for step in range(3):
            rows = [_named(rows[step], n) for n, rows in enumerate(examples)]
            before = await everything(central)
            head = (await greet(central)).standing.head
            new_head = (await central.push(Batch([Tagged(collection.table, row) for row in rows], step))).head
            after = await everything(central)
            expected = dict(before)
            for row in rows:
                key = (collection.table, row.id)
                expected[key] = canonical(merge(before[key], row) if key in before else row)
            assert after == expected
            assert _kinds(after) == _kinds(expected)
            await greet(central, "observer")
            changed = {t.row.id for t in (await central.pull(head, new_head)).rows}
            assert changed == {key[1] for key in after if after[key] != before.get(key)}
            await greet(central)


def _examples(collection: Collection) -> list[list[Row]]:
    found: list[list[Row]] = []

    @settings(max_examples=150, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(versions(collection))
    def collect(rows: list[Row]) -> None:
        found.append(rows)

    collect()
    return found


def _named(row: Row, n: int) -> Row:
    return Row(f"row {n}\t\\", row.born, row.life, row.stamps, row.parts, row.data)


def _kinds(rows: dict[tuple[str, str], Row]) -> dict[tuple[str, ...], type]:
    """The values' types: 1 and 1.0 are equal, but not the same."""
    return {(*key, name): type(value) for key, row in rows.items() for name, value in row.data.items()}


async def test_overlapping_pushes_hide_no_row_from_a_puller(central_dsn: str) -> None:
    """A puller that looks while two pushes overlap has seen all rows in the end."""
    assert await _rows_missed(central_dsn) == set()


async def test_a_plain_sequence_would_hide_a_row(central_dsn: str) -> None:
    """The test above can fail: with numbers that do not wait for the partition's row, the late commit is missed."""
    connection = await asyncpg.connect(central_dsn)
    first, last = re.findall(r"UPDATE structura_sync.partition AS p .*?;", push_function(), flags=re.DOTALL)
    numbered = push_function().replace(first, "v_head := nextval('structura_sync.numbers'); v_digests := '{}';")
    await connection.execute("CREATE SEQUENCE structura_sync.numbers; GRANT ALL ON structura_sync.numbers TO PUBLIC")
    await connection.execute(numbered.replace(last, "push.head := v_head; push.digests := v_digests;"))
    await connection.close()
    assert await _rows_missed(central_dsn) == {"early"}


async def _rows_missed(dsn: str) -> set[str]:
    """Two pushes that overlap, the first to begin being the last to commit if it can; what a third node misses."""
    async with enrolled(dsn) as one, enrolled(dsn, "node0002") as two, enrolled(dsn, "node0003") as three:
        early = one._connection.transaction()
        await early.start()
        await one._connection.fetchval(PUSH, PLANT, "node0001", 1, "", "1 first word", "", *columns([job("early")]))
        late = asyncio.create_task(two.push(Batch([job("late")], 1)))
        await _done_or_waiting_for_a_lock(dsn, late)
        cursor, got = await _pull_all(dsn, three, 0)
        await early.commit()
        await late
        got |= (await _pull_all(dsn, three, cursor))[1]
    return {"early", "late"} - got


async def _done_or_waiting_for_a_lock(dsn: str, push: asyncio.Task[int]) -> None:
    watcher = await asyncpg.connect(dsn)
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    while not push.done() and not await watcher.fetchval(waiting):
        await asyncio.sleep(0)
    await watcher.close()


async def _pull_all(dsn: str, central: PostgresCentral, cursor: int) -> tuple[int, set[str]]:
    """Up to the greatest number in sight, which is the head, whoever gave the numbers."""
    watcher = await asyncpg.connect(dsn)
    head = await watcher.fetchval(
        "SELECT greatest((SELECT max(_lsn) FROM structura_sync.jobs), (SELECT head FROM structura_sync.partition))"
    )
    await watcher.close()
    page = await central.pull(cursor, head)
    return page.cursor, {tagged.row.id for tagged in page.rows}


async def test_a_push_gives_way_to_a_person_and_tries_again(central_dsn: str) -> None:
    """A person holds a row and then wants the partition: their statement goes through, and the push as well."""
    async with enrolled(central_dsn) as central:
        await central.push(Batch([job("a")], 1))
        person = await asyncpg.connect(central_dsn)
        transaction = person.transaction()
        await transaction.start()
        await person.execute("SELECT FROM structura_sync.jobs FOR UPDATE")
        push = asyncio.create_task(central.push(Batch([job("a", 5, unit="kg")], 2)))
        await _done_or_waiting_for_a_lock(central_dsn, push)
        await person.execute("UPDATE structura.jobs SET notes = 'held'")
        await transaction.commit()
        await person.close()
        assert (await push).head == 3
        assert (await everything(central))["jobs", "a"].data["unit"] == "kg"


async def test_a_push_that_never_gets_through_says_so(central_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a bounded number of attempts, with the name of who is in the way; who is not harmed."""
    monkeypatch.setattr("sync.central.postgres.PUSH_ATTEMPTS", 2)
    async with enrolled(central_dsn) as central:
        await central.push(Batch([job("a")], 1))
        person = await asyncpg.connect(central_dsn, server_settings={"application_name": "planning"})
        async with person.transaction():
            await person.execute("UPDATE structura_sync.jobs SET notes = 'held'")
            with pytest.raises(SyncError, match=r"Somebody at head office holds data.*open by postgres \(planning\)"):
                await central.push(Batch([job("a", 5)], 2))
            (holder,) = await office.holders(central_dsn)
            assert (holder["role"], holder["program"]) == ("postgres", "planning")
        await person.close()
        assert await office.holders(central_dsn) == []
        await central.push(Batch([job("a", 5)], 2))
        assert (await everything(central))["jobs", "a"].data["notes"] == "held"


async def test_others_changes_are_announced(central_dsn: str) -> None:
    """The other node hears of the new head; a node does not hear of its own."""
    heard: asyncio.Queue[Any] = asyncio.Queue()
    async with enrolled(central_dsn) as one, enrolled(central_dsn, "node0002", heard=heard.put_nowait) as two:
        await two.push(Batch([job("own")], 1))
        await one.push(Batch([job("other")], 1))
        assert await asyncio.wait_for(heard.get(), 10) == 2


async def test_what_somebody_else_announces_there_is_passed_over(central_dsn: str) -> None:
    """Whoever may log in may notify, with any text; the listener hears the next head all the same."""
    heard: asyncio.Queue[Any] = asyncio.Queue()
    failed: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failed.append(context))
    owner = await asyncpg.connect(central_dsn)
    async with enrolled(central_dsn) as one, enrolled(central_dsn, "node0002", heard=heard.put_nowait):
        for payload in ("hello", "", "1.5", "9" * 5_000):
            await owner.execute("SELECT pg_notify($1, $2)", f"structura_sync_{PLANT}", payload)
        await one.push(Batch([job("other")], 1))
        assert await asyncio.wait_for(heard.get(), 10) == 1
    await owner.close()
    assert failed == []


async def test_many_jobs_of_one_plant_leave_another_plants_numbers_alone(central_dsn: str) -> None:
    """Each partition counts for itself, and the same id may exist in both."""
    async with enrolled(central_dsn) as north, enrolled(central_dsn, plant="south") as south:
        await north.push(Batch([job(str(n)) for n in range(10)], 1))
        assert (await south.push(Batch([job("1", 3, unit="m")], 1))).head == 1
        assert (await everything(north))["jobs", "1"].stamp("unit") == at(1)


async def test_a_batch_reads_little_more_than_what_it_meets(central_dsn: str) -> None:
    """Also in a database without statistics, where the planner takes a plant for a handful of rows."""
    read = "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int FROM pg_stat_xact_all_tables"
    owner = await asyncpg.connect(central_dsn)
    await owner.execute("ALTER TABLE structura_sync.jobs SET (autovacuum_enabled = off)")
    await owner.close()
    async with enrolled(central_dsn) as central:
        connection = central._connection
        for batch in range(6):
            news = [replace(job(f"{batch} {n}", operatorNotes="x"), base={ANY: ""}) for n in range(500)]
            for rows in (news, news):  # what is new, and what is there already
                async with connection.transaction():
                    before = await connection.fetchval(read)
                    said = (PLANT, "node0001", batch + 1, "", "1 first word", "")
                    await connection.fetchrow(PUSH, *said, *columns(rows))
                    assert await connection.fetchval(read) - before < 20 * len(rows)


async def test_pages_are_read_by_number(central_dsn: str) -> None:
    """By the index, not by going through the plant."""
    async with enrolled(central_dsn) as central:
        for batch in range(4):
            await central.push(Batch([job(f"{batch} {n}") for n in range(1_000)], batch + 1))
        owner = await asyncpg.connect(central_dsn)
        await owner.execute("ANALYZE structura_sync.jobs")
        async with owner.transaction():
            read = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'jobs'"
            page = await owner.fetch("SELECT * FROM structura_sync.page($1, 2000, 4000, '', 10, 1000000)", PLANT)
            assert [row["lsn"] for row in page] == list(range(2001, 2011))
            assert 0 < await owner.fetchval(read) < 50
        await owner.close()
