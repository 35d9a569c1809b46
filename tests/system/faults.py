"""What can happen to plants, to the link and to head office, each done for real, in the middle of people's work."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from pathlib import Path

import asyncpg
import pytest

from tests.postgres import execute
from tests.system.plant import until
from tests.system.proxy import Link, Proxy
from tests.system.workload import Pc
from tests.system.world import World

HOUR, YEAR = 3_600_000, 365 * 86_400_000
Fault = Callable[[World, random.Random], Awaitable[None]]


async def plant_killed(world: World, chance: random.Random) -> None:
    """Kill -9 of a plant's server, started again."""
    pc = chance.choice(world.pcs)
    await pc.kill()
    await asyncio.sleep(chance.uniform(0, 0.3))
    await pc.start()


async def both_plants_killed(world: World, chance: random.Random) -> None:
    """Kill -9 of both PCs' servers at once."""
    await asyncio.gather(*(pc.kill() for pc in world.pcs))
    await asyncio.gather(*(pc.start() for pc in world.pcs))


async def link_cut(world: World, chance: random.Random) -> None:
    """The connection breaks at a random byte, three times, mostly in a batch that is under way."""
    for _ in range(3):
        cables = world.cables[chance.choice(world.pcs).name]
        farthest = chance.choice((2_000, 40_000))  # in the beginning of a conversation, or in a batch
        cut = [cable.cut_after(chance.randrange(1, farthest)) for cable in cables]
        done = [asyncio.create_task(event.wait()) for event in cut]
        await asyncio.wait(done, timeout=1.5, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.cancel()


async def link_half_closed(world: World, chance: random.Random) -> None:
    """One direction of the connection ends; the other does not."""
    for up in (True, False):
        for cable in world.cables[chance.choice(world.pcs).name]:
            cable.half_close(up=up)
        await asyncio.sleep(chance.uniform(0.1, 0.6))


async def link_stalled(world: World, chance: random.Random) -> None:
    """For a second or two nothing arrives, and then everything at once."""
    stalls = (cable.stall(chance.uniform(0.5, 2)) for cable in world.cables[chance.choice(world.pcs).name])
    await asyncio.gather(*stalls)


async def link_slow(world: World, chance: random.Random) -> None:
    """A long, thin, lossy line, and in the middle it breaks."""
    cables = [cable for pair in world.cables.values() for cable in pair]
    for cable in cables:
        cable.link = Link(delay=0.1, rate=125_000, loss=0.02)
    await asyncio.sleep(chance.uniform(1, 2))
    for cable in cables:
        cable.cut()
    await asyncio.sleep(chance.uniform(0.5, 1))
    for cable in cables:
        cable.link = Link()


async def cable_out(world: World, chance: random.Random) -> None:
    """A PC without any link for a while; people go on."""
    cables = world.cables[chance.choice(world.pcs).name]
    _plug(cables, plugged=False)
    await asyncio.sleep(chance.uniform(0.5, 2))
    _plug(cables, plugged=True)


def _plug(cables: Iterable[Proxy], *, plugged: bool) -> None:
    for cable in cables:
        cable.plugged = plugged
        if not plugged:
            cable.cut()


async def clock_wrong(world: World, chance: random.Random) -> None:
    """A PC's clock is set wrong, by an hour or by years, with or without a link, and right again a while later."""
    pc = chance.choice(world.pcs)
    offline = chance.random() < 0.5
    if offline:
        _plug(world.cables[pc.name], plugged=False)
    await pc.set_clock(chance.choice((3 * YEAR, -16 * YEAR, HOUR, -HOUR)))
    await asyncio.sleep(chance.uniform(0.3, 1))
    if chance.random() < 0.3:
        await pc.kill()
        await pc.start()
    if offline:
        _plug(world.cables[pc.name], plugged=True)
        await asyncio.sleep(chance.uniform(0.3, 1))
    await pc.set_clock(0)


async def postgres_killed(world: World, chance: random.Random) -> None:
    """Kill -9 of all of Postgres; it recovers from its log."""
    await world.central.kill()
    await world.central.start()


async def postgres_restarted(world: World, chance: random.Random) -> None:
    """Postgres restarted by an administrator."""
    await world.central.stop()
    await world.central.start()


async def postgres_read_only(world: World, chance: random.Random) -> None:
    """Head office's database takes no writes for a while."""
    await _set_read_only(world, "on")
    await asyncio.sleep(chance.uniform(0.5, 1.5))
    await _set_read_only(world, "off")


async def _set_read_only(world: World, value: str) -> None:
    await execute(
        world.central.dsn("postgres"),
        f"ALTER SYSTEM SET default_transaction_read_only = {value}",
        "SELECT pg_reload_conf()",
    )


async def disk_full(world: World, chance: random.Random) -> None:
    """No space is left on head office's disk, for data and for its log; then there is some again."""
    async with _filled(world.disk) if world.can_fill else world.central.no_space():
        with pytest.raises((OSError, asyncpg.PostgresError)):
            await execute(
                world.central.dsn(), "CREATE TABLE large AS SELECT repeat('x', 999) FROM generate_series(1, 9999)"
            )
        await asyncio.sleep(chance.uniform(1, 2))
    if not await world.central.running():  # no space for its log is the end of it
        await world.central.kill()
        await world.central.start()


@contextlib.asynccontextmanager
async def _filled(disk: Path) -> AsyncIterator[None]:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(65_536))
    yield
    filler.unlink()


async def central_restored(world: World, chance: random.Random) -> None:
    """An older dump is put in the place of head office's database."""
    await world.central.dump("dump")
    await asyncio.sleep(chance.uniform(0.5, 1.5))
    async with world.office_closed():
        await world.central.restore("dump")


async def failed_over(world: World, chance: random.Random) -> None:
    """The primary dies in the middle of everything, and its standby, which may lack the last moment, takes over."""
    standby = await world.standby()
    await asyncio.sleep(chance.uniform(0.3, 1))
    async with world.office_closed():
        await asyncio.sleep(chance.uniform(0, 0.3))
        await world.central.kill()
        await standby.promote()
        world.central = standby


async def plant_restored(world: World, chance: random.Random) -> None:
    """A PC's folder is replaced by an older copy of it; what it had written since had reached head office."""
    pc = chance.choice(world.pcs)
    await pc.stop()
    copy = world.copy(pc)
    await pc.start()
    await asyncio.sleep(chance.uniform(0.3, 1))
    await pc.opened.close()

    async def pushed() -> bool:
        return bool((await pc.server.sync())["pending"] == 0)

    await until(pushed, 60, world.states)
    await pc.stop()
    pc.server.folder.rename(copy.with_suffix(".old"))
    copy.rename(pc.server.folder)
    await pc.start()
    pc.opened.open()


async def plant_cloned(world: World, chance: random.Random) -> None:
    """A PC's folder is copied, and both are started; the copy works for a while and is taken away again."""
    pc = chance.choice(world.pcs)
    await pc.stop()
    clone = await world.cloned(pc, world.log.new("clone"))
    await asyncio.gather(pc.start(), clone.start())
    world.staff(clone, clone.name)
    await asyncio.sleep(chance.uniform(0.5, 1.5))


async def rows_refused(world: World, chance: random.Random) -> None:
    """Head office's database refuses some rows for a while; the others pass, and in the end these do, too."""
    dsn = world.central.dsn()
    await execute(
        dsn,
        "ALTER TABLE structura_sync.clients ADD CONSTRAINT strict CHECK (phone NOT LIKE '%3') NOT VALID",
        "ALTER TABLE structura_sync.inventory ADD CONSTRAINT strict CHECK (location NOT LIKE '%7') NOT VALID",
    )
    await asyncio.sleep(chance.uniform(1, 2))
    await execute(
        dsn,
        "ALTER TABLE structura_sync.clients DROP CONSTRAINT strict",
        "ALTER TABLE structura_sync.inventory DROP CONSTRAINT strict",
    )
    for pc in world.pcs:
        await world.retry(pc)


async def retire_clones(world: World) -> None:
    """Take away the PCs that were cloned, when all that they wrote has arrived."""
    clones: list[Pc] = [pc for pc in world.pcs if pc.name.startswith("clone")]
    for clone in clones:
        await clone.stop()
        world.pcs.remove(clone)


# The share of each among many rounds: kills and cuts are what happens most.
FAULTS: Mapping[Fault, int] = {
    plant_killed: 6,
    both_plants_killed: 2,
    link_cut: 6,
    link_half_closed: 2,
    link_stalled: 2,
    link_slow: 2,
    cable_out: 3,
    clock_wrong: 3,
    postgres_killed: 4,
    postgres_restarted: 2,
    postgres_read_only: 2,
    disk_full: 2,
    central_restored: 2,
    failed_over: 2,
    plant_restored: 2,
    plant_cloned: 2,
    rows_refused: 2,
}
