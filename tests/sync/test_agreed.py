"""The digests of what both sides agree on: kept step by step, the same as counted anew; mended where not."""

import asyncio
import contextlib
import itertools
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from structura_local import clock
from structura_local.domain.clients import CLIENTS
from structura_local.domain.events import EVENTS
from structura_local.domain.inventory import INVENTORY
from structura_local.domain.row import Row
from structura_local.store import aside
from structura_local.store.transaction import Transaction
from sync import texts
from sync.central.memory import MemoryCentral
from sync.protocol import MAX_BATCH_BYTES, MAX_BATCH_ROWS, Batch, Page, Standing, Tagged
from tests.sync.nodes import Pc, World

PCS = st.sampled_from([0, 1])
ROWS = st.sampled_from(["a", "b", "c"])


class Digests(RuleBasedStateMachine):
    """Two PCs with real databases and a central; whatever happens, each digest is the sum over its rows."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        words = (f"{number:08}" for number in itertools.count(1))
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(clock, "random_word", lambda length: next(words).rjust(length, "w"))
        self.loop = asyncio.new_event_loop()
        self.world = World(self.folder)
        self.pcs = [self.run(self.world.start(name)) for name in ("one", "two")]

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        try:
            self.run(self.world.settle(*self.pcs))
        finally:
            for pc in self.pcs:
                self.run(pc.store.close())
            self.loop.close()
            self.patch.undo()
            shutil.rmtree(self.folder)

    @rule(pc=PCS, row_id=ROWS, amount=st.integers(0, 9))
    def change(self, pc: int, row_id: str, amount: int) -> None:
        """Create, edit, count, delete or restore, as it comes."""

        def work(tx: Transaction) -> None:
            row = tx.get(INVENTORY, row_id)
            if row is None:
                tx.create(INVENTORY, row_id, {"name": row_id, "quantity": amount})
            elif amount == 0:
                tx.delete(INVENTORY, row) if row.alive else tx.restore(INVENTORY, row)
            else:
                tx.update(INVENTORY, row, {"quantity": amount, "name": f"{row_id} {amount % 3}"})

        self.run(self.pcs[pc].write(work))

    @rule(pc=PCS)
    def exchange(self, pc: int) -> None:
        self.world.later()
        self.run(self.pcs[pc].sync())
        assert self.pcs[pc].differing == []

    @rule(pc=PCS)
    def push_without_hearing_of_it(self, pc: int) -> None:
        """The acknowledgement is lost."""
        here = self.pcs[pc]
        here.central = _Deaf
        with contextlib.suppress(ConnectionError):  # or there was nothing to push
            self.run(here.sync())
        here.central = MemoryCentral

    @rule(pc=PCS)
    def restart(self, pc: int) -> None:
        self.run(self.pcs[pc].restart())

    @rule(pc=PCS)
    def offer(self, pc: int) -> None:
        self.run(self.pcs[pc].port.offer_all())

    @rule()
    def central_counts_anew(self) -> None:
        """Central's own digests need no mending either."""
        before = self.world.partition.standing
        assert self.run(MemoryCentral(self.world.partition).recount()) == before

    @invariant()
    def the_digest_is_the_sum(self) -> None:
        for pc in self.pcs:
            kept = self.run(digests(pc))
            self.run(pc.port.recount())
            assert self.run(digests(pc)) == kept


class _Deaf(MemoryCentral):
    """Takes what is pushed, and the connection breaks."""

    async def push(self, batch: Batch) -> Standing:
        await super().push(batch)
        raise ConnectionError


TestDigests = Digests.TestCase
TestDigests.settings = settings(max_examples=15, stateful_step_count=12, deadline=None)


async def digests(pc: Pc) -> dict[str, int]:
    kept = await pc.port.digests(await pc.port.cursor())
    assert kept is not None
    return {collection: digest for collection, digest in kept.items() if digest}


async def tampered(pc: Pc, sql: str) -> None:
    await pc.write(lambda tx: tx.connection.execute(sql).fetchall() and None)


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM clients WHERE id = 'C-7'",
        "UPDATE clients SET name = 'rotten', _born = '000000000000000000000000' WHERE id = 'C-7'",
        "UPDATE clients SET _life = 2 WHERE id = 'C-7'",
    ],
)
async def test_a_row_that_was_harmed_here_is_mended(world: World, sql: str) -> None:
    """The next exchange in which anything moves finds it by its bucket and both are in step again."""
    one, two = await world.start("one"), await world.start("two")
    for number in range(50):
        await one.add(f"C-{number}")
    await world.settle(one, two)
    await tampered(two, sql)
    await two.port.recount()
    await two.sync()
    assert two.differing == []
    await world.settle(two, one)
    if "_life" not in sql:
        assert await two.data("C-7") == {"name": "C-7"}


async def test_a_row_that_was_harmed_at_central_is_mended(world: World) -> None:
    """Lost there, it is given back by who has it; an older version is made new again."""
    one, two = await world.start("one"), await world.start("two")
    for number in range(50):
        await one.add(f"C-{number}")
    await world.settle(one, two)
    older = world.partition.rows["clients", "C-8"].row
    await one.edit("C-8", phone="1")
    await world.settle(one, two)
    del world.partition.rows["clients", "C-7"]
    world.partition.rows["clients", "C-8"].row = older
    await MemoryCentral(world.partition).recount()
    await one.sync()
    assert one.differing == []
    assert world.partition.rows["clients", "C-7"].row == await one.row("C-7")
    assert world.partition.rows["clients", "C-8"].row == await one.row("C-8")
    await world.settle(one, two)


@pytest.mark.parametrize("lost", ["there", "here"])
async def test_what_is_handed_over_fits_into_batches(world: World, lost: str) -> None:
    """By its size, in both directions: a slow line has to carry each in time."""
    one, two = await world.start("one"), await world.start("two")

    def fill(tx: Transaction) -> None:
        for number in range(800):
            tx.create(CLIENTS, f"big-{number}", {"name": "x", "address": "a" * 40_000})
        for number in range(3_000):
            tx.create(EVENTS, f"small-{number}", {"type": "CLEANING", "description": "x"})

    await one.write(fill)
    await world.settle(one, two)
    sizes: list[int] = []

    class Slow(MemoryCentral):
        async def push(self, batch: Batch) -> Standing:
            sizes.append(texts.size(batch.rows))
            return await super().push(batch)

        async def fetch(self, collection: str, ids: Sequence[str]) -> Sequence[Tagged]:
            rows = await super().fetch(collection, ids)
            sizes.append(texts.size(rows))
            return rows

    if lost == "there":
        for key in [key for key in world.partition.rows if key[0] in ("clients", "events")]:
            del world.partition.rows[key]
        await MemoryCentral(world.partition).recount()
    else:
        await tampered(one, "DELETE FROM clients")
        await tampered(one, "DELETE FROM events")
        await one.port.recount()
    one.central = Slow
    await one.sync()
    assert one.differing == []
    handed = [size for size in sizes if size]
    assert max(handed) < 1.1 * MAX_BATCH_BYTES
    assert sum(handed) > 32_000_000
    assert len(handed) < 200, "small rows go many at a time"
    await world.settle(one, two)


async def test_a_digest_that_is_wrong_is_counted_anew(world: World) -> None:
    """Where the rows are the same and only the sum is not, nothing is sent."""
    one = await world.start("one")
    await one.add("a")
    await world.settle(one)
    await tampered(one, "UPDATE node_state SET value = '12345' WHERE key = 'digest clients'")
    world.partition.digests["jobs"] = 6789
    assert await one.sync() == (0, 0)
    assert one.differing == []
    assert await one.sync() == (0, 0)


async def test_what_cannot_be_mended_is_said(world: World) -> None:
    """A difference that stays after all attempts is reported by its collection."""
    one = await world.start("one")
    await one.add("a")
    await world.settle(one)

    class Stubborn(MemoryCentral):
        async def recount(self) -> Standing:
            right = await super().recount()
            return Standing(right.head, {**right.digests, "jobs": 1})

    world.partition.digests["jobs"] = 1
    one.central = Stubborn
    await one.sync()
    assert one.differing == ["jobs"]


async def test_a_row_that_did_not_fit_is_taken_when_it_comes_again(world: World) -> None:
    """Set aside as text, counted as agreed; the next version of it is stored and the line is gone."""
    one = await world.start("one")
    bad = Row("a", f"{1:016x}elsewher", 1, {}, {}, {"name": {"not": "text"}})
    good = Row("a", bad.born, 1, {"name": f"{2:016x}elsewher"}, {}, {"name": "x"})
    await one.port.apply(Page([Tagged("clients", bad), Tagged("clients", Row("b", bad.born, 1, {}, {}, {}))], 1))
    (line,) = await aside.read(one.store.reader, aside.PULL)
    assert (line.row_id, line.kept) == ("a", bad)
    assert "clients" in await digests(one)
    before = await digests(one)
    await one.port.recount()
    assert await digests(one) == before
    await one.port.apply(Page([Tagged("clients", good)], 2))
    assert await aside.read(one.store.reader, aside.PULL) == []
    assert await one.row("a") == good
    before = await digests(one)
    await one.port.recount()
    assert await digests(one) == before


async def test_a_row_that_moves_on_while_it_is_pulled_is_no_difference(world: World) -> None:
    """Between a node's look at the head and its pull another changes a row: it comes later, and nothing is mended."""
    one, two = await world.start("one"), await world.start("two")
    await one.add("a")
    await world.settle(one, two)
    await one.edit("a", phone="1")
    await one.sync()
    interruptions, recounts = 0, 0

    class Busy(MemoryCentral):
        async def pull(self, cursor: int, head: int, limit: int = MAX_BATCH_ROWS) -> Page:
            nonlocal interruptions
            if interruptions < 2:
                interruptions += 1
                world.later()
                await one.edit("a", phone=f"again {interruptions}")
                await one.sync()
            return await super().pull(cursor, head, limit)

        async def recount(self) -> Standing:
            nonlocal recounts
            recounts += 1
            return await super().recount()

    two.central = Busy
    await two.sync()
    assert (interruptions, recounts, two.differing) == (2, 0, [])
    assert (await two.data("a"))["phone"] == "again 2"
