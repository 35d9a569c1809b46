"""What goes to central next: transactions of what changed, or, if central was set back, all rows once."""

from collections.abc import Sequence

import pytest

from structura_local.domain.actors import ACTORS
from structura_local.domain.clients import CLIENTS
from structura_local.domain.conflicts import CONFLICTS
from structura_local.domain.jobs import JOBS
from structura_local.store.transaction import Transaction
from sync import protocol
from sync.protocol import Batch, Page, Tagged
from tests.sync.nodes import Pc, World


def ids(rows: Sequence[Tagged]) -> list[tuple[str, str]]:
    return [(row.collection, row.row.id) for row in rows]


async def some(pc: Pc) -> set[tuple[str, str]]:
    """Rows of several collections, one of them deleted, and who wrote them."""
    for number in range(7):
        await pc.add(f"C-{number}")
    for number in range(4):
        await pc.add(f"J-{number}", JOBS)
    await pc.remove("C-3")
    return set((await pc.everything()).keys())


async def test_an_offer_has_every_row_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """In parts, actors first, deleted ones too; its end speaks for all that was here when it began."""
    pc = await world.start("one")
    wanted = await some(pc)
    seq = (await pc.port.changes() or pytest.fail("nothing")).mark
    monkeypatch.setattr(protocol, "MAX_BATCH_ROWS", 3)
    await pc.port.offer_all()
    sent: list[Tagged] = []
    while batch := await pc.port.changes():
        assert len(batch.rows) <= 3
        assert batch.mark == (seq if not batch.rows else 0)
        sent += batch.rows
        await pc.port.acknowledge(batch)
    assert sorted(ids(sent)) == sorted(wanted)
    assert sent[0].collection == ACTORS.table
    assert await pc.port.mark() == seq
    assert await pc.waiting() == 0


async def test_an_offer_goes_on_where_it_was(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A restart in the middle repeats the batch that was not acknowledged and nothing else."""
    pc = await world.start("one")
    wanted = await some(pc)
    monkeypatch.setattr(protocol, "MAX_BATCH_ROWS", 3)
    await pc.port.offer_all()
    first = await pc.port.changes()
    assert first is not None
    await pc.port.acknowledge(first)
    lost = await pc.port.changes()
    await pc.restart()
    again = await pc.port.changes()
    assert again == lost
    rest: list[Tagged] = []
    while batch := await pc.port.changes():
        rest += batch.rows
        await pc.port.acknowledge(batch)
    assert sorted(ids([*first.rows, *rest])) == sorted(wanted)


async def test_what_is_written_during_an_offer_follows_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change behind the offer's place goes as a change, once the offer is over."""
    pc = await world.start("one")
    await some(pc)
    monkeypatch.setattr(protocol, "MAX_BATCH_ROWS", 5)
    await pc.port.offer_all()
    for _ in range(2):
        await pc.port.acknowledge(await pc.port.changes() or pytest.fail("the offer ended early"))
    await pc.edit("C-0", phone="1")
    last: list[Batch] = []
    while batch := await pc.port.changes():
        last.append(batch)
        await pc.port.acknowledge(batch)
    assert ids(last[-1].rows) == [("clients", "C-0")]
    assert last[-1].rows[0].row.data["phone"] == "1"
    assert await pc.waiting() == 0


async def test_only_rows_with_news_have_a_base(world: World) -> None:
    """In an offer a row that central once had is told from one with changes that it has not heard of."""
    pc = await world.start("one")
    await pc.add("a")
    await pc.add("b")
    await pc.sync()
    edited = await pc.row("b")
    await pc.edit("b", phone="1")
    await pc.port.offer_all()
    sent: dict[str, Tagged] = {}
    while batch := await pc.port.changes():
        sent |= {row.row.id: row for row in batch.rows if row.collection == CLIENTS.table}
        await pc.port.acknowledge(batch)
    assert sent["a"].base == {}
    assert sent["b"].base == {"phone": edited.born, "#": edited.fingerprint()}


async def test_what_is_changed_while_it_is_on_its_way_goes_again(world: World) -> None:
    """An acknowledgement speaks of what was sent: the later change waits, on the base of that."""
    pc = await world.start("one")
    await pc.add("a", phone="1")
    batch = await pc.port.changes()
    assert batch is not None
    sent = await pc.row("a")
    await pc.edit("a", phone="2")
    await pc.remove("a")
    await pc.port.acknowledge(batch)
    again = await pc.port.changes()
    assert again is not None
    (tagged,) = again.rows
    assert tagged.base == {"phone": sent.born, "life": "", "#": sent.fingerprint()}


async def test_a_transaction_is_never_cut_while_it_fits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of one tap arrive together at central, however the batches fall."""
    pc = await world.start("one")
    await pc.add("first")
    monkeypatch.setattr(protocol, "MAX_BATCH_ROWS", 4)

    def three(start: int, tx: Transaction) -> None:
        for number in range(3):
            tx.create(CLIENTS, f"C-{start + number}", {"name": "x"})

    for start in range(0, 15, 3):
        await pc.write(lambda tx, start=start: three(start, tx))
    batches: list[Batch] = []
    while batch := await pc.port.changes():
        batches.append(batch)
        await pc.port.acknowledge(batch)
    together = [{int(row.row.id[2:]) // 3 for row in batch.rows if row.row.id.startswith("C-")} for batch in batches]
    assert sorted(n for groups in together for n in groups) == list(range(5)), "no group is in two batches"


async def test_what_lost_goes_with_the_row_that_no_longer_says_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one batch, however small: if the disk is lost before the next, the journal would not know."""
    one, two = await world.start("one"), await world.start("two")
    await one.add("a", phone="1")
    world.later()
    await two.add("a", phone="2")
    await two.sync()
    world.later()
    await one.edit("a", email="a@example.org")
    theirs = Tagged(CLIENTS.table, world.partition.rows[CLIENTS.table, "a"].row, lsn=1)
    await one.port.apply(Page([theirs], 1))
    monkeypatch.setattr(protocol, "MAX_BATCH_ROWS", 1)
    together = []
    while batch := await one.port.changes():
        together.append({collection for collection, _ in ids(batch.rows)})
        await one.port.acknowledge(batch)
    assert {CLIENTS.table, CONFLICTS.table} in together


async def test_what_follows_a_batch_is_read_before_it_has_arrived(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same as after its acknowledgement, of changes and of an offer."""
    pc = await world.start("one")
    monkeypatch.setattr(protocol, "MAX_BATCH_ROWS", 4)
    await some(pc)
    for offering in (False, True):
        if offering:
            await pc.port.offer_all()
        batch = await pc.port.changes()
        assert batch is not None
        following = await pc.port.changes(batch)
        assert following is not None
        await pc.port.acknowledge(batch)
        assert await pc.port.changes() == following


async def test_a_row_that_changes_on_its_way_is_not_read_before_it_has_arrived(world: World) -> None:
    """What is agreed of it then, and so its base, is known only afterwards."""
    pc = await world.start("one")
    await pc.add("a", phone="1")
    batch = await pc.port.changes()
    assert batch is not None
    await pc.add("b")
    following = await pc.port.changes(batch)
    assert following is not None
    assert [row.row.id for row in following.rows] == ["b"]
    await pc.edit("a", phone="2")
    assert await pc.port.changes(batch) is None
    await pc.port.acknowledge(batch)
    again = await pc.port.changes()
    assert again is not None
    assert {row.row.id: row.base.keys() for row in again.rows} == {"a": {"phone", "#"}, "b": {"*"}}
