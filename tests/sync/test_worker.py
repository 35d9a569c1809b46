"""The worker does two things at once: the network's and its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import asyncpg
import pytest

from structura_local.store import node
from structura_local.store.store import Store
from sync.central import office, postgres
from sync.local import SYNC, LocalPort
from sync.status import Monitor, Snapshot
from sync.worker import DAY, Worker, at_once
from tests.sync.central.factories import PLANT
from tests.sync.nodes import Ring


async def test_both_are_under_way_together() -> None:
    """Each waits for the other here: one after the other they would never end."""
    first, second = asyncio.Event(), asyncio.Event()

    async def one() -> int:
        first.set()
        await second.wait()
        return 1

    async def two() -> int:
        await first.wait()
        second.set()
        return 2

    async with asyncio.timeout(30):
        assert await at_once(one(), two) == (1, 2)


async def test_what_was_begun_for_nothing_is_ended() -> None:
    """If the first fails, or the worker is stopped, nothing goes on behind it."""
    ended: list[str] = []

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("second")

    async def fails() -> None:
        await asyncio.sleep(0)
        raise ConnectionResetError("the link")

    with pytest.raises(ConnectionResetError):
        await at_once(fails(), endless)
    assert ended == ["second"]
    stopped = asyncio.ensure_future(at_once(asyncio.Event().wait(), endless))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    stopped.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopped
    assert ended == ["second", "second"]


class Counting(LocalPort):
    """How often all rows of this PC were counted anew."""

    counted = 0

    async def recount(self) -> None:
        await super().recount()
        self.counted += 1


@asynccontextmanager
async def working(path: Path, dsn: str) -> AsyncIterator[tuple[Monitor, Counting]]:
    """A worker at its work, on the database at `path`."""
    store = await Store.open(path)
    monitor = Monitor()
    worker = Worker(store, Ring(), PLANT, dsn, monitor)
    port = worker._port = Counting(store, Ring())
    task = asyncio.create_task(worker.run())
    try:
        yield monitor, port
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await store.close()


async def once_more(monitor: Monitor) -> Snapshot:
    """What the worker says after an exchange that nobody has asked to be thorough."""
    before = monitor.snapshot().lastExchange
    async with asyncio.timeout(60):
        while monitor.snapshot().lastExchange == before or monitor.snapshot().state != "waiting":
            monitor.wake()
            await asyncio.sleep(0.02)
    return monitor.snapshot()


async def counted(path: Path, moment: int | None = None) -> int:
    """When the PC's rows were last counted anew; `moment`: let it have been then."""
    store = await Store.open(path)
    if moment is not None:
        await store.door.write(partial(node.counting, moment), SYNC)
    found = node.counted(await store.reader.state())
    await store.close()
    return found


async def test_all_is_counted_once_a_day_however_often_the_pc_starts(central_dsn: str, tmp_path: Path) -> None:
    """And whenever somebody asks; not at each exchange, nor at each start."""
    path, dsn = tmp_path / "one.db", (await office.enroll(central_dsn, PLANT))["dsn"]
    async with working(path, dsn) as (monitor, port):
        await once_more(monitor)
        await once_more(monitor)
        assert port.counted == 1
        monitor.check()
        async with asyncio.timeout(60):
            while port.counted < 2:
                await asyncio.sleep(0.02)
        await once_more(monitor)
        assert port.counted == 2
    async with working(path, dsn) as (monitor, port):
        await once_more(monitor)
        assert port.counted == 0
    for moment in (await counted(path) - DAY, await counted(path) + 365 * DAY):
        await counted(path, moment)
        async with working(path, dsn) as (monitor, port):
            await once_more(monitor)
            await once_more(monitor)
            assert port.counted == 1


async def test_counting_that_takes_too_long_leaves_the_plant_connected(
    central_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so, goes on exchanging, and tries it again the next day or when somebody asks."""
    monkeypatch.setattr(postgres, "COUNT_SECONDS", 1)
    path, dsn = tmp_path / "one.db", (await office.enroll(central_dsn, PLANT))["dsn"]
    owner = await asyncpg.connect(central_dsn)
    async with working(path, dsn) as (monitor, port):
        async with owner.transaction():
            await owner.execute("SELECT FROM structura_sync.partition FOR NO KEY UPDATE")
            said = await once_more(monitor)
            assert "could not count this plant's rows anew" in said.detail
            assert (said.lastError, said.offlineSince) == (None, None)
            assert "anew" not in (await once_more(monitor)).detail
            assert port.counted == 1
        monitor.check()
        async with asyncio.timeout(60):
            while port.counted < 2:
                await asyncio.sleep(0.02)
        assert "anew" not in (await once_more(monitor)).detail
    await owner.close()
