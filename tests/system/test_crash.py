"""What was answered is there: after kill -9, after a power cut, on a disk that fails, on a disk that is full."""

import asyncio
import contextlib
import json
import os
import random
import shutil
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.system import plant as plant_module
from tests.system.cluster import small_disk
from tests.system.faulty import COMPILER, built, cut_power
from tests.system.plant import ENVIRONMENT, PlantServer, until

pytestmark = pytest.mark.timeout(600)
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="builds its disk with cc, on Linux")

ITEM = {"id": "I-1", "name": "Tornillos", "sku": "T", "unit": "kg", "quantity": 0}
JOB = {"projectId": "P", "machineType": "CARGA", "productName": "Perfil", "targetQuantity": 1, "unit": "m"}


class Account:
    """What was answered in all lives of a plant: ids that are there, jobs that are deleted, how much was added."""

    def __init__(self) -> None:
        self.there: dict[str, set[str]] = {"events": set(), "jobs": set()}
        self.deleted: set[str] = set()
        self.notes: dict[str, str] = {}
        self.added = self.tried = 0  # to the item's quantity: answered, and sent
        self.answers = 0


async def terminal(plant: PlantServer, account: Account, name: str) -> None:
    """Mixed writes, one after the other, until the server is gone."""
    number = 0
    with contextlib.suppress(aiohttp.ClientError, ConnectionError):
        while True:
            number += 1
            event = {"id": f"E-{name}-{number}", "machineId": "TALLER", "type": "CLEANING", "description": "limpieza"}
            await plant.ask("POST", "/api/events", {**event, "severity": "INFO"})
            account.there["events"].add(event["id"])
            job = f"J-{name}-{number}"
            await plant.ask("POST", "/api/jobs", {**JOB, "id": job})
            account.there["jobs"].add(job)
            account.tried += 1
            await plant.ask("PATCH", "/api/inventory/I-1", {"quantity": {"add": 1}})
            account.added += 1
            await plant.ask("PATCH", f"/api/jobs/{job}", {"notes": job})
            account.notes[job] = job
            account.answers += 4
            if number % 3 == 0:
                account.there["jobs"].discard(job)  # from here on it may be gone
                account.notes.pop(job)
                await plant.ask("DELETE", f"/api/jobs/{job}")
                account.deleted.add(job)
                account.answers += 1


def missing(database: Path, account: Account) -> list[str]:
    """What was answered and is not there, by the file itself."""
    with contextlib.closing(sqlite3.connect(database)) as reading:
        assert reading.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        wrong = []
        for table, ids in account.there.items():
            wrong += sorted(ids - {row[0] for row in reading.execute(f"SELECT id FROM {table} WHERE _life % 2 = 1")})
        dead = {row[0] for row in reading.execute("SELECT id FROM jobs WHERE _life % 2 = 0")}
        wrong += sorted(account.deleted - dead)
        notes = dict(reading.execute("SELECT id, notes FROM jobs"))
        wrong += [job for job, note in account.notes.items() if notes.get(job) != note]
        (quantity,) = reading.execute("SELECT quantity FROM inventory WHERE id = 'I-1'").fetchone()
        if not account.added <= quantity <= account.tried:
            wrong.append(f"quantity {quantity}, not from {account.added} to {account.tried}")
    return wrong


async def lives(plant: PlantServer, account: Account, rounds: int, after: Any, chance: random.Random) -> None:
    """Serve, write, kill -9 at any moment; `after` each death what was answered has to be there."""
    await plant.set_up()
    async with plant:
        await plant.log_in()
        await plant.ask("POST", "/api/inventory", ITEM)
    for number in range(rounds):
        async with plant:
            writing = [asyncio.create_task(terminal(plant, account, f"{number}-{n}")) for n in range(6)]
            enough = account.answers + chance.randint(1, 120)
            await until(lambda: asyncio.sleep(0, account.answers >= enough))  # noqa: B023 - this round's
            plant.kill()
            await asyncio.gather(*writing)
        await asyncio.to_thread(after)
        if (number + 1) % 25 == 0:
            print(f"{number + 1} rounds, {account.answers} answered", flush=True)
    async with plant:
        assert (await plant.ask("GET", "/api/system/status"))["stops"]["unclean"] == rounds
    assert account.answers > rounds


async def killed(folder: Path, rounds: int) -> Account:
    plant, account = PlantServer(folder), Account()

    def after() -> None:
        copy = folder.with_name("looked at")  # opening it would fold its log in
        shutil.copytree(folder, copy)
        assert missing(copy / "structura.db", account) == []
        shutil.rmtree(copy)

    await lives(plant, account, rounds, after, random.Random(rounds))
    return account


async def test_kill_9(tmp_path: Path) -> None:
    """Each answered write is found after a kill in the middle of many."""
    await killed(tmp_path / "plant", 4)


@pytest.mark.slow
@pytest.mark.timeout(7200)
async def test_kill_9_three_hundred_times(tmp_path: Path) -> None:
    """The same, 300 times."""
    account = await killed(tmp_path / "plant", 300)
    print(json.dumps({"kills": 300, "answered": account.answers, "missing": 0}))


async def powerless(folder: Path, rounds: int, monkeypatch: pytest.MonkeyPatch, **lies: str) -> dict[str, int]:
    """Rounds of power cuts; returns what was answered, lost sectors, and what is missing."""
    synced = folder.with_name("synced")
    synced.mkdir()
    library = built(folder.parent)
    preloaded = {"LD_PRELOAD": str(library), "FAULTY_UNDER": str(folder), "FAULTY_SYNCED": str(synced), **lies}
    monkeypatch.setattr(plant_module, "ENVIRONMENT", {**ENVIRONMENT, **preloaded})
    plant, account, chance = PlantServer(folder), Account(), random.Random(rounds)
    found = {"cuts": rounds, "answered": 0, "sectors lost": 0, "missing": 0}

    def after() -> None:
        found["sectors lost"] += cut_power(folder, synced, chance)
        copy = folder.with_name("looked at")
        shutil.copytree(folder, copy)
        found["missing"] += len(missing(copy / "structura.db", account))
        shutil.rmtree(copy)

    await lives(plant, account, rounds, after, chance)
    found["answered"] = account.answers
    return found


@needs_compiler
async def test_power_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same when all that was not synced is lost, or half written. Whether there is any just then is luck; in 300
    cuts there is, and a disk that lies is found out."""
    found = await powerless(tmp_path / "plant", 4, monkeypatch)
    assert found["answered"] > 0
    assert found["missing"] == 0


@needs_compiler
@pytest.mark.slow
@pytest.mark.timeout(7200)
async def test_power_cut_three_hundred_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, 300 times."""
    found = await powerless(tmp_path / "plant", 300, monkeypatch)
    print(json.dumps(found))
    assert found["missing"] == 0


@needs_compiler
async def test_a_disk_that_lies_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an fsync that does nothing something has to be missing, or the test above could not fail."""
    with contextlib.suppress(AssertionError, sqlite3.DatabaseError):  # a plant that does not come up is a loss as well
        found = await powerless(tmp_path / "plant", 2, monkeypatch, FAULTY_LIES="1")
        assert found["missing"] == 0
        pytest.fail("nothing was missing")


async def faulty(folder: Path, step: int) -> Any:
    """Run the scenario of writes that fail; returns its figures."""
    await asyncio.to_thread(folder.mkdir)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.system.faulty.scenario", folder, str(step),
        env={**os.environ, "LD_PRELOAD": str(built(folder.parent)), "FAULTY_UNDER": str(folder)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, wrong = await process.communicate()
    assert process.returncode == 0, wrong.decode()[-3000:]
    return json.loads(said)


@needs_compiler
async def test_no_space_and_no_disk(tmp_path: Path) -> None:
    """ENOSPC and EIO at one in so many writes, once or from then on: nothing answered is lost, nothing is damaged."""
    assert (await faulty(tmp_path / "plant", 29))["faults"] > 8


@needs_compiler
@pytest.mark.slow
@pytest.mark.timeout(7200)
async def test_no_space_and_no_disk_at_every_write(tmp_path: Path) -> None:
    """The same at every single one."""
    print(json.dumps(await faulty(tmp_path / "plant", 1)))


@contextlib.asynccontextmanager
async def on_a_small_disk() -> AsyncIterator[tuple[PlantServer, Path]]:
    with small_disk(48) as disk:
        if disk is None:
            pytest.skip("mounts a file system of its own")
        plant = PlantServer(disk / "plant")
        plant.log = Path("/dev/null")
        await plant.set_up()
        yield plant, disk


async def fill(file: Path) -> None:
    """Take all the room there is, to the last byte."""

    def work() -> None:
        with file.open("ab", buffering=0) as out, contextlib.suppress(OSError):
            for size in (2**20, 4096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        out.write(bytes(size))

    await asyncio.to_thread(work)


async def test_a_full_disk(tmp_path: Path) -> None:
    """Filled to the last byte under load: 507, reading goes on, logging in and deleting too; freed, writing goes on."""
    async with on_a_small_disk() as (plant, disk):
        answered: set[str] = set()
        statuses: list[int] = []
        stop = asyncio.Event()

        async def terminal(name: str) -> None:
            number = 0
            while not stop.is_set():
                number += 1
                event = {
                    "id": f"E-{name}-{number}",
                    "machineId": "TALLER",
                    "type": "CLEANING",
                    "description": "x" * 900,
                }
                status, *_ = await plant.send("POST", "/api/events", {**event, "severity": "INFO"}, {})
                statuses.append(status)
                if status == 201:
                    answered.add(event["id"])
                else:
                    await asyncio.sleep(0.01)

        async with plant:
            await plant.log_in()
            await plant.ask("POST", "/api/inventory", ITEM)
            terminals = [asyncio.create_task(terminal(str(n))) for n in range(6)]

            async def seen(status: int, often: int) -> bool:
                return statuses[-often:] == [status] * often

            await until(lambda: seen(201, 50))
            await fill(disk / "filler")
            await until(lambda: seen(507, 50))
            await fill(disk / "filler")  # what the reserve left, too
            assert (await plant.ask("GET", "/api/system/status"))["disk"]["state"] == "full"
            assert len(await plant.ask("GET", "/api/events")) >= 50
            assert set(statuses) <= {201, 507}
            os.truncate(disk / "filler", 0)
            await until(lambda: seen(201, 50))
            stop.set()
            await asyncio.gather(*terminals)
            assert set(statuses) <= {201, 507}
        with contextlib.closing(sqlite3.connect(plant.folder / "structura.db")) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            kept = {row[0] for row in database.execute("SELECT id FROM events")}
        assert answered <= kept
        assert statuses.count(507) > 50


async def test_the_reserve(tmp_path: Path) -> None:
    """On a disk without a byte left, what the reserve gives up is enough to log in and to delete, and to start."""
    async with on_a_small_disk() as (plant, disk):
        async with plant:
            await plant.log_in()
            await plant.ask("POST", "/api/inventory", ITEM)
            await fill(disk / "filler")

            async def refused() -> bool:
                return (await plant.send("POST", "/api/jobs", JOB, {}))[0] == 507

            async def released() -> bool:
                return not (plant.folder / "reserve").exists()

            await until(refused)
            await until(released)
            await plant.log_in()
            await plant.ask("DELETE", "/api/inventory/I-1")
        async with plant:
            assert await refused()
            await plant.log_in()
            (disk / "filler").unlink()

            async def taken() -> bool:
                return (await plant.send("POST", "/api/jobs", JOB, {}))[0] == 201

            await until(taken)
            await until(lambda: asyncio.to_thread((plant.folder / "reserve").exists))  # type: ignore[arg-type,return-value]
