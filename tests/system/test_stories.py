"""What happens to plants in a year, told with real servers and a real Postgres, as those see it whose plants they are.

The same stories down to the merge state, and more of them, are in tests/sync/test_stories.py.
"""

import json
import shutil
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from sync.central import office
from tests.postgres import execute, with_database
from tests.system.faults import YEAR
from tests.system.plant import PlantServer, command, query, until
from tests.system.year import JOB, Year

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

DAY = 86_400_000


async def test_the_pc_restored_from_last_week(year: Year) -> None:
    """It gets back what it had pushed since, keeps what is written on it now, and overwrites nothing with old data."""
    one, two = await year.pc("one"), await year.pc("two")
    await one.ask("POST", "/api/clients", {"id": "C-1", "name": "Sur", "phone": "old"})
    await year.settled()
    node = await one.node()
    await one.stop()
    shutil.copytree(one.server.folder, year.folder / "last week")
    await one.start()
    await one.ask("PATCH", "/api/clients/C-1", {"phone": "new"})
    await one.ask("POST", "/api/clients", {"id": "C-2", "name": "Este"})
    await year.settled()
    await one.stop()
    shutil.rmtree(one.server.folder)
    (year.folder / "last week").rename(one.server.folder)
    one.unplug()
    await one.start()
    assert (await one.ask("GET", "/api/clients/C-1"))["phone"] == "old"
    await one.ask("POST", "/api/clients", {"id": "C-3", "name": "Oeste"})
    await year.settled()
    for place in (one, two):
        assert (await place.ask("GET", "/api/clients/C-1"))["phone"] == "new"
        assert await place.ids("/api/clients") == {"C-1", "C-2", "C-3"}
    assert await one.conflicts() == []
    assert await one.node() != node, "it goes on as another node"
    assert (await one.server.sync())["step"] == "in step"


async def test_the_cloned_pc(year: Year) -> None:
    """A copied folder becomes a second PC of the plant; stock that is taken at either counts."""
    one = await year.pc("one")
    await one.ask("POST", "/api/inventory", {"id": "I", "name": "Perfil", "sku": "P", "unit": "m", "quantity": 100})
    await year.settled()
    await one.stop()
    shutil.copytree(one.server.folder, year.folder / "copy")
    await one.start()
    clone = await year.pc("clone", folder="copy")
    for place, taken in ((one, -10), (clone, -20), (one, -1), (clone, -2)):
        await place.ask("PATCH", "/api/inventory/I", {"quantity": {"add": taken}})
        await place.ask("POST", "/api/system/sync")
    await year.settled()
    for place in (one, clone):
        assert (await place.ask("GET", "/api/inventory/I"))["quantity"] == 67
    assert await one.node() != await clone.node()
    assert [plant["nodes"] for plant in await office.status(year.dsn)] == [2]


async def test_central_restored_to_yesterday(year: Year) -> None:
    """Head office ends up with all that the PCs still hold; what was written there meanwhile takes nothing away."""
    one, two = await year.pc("one"), await year.pc("two")
    for row_id in ("C-1", "C-2"):
        await one.ask("POST", "/api/clients", {"id": row_id, "name": row_id, "phone": "0"})
    await year.settled()
    cluster, database = with_database(year.dsn, "postgres"), urlsplit(year.dsn).path[1:]
    for place in (one, two):
        place.unplug()
    await execute(cluster, f"CREATE DATABASE {database}_yesterday TEMPLATE {database}")
    await year.settled()
    for row_id in ("C-1", "C-2"):
        await one.ask("PATCH", f"/api/clients/{row_id}", {"phone": "1"})
    await two.ask("POST", "/api/clients", {"id": "C-3", "name": "C-3"})
    await year.settled()
    for place in (one, two):
        place.unplug()
    await execute(
        cluster,
        f"DROP DATABASE {database} WITH (FORCE)",
        f"ALTER DATABASE {database}_yesterday RENAME TO {database}",
    )
    await query(year.dsn, "UPDATE structura.clients SET phone = '2' WHERE id = 'C-2'")
    await year.settled()
    assert await year.at_head_office("SELECT id, phone FROM structura.clients ORDER BY id") == [
        ("C-1", "1"), ("C-2", "2"), ("C-3", "")
    ]  # fmt: skip
    (lost,) = await one.conflicts()
    assert (lost["rowId"], lost["field"], lost["loser"]["value"], lost["winner"]["value"]) == ("C-2", "phone", "1", "2")
    await one.ask("POST", f"/api/system/conflicts/{lost['id']}/restore")
    await year.settled()
    assert (await two.ask("GET", "/api/clients/C-2"))["phone"] == "1"


async def test_the_clock_three_years_ahead(year: Year) -> None:
    """Its write counts as of when it was made: who writes later, elsewhere, is not overruled for three years."""

    async def ahead(server: PlantServer) -> None:
        server.set_clock(3 * YEAR)

    one, two = await year.pc("one"), await year.pc("two", ahead)
    await one.ask("POST", "/api/clients", {"id": "C-1", "name": "Sur", "phone": "0"})
    await year.settled()
    for place in (one, two):
        place.unplug()
    await two.ask("PATCH", "/api/clients/C-1", {"phone": "first, by the wrong clock"})
    ((first,),) = await year.at_head_office("SELECT now()")

    async def later() -> bool:
        """By the true clock, and by more than two PCs' measurements of it differ."""
        ((now,),) = await year.at_head_office("SELECT now()")
        return bool(now - first > timedelta(seconds=1))

    await until(later)
    await one.ask("PATCH", "/api/clients/C-1", {"phone": "later"})
    await year.settled()
    for place in (one, two):
        assert (await place.ask("GET", "/api/clients/C-1"))["phone"] == "later"
    (lost,) = await one.conflicts()
    assert lost["loser"]["value"] == "first, by the wrong clock"
    ((now,),) = await year.at_head_office("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD')")
    assert lost["loser"]["at"][:4] == now[:4], "and it says when that was"


async def test_ninety_offline_days(year: Year) -> None:
    """Two PCs work for 90 days without a link: all of it arrives, the later day counts, and stock adds up."""
    one, two = await year.pc("one"), await year.pc("two")
    for number in range(3):
        await one.ask("POST", "/api/clients", {"id": f"C-{number}", "name": "x", "phone": "0"})
    await one.ask("POST", "/api/inventory", {"id": "I", "name": "Perfil", "sku": "P", "unit": "m", "quantity": 1_000})
    await year.settled()
    for place in (one, two):
        await place.stop()
        place.unplug()
        place.server.set_clock(-90 * DAY)
        await place.start()
    for day in range(90):
        for place, name in ((one, "one"), (two, "two")):
            place.server.set_clock((day - 90) * DAY)
            await place.ask("PATCH", "/api/inventory/I", {"quantity": {"add": -0.1}})
            event = {"machineId": "T", "type": "CLEANING", "description": f"day {day}", "severity": "INFO"}
            await place.ask("POST", "/api/events", {"id": f"E-{name}-{day}", **event})
        if day % 2:
            await one.ask("PATCH", "/api/clients/C-1", {"phone": f"one, day {day}"})
        else:
            await two.ask("PATCH", "/api/clients/C-1", {"phone": f"two, day {day}"})
    await one.ask("DELETE", "/api/clients/C-2")
    waiting = await one.server.sync()
    assert waiting["pending"] > 90
    for place in (one, two):
        place.server.set_clock(0)
    await year.settled()
    for place in (one, two):
        assert (await place.ask("GET", "/api/inventory/I"))["quantity"] == 982
        assert (await place.ask("GET", "/api/clients/C-1"))["phone"] == "one, day 89"
        assert await place.find("/api/clients/C-2") is None
        assert len(await place.ask("GET", "/api/events")) == 180
        (lost,) = await place.conflicts()
        assert lost["loser"]["value"] == "two, day 88"
    assert await year.at_head_office("SELECT count(*) FROM structura.events") == [(180,)]


async def test_the_same_sku_made_at_two_places(year: Year) -> None:
    """Both articles stay; one alert says so on both screens, until one of them has another SKU."""
    one, two = await year.pc("one"), await year.pc("two")
    await year.settled()
    for place, row_id in ((one, "I-1"), (two, "I-2")):
        place.unplug()
        item = {"name": row_id, "sku": "S-1", "unit": "m", "quantity": 5, "minThreshold": 0}
        await place.ask("POST", "/api/inventory", {"id": row_id, **item})
    await year.settled()
    for place in (one, two):
        assert [row["sku"] for row in await place.ask("GET", "/api/inventory")] == ["S-1", "S-1"]
        (alert,) = await place.ask("GET", "/api/alerts")
        assert alert["message"].startswith("SKU REPETIDO: S-1")
        assert await place.conflicts() == []
    assert len(await year.at_head_office("SELECT id FROM structura.inventory WHERE sku = 'S-1'")) == 2
    await two.ask("PATCH", "/api/inventory/I-2", {"sku": "S-2"})
    await year.settled()
    assert await one.ask("GET", "/api/alerts") == []


async def test_stock_taken_at_the_plant_while_head_office_adds_a_delivery(year: Year) -> None:
    """Both count, though neither knew of the other."""
    one = await year.pc("one")
    await one.ask("POST", "/api/inventory", {"id": "I", "name": "Perfil", "sku": "P", "unit": "m", "quantity": 100.5})
    await year.settled()
    one.unplug()
    await one.ask("PATCH", "/api/inventory/I", {"quantity": {"add": -20}})
    await one.ask("PATCH", "/api/inventory/I", {"quantity": 80.4})
    await query(year.dsn, "UPDATE structura.inventory SET quantity = quantity + 500 WHERE id = 'I'")
    await year.settled()
    assert (await one.ask("GET", "/api/inventory/I"))["quantity"] == 580.4
    ((there,),) = await year.at_head_office("SELECT quantity FROM structura.inventory")
    assert float(there) == 580.4
    assert await one.conflicts() == []


async def test_a_job_edited_at_head_office_and_deleted_at_the_plant(year: Year) -> None:
    """The delete wins; what head office wrote is in the journal, with who wrote it, and comes back from there."""
    one = await year.pc("one")
    await one.ask("POST", "/api/jobs", {"id": "J-1", **JOB, "notes": "0"})
    await year.settled()
    one.unplug()
    await one.ask("DELETE", "/api/jobs/J-1")
    await query(year.dsn, "UPDATE structura.jobs SET notes = 'urgente' WHERE id = 'J-1'")
    await year.settled()
    assert await one.find("/api/jobs/J-1") is None
    assert await year.at_head_office("SELECT id FROM structura.jobs") == []
    (lost,) = await one.conflicts()
    assert (lost["collection"], lost["rowId"], lost["field"]) == ("jobs", "J-1", "notes")
    assert (lost["loser"]["value"], lost["loser"]["node"], lost["winner"]["deleted"]) == ("urgente", "central", True)
    await one.ask("POST", f"/api/system/conflicts/{lost['id']}/restore")
    await year.settled()
    assert await year.at_head_office("SELECT id, notes FROM structura.jobs") == [("J-1", "urgente")]


async def test_one_row_that_central_refuses_among_ten_thousand_good_ones(year: Year) -> None:
    """The others pass, and so does what comes after; the one is named with the reason, and goes when that is gone."""
    table = "structura_sync.clients"

    async def imported(server: PlantServer) -> None:
        clients = [{"id": f"C-{n}", "name": f"Casa {n}"} for n in range(10_000)]
        file = year.folder / "clients.json"
        file.write_text(json.dumps({"clients": clients}), encoding="utf-8")
        await command("import", file, "--data-dir", server.folder)
        await execute(year.dsn, f"ALTER TABLE {table} ADD CONSTRAINT strict CHECK (name <> 'Casa 6789')")

    one = await year.pc("one", imported)

    async def arrived() -> bool:
        return (await one.server.sync())["step"] == "in step except 1"

    await until(arrived, 200, one.server.log.read_text)
    assert await year.at_head_office("SELECT count(*) FROM structura.clients") == [(9_999,)]
    (line,) = await one.ask("GET", "/api/system/set-aside")
    assert (line["collection"], line["rowId"]) == ("clients", "C-6789")
    assert "strict" in line["reason"]
    await one.ask("PATCH", "/api/clients/C-1", {"phone": "1"})

    async def passed() -> bool:
        return await year.at_head_office("SELECT phone FROM structura.clients WHERE id = 'C-1'") == [("1",)]

    await until(passed)
    await execute(year.dsn, f"ALTER TABLE {table} DROP CONSTRAINT strict")
    await one.ask("POST", f"/api/system/set-aside/{line['id']}/retry")
    await year.settled()
    assert await year.at_head_office("SELECT name FROM structura.clients WHERE id = 'C-6789'") == [("Casa 6789",)]
