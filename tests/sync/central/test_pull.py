"""Pages of the port over Postgres are bounded in bytes too."""

from structura_local.domain.row import Row
from sync.protocol import MAX_BATCH_BYTES, Batch, Tagged
from tests.sync.central.factories import at, enrolled, greet, job


async def test_a_page_of_large_rows_is_cut_and_the_next_goes_on(central_dsn: str) -> None:
    """Rows of 64 kB come some at a time, each once, and the cursor is that of the last one that came."""
    text = "".join(chr(33 + n * n % 90) for n in range(64_000))
    async with enrolled(central_dsn, "node0001") as one, enrolled(central_dsn, "node0002") as two:
        ids = [f"J-{n:02}" for n in range(40)]
        head = (await one.push(Batch([job(row_id, notes=text) for row_id in ids], 40))).head
        cursor, found, sizes = 0, [], []
        while cursor < head:
            page = await two.pull(cursor, head)
            found += [tagged.row.id for tagged in page.rows]
            sizes.append(len(page.rows))
            assert page.cursor == len(found)
            cursor = page.cursor
        assert found == ids
        assert max(sizes) <= MAX_BATCH_BYTES // 64_000 + 1
        assert (await greet(two, "node0002")).standing.head == head


async def test_what_counters_have_added_up_counts_too(central_dsn: str) -> None:
    """Articles to which many runs of a program have added are small, and what they consist of is not."""
    entries = {f"quantity+{n:08x}": f"00000001 {n * 7919}" for n in range(500)}
    items = [Row(f"I-{n:03}", at(1), 1, {"quantity": at(2)}, entries, {"name": "Viga"}) for n in range(150)]
    async with enrolled(central_dsn, "node0001") as one, enrolled(central_dsn, "node0002") as two:
        head = (await one.push(Batch([Tagged("inventory", row) for row in items], 150))).head
        cursor, found = 0, 0
        while cursor < head:
            page = await two.pull(cursor, head)
            found, cursor = found + len(page.rows), page.cursor
            sizes = [sum(len(k) + len(v) for k, v in tagged.row.parts.items()) for tagged in page.rows]
            assert sum(sizes[:-1]) <= MAX_BATCH_BYTES
        assert found == 150
