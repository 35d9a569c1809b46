"""A plant's folder is in use on two PCs: they become two nodes, and what they write over each other is journaled."""

from collections.abc import Callable

import pytest

from structura_local.store.read import Reader
from sync import outgoing
from sync.central.memory import MemoryCentral, Partition
from sync.protocol import Batch, Hello, Standing, SyncError
from tests.sync.nodes import Pc, World

LOST = [("phone", '"at one"', '"at two"')]


def meanwhile(other: Pc) -> Callable[[Partition], MemoryCentral]:
    """A head office to which another PC comes before a push arrives."""

    class Meanwhile(MemoryCentral):
        async def push(self, batch: Batch) -> Standing:
            await other.sync()
            return await super().push(batch)

    return Meanwhile


async def test_a_copy_of_a_program_that_goes_on(world: World) -> None:
    """Both have what waits, by the same actors: what they then write over each other is in the journal."""
    one = await world.start("one")
    await one.add("pushed")
    await one.sync()
    await one.restart()
    await one.add("waits")
    await one.copied("two")
    two = await world.start("two")
    lineage = await one.port.lineage()
    await MemoryCentral(world.partition).hello(Hello("norte", lineage.node, "test", lineage.last, lineage.next))
    await one.port.recognized(lineage)
    await two.sync()
    await one.add("a", phone="at one")
    world.later()
    await two.add("a", phone="at two")
    two.central = meanwhile(one)
    await two.sync()
    two.central = MemoryCentral
    await world.settle(one, two)
    assert (await one.data("a"))["phone"] == "at two"
    assert [(e["field"], e["loser"], e["winner"]) for e in await one.journal()] == LOST


async def test_two_pcs_from_one_image(world: World) -> None:
    """Both have tried to reach head office in vain, and come at the same moment with the same word."""
    one = await world.start("one")
    await one.port.lineage()
    await one.copied("two")
    two = await world.start("two")
    await one.add("a", phone="at one")
    world.later()
    await two.add("a", phone="at two")
    two.central = meanwhile(one)
    with pytest.raises(SyncError, match="A copy of this PC's data"):
        await two.sync()
    two.central = MemoryCentral
    await world.settle(one, two)
    assert await one.node() != await two.node()
    assert [(e["field"], e["loser"], e["winner"]) for e in await one.journal()] == LOST


async def test_a_copy_made_while_something_is_exchanged(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written just then, and is in the batch all the same, tells the copy from the one that goes on."""
    one, changes = await world.start("one"), outgoing.changes

    async def meanwhile_written(reader: Reader, mark: int) -> Batch | None:
        monkeypatch.setattr(outgoing, "changes", changes)
        await one.copied("old")
        await one.add("a", phone="at one")
        return await changes(reader, mark)

    monkeypatch.setattr(outgoing, "changes", meanwhile_written)
    await one.sync()
    node = await one.node()
    await one.restored("old")
    world.later()
    await one.add("a", phone="at two")
    await world.settle(one)
    assert await one.node() != node
    assert [(e["field"], e["loser"], e["winner"]) for e in await one.journal()] == LOST
