"""Stories of a central that was set back to an older backup: all that any plant still holds comes back."""

from dataclasses import replace

import pytest

from structura_local.domain.actors import ACTORS
from structura_local.domain.stamp import join
from structura_local.store import aside
from sync.central.memory import MemoryCentral, Partition
from sync.local import retry
from sync.protocol import Batch, Standing
from tests.sync.nodes import World


async def test_central_restored_to_yesterday(world: World) -> None:
    """Central ends up with all that any plant still holds, whoever wrote it."""
    one, two = await world.start("one"), await world.start("two")
    await one.add("a", phone="1")
    await world.settle(one, two)
    yesterday = world.partition.backup()
    world.later(days=1)
    await one.edit("a", phone="2")
    await one.add("b")
    await two.add("c")
    await one.remove("b")
    await world.settle(one, two)
    wanted = await one.everything()
    world.partition.restore(yesterday)
    await two.add("d")
    await world.settle(two, one)
    held = {key: value.row for key, value in world.partition.rows.items()}
    assert held.keys() >= wanted.keys()
    assert {key: row for key, row in held.items() if key in wanted and key[0] != ACTORS.table} == {
        key: row for key, row in wanted.items() if key[0] != ACTORS.table
    }, "but for actors, which are those of new nodes now"
    assert ("clients", "d") in held
    assert world.partition.epoch > yesterday.epoch, "who writes at head office goes on as another actor"


@pytest.mark.parametrize("dumped", ["yesterday", "before they met"])
async def test_who_wrote_at_a_central_that_was_set_back_had_not_seen_what_it_had_lost(
    world: World, dumped: str
) -> None:
    """What they overwrite or delete is in the journal: nothing tells any more whether they had seen it."""
    one, two = await world.start("one"), await world.start("two")
    for row_id in ("a", "b", "c"):
        await two.add(row_id, phone="0", email="0")
    await world.settle(two)
    dump = world.partition.backup()
    await world.settle(one)
    if dumped == "yesterday":
        dump = world.partition.backup()
    world.later(days=1)
    for row_id in ("a", "b"):
        await one.edit(row_id, phone="1")
    await one.remove("c")
    await world.settle(one, two)
    world.partition.restore(dump)
    world.later()
    written = join(world.ms, 0, "00office")
    for row_id, change in {
        "a": {
            "life": 1,
            "data": {"name": "a", "phone": "2", "email": "2"},
            "stamps": {"phone": written, "email": written},
        },
        "b": {"life": 2, "stamps": {"life": written}},
        "c": {"life": 1, "data": {"name": "c", "phone": "2", "email": "0"}, "stamps": {"phone": written}},
    }.items():
        world.partition.put("clients", replace(world.partition.rows["clients", row_id].row, **change), None)
    await world.settle(one, two)
    lost = {(entry["rowId"], entry["field"], entry["loser"], entry["winner"]) for entry in await one.journal()}
    unseen = {("a", "phone", '"1"', '"2"'), ("b", "phone", '"1"', "null"), ("c", "phone", '"2"', "null")}
    assert lost == unseen | {("a", "email", '"0"', '"2"'), ("c", "phone", '"0"', '"2"')}
    assert len(await two.journal()) == len(lost)
    world.later()
    await one.edit("a", phone="3")
    await world.settle(two, one)
    await two.edit("a", phone="4")
    await world.settle(two, one)
    assert len(await one.journal()) == len(lost), "afterwards all is as always"


async def test_who_writes_at_a_central_that_was_set_back_just_before_it_gets_its_rows_again(world: World) -> None:
    """Had not seen them either, although the plant had pulled all that was there."""
    one, two = await world.start("one"), await world.start("two")
    dump = world.partition.backup()
    await one.add("a", phone="at one")
    await one.sync()
    world.partition.restore(dump)
    world.later()
    await two.add("a", phone="at two")

    class Busy(MemoryCentral):
        async def push(self, batch: Batch) -> Standing:
            if any(tagged.row.id == "a" for tagged in batch.rows):
                await two.sync()
            return await super().push(batch)

    one.central = Busy
    await one.sync()
    one.central = MemoryCentral
    await world.settle(one, two)
    assert (await one.data("a"))["phone"] == "at two"
    lost = [(entry["field"], entry["loser"], entry["winner"]) for entry in await two.journal()]
    assert lost == [("phone", '"at one"', '"at two"')]


async def test_an_emptied_central(world: World) -> None:
    """A central that knows nothing any more is filled again by the plants."""
    one, two = await world.start("one"), await world.start("two")
    for number in range(20):
        await (one, two)[number % 2].add(f"C-{number}")
    await world.settle(one, two)
    world.partition.restore(Partition("norte"))
    await world.settle(one, two)
    assert len([key for key in world.partition.rows if key[0] == "clients"]) == 20


async def test_a_row_that_a_central_which_was_set_back_does_not_take(world: World) -> None:
    """What it has lost of it is not forgotten while it is set aside: who writes there meanwhile had not seen it."""
    one, two = await world.start("one"), await world.start("two")
    await one.add("a", phone="old")
    await world.settle(one, two)
    yesterday = world.partition.backup()
    await one.edit("a", phone="new")
    await one.sync()
    world.partition.restore(yesterday)
    world.partition.refuses = lambda tagged: "No room for it." if tagged.row.id == "a" else None
    await one.sync()
    world.partition.refuses = lambda tagged: None
    world.later()
    await two.edit("a", phone="at two")
    await two.sync()
    await one.sync()
    await retry(one.store, await aside.read(one.store.reader, aside.PUSH))
    await world.settle(one, two)
    assert (await one.data("a"))["phone"] == "at two"
    assert ('"new"', '"at two"') in [(entry["loser"], entry["winner"]) for entry in await two.journal()]
