"""Plant PCs with real databases and clocks of their own, and a central in memory: a world to tell stories in."""

import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from structura_local.domain.actors import ACTORS
from structura_local.domain.catalog import SYNCED
from structura_local.domain.clients import CLIENTS
from structura_local.domain.conflicts import CONFLICTS
from structura_local.domain.fields import Collection
from structura_local.domain.row import Row
from structura_local.store.rows import Stored, codec
from structura_local.store.store import Store
from structura_local.store.transaction import Author, Transaction
from sync.central.memory import MemoryCentral, Partition
from sync.local import LocalPort
from sync.protocol import Welcome
from sync.session import exchange
from tests.plant import START

HOUR, DAY = 3_600_000, 24 * 3_600_000


class Ring:
    """PIN keys in memory."""

    def __init__(self, **keys: str) -> None:
        self.keys = keys

    def pin_keys(self) -> dict[str, str]:
        return self.keys

    def add_pin_keys(self, keys: dict[str, str]) -> None:
        self.keys = {**self.keys, **keys}


class World:
    """The true time, which is central's, a folder, and the PCs that were started in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ms = START
        self.partition = Partition("norte", lambda: self.ms)
        self.started: list[Pc] = []

    def later(self, *, days: float = 0, hours: float = 0, seconds: float = 1) -> None:
        self.ms += round(days * DAY + hours * HOUR + seconds * 1_000)

    async def start(self, name: str, *, error: int = 0, user: str = "") -> "Pc":
        """The PC whose data lies in the folder `name`; its wall clock is `error` milliseconds off."""
        pc = Pc(self, name, error, user or f"U-{name}")
        await pc.open()
        self.started.append(pc)
        return pc

    async def settle(self, *pcs: "Pc") -> None:
        """Exchange until nothing moves any more; then all hold the same and know it."""
        for _ in range(6):
            self.later()
            if all([await pc.sync() == (0, 0) for pc in pcs]):
                break
        else:
            pytest.fail("the exchange never ends")
        rows = {key: held.row for key, held in self.partition.rows.items()}
        for pc in pcs:
            assert pc.differing == []
            assert await pc.everything() == rows


class Pc:
    """One plant PC."""

    def __init__(self, world: World, name: str, error: int, user: str) -> None:
        self.world = world
        self.name = name
        self.error = error
        self.author = Author("api", user)
        self.counts = (0, 0)
        self.differing: list[str] | None = None
        self.central: Callable[[Partition], MemoryCentral] = MemoryCentral

    async def open(self) -> None:
        """Start the program; what it measures since then is not the wall clock."""
        self.store = await Store.open(self.world.folder / self.name, lambda: self.world.ms + self.error)
        began = self.world.ms
        self.store.door.run.elapsed = lambda: self.world.ms - began
        self.port = LocalPort(self.store, Ring())

    async def restart(self) -> None:
        await self.store.close()
        await self.open()

    async def backup(self, name: str) -> None:
        """Copy the database while the program is stopped."""
        await self.store.close()
        shutil.copy(self.world.folder / self.name, self.world.folder / name)
        await self.open()

    async def copied(self, name: str) -> None:
        """Copy the database while the program goes on."""
        with closing(sqlite3.connect(self.world.folder / self.name)) as database:
            database.execute("VACUUM INTO ?", (str(self.world.folder / name),))

    async def restored(self, name: str) -> None:
        """Go on from a backup."""
        await self.store.close()
        shutil.copy(self.world.folder / name, self.world.folder / self.name)
        await self.open()

    async def sync(self) -> tuple[int, int]:
        """Exchange with central; returns how many rows were pushed and pulled."""
        self.counts, self.differing = (0, 0), None
        await exchange(self.port, self.central(self.world.partition), "norte", "test", self)
        return self.counts

    def welcomed(self, welcome: Welcome) -> None:
        pass

    def moved(self, pushed: int, pulled: int) -> None:
        self.counts = (self.counts[0] + pushed, self.counts[1] + pulled)

    def compared(self, differing: list[str]) -> None:
        self.differing = differing

    async def write(self, work: Callable[[Transaction], Any]) -> Any:
        return await self.store.door.write(work, self.author)

    async def add(self, row_id: str, collection: Collection = CLIENTS, **data: Any) -> Row:
        row: Row = await self.write(lambda tx: tx.create(collection, row_id, {"name": row_id, **data}))
        return row

    async def edit(self, row_id: str, collection: Collection = CLIENTS, **changes: Any) -> Row:
        row: Row = await self.write(lambda tx: tx.update(collection, _there(tx, collection, row_id), changes))
        return row

    async def remove(self, row_id: str, collection: Collection = CLIENTS) -> None:
        await self.write(lambda tx: tx.delete(collection, _there(tx, collection, row_id)))

    async def restore(self, row_id: str, collection: Collection = CLIENTS) -> None:
        await self.write(lambda tx: tx.restore(collection, _there(tx, collection, row_id)))

    async def row(self, row_id: str, collection: Collection = CLIENTS) -> Row:
        """The row as it is stored, deleted or not."""
        row: Row = await self.write(lambda tx: _there(tx, collection, row_id))
        return row

    async def data(self, row_id: str, collection: Collection = CLIENTS) -> Mapping[str, Any]:
        return (await self.row(row_id, collection)).data

    async def everything(self) -> dict[tuple[str, str], Row]:
        """All rows, by collection and id."""
        return {(c.table, s.row.id): s.row for c in SYNCED for s in await stored(self.store, c)}

    async def journal(self) -> Sequence[Mapping[str, Any]]:
        return [row.data for row in await self.store.reader.find(CONFLICTS)]

    async def node(self) -> str:
        return (await self.store.reader.state())["node"]

    async def actors(self) -> list[Row]:
        return await self.store.reader.find(ACTORS)

    async def waiting(self) -> int:
        return (await self.store.reader.pending(await self.port.mark()))[0]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """An empty world; the PCs started in it are stopped in the end."""
    made = World(tmp_path)
    yield made
    for pc in made.started:
        await pc.store.close()


async def stored(store: Store, collection: Collection) -> list[Stored]:
    """All rows of a collection, deleted ones too."""
    kind = codec(collection)
    return await store.reader.rows(kind, kind.select())


def _there(tx: Transaction, collection: Collection, row_id: str) -> Row:
    return tx.get(collection, row_id) or pytest.fail(f"{collection.table} {row_id} is not there")
