"""How soon what is written on one side is seen on the other while the link is there: by people, one write at a time."""

import asyncio
import json
import random
import time

import aiohttp
import asyncpg

from benchmarks import plants
from benchmarks.bench import Bench
from benchmarks.office import PLANT, head_office
from benchmarks.plants import HOME
from benchmarks.results import Bar, Figure, Outcome, at_most, median
from benchmarks.server import Server, plant

TITLE = "From the plant to head office and back, online"
UP, UP_P99, DOWN = 150, 500, 200
WRITES = 100
EVENT = {"machineId": "M-01", "type": "CLEANING", "description": "limpieza", "severity": "INFO"}
INSERT = "INSERT INTO structura.projects (plant_id, id, name, deadline) VALUES ($1, $2, 'Casa', '2027-03-01')"


def measure(bench: Bench) -> Outcome:
    """Beside nothing: the former backend had no sync. Head office is asked all the time whether it is there."""
    with head_office() as office:
        folder = plants.copied(plants.SMALL, HOME / "run" / "plant")
        office.enroll(folder)
        with plant(folder) as server:
            while server.ask("GET", "/api/system/status")["sync"]["pending"]:
                time.sleep(0.1)
            up, down = asyncio.run(_both(server, office.dsn, 20 if bench.quick else WRITES))
    figures = []
    for name, taken, limit in (("local write", up, UP), ("central write", down, DOWN)):
        figures.append(at_most(f"{name}, median", median(taken), limit, "ms"))
        p99 = sorted(taken)[int(len(taken) * 0.99)]
        figures.append(
            at_most(f"{name}, p99", p99, UP_P99, "ms") if taken is up else Figure(f"{name}, p99", f"{p99:,.1f} ms")
        )
    bars = [Bar("written here, visible there", median(up), "ms"), Bar("written there, told here", median(down), "ms")]
    return Outcome(figures, bars)


async def _both(server: Server, dsn: str, writes: int) -> tuple[list[float], list[float]]:
    office = await asyncpg.connect(dsn)
    async with aiohttp.ClientSession(server.url, headers=server.headers) as session:
        up = [await _up(session, office) for _ in range(writes)]
        down = [await _down(session, office, number, server) for number in range(writes)]
    await office.close()
    return up, down


async def _up(session: aiohttp.ClientSession, office: asyncpg.Connection) -> float:
    """Milliseconds from before the POST until a query at head office shows it."""
    await asyncio.sleep(random.uniform(0, 0.1))
    began = time.perf_counter()
    async with session.post("/api/events", json=EVENT) as answer:
        made = (await answer.json())["id"]
    while not await office.fetchval("SELECT 1 FROM structura.events WHERE plant_id = $1 AND id = $2", PLANT, made):
        pass
    return (time.perf_counter() - began) * 1e3


async def _down(session: aiohttp.ClientSession, office: asyncpg.Connection, number: int, server: Server) -> float:
    """Milliseconds from before the INSERT until a browser's WebSocket is told."""
    await asyncio.sleep(random.uniform(0, 0.1))
    async with session.ws_connect("/api/live") as socket:
        await socket.send_json({"token": server.headers["Authorization"].removeprefix("Bearer ")})
        assert json.loads((await socket.receive()).data)["type"] == "ready"
        began = time.perf_counter()
        await office.execute(INSERT, PLANT, wanted := f"PROJECTS-{number}-medida")
        while True:
            told = json.loads((await socket.receive()).data)
            if any(change["id"] == wanted for change in told["changes"]):
                return (time.perf_counter() - began) * 1e3
