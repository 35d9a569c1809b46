"""The exchange carried by hand, as people do it: real servers and commands, head office out of reach of the network."""

import asyncio
import resource
import stat
from pathlib import Path
from typing import Any

import pytest

from sync.central import office
from tests.postgres import execute
from tests.system.plant import ENVIRONMENT, PROGRAM, PlantServer, add_events, command, query, until
from tests.system.test_sync import JOB, plant_id

__all__ = ["plant_id"]

NOWHERE = "postgresql://nobody:nothing@127.0.0.1:1/nowhere"  # nothing listens there


async def unlinked(folder: Path, dsn: str, plant: str) -> PlantServer:
    """A PC of the plant that head office knows and that has no link to it."""
    server = PlantServer(folder)
    await server.enroll({**await office.enroll(dsn, plant), "dsn": NOWHERE})
    return server


async def refused(*arguments: str | Path, largest: int | None = None) -> str:
    """What a command that fails says; `largest`: no file may become larger (bytes), as on a full stick."""

    def limit() -> None:
        if largest is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    process = await asyncio.create_subprocess_exec(
        *PROGRAM, *map(str, arguments), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=ENVIRONMENT, preexec_fn=limit,
    )  # fmt: skip
    _, error = await process.communicate()
    assert process.returncode == 1, error.decode()
    assert b"Traceback" not in error
    return error.decode()


async def test_a_plant_without_a_link(tmp_path: Path, central_dsn: str, plant_id: str) -> None:
    """Its changes and head office's meet, beside the running server; a second PC gets all of it, PINs included."""
    plant = PlantServer(tmp_path / "plant")
    await plant.set_up()
    await plant.enroll({**await office.enroll(central_dsn, plant_id), "dsn": NOWHERE})
    there, back = tmp_path / "there.carry", tmp_path / "back.carry"
    own = ("--data-dir", plant.folder)
    async with plant:
        await plant.log_in()
        await plant.ask("POST", "/api/jobs", JOB)
        said = await command("sync", "export", there, *own)
        assert "central import there.carry" in said
        assert stat.S_IMODE(there.stat().st_mode) == 0o600
        assert f"plant '{plant_id}' have come" in await command("central", "import", central_dsn, there)
        (job,) = await query(central_dsn, "SELECT id, status FROM structura.jobs")
        assert tuple(job) == ("J-1", "PENDING")
        await execute(central_dsn, "UPDATE structura.jobs SET status = 'HALTED'")
        assert "carries the answer" in await command("central", "export", central_dsn, plant_id, back)
        assert "In step" in await command("sync", "import", back, *own)
        assert (await plant.find("/api/jobs/J-1"))["status"] == "HALTED"
        status = await plant.sync()
        assert status["pending"] == 0
        assert "inStep" in status
        assert "already" in await command("central", "import", central_dsn, there)
        assert "nothing was changed" in await command("sync", "import", back, *own)
    second = await unlinked(tmp_path / "second", central_dsn, plant_id)
    own = ("--data-dir", second.folder)
    await command("sync", "export", there, *own)
    said = await command("central", "import", central_dsn, there)
    node = said.split("--node ")[1].split("'")[0]
    await command("central", "export", central_dsn, plant_id, back, "--node", node)
    assert "In step" in await command("sync", "import", back, *own)
    async with second:
        assert await second.can_log_in()
        assert (await second.find("/api/jobs/J-1"))["status"] == "HALTED"


@pytest.mark.parametrize("running", [True, False])
async def test_a_clock_that_was_set_back(tmp_path: Path, central_dsn: str, plant_id: str, running: bool) -> None:
    """Whoever makes the file is asked whether it is right now, and then what waits gets the right dates."""
    plant = PlantServer(tmp_path / "plant", clocked=True)
    await plant.set_up()
    await plant.enroll({**await office.enroll(central_dsn, plant_id), "dsn": NOWHERE})
    file, own = tmp_path / "there.carry", ("--data-dir", plant.folder)
    plant.set_clock(3 * 86_400_000)
    async with plant:
        await plant.log_in()
        await plant.ask("POST", "/api/jobs", JOB)
        plant.set_clock(0)
        if running:
            assert "--clock-is-right" in await refused("sync", "export", file, *own)
            await command("sync", "export", file, "--clock-is-right", *own)
    if not running:
        assert "--clock-is-right" in await refused("sync", "export", file, *own)
        await command("sync", "export", file, "--clock-is-right", *own)
    assert "have come" in await command("central", "import", central_dsn, file)  # which takes nothing from the future


async def test_a_stick_that_is_full(tmp_path: Path, central_dsn: str, plant_id: str) -> None:
    """The command says so; what was there before is as it was, and nothing half is left beside it."""
    plant = PlantServer(tmp_path / "plant")
    await plant.set_up()
    await plant.enroll({**await office.enroll(central_dsn, plant_id), "dsn": NOWHERE})
    stick = tmp_path / "stick"
    stick.mkdir()
    file, own = stick / "there.carry", ("--data-dir", plant.folder)
    async with plant:
        await command("sync", "export", file, *own)
        before = file.read_bytes()
        await plant.log_in()
        await add_events(plant, [f"E-{n}" for n in range(50)])
        said = await refused("sync", "export", file, *own, largest=len(before))
        assert f"{file} cannot be written" in said
        assert (file.read_bytes(), list(stick.iterdir())) == (before, [file])
        said = await refused("central", "export", central_dsn, plant_id, stick / "no" / "back.carry")
        assert "has sent a file yet" in said
        await command("central", "import", central_dsn, file)
        said = await refused("central", "export", central_dsn, plant_id, stick / "back.carry", largest=50)
        assert "cannot be written" in said
        assert list(stick.iterdir()) == [file]


async def test_what_the_commands_refuse(tmp_path: Path, central_dsn: str, plant_id: str) -> None:
    """A plant that is not enrolled, an old bundle, a file that is none: a sentence each, with and without a server."""
    plant = PlantServer(tmp_path / "plant")
    await plant.set_up()
    file, own = tmp_path / "file.carry", ("--data-dir", plant.folder)
    assert "not connected to head office" in await refused("sync", "export", file, *own)
    bundle: dict[str, Any] = {**await office.enroll(central_dsn, plant_id), "dsn": NOWHERE}
    await plant.enroll({k: v for k, v in bundle.items() if k != "carry"})
    assert "too old to sign files" in await refused("sync", "export", file, *own)
    await plant.enroll(bundle)
    file.write_bytes(b"something else")
    assert "not a file made by" in await refused("sync", "import", file, *own)
    assert "not a file made by" in await refused("central", "import", central_dsn, file)
    assert "cannot be read" in await refused("central", "import", central_dsn, tmp_path / "nothing")
    async with plant:
        await until(plant.can_log_in)
        assert "not a file made by" in await refused("sync", "import", file, *own)
