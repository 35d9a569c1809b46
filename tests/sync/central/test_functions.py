"""Central's SQL: the same merge as the pure one, and numbers in the order of commits."""

import asyncio
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings

from structura_local.domain.catalog import COLLECTIONS
from structura_local.domain.fields import Collection
from structura_local.domain.row import Row
from sync.central.batch import copy_text
from sync.central.functions import push_function
from sync.central.postgres import PostgresCentral, stage
from sync.merge import merge
from sync.protocol import Batch, SyncError, Tagged
from tests.sync.central.factories import PLANT, at, canonical, enrolled, everything, greet, job
from tests.sync.rows import versions

pytestmark = pytest.mark.asyncio

PUSH = "SELECT structura_sync.push($1, $2, $3)"


@pytest.mark.parametrize("collection", COLLECTIONS, ids=lambda c: c.table)
async def test_sql_and_pure_merge_agree(collection: Collection, central_dsn: str) -> None:
    """Every collection, all kinds of values: the same row, the same merge state, and the same idea of 'no change'."""
    async with enrolled(central_dsn) as central:
        examples = _examples(collection)
        for step in range(3):
            rows = [_named(rows[step], n) for n, rows in enumerate(examples)]
            before = await everything(central)
            head = (await greet(central)).head
            new_head = await central.push(Batch([Tagged(collection.table, row) for row in rows], step))
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
    locked = (
        "UPDATE structura_sync.partition SET head = head + v_rows WHERE plant_id = p_plant RETURNING head INTO v_head;"
    )
    assert locked in push_function()
    await connection.execute(
        "CREATE SEQUENCE structura_sync.numbers; GRANT ALL ON SEQUENCE structura_sync.numbers TO PUBLIC"
    )
    await connection.execute(push_function().replace(locked, "v_head := nextval('structura_sync.numbers');"))
    await connection.close()
    assert await _rows_missed(central_dsn) == {"early"}


async def _rows_missed(dsn: str) -> set[str]:
    """Two pushes that overlap, the first to begin being the last to commit if it can; what a third node misses."""
    async with enrolled(dsn) as one, enrolled(dsn, "node0002") as two, enrolled(dsn, "node0003") as three:
        early = one._connection.transaction()
        await early.start()
        await stage(one._connection, copy_text([job("early")]))
        await one._connection.fetchval(PUSH, PLANT, "node0001", 1)
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
        await person.execute("UPDATE structura_sync.jobs SET notes = 'held'")
        push = asyncio.create_task(central.push(Batch([job("a", 5, unit="kg")], 2)))
        await _done_or_waiting_for_a_lock(central_dsn, push)
        await person.execute("UPDATE structura_sync.partition SET head = head + 1")
        await transaction.commit()
        await person.close()
        assert await push == 3
        assert (await everything(central))["jobs", "a"].data["unit"] == "kg"


async def test_a_push_that_never_gets_through_says_so(central_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a bounded number of attempts."""
    monkeypatch.setattr("sync.central.postgres.PUSH_ATTEMPTS", 2)
    async with enrolled(central_dsn) as central:
        await central.push(Batch([job("a")], 1))
        person = await asyncpg.connect(central_dsn)
        async with person.transaction():
            await person.execute("UPDATE structura_sync.jobs SET notes = 'held'")
            with pytest.raises(SyncError, match="Somebody at head office holds data"):
                await central.push(Batch([job("a", 5)], 2))
        await person.close()


async def test_others_changes_are_announced(central_dsn: str) -> None:
    """The other node hears of the new head; a node does not hear of its own."""
    heard: asyncio.Queue[Any] = asyncio.Queue()
    async with enrolled(central_dsn) as one, enrolled(central_dsn, "node0002") as two:
        assert await two.listen(heard.put_nowait)
        await two.push(Batch([job("own")], 1))
        await one.push(Batch([job("other")], 1))
        assert await asyncio.wait_for(heard.get(), 10) == 2


async def test_many_jobs_of_one_plant_leave_another_plants_numbers_alone(central_dsn: str) -> None:
    """Each partition counts for itself, and the same id may exist in both."""
    async with enrolled(central_dsn) as north, enrolled(central_dsn, plant="south") as south:
        await north.push(Batch([job(str(n)) for n in range(10)], 1))
        assert await south.push(Batch([job("1", 3, unit="m")], 1)) == 1
        assert (await everything(north))["jobs", "1"].stamp("unit") == at(1)
