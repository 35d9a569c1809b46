"""What every implementation of the port `Central` does, run against Postgres and memory."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
import pytest_asyncio

from structura_local.domain.row import Row
from sync.central.memory import MemoryCentral, Partition
from sync.central.postgres import PostgresCentral
from sync.protocol import MAJOR, Batch, Central, Hello, RowRefused, SyncError, Tagged, VersionRefused
from tests.sync.central.factories import PLANT, at, canonical, enrolled, everything, greet, job

pytestmark = pytest.mark.asyncio

Attach = Callable[[str], Awaitable[Central]]


@pytest.fixture(params=["postgres", "memory"])
def dsn(request: pytest.FixtureRequest) -> str | None:
    """A database for the port; None: the port in memory."""
    return request.getfixturevalue("central_dsn") if request.param == "postgres" else None


@pytest_asyncio.fixture
async def attach(dsn: str | None) -> AsyncIterator[Attach]:
    """Attaches nodes, by their ids, to one partition."""
    partition = Partition(PLANT)
    async with AsyncExitStack() as stack:

        async def attached(node: str) -> Central:
            if dsn is not None:
                return await stack.enter_async_context(enrolled(dsn, node))
            central = MemoryCentral(partition)
            await greet(central, node)
            return central

        yield attached


async def test_what_one_node_pushes_another_pulls(attach: Attach) -> None:
    """Rows arrive as they were sent, in the order of the batch; the node that sent them does not get them back."""
    one, two = await attach("node0001"), await attach("node0002")
    sent = [job(row_id, targetQuantity=n) for n, row_id in enumerate("cab")]
    head = (await one.push(Batch(sent, 7))).head
    assert head == 3
    page = await two.pull(0, head)
    assert [canonical(t.row) for t in page.rows] == [t.row for t in sent]
    assert page.cursor == head
    own = await one.pull(0, head)
    assert (list(own.rows), own.cursor) == ([], head)


async def test_hello_tells_where_the_partition_stands(attach: Attach) -> None:
    """Head and this node's own mark; a fresh node has none."""
    one, two = await attach("node0001"), await attach("node0002")
    await one.push(Batch([job("a")], 7))
    assert ((await greet(one)).standing.head, (await greet(one)).mark) == (1, 7)
    assert (await greet(two, "node0002")).mark == 0
    assert (await greet(one)).major == MAJOR
    assert (await greet(one)).now > 1_700_000_000_000


async def test_another_major_is_refused(attach: Attach) -> None:
    """The sentence says which side wants an upgrade."""
    central = await attach("node0001")
    with pytest.raises(VersionRefused, match="head office's program wants an upgrade"):
        await central.hello(Hello(PLANT, "node0001", "9", "", "first word", major=MAJOR + 1))


async def test_pages_follow_each_other_without_gaps(attach: Attach) -> None:
    """However small the pages: every row once, and the cursor ends at the head."""
    one, two = await attach("node0001"), await attach("node0002")
    rows = [job(f"j{n}") for n in range(4)] + [Tagged("clients", Row("c", at(1), 1, {}, {}, {"name": "x"}))]
    head = (await one.push(Batch(rows, 1))).head
    cursor, got = 0, []
    while cursor < head:
        page = await two.pull(cursor, head, limit=2)
        got += [t.row.id for t in page.rows]
        assert page.cursor > cursor
        cursor = page.cursor
    assert got == ["j0", "j1", "j2", "j3", "c"]
    assert (list((await two.pull(head, head)).rows), cursor) == ([], head)


async def test_the_last_page_says_where_the_partition_stands(attach: Attach) -> None:
    """A row that others changed since the head was read is in no page up to it; then the last one says a later head."""
    one, two = await attach("node0001"), await attach("node0002")
    head = (await one.push(Batch([job("a"), job("c"), job("b")], 1))).head
    assert (await two.pull(0, head, limit=1)).standing is None
    now = await one.push(Batch([Tagged("jobs", replace(job("b").row, stamps={"notes": at(2)}))], 2))
    page = await two.pull(0, head)
    assert [t.row.id for t in page.rows] == ["a", "c"]
    assert page.standing == now
    rest = await two.pull(page.cursor, now.head)
    assert [t.row.id for t in rest.rows] == ["b"]
    assert rest.standing == now


async def test_two_nodes_keep_their_changes_to_two_fields(attach: Attach) -> None:
    """The merged row goes to both, as neither holds it."""
    one, two = await attach("node0001"), await attach("node0002")
    row = job("a", unit="m").row
    await one.push(Batch([Tagged("jobs", row)], 1))
    mine = Row("a", row.born, 1, {"notes": at(5)}, {}, {**row.data, "notes": "mine"})
    theirs = Row("a", row.born, 1, {"unit": at(4, "node0002")}, {}, {**row.data, "unit": "kg"})
    await one.push(Batch([Tagged("jobs", mine)], 2))
    head = (await two.push(Batch([Tagged("jobs", theirs)], 1))).head
    for central in (one, two):
        (got,) = (await central.pull(0, head)).rows
        assert got.row.data == {"status": "PENDING", "unit": "kg", "notes": "mine"}
        assert got.row.stamps == {**mine.stamps, **theirs.stamps}


async def test_a_batch_delivered_twice_changes_nothing(attach: Attach) -> None:
    """The head may rise, but no row gets a new number, and the mark never goes back."""
    one, two = await attach("node0001"), await attach("node0002")
    batch = Batch([job("a", unit="m"), job("b")], 9)
    head = (await one.push(batch)).head
    again = (await one.push(Batch(batch.rows, 4))).head
    assert again >= head
    assert list((await two.pull(head, again)).rows) == []
    assert (await greet(one)).mark == 9


async def test_an_id_twice_in_a_batch_is_folded(attach: Attach) -> None:
    """Both versions count, in either order."""
    central = await attach("node0001")
    await central.push(Batch([job("a", 5, unit="new"), job("a", 3, unit="old", notes="old")], 1))
    assert (await everything(central))["jobs", "a"].data == {"status": "PENDING", "unit": "new"}


async def test_a_tombstone_travels_and_wins(attach: Attach) -> None:
    """A delete arrives at the others, and an edit that had not seen it stays below it."""
    one, two = await attach("node0001"), await attach("node0002")
    alive = job("a").row
    await one.push(Batch([Tagged("jobs", alive)], 1))
    await one.push(Batch([Tagged("jobs", Row("a", alive.born, 2, {"life": at(6)}, {}, alive.data))], 2))
    edited = Row("a", alive.born, 1, {"unit": at(9, "node0002")}, {}, {"unit": "kg"})
    await two.push(Batch([Tagged("jobs", edited)], 1))
    row = (await everything(two))["jobs", "a"]
    assert (row.life, row.stamps["life"], row.data["unit"]) == (2, at(6), "kg")


async def test_fields_of_a_newer_version_are_kept_and_merged(attach: Attach) -> None:
    """A field that central does not know goes by the same rule as the others."""
    one, two = await attach("node0001"), await attach("node0002")
    row = job("a", hologram={"x": [1, None]}, unit="m").row
    await one.push(Batch([Tagged("jobs", row)], 1))
    later = Row("a", row.born, 1, {"hologram": at(3)}, {}, {**row.data, "hologram": "flat"})
    await two.push(Batch([Tagged("jobs", later)], 1))
    await one.push(Batch([Tagged("jobs", row)], 2))
    assert (await everything(one))["jobs", "a"] == canonical(later)


async def test_an_unknown_collection_is_refused_with_a_sentence(attach: Attach) -> None:
    """And nothing of the batch is taken."""
    central = await attach("node0001")
    with pytest.raises(RowRefused, match="holograms"):
        await central.push(Batch([job("a"), Tagged("holograms", job("b").row)], 1))
    assert (await greet(central)).standing.head == 0


async def test_pin_keys_are_exchanged(attach: Attach) -> None:
    """Each node gets all that were deposited; a key once deposited stays as it is."""
    one, two = await attach("node0001"), await attach("node0002")
    assert await one.exchange_keys({"k1": "aa"}) == {"k1": "aa"}
    assert await two.exchange_keys({"k1": "ff", "k2": "bb"}) == {"k1": "aa", "k2": "bb"}
    assert await one.exchange_keys({}) == {"k1": "aa", "k2": "bb"}


async def test_a_copy_that_comes_in_between_ends_the_session(attach: Attach) -> None:
    """Another history under this node's id has said hello: nothing more is pushed or pulled for the first one."""
    one = await attach("node0001")
    await one.push(Batch([job("a")], 1))
    assert (await one.hello(Hello(PLANT, "node0001", "1.2.3", "first word", "second word"))).known
    await one.push(Batch([job("b")], 2))
    two = MemoryCentral(one.partition) if isinstance(one, MemoryCentral) else PostgresCentral(one._connection, PLANT)
    assert (await two.hello(Hello(PLANT, "node0001", "1.2.3", "second word", "of the copy"))).known
    with pytest.raises(SyncError, match="A copy of this PC's data"):
        await one.push(Batch([job("c")], 3))
    with pytest.raises(SyncError, match="A copy of this PC's data"):
        await one.pull(0, 2)
    assert not (await one.hello(Hello(PLANT, "node0001", "1.2.3", "second word", "third word"))).known
    assert (await one.hello(Hello(PLANT, "node0001", "1.2.3", "second word", "of the copy"))).known, "and it was copied"
    with pytest.raises(SyncError, match="A copy of this PC's data"):
        await two.push(Batch([job("d")], 3))
    await one.push(Batch([job("c")], 3))
