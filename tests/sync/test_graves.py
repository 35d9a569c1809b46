"""Deleted rows are emptied after a time, at each place at its own; one that comes back is the same row everywhere."""

from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from structura_local.domain import parts
from structura_local.domain.inventory import INVENTORY
from structura_local.domain.jobs import JOBS
from structura_local.domain.row import KEPT_DAYS, LIFE, Row, back, is_emptied, kept_from
from structura_local.domain.stamp import join, split
from structura_local.store import graves
from sync.central import postgres
from sync.central.postgres import PostgresCentral
from sync.protocol import MAJOR, Standing, Welcome
from sync.status import Monitor
from sync.worker import Worker
from tests.sync.central.factories import canonical, enrolled
from tests.sync.nodes import DAY, Pc, Ring, World

FAR = 2**43  # milliseconds; nothing was deleted later
ITEM = {"sku": "V", "unit": "kg", "location": "A", "quantity": 100, "batch": "of a newer plant"}
JOB = {"projectId": "P", "machineType": "CARGA", "productName": "x", "targetQuantity": 1, "unit": "m", "notes": "old"}

INSERT = {
    "inventory": "INSERT INTO structura.inventory (plant_id, id, name, sku, unit, min_threshold)"
    " VALUES ('norte', 'i', 'again', 'W', 'm', 0)",
    "jobs": "INSERT INTO structura.jobs (plant_id, id, project_id, machine_type, product_name, target_quantity, unit)"
    " VALUES ('norte', 'j', 'P', 'CARGA', 'again', 2, 'm')",
}


@pytest_asyncio.fixture
async def central(central_dsn: str) -> AsyncIterator[PostgresCentral]:
    """Head office's Postgres, with the plant of the world's PCs."""
    async with enrolled(central_dsn, plant="norte") as port:
        yield port


@pytest_asyncio.fixture
async def pcs(world: World, central: PostgresCentral) -> list[Pc]:
    """Two PCs, which agree with head office on an article and a job that were deleted."""
    made = [await world.start("one"), await world.start("two")]
    for pc in made:
        pc.central = lambda partition: central  # type: ignore[assignment,return-value]
    await made[0].add("i", INVENTORY, **ITEM)
    await made[0].add("j", JOBS, **JOB, operatorIds=["U-1"])
    await made[0].edit("i", INVENTORY, location="B", quantity=90)
    await made[0].remove("i", INVENTORY)
    await made[0].remove("j", JOBS)
    for pc in (*made, made[0]):
        world.later()
        await pc.sync()
    return made


async def same(central: PostgresCentral, pcs: list[Pc], collection: Any, row_id: str) -> Mapping[str, Any]:
    """After an exchange of all: the data of a row, which all have alike."""
    for pc in (*pcs, *pcs):
        await pc.sync()
        assert pc.differing == []
    (found,) = await central.fetch(collection.table, [row_id])
    for pc in pcs:
        assert canonical(await pc.row(row_id, collection)) == canonical(found.row), pc.name
    return found.row.data


@pytest.mark.parametrize(("ahead_there", "ahead_here"), [(3, 0), (0, 3), (3, 3)])
async def test_a_clock_that_is_years_ahead_empties_nothing(
    central: PostgresCentral, pcs: list[Pc], ahead_there: int, ahead_here: int
) -> None:
    """Head office's or this PC's: only what is old by both has lost its data."""
    one = pcs[0]
    died = split((await one.row("j", JOBS)).stamps[LIFE]).ms
    one.error = died + ahead_here * 365 * DAY - one.world.ms
    worker = Worker(one.store, Ring(), "norte", "", Monitor())
    worker.welcomed(Welcome(MAJOR, True, Standing(0, {}), 0, died + ahead_there * 365 * DAY, "test", "", 0))
    await worker._empty_graves(central)
    (found,) = await central.fetch("jobs", ["j"])
    kept = not (ahead_there and ahead_here)
    assert ("notes" in found.row.data, "notes" in await one.data("j", JOBS)) == (kept, kept)


async def test_who_holds_a_deleted_row_keeps_nobody_waiting(
    central_dsn: str, central: PostgresCentral, pcs: list[Pc], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person's open transaction: the plant gives way, goes on, and empties the next day."""
    monkeypatch.setattr(postgres, "PUSH_ATTEMPTS", 2)
    one = pcs[0]
    later = split((await one.row("j", JOBS)).stamps[LIFE]).ms + 365 * DAY
    one.error = later - one.world.ms
    worker = Worker(one.store, Ring(), "norte", "", Monitor())
    owner = await asyncpg.connect(central_dsn)
    async with owner.transaction():
        await owner.execute("SELECT FROM structura_sync.jobs FOR UPDATE")
        with pytest.raises(postgres.Held):
            await central.empty_graves(kept_from(later))
        worker.welcomed(Welcome(MAJOR, True, Standing(0, {}), 0, later, "test", "", 0))
        await worker._empty_graves(central)
    await owner.close()
    for days, kept in ((0, True), (1, False)):
        one.error += days * DAY
        worker.welcomed(Welcome(MAJOR, True, Standing(0, {}), 0, later + days * DAY, "test", "", 0))
        await worker._empty_graves(central)
        (found,) = await central.fetch("jobs", ["j"])
        assert ("notes" in found.row.data) == kept


@pytest.mark.parametrize("collection", [INVENTORY, JOBS], ids=["inventory", "jobs"])
@pytest.mark.parametrize("emptied", ["there only", "everywhere"])
async def test_an_id_inserted_again_at_head_office(
    central_dsn: str, central: PostgresCentral, pcs: list[Pc], collection: Any, emptied: str
) -> None:
    """What the INSERT leaves out is unset at the plants too, whether they have still the former values or not."""
    await central.empty_graves(kept_from(FAR))
    for pc in pcs if emptied == "everywhere" else ():
        await pc.write(partial(graves.empty, FAR))
    owner = await asyncpg.connect(central_dsn)
    await owner.execute(INSERT[collection.table])
    await owner.close()
    data = await same(central, pcs, collection, "i" if collection is INVENTORY else "j")
    if collection is INVENTORY:
        assert (data["name"], data["quantity"]) == ("again", 0)
        assert (data["location"], data.get("batch")) == ("", None)
    else:
        assert (data["productName"], data["status"]) == ("again", "PENDING")
        assert not {"notes", "operatorIds"} & data.keys()


@pytest.mark.parametrize("emptied", ["at one PC", "everywhere but at one PC"])
async def test_an_id_that_a_plant_brings_back(central: PostgresCentral, pcs: list[Pc], emptied: str) -> None:
    """An import names some fields of it; the others are unset at all places, and counters go on adding up."""
    one, two = pcs
    await one.write(partial(graves.empty, FAR))
    if emptied != "at one PC":
        await central.empty_graves(kept_from(FAR))
    await one.restore("i", INVENTORY)
    await one.edit("i", INVENTORY, name="n")
    await two.edit("j", JOBS, notes="below the grave")  # which brings its own full state to head office
    assert dict(await same(central, pcs, INVENTORY, "i")) == {"name": "n", "quantity": 90}


async def test_an_unseen_edit_of_what_comes_back_is_journaled(central: PostgresCentral, pcs: list[Pc]) -> None:
    """Somebody had brought it back and set the place; who makes it anew elsewhere has not seen that."""
    one, two = pcs
    await two.restore("i", INVENTORY)
    await two.edit("i", INVENTORY, location="C", batch="C")
    await two.sync()
    one.world.later()
    await one.write(partial(graves.empty, FAR))
    await one.restore("i", INVENTORY)
    await one.edit("i", INVENTORY, location="D")
    await same(central, pcs, INVENTORY, "i")
    lost = {(entry["field"], entry["loser"], entry["winner"]) for entry in await two.journal()}
    assert lost == {("location", '"C"', '"D"'), ("batch", '"C"', "null")}


def grave(**data: Any) -> Row:
    """Deleted at day 100; its counter says 7."""
    sums = parts.based({}, "quantity", join(1, 0, "actor001"), 7)
    return Row("i", join(1, 0, "actor001"), 2, {LIFE: join(100 * DAY, 0, "actor001")}, sums, data)


def test_a_row_is_made_anew_when_its_data_is_gone_or_may_be() -> None:
    """By what is left of it, and by its age."""
    soon, late = (join(days * DAY, 0, "actor002") for days in (101, 101 + KEPT_DAYS))
    assert back(grave(name="x", quantity=7), soon).born == join(1, 0, "actor001")
    assert back(grave(quantity=7), soon).born == soon
    assert back(grave(), soon) == Row("i", soon, 3, {LIFE: soon}, grave().parts, {"quantity": 7})
    again = back(grave(name="x", quantity=7), late)
    kept = dict.fromkeys(("name", "quantity"), join(1, 0, "actor001"))
    assert (again.born, again.stamps, again.data) == (late, {LIFE: late, **kept}, {"name": "x", "quantity": 7})
    assert not is_emptied(grave(name="x"), 101 * DAY)


async def test_what_head_office_has_yet_to_hear_of_a_deleted_row_stays(world: World) -> None:
    """A PC that was away for long has much to tell; what it has told is emptied."""
    one = await world.start("one")
    for row_id in ("told", "waits"):
        await one.add(row_id, phone="1")
        await one.remove(row_id)
        if row_id == "told":
            await one.sync()
    upto = await one.port.mark()
    await one.write(lambda tx: graves.empty(FAR, tx, upto=upto))
    assert dict(await one.data("told")) == {}
    assert dict(await one.data("waits")) == {"name": "waits", "phone": "1"}
    await one.write(lambda tx: graves.empty(FAR, tx))
    assert dict(await one.data("waits")) == {}
