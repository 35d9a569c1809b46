"""A disk that takes nothing any more, and files that this account may not use: said in words, survived, mended."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.system import plant as plant_module
from tests.system.faulty import COMPILER, built
from tests.system.plant import ENVIRONMENT, PROGRAM, PlantServer, until

pytestmark = pytest.mark.timeout(900)

CLIENT = {"name": "Casa"}
NOBODY = 65_534


class Disk:
    """An ext4 file system of its own, which Linux makes read-only when it meets an error in it, as most are set up."""

    def __init__(self, home: Path) -> None:
        self.image, self.folder = home / "disk.img", home / "disk"
        self.folder.mkdir()
        with self.image.open("wb") as file:
            file.truncate(300 * 2**20)
        call("mkfs.ext4", "-q", "-F", self.image)

    def mount(self) -> None:
        call("mount", "-o", "loop,errors=remount-ro", self.image, self.folder)

    def meet_an_error(self) -> None:
        device = call("findmnt", "-no", "SOURCE", self.folder).strip()
        Path(f"/sys/fs/ext4/{Path(device).name}/trigger_fs_error").write_text("1")

    async def mend(self) -> None:
        """As said. Another test's network namespace begins with every mount there is, and holds on to it meanwhile."""
        call("umount", self.folder)
        await until(lambda: asyncio.sleep(0, not call("losetup", "-j", self.image)), seconds=300)
        call("sh", "-c", f"e2fsck -fy {self.image} || [ $? = 1 ]")
        self.mount()


def call(*command: Any) -> str:
    return subprocess.run([*map(str, command)], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    if os.geteuid() != 0 or shutil.which("mkfs.ext4") is None:
        pytest.skip("only root makes disks, with mkfs.ext4")
    try:
        made = Disk(tmp_path)
        made.mount()
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no disk can be made here: {error.stderr}")
    yield made
    call("umount", "-l", made.folder)


def run(*arguments: Any, before: tuple[str, ...] = ()) -> tuple[int, str]:
    """A command's exit code, and what it said."""
    command = [*before, *PROGRAM, *map(str, arguments)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=240)
    return done.returncode, done.stdout + done.stderr


async def refused(plant: PlantServer, path: str = "/api/clients", body: Any = None) -> tuple[int, str]:
    """Status and kind of the problem of a write."""
    status, answer, _ = await plant.send("POST", path, body, {})
    return status, answer.get("type", "")


async def state(plant: PlantServer) -> Any:
    """What the status page says of the disk."""
    return (await plant.ask("GET", "/api/system/status"))["disk"]["state"]


async def test_a_disk_that_linux_makes_read_only(disk: Disk) -> None:
    """Writes are 503 with the reason, reading goes on; the next start says what to do; then all answered is there."""
    mending = f"'umount {disk.folder} && fsck -y {disk.folder} && mount {disk.folder}'"
    plant = PlantServer(disk.folder / "plant")
    plant.log = disk.folder.parent / "log"
    await plant.set_up()
    async with plant:
        await plant.log_in()
        before = [(await plant.ask("POST", "/api/clients", CLIENT))["id"] for _ in range(20)]
        made = await plant.ask("POST", "/api/system/backups")
        disk.meet_an_error()
        for path, body in (("/api/clients", CLIENT), ("/api/system/backups", None)):
            assert await refused(plant, path, body) == (503, "/problems/read-only")
        status, answer, _ = await plant.send("DELETE", f"/api/system/backups/{made['id']}", None, {})
        assert (status, answer["type"]) == (503, "/problems/read-only")
        assert [row["id"] for row in await plant.ask("GET", "/api/clients")] == before
        assert await state(plant) == "read-only"
        assert mending in (await plant.ask("GET", "/api/system/status"))["disk"]["detail"]
        assert mending in (await asyncio.to_thread(run, "sync", "status", "--data-dir", plant.folder))[1]
    assert "Traceback" not in plant.log.read_text()
    reason = "its disk is read-only, as Linux makes one that has failed"
    new = ("init", "--plant", "N", "--admin-name", "Ana", "--admin-pin", "4711")
    for command, folder in ((("serve",), "plant"), (("backup",), "plant"), (new, "new")):
        code, said = await asyncio.to_thread(run, *command, "--data-dir", disk.folder / folder)
        assert (code, reason in said, mending in said, said.count("\n")) == (1, True, True, 1), said
    code, said = await asyncio.to_thread(run, "doctor", "--data-dir", plant.folder)
    assert "✗ disk" in said
    assert mending in said
    assert "✓ database" in said
    await disk.mend()
    async with plant:
        await plant.log_in()
        await plant.ask("POST", "/api/clients", {**CLIENT, "id": "C-new"})
        assert [row["id"] for row in await plant.ask("GET", "/api/clients")] == [*before, "C-new"]


@pytest.mark.skipif(COMPILER is None, reason="builds its disk with cc, on Linux")
async def test_written_to_again_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read-only under load and writable again, several times, under one process: what was answered is there."""
    switch, folder = tmp_path / "switch", tmp_path / "plant"
    faulty = {"LD_PRELOAD": str(built(tmp_path)), "FAULTY_UNDER": str(folder), "FAULTY_READ_ONLY": str(switch)}
    monkeypatch.setattr(plant_module, "ENVIRONMENT", {**ENVIRONMENT, **faulty})
    plant = PlantServer(folder)
    await plant.set_up()
    answered: set[str] = set()
    statuses: list[int] = []
    stop = asyncio.Event()

    async def terminal() -> None:
        while not stop.is_set():
            status, answer, _ = await plant.send("POST", "/api/clients", CLIENT, {})
            statuses.append(status)
            if status == 201:
                answered.add(answer["id"])

    def seen(status: int) -> Callable[[], Any]:
        """The next fifty answers that come after now are all these."""
        begun = len(statuses)
        return lambda: asyncio.sleep(0, len(statuses) > begun + 50 and statuses[-50:] == [status] * 50)

    async with plant:
        await plant.log_in()
        terminals = [asyncio.create_task(terminal()) for _ in range(4)]
        for _ in range(3):
            await until(seen(201))
            assert await state(plant) == "fine"
            switch.touch()
            await until(seen(503))
            assert await state(plant) == "read-only"
            assert {row["id"] for row in await plant.ask("GET", "/api/clients")} == answered
            assert (await refused(plant, "/api/system/backups"))[0] == 503
            switch.unlink()
        await until(seen(201))
        stop.set()
        await asyncio.gather(*terminals)
        assert set(statuses) == {201, 503}
        await plant.ask("POST", "/api/system/backups")
    async with plant:
        await plant.log_in()
        assert {row["id"] for row in await plant.ask("GET", "/api/clients")} == answered
        assert (await plant.ask("GET", "/api/system/status"))["stops"]["unclean"] == 0


@contextmanager
def kept_out(*paths: Path) -> Iterator[tuple[str, ...]]:
    """Files that belong to somebody else; yields what to put before a command, since root has every right."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root gives files away, and without rights only by setpriv")
    for path in paths:
        os.chown(path, NOBODY, NOBODY)
    yield "setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner,-chown", "--"


@pytest.mark.parametrize(
    "name", ["structura.db", "pin-keys.json", "token-secret", "logs/structura-local.log", "lock", "."]
)
async def test_a_file_of_somebody_else(tmp_path: Path, name: str) -> None:
    """The server does not start, and says in one sentence whose the file is, and what mends it."""
    plant = PlantServer(tmp_path / "plant")
    await plant.set_up()
    async with plant:
        await plant.log_in()
    file = plant.folder / name
    with kept_out(file) as bound:
        code, said = await asyncio.to_thread(run, "serve", "--data-dir", plant.folder, before=bound)
        assert (code, said.count("\n")) == (1, 1), said
        assert f"{file} belongs to nobody, and this is root; run this with sudo, or" in said
        assert f"'chown -R root: {file}'" in said
        code, said = await asyncio.to_thread(run, "doctor", "--data-dir", plant.folder, before=bound)
        assert "✗ rights" in said or f"{file} belongs to nobody" in said, said
        assert (code, "Traceback" in said) == (1, False)


async def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """Nor where the folder above it is not this account's."""
    with kept_out(tmp_path) as bound:
        code, said = await asyncio.to_thread(run, "serve", "--data-dir", tmp_path / "plant", before=bound)
        assert (code, said.count("\n")) == (1, 1), said
        assert f"{tmp_path} belongs to nobody, and this is root" in said
