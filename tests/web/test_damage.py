"""A database that is not what it was: the server starts, says so, gives a way back, and never an empty plant."""

import asyncio
import contextlib
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from structura_local import app, lives, work
from structura_local.folder import Folder
from structura_local.operations.backups import Backups
from structura_local.store import store as store_module
from structura_local.store.backups import MANUAL
from structura_local.store.snapshot import settle
from tests.plant import OWNER, PIN, Api, Clock, Serve
from tests.test_commands import run
from tests.web.contract import minimal
from tests.web.test_backups import PATH, files, listed, machines, restored


async def a_plant_with_a_backup(data_dir: Path, now: Clock) -> None:
    """Its database in one file, of some hundred pages."""
    folder = Folder(data_dir)
    async with app.opened(folder, now) as plant:
        rows = [minimal("machines", id=f"M-{n}", name="x" * 400) for n in range(300)]
        await plant.transfer.take_in(OWNER, {"machines": rows})
        backups = Backups(folder, now)
        await backups.made(MANUAL)
        await backups.close()
    await asyncio.to_thread(settle, folder.database)


def overwrite(database: Path) -> None:
    content = bytearray(database.read_bytes())
    for page in range(3, len(content) // 4096, 7):
        content[page * 4096 : page * 4096 + 200] = b"\xa5" * 200
    database.write_bytes(content)


def overwrite_one_row(database: Path) -> None:
    """A full page of machines, which nobody reads to open the database."""
    overwrite_a_page(database, of_log=False)


def overwrite_a_page(database: Path, *, of_log: bool) -> None:
    """A full page of machines, or of the log of their changes, which says what was before."""
    content = bytearray(database.read_bytes())
    found = []
    for page in range(0, len(content), 4096):
        here = content[page : page + 4096]
        kind, rows = here[0], int.from_bytes(here[3:5], "big")  # sqlite.org/fileformat2.html#b_tree_pages
        if kind == 0x0D and rows >= 5 and here.count(b"x" * 400) >= 5 and (b"[null," in here) is of_log:
            found.append(page)
    page = found[len(found) // 2]
    content[page : page + 8] = b"\xa5" * 8
    database.write_bytes(content)


def overwrite_the_samples(database: Path) -> None:
    with contextlib.closing(sqlite3.connect(database)) as opened:
        ((root,),) = opened.execute("SELECT rootpage FROM sqlite_master WHERE name = 'samples'")
    content = bytearray(database.read_bytes())
    content[(root - 1) * 4096 : (root - 1) * 4096 + 8] = b"\xa5" * 8
    database.write_bytes(content)


def cut_off(database: Path) -> None:
    content = database.read_bytes()
    database.write_bytes(content[: len(content) // 2])


def zero_the_header(database: Path) -> None:
    content = database.read_bytes()
    database.write_bytes(bytes(100) + content[100:])


def make_empty(database: Path) -> None:
    database.write_bytes(b"")


def another_file(database: Path) -> None:
    database.unlink()
    with contextlib.closing(sqlite3.connect(database)) as other, other:
        other.execute("CREATE TABLE recipes (name TEXT)")


DAMAGES = (overwrite, overwrite_one_row, cut_off, zero_the_header, make_empty, Path.unlink, another_file)


def owner(api: Api) -> str:
    """The token that commands on this machine have."""
    running = api.folder.running()
    assert running
    token: str = running["token"]
    return token


async def found(api: Api) -> None:
    """Returns when the damage has been."""
    async with asyncio.timeout(60):
        while (await api.get("/readyz", None)).json.get("type") != "/problems/damaged":
            await asyncio.sleep(0.02)


async def fenced(api: Api) -> str:
    """Nothing is served but the way to a restore; returns what the server says is wrong."""
    assert (await api.get("/healthz", None)).status == 200
    for method, path in (("GET", "/api/machines"), ("POST", "/api/events"), ("GET", "/readyz"), ("POST", PATH)):
        answer = await api.ask(method, path, {} if method == "POST" else None)
        assert (answer.status, answer.json["type"]) == (503, "/problems/damaged"), path
    page = await api.get("/", None, Accept="text/html")
    assert (page.status, page.headers["Location"]) == (302, "/recover")
    assert b"Restore a backup" in (await api.get("/recover", None)).body
    detail: str = answer.json["detail"]
    return detail


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
async def test_damaged(data_dir: Path, now: Clock, serve: Serve, damage: Callable[[Path], None]) -> None:
    """Found at the start; an administrator logs in by the backup and restores it; the damaged file is kept as it is."""
    await a_plant_with_a_backup(data_dir, now)
    await asyncio.to_thread(damage, data_dir / "structura.db")
    left = (data_dir / "structura.db").read_bytes() if damage is not Path.unlink else None
    async with serve() as api:
        await fenced(api)
        assert (await api.login("0000")).status == 401
        operator = await api.token(PIN["OPERATOR"])
        assert (await api.get(PATH, operator)).status == 403
        admin = await api.token(PIN["ADMIN"])
        (backup,) = (await api.get(PATH, admin)).json
        answer = await api.post(f"{PATH}/{backup['id']}/restore", None, admin)
        assert answer.status == 202
        async with asyncio.timeout(60):
            while (await api.get("/readyz", None)).status != 200:
                await asyncio.sleep(0.02)
        assert (await api.get("/api/auth/me", admin)).status == 401, "it was good for the restore"
        admin = await api.token(PIN["ADMIN"])
        assert len(await machines(api, admin)) == 300
    kept = data_dir / "damaged" / answer.json["keptAs"]
    if left is not None:
        assert (kept / "structura.db").read_bytes() == left


async def test_the_write_ahead_log_is_gone(data_dir: Path, now: Clock, serve: Serve) -> None:
    """After a kill, without its write-ahead log, the database has lost what was answered: whoever decides is asked."""
    await a_plant_with_a_backup(data_dir, now)
    (data_dir / "in-use").write_bytes(b"")  # as a kill leaves it, with the log deleted
    async with serve() as api:
        assert "write-ahead log" in await fenced(api)
        admin = await api.token(PIN["ADMIN"])
        assert len((await api.get(PATH, admin)).json) == 1
        done = await asyncio.to_thread(run, "restore", "present", "--yes", "--data-dir", data_dir)
        assert done.returncode == 0, done.stderr
        assert len(await machines(api, owner(api))) == 300
    assert "damaged" not in files(data_dir)


async def test_without_any_backup(data_dir: Path, serve: Serve) -> None:
    """No backup, no PIN: nobody is let in, nothing is overwritten, and the next start says the same."""
    zero_the_header(data_dir / "structura.db")
    before = (data_dir / "structura.db").read_bytes()
    for _ in range(2):
        async with serve() as api:
            await fenced(api)
            assert (await api.login(PIN["ADMIN"])).status == 401
    assert (data_dir / "structura.db").read_bytes() == before
    done = await asyncio.to_thread(run, "export", data_dir / "out.json", "--data-dir", data_dir)
    assert (done.returncode, "not a database" in done.stderr) == (1, True)
    done = await asyncio.to_thread(
        run, "init", "--plant", "x", "--admin-name", "A", "--admin-pin", "86420975", "--data-dir", data_dir
    )
    assert done.returncode == 1


async def test_found_by_a_backup(data_dir: Path, now: Clock, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too large to be looked through at the start, and is not read, is found by the next backup."""
    monkeypatch.setattr(store_module, "LOOKED_AT", 1)
    await a_plant_with_a_backup(data_dir, now)
    overwrite_a_page(data_dir / "structura.db", of_log=True)
    monkeypatch.setattr(work, "QUIET", 60)
    now.move(hours=2)
    async with serve() as api:
        assert (await api.get("/readyz", None)).status == 200
    monkeypatch.setattr(work, "QUIET", 0.05)
    async with serve() as api:
        await found(api)
        await fenced(api)


@pytest.mark.parametrize("damage", [overwrite_one_row, overwrite_the_samples], ids=["daily work", "measurements"])
async def test_found_by_what_the_server_does_by_itself(
    data_dir: Path, now: Clock, serve: Serve, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], None]
) -> None:
    """Damage that the server's own work meets is looked into at once, not only with the next backup."""
    monkeypatch.setattr(store_module, "LOOKED_AT", 1)
    monkeypatch.setattr(work, "QUIET", 3600)
    await a_plant_with_a_backup(data_dir, now)
    damage(data_dir / "structura.db")
    async with serve() as api:
        await found(api)
        await fenced(api)


async def test_not_even_a_way_back(
    data_dir: Path, now: Clock, serve: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """While the copy to check PINs against cannot be made, the log says so; it is tried until it can be."""
    monkeypatch.setattr(store_module, "LOOKED_AT", 1)
    monkeypatch.setattr(work, "QUIET", 0.05)
    monkeypatch.setattr(lives, "AGAIN", 0.05)
    await a_plant_with_a_backup(data_dir, now)
    overwrite_one_row(data_dir / "structura.db")
    (data_dir / "recovery.db").mkdir()  # in the way
    now.move(hours=2)
    async with serve() as api:
        monkeypatch.setattr(store_module, "LOOKED_AT", 2**30)
        async with asyncio.timeout(60):
            while "Nothing can be served" not in caplog.text:
                await asyncio.sleep(0.02)
        assert (await api.get("/readyz", None)).json["type"] == "/problems/restoring"
        (data_dir / "recovery.db").rmdir()
        await found(api)
        await fenced(api)


@pytest.mark.parametrize("step", ["staged", "put away", "swapped"])
async def test_a_restore_cut_short_is_finished(data_dir: Path, now: Clock, serve: Serve, step: str) -> None:
    """Power gone between any two of its steps: the next start has the restored database, and the other as a backup."""
    async with serve() as api:
        await api.made("/api/machines", minimal("machines", name="Antes"))
        made = (await api.post(PATH)).json
        await api.made("/api/machines", minimal("machines", name="Después"))
    folder = Folder(data_dir)
    backups = Backups(folder, now)
    plan = await backups.staged(backups.shelf.file(made["id"]))
    await backups.close()
    if step != "staged":
        folder.database.rename(backups.shelf.file(plan.kept_as))
    if step == "swapped":
        (data_dir / "restore.db").rename(folder.database)
    async with serve() as api:
        assert await machines(api, owner(api)) == ["Antes"]
        await listed(api, plan.kept_as, owner(api))
        await restored(api, plan.kept_as, owner(api))
        assert await machines(api, owner(api)) == ["Antes", "Después"]
    assert not [name for name in files(data_dir) if name in ("restore.db", "restore.json")]


async def test_an_unclean_stop_is_counted(data_dir: Path, serve: Serve) -> None:
    """Killed, or without power, and found at the next start; a clean stop counts for nothing."""
    async with serve() as api:
        assert (await api.get("/api/system/status")).json["stops"] == {"unclean": 0}
        killed = await asyncio.to_thread(shutil.copytree, data_dir, data_dir.with_name("killed"))
    async with serve() as api:
        assert (await api.get("/api/system/status")).json["stops"] == {"unclean": 0}
    await asyncio.to_thread(shutil.rmtree, data_dir)
    killed.rename(data_dir)
    async with serve() as api:
        assert (await api.get("/api/system/status")).json["stops"]["unclean"] == 1
