"""What a real server spends: an fsync for each answer, and for who reads slowly no memory to speak of."""

import asyncio
import contextlib
import socket
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from tests.system import plant as plant_module
from tests.system.faulty import COMPILER, built
from tests.system.plant import ENVIRONMENT, PlantServer

EVENT = {"machineId": "TALLER", "type": "CLEANING", "description": "limpieza", "severity": "INFO"}
JOB = {"projectId": "P", "machineType": "CARGA", "productName": "Perfil", "targetQuantity": 1, "unit": "m"}
WRITES = 30
BY_ITSELF = 10  # fsyncs that a server may do beside: what it notes each minute, a checkpoint
READERS = 100


@pytest.mark.skipif(COMPILER is None, reason="builds its disk with cc, on Linux")
async def test_an_answer_costs_one_fsync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not none, or it would not be safe; not several, or it would take as many times as long."""
    folder, counted = tmp_path / "plant", tmp_path / "counted"
    preloaded = {"LD_PRELOAD": str(built(tmp_path)), "FAULTY_UNDER": str(folder), "FAULTY_COUNTED": str(counted)}
    plant = PlantServer(folder)
    await plant.set_up()
    monkeypatch.setattr(plant_module, "ENVIRONMENT", {**ENVIRONMENT, **preloaded})
    async with plant:
        await plant.log_in()
        await plant.ask("POST", "/api/events", EVENT)
        before = counted.stat().st_size
        for _ in range(WRITES):
            await plant.ask("POST", "/api/events", EVENT)
        assert WRITES <= counted.stat().st_size - before <= WRITES + BY_ITSELF


async def test_slow_readers_share_what_they_wait_for(tmp_path: Path) -> None:
    """A hundred who ask for the same 6 MB and take a few bytes: the server keeps it once, and answers others."""
    plant = PlantServer(tmp_path / "plant")
    await plant.set_up()
    async with plant:
        await plant.log_in()
        notes = "x" * 60_000
        for _ in range(100):
            await plant.ask("POST", "/api/jobs", {**JOB, "operatorNotes": notes})
        size = len(str(await plant.ask("GET", "/api/jobs")))
        assert size > 6_000_000
        server = psutil.Process(plant.pid)
        before = server.memory_full_info().uss
        with contextlib.ExitStack() as stack:
            await asyncio.to_thread(_begin_to_read, stack, plant)
            await plant.ask("GET", "/api/machines")  # answered after all of them
            grown = server.memory_full_info().uss - before
            assert grown < 10 * size, "a hundred copies would be a hundred times that"


def _begin_to_read(stack: contextlib.ExitStack, plant: PlantServer) -> None:
    """Many ask for the list at once, and take no more than its first bytes."""
    address = urlsplit(plant.url)
    asked = f"GET /api/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {plant.token}\r\n\r\n".encode()
    readers = [stack.enter_context(socket.socket()) for _ in range(READERS)]
    for reader in readers:
        reader.connect((address.hostname, address.port))
        reader.sendall(asked)
    for reader in readers:
        assert reader.recv(15) == b"HTTP/1.1 200 OK"
