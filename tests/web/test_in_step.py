"""What the status says of the sync: since when both sides are in step, what waits, what needs somebody."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from structura_local import clock
from structura_local.domain.clients import CLIENTS
from structura_local.folder import Folder
from sync.central import office
from sync.central.memory import Partition
from tests.pcs import refusing, two_pcs
from tests.plant import PIN, START_ISO, Api, Clock, Serve, serving
from tests.web.contract import minimal


async def sync_status(api: Api, who: str = "SUPERVISOR") -> dict[str, Any]:
    status: dict[str, Any] = (await api.get("/api/system/status", who)).json["sync"]
    return status


async def test_in_step_since(data_dir: Path, now: Clock, serve: Serve) -> None:
    """That both sides' digests agreed, when and since when, is known after a restart; a difference ends it."""
    async with serve() as api:
        never = await sync_status(api)
        assert (never["step"], never.keys() & {"inStep", "inStepSince"}) == ("not compared", set())
    async with two_pcs(data_dir, now) as (one, _):
        now.move(hours=1)
        await one.sync()
        now.move(seconds=10)
        await one.sync()
    now.move(hours=5)
    async with serve() as api:
        agreed = await sync_status(api)
        assert (agreed["step"], agreed["inStepSince"]) == ("was in step", START_ISO), "nothing is linked now"
        assert agreed["inStep"] == "2027-01-15T09:00:00.000Z", "noted once a minute"
        assert agreed["differing"] == []
    async with two_pcs(data_dir, now) as (one, _):
        await one.port.compared(["project_accessories"])
    async with serve() as api:
        differs = await sync_status(api)
        assert (differs["step"], differs["differing"]) == ("differing", ["project-accessories"])
        assert "inStepSince" not in differs
    now.move(hours=1)
    async with two_pcs(data_dir, now):
        pass
    async with serve() as api:
        healed = await sync_status(api)
        assert (healed["inStepSince"], healed["differing"]) == (clock.iso(now.ms), [])


async def test_what_needs_somebody(data_dir: Path, now: Clock, serve: Serve) -> None:
    """Rows set aside and conflicts that nobody has seen are counted; the row that waits longest is named."""
    partition = Partition("norte", now)
    async with two_pcs(data_dir, now, partition) as (one, two):
        await one.create(CLIENTS, "C-1", {"name": "Sur"})
        for pc in (one, two):
            await pc.sync()
        now.move(seconds=60)
        await one.edit(CLIENTS, "C-1", phone="1")
        now.move(seconds=60)
        await two.edit(CLIENTS, "C-1", phone="2")
        partition.refuses = refusing("clients", "C-2")
        await one.create(CLIENTS, "C-2", {"name": "Oeste"})
        for pc in (one, two, one):
            await pc.sync()
        now.move(seconds=60)
        await one.edit(CLIENTS, "C-1", email="x@example.org")
    since = clock.iso(now.ms)
    now.move(seconds=60)
    async with serve() as api:
        status = await sync_status(api)
        assert (status["step"], status["setAside"], status["conflicts"]) == ("was in step except 1", 1, 1)
        assert (status["pendingSince"], status["oldest"]) == (since, {"collection": "clients", "id": "C-1"})
        (entry,) = (await api.get("/api/system/conflicts")).json
        await api.patch(f"/api/system/conflicts/{entry['id']}", {"seen": True})
        assert (await sync_status(api))["conflicts"] == 0


async def test_offline_budget(api: Api, now: Clock) -> None:
    """Days of disk left follow from how the database grew in the last days; an import does not count."""
    assert (await sync_status(api))["budget"] == {"growthBytesPerDay": 0}, "the plant has only been set up"
    for number in range(50):
        await api.made("/api/events", minimal("events", id=f"E-{number}"))
    status = (await api.get("/api/system/status")).json
    budget, disk = status["sync"]["budget"], status["disk"]
    assert 0 < budget["growthBytesPerDay"] <= disk["databaseBytes"]
    assert budget["daysOfDiskLeft"] == pytest.approx(disk["freeBytes"] / budget["growthBytesPerDay"], rel=0.05)
    now.move(hours=5 * 24)
    later = await api.token(PIN["ADMIN"])
    slower = (await sync_status(api, later))["budget"]["growthBytesPerDay"]
    assert slower == pytest.approx(budget["growthBytesPerDay"] / 5, rel=0.2)
    now.move(hours=3 * 24)
    later = await api.token(PIN["ADMIN"])
    assert (await sync_status(api, later))["budget"] == {"growthBytesPerDay": 0}


async def test_in_step_with_a_real_head_office(central_dsn: str, data_dir: Path) -> None:
    """Connected and compared, a plant says that it is in step; a row that its head office refuses is excepted."""
    bundle = await office.enroll(central_dsn, "norte")
    Folder(data_dir).keep_bundle(bundle)
    async with serving(data_dir, {}, clock.now) as api:
        token = await api.token(PIN["ADMIN"])

        async def until(step: str) -> dict[str, Any]:
            while (status := (await api.get("/api/system/status", token)).json["sync"])["step"] != step:
                await asyncio.sleep(0.05)
            found: dict[str, Any] = status
            return found

        async with asyncio.timeout(30):
            status = await until("in step")
            assert status["state"] in ("waiting", "exchanging")
            assert status["inStepSince"] <= status["inStep"]
            await api.post("/api/system/sync", {}, token)
            while (await api.get("/api/system/status", token)).json["sync"]["inStep"] == status["inStep"]:
                await asyncio.sleep(0.05)  # the moment of the last comparison, though on disk only once a minute
        connection = await asyncpg.connect(central_dsn)
        rule = "ALTER TABLE structura_sync.clients ADD CONSTRAINT few CHECK (name <> 'Oeste')"
        try:
            await connection.execute(rule)
            await api.post("/api/clients", {"id": "C-1", "name": "Oeste"}, token)
            async with asyncio.timeout(30):
                assert (await until("in step except 1"))["setAside"] == 1
            await connection.execute("ALTER TABLE structura_sync.clients DROP CONSTRAINT few")
            (entry,) = (await api.get("/api/system/set-aside", token)).json
            assert entry["rowId"] == "C-1"
            await api.post(f"/api/system/set-aside/{entry['id']}/retry", who=token)
            async with asyncio.timeout(30):
                while await connection.fetchval("SELECT name FROM structura.clients WHERE id = 'C-1'") != "Oeste":
                    await asyncio.sleep(0.05)
                await until("in step")
        finally:
            await connection.close()
