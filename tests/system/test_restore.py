"""A backup put back into the running server of a plant that head office knows: nothing of what was pushed is lost."""

import pytest

from tests.system.checker import Rows, at_plant, differences, digests, digests_at_head_office, state_at_plant
from tests.system.plant import until
from tests.system.year import JOB, Place, Year

pytestmark = pytest.mark.timeout(300)

ITEM = {"id": "I", "name": "Perfil", "sku": "P", "unit": "m", "quantity": 100, "minThreshold": 5}


async def test_restored_while_it_runs_what_was_pushed_comes_back(year: Year) -> None:
    """First what the backup has, counted and digested anew; then the exchange brings what was pushed since, once."""
    one, two = await year.pc("one"), await year.pc("two")
    await one.ask("POST", "/api/inventory", ITEM)
    for number in range(3):
        await one.ask("POST", "/api/clients", {"id": f"C-{number}", "name": "x", "phone": "old"})
    await one.ask("POST", "/api/projects", {"id": "P", "name": "Casa", "deadline": "2099-01-01"})
    await year.settled()
    made = await one.ask("POST", "/api/system/backups")
    await one.ask("PATCH", "/api/inventory/I", {"quantity": {"add": -7}})
    await two.ask("PATCH", "/api/inventory/I", {"quantity": {"add": -20}})
    await one.ask("PATCH", "/api/clients/C-0", {"phone": "new"})
    await one.ask("DELETE", "/api/clients/C-1")
    await one.ask("POST", "/api/clients", {"id": "C-3", "name": "x"})
    await one.ask("POST", "/api/jobs", {"id": "J", **JOB})
    await one.ask("PATCH", "/api/jobs/J", {"status": "COMPLETED"})  # the rules make an event and an alert of it
    await year.settled()
    pushed, node, process = at_plant(one.server.folder), await one.node(), one.server.pid

    one.unplug()
    report = await one.ask("POST", f"/api/system/backups/{made['id']}/restore")
    await restored(one, report["at"])
    assert report["before"] != made["counts"]
    assert (report["after"], report["digests"]) == (made["counts"], made["digests"])
    found = await one.ask("POST", "/api/system/backups")  # of what the server has open now
    assert (found["counts"], found["digests"]) == (made["counts"], made["digests"])
    assert (await one.ask("GET", "/api/inventory/I"))["quantity"] == 100
    assert await one.ids("/api/clients") == {"C-0", "C-1", "C-2"}

    await year.settled()
    assert (one.server.pid, await one.node() == node) == (process, False), "one process, which is another node since"
    assert differences(said(at_plant(one.server.folder)), said(pushed)) == []
    for place in (one, two):
        assert digests(state_at_plant(place.server.folder)) == await digests_at_head_office(year.dsn)
        assert (await place.server.sync())["step"] == "in step"
        assert (await place.ask("GET", "/api/inventory/I"))["quantity"] == 73
        assert await place.ids("/api/clients") == {"C-0", "C-2", "C-3"}
        assert await place.conflicts() == []
    await one.ask("PATCH", "/api/inventory/I", {"quantity": {"add": -3}})
    await year.settled()
    assert (await two.ask("GET", "/api/inventory/I"))["quantity"] == 70


async def restored(place: Place, at: str) -> None:
    """Wait until the server answers with what a restore has put there."""

    async def is_back() -> bool:
        status, answer, _ = await place.server.send("GET", "/api/system/status", None, {})
        assert status in (200, 503), answer
        return status == 200 and answer["backups"].get("lastRestore", {}).get("at") == at

    await until(is_back, 60, place.server.log.read_text)


def said(rows: Rows) -> Rows:
    """What people have said; not who they were, of whom a restore makes others."""
    return {key: row for key, row in rows.items() if key[0] != "actors"}
