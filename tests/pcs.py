"""Two PCs of one plant with a head office in memory: the real stores, ports and sessions, without a network."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from structura_local import clock
from structura_local.domain.fields import Collection
from structura_local.folder import Folder
from structura_local.store.store import Store
from structura_local.store.transaction import Author, Transaction
from sync.central.memory import MemoryCentral, Partition
from sync.local import LocalPort
from sync.protocol import Tagged, Welcome
from sync.session import exchange


class Pc:
    """A PC of the plant; `differing` is what the last session said of the digests."""

    def __init__(self, store: Store, folder: Folder, partition: Partition) -> None:
        self.store = store
        self.partition = partition
        self.differing: list[str] | None = None
        self.port = LocalPort(store, folder)

    def welcomed(self, welcome: Welcome) -> None: ...

    def moved(self, pushed: int, pulled: int) -> None: ...

    def compared(self, differing: list[str]) -> None:
        self.differing = differing

    async def sync(self) -> None:
        """Exchange with head office."""
        await exchange(self.port, MemoryCentral(self.partition), self.partition.plant, "test", self)

    async def write(self, work: Callable[[Transaction], Any], user: str = "U-ADMIN") -> Any:
        return await self.store.door.write(work, Author("api", user))

    async def create(self, collection: Collection, row_id: str, data: Mapping[str, Any], user: str = "U-ADMIN") -> None:
        await self.write(lambda tx: tx.create(collection, row_id, data), user)

    async def edit(self, collection: Collection, row_id: str, user: str = "U-ADMIN", **changes: Any) -> None:
        def work(tx: Transaction) -> None:
            row = tx.get(collection, row_id)
            assert row is not None
            tx.update(collection, row, changes)

        await self.write(work, user)

    async def remove(self, collection: Collection, row_id: str, user: str = "U-ADMIN") -> None:
        def work(tx: Transaction) -> None:
            row = tx.get(collection, row_id)
            assert row is not None
            tx.delete(collection, row)

        await self.write(work, user)


@asynccontextmanager
async def two_pcs(data_dir: Path, now: clock.Now, partition: Partition | None = None) -> AsyncIterator[tuple[Pc, Pc]]:
    """The plant of a folder and a second PC of it, both in step."""
    partition = partition or Partition("norte", now)
    ours, theirs = Folder(data_dir), Folder(data_dir.parent / "second")
    theirs.path.mkdir(exist_ok=True)
    one, two = await Store.open(ours.database, now), await Store.open(theirs.database, now)
    try:
        for store in (one, two):
            store.door.run.elapsed = now  # the tests' clock moves for all: nobody has set it
        pcs = Pc(one, ours, partition), Pc(two, theirs, partition)
        for pc in pcs:
            await pc.sync()
        yield pcs
    finally:
        await one.close()
        await two.close()


def refusing(collection: str, *ids: str) -> Callable[[Tagged], str | None]:
    """A head office that does not take these rows."""
    keys = {(collection, row_id) for row_id in ids}
    return lambda row: "The value is out of range." if (row.collection, row.row.id) in keys else None
