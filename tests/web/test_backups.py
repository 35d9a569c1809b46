"""Backups over HTTP: made, checked, listed, downloaded, and put in the place of the database while the server runs."""

import asyncio
import contextlib
import json
import shutil
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest

from structura_local import app
from structura_local.errors import AppError
from structura_local.folder import Folder
from structura_local.operations.backups import Backups
from structura_local.store import backups as shelf_module
from structura_local.store.backups import DAY, HOUR, HOURLY, MANUAL, Backup, Shelf, surplus
from structura_local.store.snapshot import census
from tests.plant import ID, PIN, Api, Clock, serving
from tests.test_commands import run
from tests.web.contract import minimal

PATH = "/api/system/backups"


async def restored(api: Api, backup_id: str, who: str = "ADMIN") -> Any:
    """Restore a backup and wait until the server is back with it."""
    answer = await api.post(f"{PATH}/{backup_id}/restore", None, who)
    assert answer.status == 202, answer.body
    async with asyncio.timeout(60):
        while True:
            status = await api.get("/api/system/status", who)
            assert status.status in (200, 503), status.body
            last = status.json.get("backups", {}).get("lastRestore", {})
            if (last.get("backup"), last.get("at")) == (backup_id, answer.json["at"]):
                return answer.json
            await asyncio.sleep(0.02)


def files(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


async def listed(api: Api, backup_id: str, who: str = "ADMIN") -> None:
    """Wait until a backup has been checked and is on the shelf."""
    async with asyncio.timeout(60):
        while backup_id not in [one["id"] for one in (await api.get(PATH, who)).json]:
            await asyncio.sleep(0.02)


async def machines(api: Api, who: str = "ADMIN") -> list[str]:
    return [row["name"] for row in (await api.get("/api/machines", who)).json]


async def test_a_backup_is_made_checked_and_given_out(api: Api, data_dir: Path, tmp_path: Path) -> None:
    """It has what the plant has, counted and digested; sessions are not in it; nobody else may read the files."""
    await api.made("/api/machines", minimal("machines", name="Una"))
    made = (await api.post(PATH)).json
    assert (made["kind"], made["counts"]["machines"], made["counts"]["users"]) == ("manual", 1, 4)
    assert (await api.get(PATH)).json == [made]
    answer = await api.get(f"{PATH}/{made['id']}/file")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{made["id"]}.db"'
    (file := tmp_path / "got.db").write_bytes(answer.body)
    assert dict(census(file).digests) == made["digests"]
    with contextlib.closing(sqlite3.connect(file)) as database:
        assert database.execute("SELECT count(*) FROM sessions").fetchone() == (0,)
        assert database.execute("SELECT name FROM machines").fetchall() == [("Una",)]
    assert {stat.S_IMODE((data_dir / "backups" / name).stat().st_mode) for name in files(data_dir / "backups")} == {
        0o600
    }
    status = (await api.get("/api/system/status")).json["backups"]
    assert (status["state"], status["newest"], status["count"]) == ("fine", made["id"], 1)


async def test_restored_while_it_runs(api: Api, data_dir: Path) -> None:
    """The data of then, under the sessions of now; what was there before can be restored in turn."""
    await api.made("/api/machines", minimal("machines", name="Antes"))
    made = (await api.post(PATH)).json
    ended = await api.token(PIN["OTHER"])
    await api.made("/api/machines", minimal("machines", name="Después"))
    assert (await api.post("/api/auth/logout", None, ended)).status == 200
    node = (await api.get("/api/system/status")).json["node"]
    report = await restored(api, made["id"])
    assert (report["before"]["machines"], report["after"]["machines"]) == (2, 1)
    assert report["digests"] == made["digests"]
    assert await machines(api) == ["Antes"]
    assert dict(census(data_dir / "structura.db").digests)["machines"] == made["digests"]["machines"]
    assert (await api.get("/api/system/status")).json["node"] != node, "head office has to take it for another"
    assert (await api.get("/api/auth/me", ended)).status == 401, "it was alive when the backup was made"
    assert (await api.get("/api/auth/me", "OPERATOR")).status == 200
    await listed(api, report["keptAs"])
    await restored(api, report["keptAs"])
    assert await machines(api) == ["Antes", "Después"]


async def test_a_logout_after_the_backup_survives_two_restores(api: Api) -> None:
    """A token that was alive in the backup, and is dead, stays so, however often that is restored."""
    made = (await api.post(PATH)).json
    await api.post("/api/auth/logout", None, "OTHER")
    for _ in range(2):
        await restored(api, made["id"])
        assert (await api.get("/api/auth/me", "OTHER")).status == 401


async def test_a_damaged_backup_is_not_restored(api: Api, data_dir: Path) -> None:
    """One bit is enough: 409 with the reason, and the database stays."""
    made = (await api.post(PATH)).json
    await api.made("/api/machines", minimal("machines", name="Una"))
    file = data_dir / "backups" / f"{made['id']}.db"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    refused = await api.post(f"{PATH}/{made['id']}/restore")
    assert (refused.status, refused.json["type"]) == (409, "/problems/backup-unsound")
    assert await machines(api) == ["Una"]
    assert not [name for name in files(data_dir) if name.startswith("restore")]


async def test_of_a_newer_version_it_is_refused_in_one_sentence(api: Api, data_dir: Path, tmp_path: Path) -> None:
    """With both versions, and with one full stop at the end."""
    made = (await api.post(PATH)).json
    file = tmp_path / "newer.db"
    shutil.copyfile(data_dir / "backups" / f"{made['id']}.db", file)
    with contextlib.closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    done = await asyncio.to_thread(run, "restore", file, "--yes", "--data-dir", data_dir)
    assert done.returncode == 1
    assert "schema 9999); this is" in done.stderr
    assert done.stderr.endswith("('structura-local backup --list').\n")


async def test_the_drill_finds_what_has_changed(data_dir: Path, now: Clock) -> None:
    """A week later the newest backup is opened and compared; another byte, or another count, is found."""
    folder = Folder(data_dir)
    async with app.opened(folder, now):
        backups = Backups(folder, now)
        made = await backups.made(MANUAL)
        assert made.drilled_at is None
        await backups.keep_up()
        assert backups.shelf.all()[0].drilled_at == now()
        page = data_dir / "backups" / f"{backups.shelf.all()[0].id}.json"
        said = json.loads(page.read_bytes())
        page.write_text(json.dumps({**said, "counts": {**said["counts"], "users": 5}}))
        with pytest.raises(AppError, match="not what was counted"):
            backups.shelf.drill(now())
        await backups.close()


async def test_hourly_by_itself_and_thinned(data_dir: Path, now: Clock) -> None:
    """One an hour; a clock that is set back or far ahead neither stops them nor wipes out those there are."""
    folder = Folder(data_dir)
    async with app.opened(folder, now):
        backups = Backups(folder, now)
        for _ in range(3):
            await backups.keep_up()
            await backups.keep_up()
            now.move(hours=1)
        assert len(backups.shelf.all()) == 3
        now.move(hours=-9_000)
        await backups.keep_up()
        assert len(backups.shelf.all()) == 4
        assert (await backups.status()).state == "fine"
        await backups.close()


def made_at(at: int, kind: str = HOURLY) -> Backup:
    return Backup(f"{at}-{kind}", at, kind, "", "", 0, "", {}, {})


def test_which_are_kept() -> None:
    """24 hourly, 14 daily, 8 weekly, few of the other kinds; a clock a year ahead pushes none of them out."""
    now = 20_000 * DAY
    year = [made_at(at) for at in range(now, now - 365 * DAY, -HOUR)]
    removed = {b.id for b in surplus(year, now)}
    kept = [b for b in year if b.id not in removed]
    assert kept[:24] == year[:24]
    assert len(kept) == 24 + 12 + 5  # two of the days' and three of the weeks' are among the others
    ahead = [made_at(now + 365 * DAY - hours * HOUR) for hours in range(30)]
    gone = surplus([*ahead, *kept], now)
    assert {b.id for b in gone} < {b.id for b in ahead}
    assert len(gone) == 30 - shelf_module.KEPT_OTHERS
    by_hand = [made_at(now - n, MANUAL) for n in range(9)]
    assert surplus([*by_hand, *kept], now) == by_hand[shelf_module.KEPT_OTHERS :]


async def test_the_second_place(data_dir: Path, now: Clock, tmp_path: Path) -> None:
    """Each is copied there and read back, keys and all; a place that is gone is told, and no reason to make none."""
    folder, second = Folder(data_dir), tmp_path / "stick" / "backups"
    async with app.opened(folder, now):
        backups = Backups(folder, now, second)
        made = await backups.made(MANUAL)
        assert [one.id for one in Shelf(second).all()] == [made.id]
        assert json.loads(Shelf(second).get(made.id).keys["pin-keys.json"]) == folder.pin_keys()
        second.rename(tmp_path / "pulled")
        (tmp_path / "stick").rmdir()
        (tmp_path / "stick").write_text("not a folder")
        await backups.made(MANUAL)
        told = (await backups.status()).secondPlace
        assert told is not None
        assert told.error is not None
        assert len(backups.shelf.all()) == 2
        await backups.close()


async def test_a_new_pc_after_a_lost_disk(api: Api, tmp_path: Path, data_dir: Path) -> None:
    """The two files of a backup are enough for people to log in on another PC; its tokens are dead there."""
    made = (await api.post(PATH)).json
    new = tmp_path / "new"
    done = await asyncio.to_thread(
        run, "restore", data_dir / "backups" / f"{made['id']}.db", "--yes", "--data-dir", new
    )
    assert done.returncode == 0, done.stderr
    async with serving(new, api.tokens, Clock()) as there:
        assert (await there.get("/api/auth/me")).status == 401
        assert (await there.login(PIN["ADMIN"])).json["user"]["id"] == ID["ADMIN"]
