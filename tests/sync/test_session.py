"""Sessions between real plant databases and a central in memory: batches, cursors, convergence."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from structura_local.domain.clients import CLIENTS
from structura_local.domain.events import EVENTS
from structura_local.domain.jobs import JOBS
from structura_local.domain.projects import PROJECTS
from structura_local.domain.row import Row
from structura_local.operations.rules import Rules
from structura_local.store.store import Store
from structura_local.store.transaction import Author, Transaction
from sync import protocol
from sync.central.memory import MemoryCentral, Partition
from sync.local import LocalPort
from sync.protocol import Batch, Hello, Page, SyncError, Tagged, Welcome
from sync.session import exchange

API = Author("api", "U-1")


class Ring:
    """PIN keys in memory."""

    def __init__(self, **keys: str) -> None:
        self.keys = keys

    def pin_keys(self) -> dict[str, str]:
        return self.keys

    def add_pin_keys(self, keys: dict[str, str]) -> None:
        self.keys = {**self.keys, **keys}


class Node:
    """A plant PC: its database, its port, and what a session told of itself."""

    def __init__(self, store: Store, ring: Ring) -> None:
        self.store = store
        self.ring = ring
        self.port = LocalPort(store, ring)
        self.counts = (0, 0)

    def welcomed(self, welcome: Welcome) -> None:
        pass

    def moved(self, pushed: int, pulled: int) -> None:
        self.counts = (self.counts[0] + pushed, self.counts[1] + pulled)

    async def sync(self, partition: Partition) -> tuple[int, int]:
        """Exchange with central; returns how many rows were pushed and pulled."""
        self.counts = (0, 0)
        node = (await self.store.reader.state())["node"]
        await exchange(self.port, MemoryCentral(partition), Hello(partition.plant, node, "test"), self)
        return self.counts

    async def write(self, work: Callable[[Transaction], Any]) -> Any:
        return await self.store.door.write(work, API)

    async def add(self, *ids: str, **data: Any) -> None:
        """Clients, in one transaction."""

        def work(tx: Transaction) -> None:
            for row_id in ids:
                tx.create(CLIENTS, row_id, {"name": row_id, **data})

        await self.write(work)

    async def edit(self, row_id: str, **changes: Any) -> None:
        await self.write(lambda tx: tx.update(CLIENTS, tx.get(CLIENTS, row_id) or pytest.fail(row_id), changes))

    async def remove(self, row_id: str) -> None:
        await self.write(lambda tx: tx.delete(CLIENTS, tx.get(CLIENTS, row_id) or pytest.fail(row_id)))

    async def row(self, row_id: str) -> Row | None:
        """The row as it is stored, deleted or not."""
        return await self.store.door.write(lambda tx: tx.get(CLIENTS, row_id), API)


@pytest.fixture
async def nodes(tmp_path: Path) -> AsyncIterator[tuple[Node, Node]]:
    """Two PCs of one plant."""
    ticking = itertools.count(1_700_000_000_000)
    async with AsyncExitStack() as stack:
        made = []
        for name in ("one", "two"):
            store = await Store.open(tmp_path / name, lambda: next(ticking))
            stack.push_async_callback(store.close)
            made.append(Node(store, Ring(**{name: "00"})))
        yield made[0], made[1]


@pytest.fixture
def partition() -> Partition:
    return Partition("norte")


async def test_what_one_pc_writes_the_other_gets(nodes: tuple[Node, Node], partition: Partition) -> None:
    """Created, changed, deleted: after both have exchanged, the rows are the same down to the merge state."""
    one, two = nodes
    await one.add("a", "b", phone="1")
    await one.edit("a", phone="2")
    await one.remove("b")
    assert await one.sync(partition) == (2, 0)
    assert await two.sync(partition) == (0, 2)
    for row_id in ("a", "b"):
        assert await one.row(row_id) == await two.row(row_id) is not None
    removed = await two.row("b")
    assert removed is not None
    assert not removed.alive


async def test_nothing_new_moves_nothing(nodes: tuple[Node, Node], partition: Partition) -> None:
    """A second exchange sends no row, also not back what was just pulled."""
    one, two = nodes
    await one.add("a")
    await one.sync(partition)
    await two.sync(partition)
    assert await one.sync(partition) == (0, 0)
    assert await two.sync(partition) == (0, 0)


async def test_two_fields_changed_at_two_pcs_both_survive(nodes: tuple[Node, Node], partition: Partition) -> None:
    """Concurrent changes of different fields of one row merge on both PCs."""
    one, two = nodes
    await one.add("a")
    await one.sync(partition)
    await two.sync(partition)
    await one.edit("a", phone="1")
    await two.edit("a", email="x@example.org")
    for node in (one, two, one):
        await node.sync(partition)
    merged = await one.row("a")
    assert merged == await two.row("a") is not None
    assert (merged.data["phone"], merged.data["email"]) == ("1", "x@example.org")


async def test_a_delete_wins_over_an_edit_it_had_not_seen(nodes: tuple[Node, Node], partition: Partition) -> None:
    """Deleted at one PC, edited later at the other: deleted on both."""
    one, two = nodes
    await one.add("a")
    await one.sync(partition)
    await two.sync(partition)
    await one.remove("a")
    await two.edit("a", phone="1")
    for node in (two, one, two):
        await node.sync(partition)
    for node in (one, two):
        row = await node.row("a")
        assert row is not None
        assert not row.alive
        assert row.data["phone"] == "1"


async def test_a_pulled_change_does_not_hide_what_still_waits(nodes: tuple[Node, Node], partition: Partition) -> None:
    """A row that is merged while it waits to be pushed goes on waiting, and is pushed merged."""
    one, two = nodes
    await one.add("a")
    await one.sync(partition)
    await two.sync(partition)
    await two.edit("a", phone="1")
    await two.sync(partition)
    await one.edit("a", email="x@example.org")
    assert (await one.store.reader.pending(await one.port.mark()))[0] == 1
    assert await one.sync(partition) == (1, 1)
    assert (await one.store.reader.pending(await one.port.mark()))[0] == 0
    assert partition.rows["clients", "a"].row == await one.row("a")


async def test_a_batch_ends_between_transactions_where_they_fit(
    nodes: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three transactions of two rows at four rows a batch: two whole ones, then the third."""
    one, _ = nodes
    monkeypatch.setattr(protocol, "MAX_BATCH_ROWS", 5)
    for pair in (("a", "b"), ("c", "d"), ("e", "f")):
        await one.add(*pair)
    assert [[t.row.id for t in b.rows] for b in await _batches(one.port)] == [["a", "b", "c", "d"], ["e", "f"]]


async def test_a_transaction_larger_than_a_batch_is_sent_in_parts(
    nodes: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven rows in one transaction, three a batch: all are sent, in order."""
    one, _ = nodes
    monkeypatch.setattr(protocol, "MAX_BATCH_ROWS", 3)
    await one.add(*"abcdefg")
    batches = await _batches(one.port)
    assert [t.row.id for b in batches for t in b.rows] == list("abcdefg")
    assert max(len(b.rows) for b in batches) == 3


async def test_a_batch_is_bounded_in_bytes(nodes: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that are large each travel one by one."""
    one, _ = nodes
    monkeypatch.setattr(protocol, "MAX_BATCH_BYTES", 3_000)
    for row_id in "abc":
        await one.add(row_id, address="x" * 2_000)
    assert [len(b.rows) for b in await _batches(one.port)] == [1, 1, 1]


async def test_a_row_larger_than_a_batch_is_sent_alone(
    nodes: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit never stops a row for good."""
    one, _ = nodes
    monkeypatch.setattr(protocol, "MAX_BATCH_BYTES", 100)
    await one.add("a", "b", address="x" * 2_000)
    assert [len(b.rows) for b in await _batches(one.port)] == [1, 1]


async def test_an_acknowledgement_that_got_lost_costs_a_batch_and_nothing_else(
    nodes: tuple[Node, Node], partition: Partition
) -> None:
    """Central took a batch, the node never heard: it is sent again and changes nothing there."""
    one, _ = nodes
    await one.add("a")
    mark = await one.port.mark()
    await one.sync(partition)
    lsn = partition.rows["clients", "a"].lsn
    await one.port.acknowledge(mark)
    assert await one.sync(partition) == (1, 0)
    assert partition.rows["clients", "a"].lsn == lsn


async def test_a_central_that_was_set_back_gets_its_changes_again(
    nodes: tuple[Node, Node], partition: Partition
) -> None:
    """An emptied central is filled again with what this node wrote."""
    one, _ = nodes
    await one.add("a", "b")
    await one.sync(partition)
    emptied = Partition("norte")
    assert await one.sync(emptied) == (2, 0)
    assert emptied.rows["clients", "a"].row == await one.row("a")


async def test_the_cursor_moves_with_the_last_rows(nodes: tuple[Node, Node]) -> None:
    """Pages larger than a slice are applied in parts; a failure in between leaves the cursor behind, never ahead."""
    one, _ = nodes
    rows = [Tagged("clients", Row(f"C-{n}", f"{n:016x}aaaaaaaa", 1, {}, {}, {"name": "x"})) for n in range(1, 451)]
    await one.port.apply(Page(rows, 450))
    assert await one.port.cursor() == 450
    assert len(await one.store.reader.find(CLIENTS)) == 450
    broken = [*rows[:300], Tagged("clients", Row("C-x", "no stamp", 1, {}, {}, {"name": "x"}))]
    with pytest.raises(ValueError, match="not a stamp"):
        await one.port.apply(Page(broken, 999))
    assert await one.port.cursor() == 450


async def test_a_collection_of_a_newer_version_is_refused_with_a_sentence(nodes: tuple[Node, Node]) -> None:
    """An older PC says that it has to be upgraded, and keeps its cursor."""
    one, _ = nodes
    with pytest.raises(SyncError, match="upgrade this PC"):
        await one.port.apply(Page([Tagged("robots", Row("R", "0" * 24, 1, {}, {}, {}))], 5))
    assert await one.port.cursor() == 0


async def test_fields_of_a_newer_version_are_kept_and_given_back(
    nodes: tuple[Node, Node], partition: Partition
) -> None:
    """A field that this version does not know survives an edit here and goes back to central unharmed."""
    one, _ = nodes
    newer = Row("a", f"{5:016x}newer000", 1, {}, {}, {"name": "x", "colour": ["red"]})
    await one.port.apply(Page([Tagged("clients", newer)], 1))
    await one.edit("a", phone="1")
    await one.sync(partition)
    assert partition.rows["clients", "a"].row.data == {"name": "x", "colour": ["red"], "phone": "1"}


async def test_a_merge_is_logged_and_announced_as_coming_from_elsewhere(nodes: tuple[Node, Node]) -> None:
    """What a pull changes is in the change log and told to listeners, marked as sync; it does not wait to be pushed."""
    one, _ = nodes
    heard: list[tuple[str, str]] = []
    one.store.door.listen(lambda changes: heard.extend((c.origin, c.row_id) for c in changes))
    await one.port.apply(Page([Tagged("jobs", Row("J", "0" * 24, 1, {}, {}, {"unit": "m"}))], 1))
    assert heard == [("sync", "J")]
    assert await one.port.changes(0) is None
    assert [row.id for row in await one.store.reader.find(JOBS)] == ["J"]


async def test_pin_keys_reach_every_pc(nodes: tuple[Node, Node], partition: Partition) -> None:
    """Each PC deposits its key and gets the others'."""
    one, two = nodes
    await one.sync(partition)
    await two.sync(partition)
    await one.sync(partition)
    assert one.ring.keys == two.ring.keys == {"one": "00", "two": "00"}


async def test_writes_go_on_while_pages_are_applied(nodes: tuple[Node, Node]) -> None:
    """A write that comes while a large page is being applied does not wait for its end."""
    one, _ = nodes
    rows = [Tagged("clients", Row(f"C-{n}", f"{n:016x}aaaaaaaa", 1, {}, {}, {"name": "x"})) for n in range(1, 3001)]
    applying = asyncio.create_task(one.port.apply(Page(rows, 3000)))
    await asyncio.sleep(0)
    await one.add("mine")
    assert not applying.done()
    await applying


async def test_two_changes_made_apart_cause_the_same_row_on_both(
    nodes: tuple[Node, Node], partition: Partition
) -> None:
    """Each PC completes one of the last two jobs without a link; once merged, both order the same PANELIZADO job."""
    one, two = nodes
    for node in nodes:
        node.store.door.follow(Rules(None))

    def begin(tx: Transaction) -> None:
        tx.create(PROJECTS, "P", {"name": "Casa", "deadline": "2099-01-01", "status": "IN_PROGRESS"})
        for job_id in ("J-1", "J-2"):
            tx.create(JOBS, job_id, {"projectId": "P", "machineType": "CONFORMADORA", "status": "PENDING"})

    await one.write(begin)
    await one.sync(partition)
    await two.sync(partition)
    for node, job_id in ((one, "J-1"), (two, "J-2")):
        await node.write(partial(_complete, job_id))
        assert await node.store.reader.find(JOBS, machineType="PANELIZADO") == []
    for node in (one, two, one, two, one):
        await node.sync(partition)
    (ours,) = await one.store.reader.find(JOBS, machineType="PANELIZADO")
    (theirs,) = await two.store.reader.find(JOBS, machineType="PANELIZADO")
    assert ours == theirs
    assert len(await one.store.reader.find(EVENTS)) == len(await two.store.reader.find(EVENTS)) == 2
    assert await one.sync(partition) == await two.sync(partition) == (0, 0)


async def test_a_first_download_runs_no_rules(nodes: tuple[Node, Node], partition: Partition) -> None:
    """A new PC takes finished jobs and low stock as they are; what followed from them comes from where it was made."""
    one, two = nodes
    two.store.door.follow(Rules(None))

    def begin(tx: Transaction) -> None:
        tx.create(PROJECTS, "P", {"name": "Casa", "deadline": "2099-01-01", "status": "IN_PROGRESS"})
        tx.create(JOBS, "J", {"projectId": "P", "machineType": "CONFORMADORA", "status": "COMPLETED"})

    await one.write(begin)
    await one.sync(partition)
    assert await two.sync(partition) == (0, 2)
    assert await two.store.reader.find(EVENTS) == []
    assert await two.sync(partition) == (0, 0)


async def test_a_rule_that_fails_holds_up_no_sync(nodes: tuple[Node, Node], partition: Partition) -> None:
    """What a sync brings is kept although a rule fails on it; what the rule had done by then is undone."""
    one, two = nodes
    await one.add("a", "b")
    await one.sync(partition)
    await two.sync(partition)

    def broken(tx: Transaction) -> None:
        if tx.touched:
            tx.create(JOBS, "half done", {"unit": "m"})
            raise RuntimeError("a rule with a mistake in it")

    two.store.door.follow(broken)
    await one.edit("a", phone="1")
    assert await two.sync(partition) == (0, 0)
    await one.sync(partition)
    assert await two.sync(partition) == (0, 1)
    assert await two.row("a") == await one.row("a")
    assert await two.store.reader.find(JOBS) == []
    with pytest.raises(RuntimeError):
        await two.edit("b", phone="1")


def _complete(job_id: str, tx: Transaction) -> None:
    tx.update(JOBS, tx.get(JOBS, job_id) or pytest.fail(job_id), {"status": "COMPLETED"})


async def _batches(port: LocalPort) -> list[Batch]:
    batches: list[Batch] = []
    mark = 0
    while batch := await port.changes(mark):
        assert batch.mark > mark
        mark = batch.mark
        batches.append(batch)
    return batches
