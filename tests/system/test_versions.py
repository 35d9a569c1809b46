"""Programs of different versions, as processes of their own, against one head office."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from sync.central import office
from sync.protocol import MAJOR
from tests.system.newer import newer, other_major
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
        await until(new.in_step)
        await until(old.in_step)
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
