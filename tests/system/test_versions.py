"""Programs of different versions, as processes of their own, against one head office."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg

from sync.central import office
from sync.protocol import MAJOR
from tests.system.newer import newer, newer_collection, other_major
from tests.system.plant import PlantServer, command, query, until

PLANT = "mixed"
SEEN = "SELECT v.hologram, v.visits, t._extra FROM structura.clients AS v JOIN structura_sync.clients AS t USING (id)"
CLIENT = {"id": "C-1", "name": "Ada", "hologram": "blue", "visits": 5}


async def _has(pc: PlantServer, **expected: Any) -> bool:
    client = await pc.find("/api/clients/C-1")
    return client is not None and {name: client.get(name) for name in expected} == expected


async def _numbers(dsn: str) -> list[Any]:
    """Head and the numbers of all rows: what was sent again would have others."""
    heads = await query(dsn, "SELECT plant_id, head FROM structura_sync.partition")
    return heads + await query(dsn, "SELECT id, _lsn FROM structura_sync.clients ORDER BY id")


async def _settled(dsn: str, *pcs: PlantServer) -> None:
    """Wait until all PCs hold what any of them has written."""

    async def pulled() -> bool:
        ((lag,),) = await query(
            dsn, "SELECT max(head - pulled) FROM structura_sync.partition JOIN structura_sync.node USING (plant_id)"
        )
        return bool(lag == 0)

    for pc in pcs:
        await until(pc.in_step, what=pc.log.read_text)
    await until(pulled)
    for pc in pcs:  # what was asked for is here, too
        await until(pc.in_step, what=pc.log.read_text)


async def test_fields_of_a_newer_version_survive_older_ones(tmp_path: Path, central_dsn: str) -> None:
    """A newer plant, an older one and an older head office; then one after the other is upgraded.

    What the older ones do not know, they keep and give back, a counter as a counter; an upgrade makes columns of what
    it holds already. Nothing is sent again for it.
    """
    program = newer(tmp_path / "newer")
    new, old = PlantServer(tmp_path / "new", program), PlantServer(tmp_path / "old")
    await new.set_up()
    for pc in (new, old):
        await pc.enroll(await office.enroll(central_dsn, PLANT))
    async with new, AsyncExitStack() as older:
        await older.enter_async_context(old)
        await new.log_in()
        await new.ask("POST", "/api/clients", CLIENT)
        await until(old.can_log_in)
        await until(
            lambda: _has(old, name="Ada", hologram=None), 20, lambda: (old.log.read_text(), new.log.read_text())
        )
        await old.ask("PATCH", "/api/clients/C-1", {"phone": "112"})
        await until(lambda: _has(new, phone="112", hologram="blue", visits=5))
        await new.ask("PATCH", "/api/clients/C-1", {"visits": 8})
        await _settled(central_dsn, new, old)
        assert "visits" not in await old.find("/api/clients/C-1")
        ((kept,),) = await query(central_dsn, "SELECT _extra->>'hologram' FROM structura_sync.clients")
        assert kept == "blue"
        before = await _numbers(central_dsn)

    upgraded = PlantServer(old.folder, program)
    async with upgraded:
        await upgraded.log_in()
        assert await _has(upgraded, phone="112", hologram="blue", visits=8)
        await until(upgraded.in_step)
        assert (await upgraded.sync())["pulled"] == 0

    await command("central", "init", central_dsn, source=program)
    ((hologram, visits, extra),) = await query(
        central_dsn,
        "SELECT v.hologram, v.visits, _extra FROM structura.clients AS v JOIN structura_sync.clients USING (id)",
    )
    assert (hologram, visits, extra) == ("blue", 8, "{}")
    async with new:
        await new.log_in()
        await until(new.in_step)
        assert await _numbers(central_dsn) == before
        await query(central_dsn, "UPDATE structura.clients SET visits = visits + 1")
        await until(lambda: _has(new, visits=9))

    late = PlantServer(tmp_path / "late")  # an older program that knows only a newer head office
    await late.enroll(await office.enroll(central_dsn, PLANT))
    async with late:
        await until(late.can_log_in)
        await until(lambda: _has(late, phone="112", visits=None))
        await late.ask("PATCH", "/api/clients/C-1", {"phone": "113"})
        await until(late.in_step)
    upgraded = PlantServer(late.folder, program)
    async with upgraded:
        await upgraded.log_in()
        assert await _has(upgraded, phone="113", hologram="blue", visits=9)
    assert [tuple(row) for row in await query(central_dsn, SEEN)] == [("blue", 9, "{}")]


ROBOTS = "SELECT id, name, hours FROM structura.robots ORDER BY id"


async def _except(pc: PlantServer, number: int) -> bool:
    """Whether all is exchanged and compared but so many rows, which are set aside."""
    sync = await pc.sync()
    step = f"in step except {number}" if number else "in step"
    return await pc.in_step() and (sync["step"], sync["setAside"]) == (step, number)


async def _is(pc: PlantServer, robots: list[tuple[str, int]]) -> bool:
    """Whether these are the robots, with their hours."""
    return [(robot["id"], robot["hours"]) for robot in await pc.ask("GET", "/api/robots")] == robots


async def _counted(pc: PlantServer, number: int) -> None:
    """Have both sides count all rows anew: they agree, but for so many rows."""
    before = (await pc.sync())["inStep"]
    await pc.ask("POST", "/api/system/sync")

    async def compared() -> bool:
        return bool((await pc.sync())["inStep"] > before and await _except(pc, number))

    await until(compared, what=pc.log.read_text)


async def _all_aside(pc: PlantServer, direction: str, reason: str) -> None:
    """All that is set aside are robots, and why."""
    for line in await pc.ask("GET", "/api/system/set-aside"):
        assert (line["direction"], line["collection"], line["state"]) == (direction, "robots", "aside")
        assert reason in line["reason"]


async def _both_ways(new: PlantServer, old: PlantServer, phone: str) -> None:
    """What both know goes on between them."""
    await old.ask("PATCH", "/api/clients/C-1", {"phone": phone})
    await until(lambda: _has(new, phone=phone), what=new.log.read_text)
    await new.ask("PATCH", "/api/clients/C-1", {"address": phone})
    await until(lambda: _has(old, address=phone), what=old.log.read_text)


async def test_a_collection_that_head_office_does_not_know_yet(tmp_path: Path, central_dsn: str) -> None:
    """Robots wait aside at the plant that has them, as they are by now. Head office's upgrade sends them out.

    Nothing else is sent again for it. An older plant, which gets them then, sets them aside.
    """
    program = newer_collection(tmp_path / "newer")
    new, old = PlantServer(tmp_path / "new", program), PlantServer(tmp_path / "old")
    await new.set_up()
    for pc in (new, old):
        await pc.enroll(await office.enroll(central_dsn, PLANT))
    async with new, old:
        await new.log_in()
        await until(old.can_log_in)
        for number in (1, 2, 3):
            await new.ask("POST", "/api/robots", {"id": f"R-{number}", "name": "arm", "hours": number})
        await until(lambda: _except(new, 3), what=new.log.read_text)
        await new.ask("PATCH", "/api/robots/R-1", {"name": "leg"})
        await new.ask("PATCH", "/api/robots/R-1", {"name": "hand", "hours": 5})
        await new.ask("DELETE", "/api/robots/R-2")
        await new.ask("POST", "/api/clients", {"id": "C-1", "name": "Ada"})
        await until(lambda: _has(old, name="Ada"))
        await _both_ways(new, old, "112")
        await until(lambda: _except(new, 3), what=new.log.read_text)
        await _counted(new, 3)
        await _all_aside(new, "push", "does not know the collection robots; its program is older")
        await until(lambda: _except(old, 0), what=old.log.read_text)

        before = await _numbers(central_dsn)
        await command("central", "init", central_dsn, source=program)
        await until(lambda: _except(new, 0), what=new.log.read_text)
        assert [tuple(row) for row in await query(central_dsn, ROBOTS)] == [("R-1", "hand", 5), ("R-3", "arm", 3)]
        after = await _numbers(central_dsn)
        assert after[0]["head"] == before[0]["head"] + 3, "the robots, and nothing else"
        assert after[1:] == before[1:]
        await until(lambda: _except(old, 3), what=old.log.read_text)
        await _all_aside(old, "pull", "This version does not know the collection robots.")
        await _both_ways(new, old, "113")


async def _clash(dsn: str, new: PlantServer) -> dict[str, Any]:
    """Two write one robot without having seen each other; returns the conflict."""
    person = await asyncpg.connect(dsn)
    try:
        async with person.transaction():
            await person.execute("UPDATE structura.robots SET name = 'office' WHERE id = 'R-2'")
            await new.ask("PATCH", "/api/robots/R-2", {"name": "plant"})
    finally:
        await person.close()
    await until(new.in_step)
    conflict: dict[str, Any]
    (conflict,) = await new.ask("GET", "/api/system/conflicts")
    name = (await new.find("/api/robots/R-2"))["name"]  # whichever clock was ahead
    assert (name, {name, conflict["loser"]["value"]}) == (conflict["winner"]["value"], {"plant", "office"})
    return conflict


async def test_a_collection_that_a_plant_does_not_know_yet(tmp_path: Path, central_dsn: str) -> None:
    """Older plants set robots aside and keep the latest of each; all else goes on, and digests agree but for them.

    Upgraded they take them up by themselves, whether they had joined before there were robots or after.
    """
    program = newer_collection(tmp_path / "newer")
    new, old, late = (PlantServer(tmp_path / "new", program), *(PlantServer(tmp_path / n) for n in ("old", "late")))
    await command("central", "init", central_dsn, source=program)
    await new.set_up()
    for pc in (new, old, late):
        await pc.enroll(await office.enroll(central_dsn, PLANT))
    async with new, AsyncExitStack() as older:
        await older.enter_async_context(old)
        await new.log_in()
        await until(old.can_log_in)
        for number in (1, 2, 3):
            await new.ask("POST", "/api/robots", {"id": f"R-{number}", "name": "arm", "hours": number})
        await new.ask("POST", "/api/clients", {"id": "C-1", "name": "Ada"})
        await until(lambda: _except(old, 3), what=old.log.read_text)
        await until(lambda: _has(old, name="Ada"))

        await new.ask("PATCH", "/api/robots/R-1", {"hours": 2})
        await query(central_dsn, "UPDATE structura.robots SET hours = hours + 10 WHERE id = 'R-1'")
        await query(central_dsn, "DELETE FROM structura.robots WHERE id = 'R-3'")
        await until(lambda: _is(new, [("R-1", 12), ("R-2", 2)]))
        conflict = await _clash(central_dsn, new)
        await _both_ways(new, old, "113")
        await until(lambda: _except(old, 3), what=old.log.read_text)
        await _counted(old, 3)
        await _all_aside(old, "pull", "This version does not know the collection robots.")

        # The journal is known to all, whatever it is about.
        assert "robots R-2" in await command("central", "conflicts", central_dsn)
        assert await old.ask("GET", "/api/system/conflicts") == [conflict]
        assert (await old.send("POST", f"/api/system/conflicts/{conflict['id']}/restore", None, {}))[0] == 409
        conflict = await old.ask("PATCH", f"/api/system/conflicts/{conflict['id']}", {"seen": True})

        await older.enter_async_context(late)
        await until(late.can_log_in)
        await until(lambda: _except(late, 3), what=late.log.read_text)
        assert await _has(late, name="Ada", phone="113", address="113")
        await _settled(central_dsn, new, old, late)
        before = await _numbers(central_dsn)

        await older.aclose()
        for folder in (old.folder, late.folder):
            async with PlantServer(folder, program) as upgraded:
                await upgraded.log_in()
                await until(lambda pc=upgraded: _except(pc, 0), what=upgraded.log.read_text)
                assert await upgraded.ask("GET", "/api/robots") == await new.ask("GET", "/api/robots")
                assert await upgraded.ask("GET", "/api/system/conflicts") == [conflict]
                sync = await upgraded.sync()
                assert (sync["pulled"], sync["pushed"]) == (0, 0)
                assert await _numbers(central_dsn) == before
                await _counted(upgraded, 0)
        async with PlantServer(old.folder, program) as upgraded:
            await upgraded.log_in()
            await upgraded.ask("PATCH", "/api/robots/R-1", {"hours": 13})
            await until(lambda: _is(new, [("R-1", 13), ("R-2", 2)]))


async def test_another_protocol_is_refused_with_a_sentence(tmp_path: Path, central_dsn: str) -> None:
    """The status says which side wants an upgrade; the plant works on by itself."""
    plant = PlantServer(tmp_path / "plant", other_major(tmp_path / "other", MAJOR + 1))
    await plant.set_up()
    await plant.enroll(await office.enroll(central_dsn, PLANT))
    async with plant:
        await plant.log_in()

        async def refused() -> bool:
            return "wants an upgrade" in (await plant.sync()).get("lastError", "")

        await until(refused)
        assert "head office's program wants an upgrade" in (await plant.sync())["lastError"]
        await plant.ask("POST", "/api/clients", {"id": "C-1", "name": "Ada"})
        assert await _has(plant, name="Ada")
        assert (await plant.sync())["pending"] > 0
