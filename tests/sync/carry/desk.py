"""Plant PCs with real databases and a head office on a real Postgres, between which only files go."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from structura_local import clock
from structura_local.domain.row import Row
from sync.carry.office import Received, give_out, take_in
from sync.carry.plant import Carrier, Taken
from sync.carry.stick import Key
from sync.central import office
from sync.central.desk import PostgresDesk
from sync.central.postgres import PostgresCentral
from sync.session import exchange
from tests.postgres import execute
from tests.sync.central.factories import canonical, everything
from tests.sync.nodes import Pc, Ring, World
from tests.system.plant import query


class Courier:
    """Enrols PCs and carries their files. Each PC is known by its name in the world."""

    def __init__(self, world: World, dsn: str, plant: str) -> None:
        self.world = world
        self.dsn = dsn
        self.plant = plant
        self.bundles: dict[str, dict[str, Any]] = {}
        self.rings: dict[str, Ring] = {}

    async def enroll(self, name: str, **keys: str) -> Pc:
        """A PC with a bundle of its own, started; `keys` are its PIN keys."""
        self.bundles[name] = await office.enroll(self.dsn, self.plant)
        self.rings[name] = Ring(**keys)
        return await self.world.start(name)

    async def copied(self, pc: Pc, name: str) -> Pc:
        """A copy of a PC, bundle and all, started."""
        await pc.backup(name)
        self.bundles[name], self.rings[name] = self.bundles[pc.name], self.rings[pc.name]
        return await self.world.start(name)

    def key(self, pc: Pc) -> Key:
        bundle = self.bundles[pc.name]
        return Key(bundle["role"], bundle["carry"])

    def carrier(self, pc: Pc) -> Carrier:
        return Carrier(pc.store, self.rings[pc.name], self.plant, self.key(pc))

    async def export(self, pc: Pc, *, clock_is_right: bool = False) -> bytes:
        """`sync export` at the plant."""
        return (await self.carrier(pc).give_out(clock_is_right=clock_is_right)).content

    async def take(self, pc: Pc, content: bytes) -> Taken:
        """`sync import` at the plant."""
        return await self.carrier(pc).take_in(content)

    async def deliver(self, content: bytes) -> Received:
        """`central import` at head office."""
        async with PostgresDesk.connect(self.dsn, self.plant) as desk:
            return await take_in(desk, content)

    async def answer(self, pc: Pc | None = None) -> bytes:
        """`central export` at head office; for the PC, or for the only one."""
        async with PostgresDesk.connect(self.dsn, self.plant) as desk:
            return (await give_out(desk, await pc.node() if pc else None))[0]

    async def there_and_back(self, pc: Pc, *, clock_is_right: bool = False) -> Taken:
        """One round of both files."""
        self.world.later()
        await self.deliver(await self.export(pc, clock_is_right=clock_is_right))
        return await self.take(pc, await self.answer(pc))

    async def online(self, pc: Pc) -> None:
        """An exchange over the network."""
        self.world.later()
        central = await PostgresCentral.connect(self.bundles[pc.name]["dsn"], self.plant)
        try:
            await exchange(pc.port, central, self.plant, "test", pc)
        finally:
            await central.close()

    async def sql(self, *statements: str) -> None:
        await execute(self.dsn, *statements)

    async def state(self) -> dict[tuple[str, str], Row]:
        """All rows of head office, by collection and id."""
        async with PostgresDesk.connect(self.dsn, self.plant) as desk:
            return await everything(PostgresCentral(desk._connection, self.plant))

    async def fingerprint(self) -> list[Any]:
        """What head office holds, numbers and marks included; the nodes' contacts left out."""
        rows = await query(
            self.dsn,
            f"SELECT head, digests FROM structura_sync.partition WHERE plant_id = '{self.plant}'",
        )
        nodes = await query(self.dsn, "SELECT node_id, mark FROM structura_sync.node ORDER BY 1")
        return [*map(tuple, rows), *map(tuple, nodes)]

    async def same(self, *pcs: Pc) -> bool:
        """Whether all hold the same rows."""
        central = await self.state()
        for pc in pcs:
            if {k: canonical(row) for k, row in (await pc.everything()).items()} != central:
                return False
        return True


@pytest_asyncio.fixture
async def courier(world: World, central_dsn: str) -> AsyncIterator[Courier]:
    """Head office, and nobody enrolled yet."""
    world.ms = clock.now()  # head office's clock is the real one
    yield Courier(world, central_dsn, "norte")
