"""What happens to plants in a year, told with real databases: in the end all hold the same, and nothing is lost."""

from unittest.mock import patch

import pytest

from structura_local.domain.alerts import ALERTS
from structura_local.domain.catalog import SYNCED
from structura_local.domain.clients import CLIENTS
from structura_local.domain.inventory import INVENTORY
from structura_local.domain.jobs import JOBS
from structura_local.domain.projects import PROJECTS
from structura_local.domain.query import Query
from structura_local.domain.stamp import join, split
from structura_local.operations.rules import Rules
from structura_local.store import aside
from structura_local.store.changes import changes
from structura_local.store.transaction import Author, Transaction
from sync.central.memory import MemoryCentral, Partition
from sync.local import retry
from sync.protocol import Batch, Page, Standing, SyncError, Tagged
from tests.sync.nodes import DAY, World, stored

YEAR = 365 * DAY


async def test_the_pc_restored_from_last_week(world: World) -> None:
    """It gets back what it had pushed since, keeps what it wrote since it was restored, and overwrites nothing."""
    one, two = await world.start("one"), await world.start("two")
    await one.add("a", phone="old")
    await world.settle(one, two)
    before = await one.node()
    await one.backup("last week")
    world.later(days=7)
    await one.edit("a", phone="new")
    await one.add("b")
    await two.add("c")
    await world.settle(one, two)
    await one.restored("last week")
    assert (await one.data("a"))["phone"] == "old"
    await one.add("d")
    await one.edit("a", email="a@example.org")
    await world.settle(one, two)
    assert dict(await two.data("a")) == {"name": "a", "phone": "new", "email": "a@example.org"}
    assert {key[1] for key in await one.everything() if key[0] == "clients"} == {"a", "b", "c", "d"}
    assert await one.node() != before
    assert await one.journal() == []


async def test_a_restored_pc_does_not_go_on_as_who_it_was(world: World) -> None:
    """Stock taken before and after a restore counts both times: the two histories are told apart."""
    one, two = await world.start("one"), await world.start("two")
    await one.add("i", INVENTORY, quantity=100)
    await world.settle(one, two)
    await one.backup("last week")
    await one.edit("i", INVENTORY, quantity=90)
    await world.settle(one, two)
    await one.restored("last week")
    await one.edit("i", INVENTORY, quantity=95)
    await world.settle(one, two)
    assert (await two.data("i", INVENTORY))["quantity"] == 85


@pytest.mark.parametrize("moment", ["between two exchanges", "in the middle of one"])
async def test_the_cloned_pc(world: World, moment: str) -> None:
    """A copied folder becomes a second node; what is written at either reaches both."""
    one, two = await world.start("one"), await world.start("two")
    await one.add("i", INVENTORY, quantity=100)
    await world.settle(one, two)
    if moment == "in the middle of one":
        await one.port.lineage()  # the next word of its lineage is on disk, and so in the copy
    await one.backup("clone")
    clone = await world.start("clone")
    for number, pc in enumerate((one, clone)):
        await pc.add(f"at {pc.name}")
        await pc.edit("i", INVENTORY, quantity=100 - 10 * (number + 1))
    for pc in (one, clone, one, clone):
        await pc.sync()
        await pc.add(f"at {pc.name} again {world.ms}")
        world.later()
    await world.settle(one, clone, two)
    assert await one.node() != await clone.node()
    assert (await two.data("i", INVENTORY))["quantity"] == 70
    assert len([key for key in world.partition.rows if key[0] == "clients"]) == 6


async def test_a_count_imported_where_nobody_had_counted_yet(world: World) -> None:
    """Of two places that make the same row one leaves the count out; an import that knows only that one meets a count
    that is older than the row, and had not seen it all the same."""
    one, two, three = await world.start("one"), await world.start("two"), await world.start("three")
    await one.add("i", INVENTORY, quantity=5)
    world.later()
    await two.add("i", INVENTORY)
    await world.settle(two, three)
    await one.sync()
    three.author = Author("import")
    await three.edit("i", INVENTORY, quantity=7)
    await world.settle(one, two, three)
    assert (await one.data("i", INVENTORY))["quantity"] == 7
    assert [(c["field"], c["winner"], c["loser"]) for c in await one.journal()] == [("quantity", "7", "5")]


async def test_a_count_between_somebody_elses_count_and_addition(world: World) -> None:
    """The addition is later than both counts; head office is told all the same that this one had not seen another."""
    one, two = await world.start("one"), await world.start("two")
    one.author = Author("import")
    await one.add("i", INVENTORY)
    world.later()
    await two.add("i", INVENTORY, quantity=2)
    world.later()
    await one.edit("i", INVENTORY, quantity=5)
    world.later()
    await two.edit("i", INVENTORY, quantity=3)
    await two.sync()
    theirs = Tagged(INVENTORY.table, world.partition.rows[INVENTORY.table, "i"].row, lsn=1)
    await one.port.apply(Page([theirs], 1))
    batch = await one.port.changes() or pytest.fail("nothing")
    (sent,) = (row for row in batch.rows if row.collection == INVENTORY.table)
    assert sent.row.data["quantity"] == 6
    assert sent.base["quantity"] == ""
    await world.settle(two, one)
    assert (await two.data("i", INVENTORY))["quantity"] == 6
    assert [(c["winner"], c["loser"]) for c in await two.journal()] == [("5", "2")]


@pytest.mark.parametrize("field", ["quantity", "location"])
async def test_a_write_before_a_restart_with_a_wrong_clock_is_later_than_what_it_had_seen(
    world: World, field: str
) -> None:
    """Its time is taken for years ago then; the count or the place that was there before it is older all the same."""
    one, two = await world.start("one"), await world.start("two")
    await one.add("i", INVENTORY, quantity=100, location="A")
    await world.settle(one, two)
    await two.edit("i", INVENTORY, quantity=90, location="B")
    await world.settle(two, one)
    seen = (await one.row("i", INVENTORY)).stamp(field)
    await one.edit("i", INVENTORY, **{field: {"quantity": 80, "location": "C"}[field]})
    one.error = 2 * YEAR
    await one.restart()
    await one.sync()
    row = await one.row("i", INVENTORY)
    assert seen < row.stamp(field) < join(world.ms, 0, "")
    await world.settle(two, one)
    assert (await two.data("i", INVENTORY))[field] == {"quantity": 80, "location": "C"}[field]
    assert await two.journal() == []


async def test_ninety_offline_days(world: World) -> None:
    """However long a PC was away, nothing of it is dropped and nothing comes back from the dead."""
    one, two = await world.start("one"), await world.start("two")
    for number in range(30):
        await one.add(f"C-{number}", phone="0")
    await one.add("i", INVENTORY, quantity=1_000)
    await world.settle(one, two)
    for day in range(90):
        world.later(days=1)
        await two.edit(f"C-{day % 30}", phone=f"day {day}")
        await two.edit("i", INVENTORY, quantity=(await two.data("i", INVENTORY))["quantity"] - 0.1)
        await two.add(f"D-{day}")
        if day < 10:
            await one.remove(f"C-{day}")
        else:
            await one.edit(f"C-{day % 30}", email=f"day {day}")
        await one.sync()
    await world.settle(two, one)
    assert (await one.data("i", INVENTORY))["quantity"] == 991
    for number in range(30):
        row = await one.row(f"C-{number}")
        assert row.alive == (number >= 10)
        assert row.data["phone"] == f"day {60 + number}"
    for day in range(90):
        await one.row(f"D-{day}")
    assert {entry["rowId"] for entry in await one.journal()} == {f"C-{n}" for n in range(10)}, "edits that were buried"


async def test_the_same_sku_made_at_two_places(world: World) -> None:
    """Both articles stay, on both PCs, neither is a conflict; one alert says so until one of them has another SKU."""
    one, two = await world.start("one"), await world.start("two")
    for pc in (one, two):
        pc.store.door.follow(Rules(None))
        await pc.add(f"I-{pc.name}", INVENTORY, sku="S-1", unit="kg", quantity=5, minThreshold=0)
    await world.settle(one, two)
    for pc in (one, two):
        assert [row.data["sku"] for row in await pc.store.reader.find(INVENTORY)] == ["S-1", "S-1"]
    assert await one.journal() == []
    for pc in (one, two):
        (alert,) = await pc.store.reader.find(ALERTS, type="OPERATOR_ALERT")
        assert alert.data["message"].startswith("SKU REPETIDO: S-1")
        assert not alert.data["dismissed"]
    await one.edit("I-two", INVENTORY, sku="S-2")
    await world.settle(one, two)
    for pc in (one, two):
        (alert,) = await pc.store.reader.find(ALERTS, type="OPERATOR_ALERT")
        assert alert.data["dismissed"]


async def test_stock_taken_at_two_places(world: World) -> None:
    """What is taken here and delivered there adds up, to the decimal, however often it is exchanged."""
    one, two = await world.start("one"), await world.start("two")
    await one.add("i", INVENTORY, quantity=100.3)
    await world.settle(one, two)
    for _ in range(3):
        for pc, difference in ((one, -0.1), (two, 20.000001), (one, -7)):
            present = (await pc.data("i", INVENTORY))["quantity"]
            await pc.edit("i", INVENTORY, quantity=round(present + difference, 6))
    await world.settle(one, two)
    await one.restart()
    await one.edit("i", INVENTORY, quantity=(await one.data("i", INVENTORY))["quantity"] - 1)
    await world.settle(two, one)
    assert (await two.data("i", INVENTORY))["quantity"] == 138.000003
    assert await two.journal() == []


async def test_people_put_on_a_job_at_two_places(world: World) -> None:
    """Who is added here and taken off there: both count, and an add wins over a remove that had not seen it."""
    one, two = await world.start("one"), await world.start("two")
    await one.add("j", JOBS, operatorIds=["U-1", "U-2"])
    await world.settle(one, two)
    await one.edit("j", JOBS, operatorIds=["U-1", "U-3"])
    await two.edit("j", JOBS, operatorIds=["U-1"])
    await two.edit("j", JOBS, operatorIds=["U-1", "U-2"])
    await world.settle(one, two)
    assert set((await one.data("j", JOBS))["operatorIds"]) == {"U-1", "U-2", "U-3"}
    assert await one.journal() == []


async def test_a_job_edited_here_and_deleted_there(world: World) -> None:
    """The delete wins, and the edits that it buried are in the journal of both; restored, the edit is there again."""
    one, two = await world.start("one"), await world.start("two")
    await one.add("j", JOBS, status="PENDING", notes="0")
    await world.settle(one, two)
    await two.remove("j", JOBS)
    world.later()
    await one.edit("j", JOBS, notes="important")
    await world.settle(two, one)
    assert not (await one.row("j", JOBS)).alive
    (entry,) = await one.journal()
    assert entry in await two.journal()
    assert (entry["collection"], entry["rowId"], entry["field"]) == ("jobs", "j", "notes")
    assert (entry["loser"], entry["winner"], entry["seen"]) == ('"important"', "null", False)
    await two.restore("j", JOBS)
    await world.settle(two, one)
    row = await one.row("j", JOBS)
    assert row.alive
    assert row.data["notes"] == "important"


async def test_one_field_changed_at_two_places(world: World) -> None:
    """The later write wins, the other is in the journal once, the same on both, with who wrote it where."""
    one, two = await world.start("one"), await world.start("two")
    await one.add("a", phone="0")
    await world.settle(one, two)
    await one.edit("a", phone="at one")
    world.later()
    await two.edit("a", phone="at two")
    await world.settle(one, two)
    assert (await one.data("a"))["phone"] == "at two"
    (entry,) = await one.journal()
    assert await two.journal() == [entry]
    assert (entry["loser"], entry["winner"]) == ('"at one"', '"at two"')
    actors = {row.id: row.data for row in await two.actors()}
    loser = actors[split(entry["loserStamp"]).actor]
    assert (loser["node"], loser["user"]) == (await one.node(), "U-one")


async def test_a_field_changed_by_turns_is_no_conflict(world: World) -> None:
    """Who has seen what they overwrite overwrites it knowingly."""
    one, two = await world.start("one"), await world.start("two")
    await one.add("a", phone="0")
    await world.settle(one, two)
    for turn in range(3):
        for pc in (one, two):
            await pc.edit("a", phone=f"{pc.name} {turn}")
            await pc.edit("a", phone=f"{pc.name} {turn} again")
            await world.settle(one, two)
    assert await one.journal() == []


class Counting(MemoryCentral):
    """Counts what it is asked, and how many rows it was sent."""

    def __init__(self, partition: Partition) -> None:
        super().__init__(partition)
        self.batches: list[int] = []

    async def push(self, batch: Batch) -> Standing:
        self.batches.append(len(batch.rows))
        return await super().push(batch)


async def test_one_row_that_central_refuses_among_ten_thousand_good_ones(world: World) -> None:
    """It is found by halving, set aside with the reason, and holds up nobody; changed, it is tried again."""
    one, two = await world.start("one"), await world.start("two")
    bad = "C-6789"
    world.partition.refuses = lambda row: "The database said no." if row.row.id == bad else None
    made: list[Counting] = []

    def central(partition: Partition) -> MemoryCentral:
        made.append(Counting(partition))
        return made[-1]

    def work(tx: Transaction) -> None:
        for number in range(10_000):
            tx.create(CLIENTS, f"C-{number}", {"name": "x"})

    await one.write(work)
    one.central = central
    await one.sync()
    assert len([key for key in world.partition.rows if key[0] == "clients"]) == 9_999
    assert len(made[0].batches) < 40, "some thirteen halvings"
    assert await one.waiting() == 0
    assert one.differing == [], "in step, but for what is set aside"
    (line,) = await aside.read(one.store.reader, aside.PUSH)
    assert (line.collection, line.row_id, line.reason) == ("clients", bad, "The database said no.")
    assert await one.sync() == (0, 0)
    assert await two.sync() == (0, 10_000)  # one of them the actor
    await one.edit(bad, phone="1")
    assert await one.waiting() == 1
    await one.sync()
    assert ("clients", bad) not in world.partition.rows
    world.partition.refuses = lambda row: None
    await one.edit(bad, phone="2")
    await world.settle(one, two)
    assert (await two.data(bad))["phone"] == "2"
    assert await aside.read(one.store.reader, aside.PUSH) == []


async def test_a_project_of_which_not_all_jobs_have_arrived(world: World) -> None:
    """Who believes that all are done orders the panels, and so does who knows it: that is one order."""
    one, two = await world.start("one"), await world.start("two")
    for pc in (one, two):
        pc.store.door.follow(Rules(None))
    await one.add("p", PROJECTS, deadline="2099-01-01", status="IN_PROGRESS")
    for row_id in ("j-1", "j-2"):
        await one.add(row_id, JOBS, projectId="p", machineType="CONFORMADORA", status="PENDING")
    world.partition.refuses = lambda tagged: "No room for it." if tagged.row.id == "j-2" else None
    await one.sync()
    await two.sync()
    await two.edit("j-1", JOBS, status="COMPLETED")
    for row_id in ("j-1", "j-2"):
        await one.edit(row_id, JOBS, status="COMPLETED")
    world.partition.refuses = lambda tagged: None
    await retry(one.store, await aside.read(one.store.reader, aside.PUSH))
    await world.settle(one, two)
    for pc in (one, two):
        assert len(await pc.store.reader.find(JOBS, machineType="PANELIZADO")) == 1
        assert len(await pc.store.reader.find(ALERTS, type="READY_FOR_DELIVERY", dismissed=False)) <= 1


async def test_a_stock_that_was_set_elsewhere_and_counted_here(world: World) -> None:
    """Who sets it anew there had seen what it was, whatever was added here meanwhile: nothing is lost."""
    one, two = await world.start("one"), await world.start("two")
    await one.add("i", INVENTORY, quantity=100)
    await two.add("i", INVENTORY)
    await two.edit("i", INVENTORY, quantity=5)
    await one.sync()

    class Dying(MemoryCentral):
        async def push(self, batch: Batch) -> Standing:
            raise SyncError("The link is dead.")

    two.central = Dying
    with pytest.raises(SyncError):
        await two.sync()
    two.central = MemoryCentral
    item = await one.row("i", INVENTORY)
    await one.store.door.write(lambda tx: tx.update(INVENTORY, item, {"quantity": 200}), Author("import", "U-one"))
    await world.settle(one, two)
    assert (await one.data("i", INVENTORY))["quantity"] == 205
    assert await two.journal() == []


async def test_a_row_that_is_refused_and_changed_before_the_others_are_acknowledged(world: World) -> None:
    """Head office does not have it: what is there of it by somebody else is met as such when it is taken at last."""
    one, two = await world.start("one"), await world.start("two")
    await one.add("a", phone="1")
    world.partition.refuses = lambda tagged: "No room for it." if tagged.row.id == "a" else None
    set_aside = one.port.set_aside

    async def meanwhile(row: Tagged, reason: str) -> None:
        await set_aside(row, reason)
        if "email" not in row.row.data:
            await one.edit("a", email="a@example.org")

    with patch.object(one.port, "set_aside", meanwhile):
        await one.sync()
    await one.edit("a", address="here")
    world.partition.refuses = lambda tagged: None
    world.later()
    await two.add("a", phone="2")
    await world.settle(two, one)
    assert (await one.data("a"))["phone"] == "2"
    assert ("phone", '"2"', '"1"') in {(c["field"], c["winner"], c["loser"]) for c in await two.journal()}


async def test_a_row_that_is_mended_while_head_office_refuses_it(world: World) -> None:
    """What was refused is not what is there by now, and that goes out like any other change."""
    one, two = await world.start("one"), await world.start("two")
    await one.add("a", phone="1")
    world.partition.refuses = lambda tagged: "No." if tagged.row.data.get("phone") == "1" else None
    set_aside = one.port.set_aside

    async def meanwhile(row: Tagged, reason: str) -> None:
        await one.edit("a", phone="2")
        await set_aside(row, reason)

    with patch.object(one.port, "set_aside", meanwhile):
        await one.sync()
    assert world.partition.rows["clients", "a"].row.data["phone"] == "2"
    assert await aside.count(one.store.reader) == 0
    assert await one.waiting() == 0
    await world.settle(one, two)
    assert await two.journal() == []


@pytest.mark.parametrize("more", [{}, {"address": "here"}])
async def test_a_row_that_is_refused_for_what_somebody_else_has_mended(world: World, more: dict[str, str]) -> None:
    """It is tried again by itself: it is another row now. While the reason is still there it stays set aside."""
    one, two = await world.start("one"), await world.start("two")
    await two.add("a", phone="0", email="0")
    await world.settle(two, one)
    world.partition.refuses = lambda tagged: "No." if tagged.row.data.get("phone") == "1" else None
    await one.edit("a", phone="1", **more)
    await one.sync()
    for change, waits in ({"email": "2"}, 1), ({"phone": "2"}, 0):
        world.later()
        await two.edit("a", **change)
        await world.settle(two)
        await one.sync()
        assert await aside.count(one.store.reader) == waits
    await world.settle(two, one)
    assert dict(await two.data("a")) == {"name": "a", "phone": "2", "email": "2", **more}


async def test_the_number_of_a_row_that_is_tried_again_is_never_given_again(world: World) -> None:
    """Not after a restart, either: head office would be taken to hold what is written under it then."""
    one = await world.start("one")
    await one.add("a")
    world.partition.refuses = lambda tagged: "No." if tagged.row.id == "a" else None
    await one.sync()
    await retry(one.store, await aside.read(one.store.reader, aside.PUSH))
    await one.restart()
    await one.add("b")
    numbers = [one_row.seq for kind in SYNCED for one_row in await stored(one.store, kind)]
    assert len(numbers) == len(set(numbers))
    listed = (await changes(one.store.reader, Query(limit=100), 0)).rows
    assert {(line.collection, line.row_id) for line in listed} == {("clients", "a"), ("clients", "b")}
