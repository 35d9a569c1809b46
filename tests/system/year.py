"""A year of a plant: its PCs as real processes, the cables between, and a real head office."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from sync.central import office
from tests.system.checker import at_head_office, at_plant, differences, state_at_plant
from tests.system.link import socket_of, through
from tests.system.plant import PlantServer, query, until
from tests.system.proxy import Proxy

PLANT = "norte"
JOB = {"projectId": "P", "machineType": "CARGA", "productName": "Perfil", "targetQuantity": 1, "unit": "m"}


class Place:
    """A PC of the plant, and the cable that leads to head office."""

    def __init__(self, server: PlantServer, line: Proxy) -> None:
        self.server = server
        self.ask = server.ask
        self.find = server.find
        self.line = line
        self._stack = AsyncExitStack()

    async def start(self) -> None:
        await self._stack.enter_async_context(self.server)
        await until(self.server.can_log_in)

    async def stop(self) -> None:
        await self._stack.aclose()

    def unplug(self) -> None:
        self.line.plugged = False
        self.line.cut()

    async def conflicts(self) -> Any:
        return await self.ask("GET", "/api/system/conflicts")

    async def ids(self, path: str) -> set[str]:
        return {row["id"] for row in await self.ask("GET", path)}

    async def node(self) -> str:
        node: str = (await self.ask("GET", "/api/system/status"))["node"]
        return node


class Year:
    """Head office and the PCs of a plant."""

    def __init__(self, folder: Path, dsn: str, stack: AsyncExitStack) -> None:
        self.folder = folder
        self.dsn = dsn
        self._stack = stack
        self.places: list[Place] = []

    async def pc(self, name: str, prepare: Callable[[PlantServer], Any] | None = None, folder: str = "") -> Place:
        """Another PC, running and, but for a copy of another's `folder`, enrolled."""
        line = await self._stack.enter_async_context(Proxy(socket_of(self.dsn)))
        server = PlantServer(self.folder / (folder or name), clocked=True)
        if not folder:
            if not self.places:
                await server.set_up()
            await server.enroll(through(line, await office.enroll(self.dsn, PLANT)))
            (server.folder / "settings.toml").write_text("token_hours = 8760\n")
        if prepare:
            await prepare(server)
        place = Place(server, line)
        await place.start()
        self._stack.push_async_callback(place.stop)
        self.places.append(place)
        return place

    async def settled(self, *places: Place) -> None:
        """Until all is at head office and at these PCs (or all), row by row."""
        places = places or tuple(self.places)
        for place in places:
            place.line.plugged = True

        async def same() -> bool:
            ((head,),) = await query(self.dsn, "SELECT head FROM structura_sync.partition")
            for place in places:
                cursor = int(state_at_plant(place.server.folder).get("cursor", "0"))
                if cursor != head or not await place.server.in_step():
                    await place.ask("POST", "/api/system/sync")
                    await asyncio.sleep(0.1)
                    return False
            return True

        await until(same, 120)
        there = await at_head_office(self.dsn, PLANT)
        for place in places:
            assert differences(at_plant(place.server.folder), there) == []

    async def at_head_office(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await query(self.dsn, sql)]


@pytest.fixture
async def year(tmp_path: Path, central_dsn: str) -> AsyncIterator[Year]:
    async with AsyncExitStack() as stack:
        yield Year(tmp_path, central_dsn, stack)
