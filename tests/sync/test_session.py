"""Sessions between real plant databases and a central in memory: batches, cursors, convergence."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from structura_local.domain.clients import CLIENTS
from structura_local.domain.events import EVENTS
from structura_local.domain.jobs import JOBS
from structura_local.domain.projects import PROJECTS
from structura_local.domain.row import Row
from structura_local.domain.stamp import join
from structura_local.errors import AppError
from structura_local.operations.rules import Rules
from structura_local.store import aside
from structura_local.store.store import Store
from structura_local.store.transaction import Author, Transaction
from sync import protocol
from sync.central.memory import MemoryCentral, Partition
from sync.local import LocalPort
from sync.protocol import Batch, Hello, Page, Tagged, Welcome
from sync.session import exchange
from tests.sync.nodes import Ring

API = Author("api", "U-1")


class Node:
    """A plant PC: its database, its port, and what a session told of itself."""

    def __init__(self, store: Store, ring: Ring) -> None:
        self.store = store
        self.ring = ring
        self.port = LocalPort(store, ring)
        self.counts = (0, 0)

    def welcomed(self, welcome: Welcome) -> None:
        pass

    def compared(self, differing: list[str]) -> None:
        assert differing == []

    def moved(self, pushed: int, pulled: int) -> None:
        self.counts = (self.counts[0] + pushed, self.counts[1] + pulled)

    async def sync(self, partition: Partition) -> tuple[int, int]:
        """Exchange with central; returns how many rows were pushed and pulled."""
        self.counts = (0, 0)
        await exchange(self.port, MemoryCentral(partition), partition.plant, "test", self)
        return self.counts

    async def write(self, work: Callable[[Transaction], Any]) -> Any:
        return await self.store.door.write(work, API)

    async def add(self, *ids: str, **data: Any) -> None:
        """Clients, in one transaction."""

        def work(tx: Transaction) -> None:
            for row_id in ids:
                tx.create(CLIENTS, row_id, {"name": row_id, **data})

        await self.write(work)

    async def known(self) -> None:
        """Have this node's person written before, and nothing waiting."""
        await self.add("first")
        await _batches(self.port)

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
    return Partition("norte", lambda: 1_700_000_000_500)


async def test_what_one_pc_writes_the_other_gets(nodes: tuple[Node, Node], partition: Partition) -> None:
    """Created, changed, deleted: after both have exchanged, the rows are the same down to the merge state."""
    one, two = nodes
    await one.add("a", "b", phone="1")
    await one.edit("a", phone="2")
    await one.remove("b")
    assert await one.sync(partition) == (3, 0), "two rows, and who wrote them"
    assert await two.sync(partition) == (0, 3)
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
    assert await one.sync(partition) == (1, 2), "the row, and who wrote it"
    assert (await one.store.reader.pending(await one.port.mark()))[0] == 0
    assert partition.rows["clients", "a"].row == await one.row("a")


async def test_a_batch_ends_between_transactions_where_they_fit(
    nodes: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three transactions of two rows at four rows a batch: two whole ones, then the third."""
    one, _ = nodes
    await one.known()
    monkeypatch.setattr(protocol, "MAX_BATCH_ROWS", 5)
    for pair in (("a", "b"), ("c", "d"), ("e", "f")):
        await one.add(*pair)
    assert [[t.row.id for t in b.rows] for b in await _batches(one.port)] == [["a", "b", "c", "d"], ["e", "f"]]


async def test_a_transaction_larger_than_a_batch_is_sent_in_parts(
    nodes: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven rows in one transaction, three a batch: all are sent, in order."""
    one, _ = nodes
    await one.known()
    monkeypatch.setattr(protocol, "MAX_BATCH_ROWS", 3)
    await one.add(*"abcdefg")
    batches = await _batches(one.port)
    assert [t.row.id for b in batches for t in b.rows] == list("abcdefg")
    assert max(len(b.rows) for b in batches) == 3


async def test_a_batch_is_bounded_in_bytes(nodes: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that are large each travel one by one."""
    one, _ = nodes
    await one.known()
    monkeypatch.setattr(protocol, "MAX_BATCH_BYTES", 3_000)
    for row_id in "abc":
        await one.add(row_id, address="x" * 2_000)
    assert [len(b.rows) for b in await _batches(one.port)] == [1, 1, 1]


async def test_a_row_larger_than_a_batch_is_sent_alone(
    nodes: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit never stops a row for good."""
    one, _ = nodes
    await one.known()
    monkeypatch.setattr(protocol, "MAX_BATCH_BYTES", 100)
    await one.add("a", "b", address="x" * 2_000)
    assert [len(b.rows) for b in await _batches(one.port)] == [1, 1]


async def test_an_acknowledgement_that_got_lost_costs_nothing(nodes: tuple[Node, Node], partition: Partition) -> None:
    """Central took a batch, the node never heard: its next hello tells, and what others made of it is no conflict."""
    one, two = nodes
    await one.add("a", phone="1")
    batch = await one.port.changes()
    assert batch is not None
    central = MemoryCentral(partition)
    lineage = await one.port.lineage()
    await central.hello(Hello("norte", lineage.node, "test", lineage.last, lineage.next))
    await central.push(batch)
    await two.sync(partition)
    await two.edit("a", phone="2")
    await two.sync(partition)
    assert await one.sync(partition) == (0, 2)
    assert [key for key in partition.rows if key[0] == "conflicts"] == []
    assert await one.row("a") == await two.row("a")


async def test_a_central_that_was_set_back_gets_its_changes_again(
    nodes: tuple[Node, Node], partition: Partition
) -> None:
    """An emptied central is filled again with what this node wrote."""
    one, _ = nodes
    await one.add("a", "b")
    await one.sync(partition)
    former = (await one.port.lineage()).node
    emptied = Partition("norte", partition.now)
    assert await one.sync(emptied) == (4, 0), "and its actors, as it was, and as the new node's"
    assert (await one.port.lineage()).node != former, "neither side can tell a copy of the PC from a new central"
    assert emptied.rows["clients", "a"].row == await one.row("a")


class Busy(MemoryCentral):
    """Whenever this node has read, somebody at head office writes, until this node's row has arrived there."""

    pulls = 0

    async def pull(self, cursor: int, head: int, limit: int = protocol.MAX_BATCH_ROWS) -> Page:
        page = await super().pull(cursor, head, limit)
        self.pulls += 1
        assert self.pulls < 10, "and what waits is never sent"
        if (CLIENTS.table, "mine") not in self.partition.rows:
            stamp = join(1_700_000_000_000, self.pulls, "00office")
            self.partition.put(CLIENTS.table, Row(f"theirs {self.pulls}", stamp, 1, {}, {}, {"name": "x"}), None)
        return replace(page, standing=self.partition.standing)


async def test_who_always_has_something_to_read_writes_too(nodes: tuple[Node, Node], partition: Partition) -> None:
    """Others who write at head office all the time do not keep this PC from pushing."""
    one, _ = nodes
    await one.sync(partition)
    await one.add("mine")
    partition.put(CLIENTS.table, Row("theirs", join(1_700_000_000_000, 0, "00office"), 1, {}, {}, {"name": "x"}), None)
    await exchange(one.port, Busy(partition), "norte", "test", one)
    assert (CLIENTS.table, "mine") in partition.rows
    assert await one.row("theirs 1")


async def test_the_cursor_moves_with_the_last_rows(nodes: tuple[Node, Node]) -> None:
    """Pages larger than a slice are applied in parts; a failure in between leaves the cursor behind, never ahead."""
    one, _ = nodes
    rows = [Tagged("clients", Row(f"C-{n}", f"{n:016x}aaaaaaaa", 1, {}, {}, {"name": "x"})) for n in range(1, 451)]
    await one.port.apply(Page(rows, 450))
    assert await one.port.cursor() == 450
    assert len(await one.store.reader.find(CLIENTS)) == 450
    large = [Tagged("clients", replace(t.row, data={"name": "x" * 4_000})) for t in rows]
    later = [Tagged("clients", replace(t.row, born=f"{t.row.born[:15]}f{t.row.born[16:]}")) for t in large]
    (pages,) = await one.write(lambda tx: tx.connection.execute("PRAGMA page_count").fetchone())
    await one.write(lambda tx: tx.connection.execute(f"PRAGMA max_page_count = {pages + 800}").fetchone())
    with pytest.raises(AppError, match="disk"):
        await one.port.apply(Page(later, 999))
    kept = [row for row in await one.store.reader.find(CLIENTS) if row.data["name"] != "x"]
    assert 0 < len(kept) < 450
    assert await one.port.cursor() == 450


async def test_a_row_that_is_none_is_set_aside(nodes: tuple[Node, Node]) -> None:
    """Nonsense for a stamp holds up no rows and does not get into this node's clock."""
    one, _ = nodes
    nonsense, client = Row("C-x", "no stamp", 1, {}, {}, {"name": "x"}), Row("C", "0" * 24, 1, {}, {}, {"name": "x"})
    await one.port.apply(Page([Tagged("clients", nonsense), Tagged("clients", client)], 5))
    assert await one.port.cursor() == 5
    assert await one.row("C") == client
    assert await one.row("C-x") is None
    (line,) = await aside.read(one.store.reader, aside.PULL)
    assert (line.row_id, line.kept) == ("C-x", nonsense)
    assert "not a stamp" in line.reason
    await one.add("mine")


async def test_a_collection_of_a_newer_version_is_set_aside(nodes: tuple[Node, Node]) -> None:
    """An older PC keeps what it does not know, and the rows behind it pass."""
    one, _ = nodes
    robot, client = Row("R", "0" * 24, 1, {}, {}, {}), Row("C", "0" * 24, 1, {}, {}, {"name": "x"})
    await one.port.apply(Page([Tagged("robots", robot), Tagged("clients", client)], 5))
    assert await one.port.cursor() == 5
    assert await one.row("C") == client
    (line,) = await aside.read(one.store.reader, aside.PULL)
    assert (line.collection, line.row_id, line.kept) == ("robots", "R", robot)
    assert (await one.port.digests(5)) == {"robots": robot.fingerprint(), "clients": client.fingerprint()}


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
    one.store.door.listen(lambda changes: heard.extend((c.origin, c.row.id) for c in changes))
    await one.port.apply(Page([Tagged("jobs", Row("J", "0" * 24, 1, {}, {}, {"unit": "m"}))], 1))
    assert heard == [("sync", "J")]
    assert await one.port.changes() is None
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
    assert await two.sync(partition) == (0, 3), "the two rows, and who wrote them"
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
    while batch := await port.changes():
        assert batch.mark > await port.mark()
        await port.acknowledge(batch)
        batches.append(batch)
    return batches
