"""Reading connections, each in a thread of its own: a long list stops neither the event loop nor the door."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import aiosqlite

from structura_local.store import sqlite

T = TypeVar("T")


class Lane(aiosqlite.Connection):
    """A connection whose thread does a whole piece of work at a time: what it reads is decoded there too."""

    @classmethod
    async def open(cls, path: Path) -> "Lane":
        """A lane of a migrated database."""
        lane = cls(partial(sqlite.connect, path, read_only=True), iter_chunk_size=64)
        await lane
        return lane

    async def run(self, work: Callable[[sqlite.Connection], T]) -> T:
        """The result of `work`."""
        return await self._execute(work, self._conn)  # type: ignore[no-untyped-call, no-any-return]


class Lanes:
    """Lanes that take what waits in its order, whichever is free, so that what is short passes what is long."""

    def __init__(self, path: Path, lanes: list[Lane]) -> None:
        self._path = path
        self._all = lanes
        self._free: asyncio.LifoQueue[Lane] = asyncio.LifoQueue()
        for lane in lanes:
            self._free.put_nowait(lane)
        self.waiting = 0  # how much has to be done before what comes now

    @classmethod
    async def open(cls, path: Path, count: int) -> "Lanes":
        """So many lanes of a migrated database."""
        return cls(path, [await Lane.open(path) for _ in range(count)])

    async def run(self, work: Callable[[sqlite.Connection], T]) -> T:
        """The result of `work`, done in one of the lanes."""
        self.waiting += 1
        try:
            lane = await self._free.get()
        finally:
            self.waiting -= 1
        try:
            return await lane.run(work)
        finally:
            self._free.put_nowait(lane)

    async def close(self) -> None:
        """Finish what is waiting, close the connections."""
        for lane in self._all:
            await lane.close()

    async def another(self) -> "Lanes":
        """One lane beside these, with a connection that nobody else uses."""
        return await Lanes.open(self._path, 1)
