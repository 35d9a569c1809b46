"""Secrets stay where they belong: nothing in the log at its loudest, nothing in files that is not theirs."""

import asyncio
import json
import stat
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from structura_local.store import sqlite
from tests.system.plant import PlantServer, command, until

OLD, NEW, WRONG, IMPORTED, SHOWN = "86420975", "97531864", "13572468", "24681357", "31415926"
PASSWORD = "s3cret-of-the-bundle"
DSN = f"postgresql://plant:{PASSWORD}@127.0.0.1:1/structura"
NORA = {"id": "U-N", "name": "Nora", "role": "OPERATOR", "pin": OLD}


@pytest.fixture
async def plant(tmp_path: Path) -> PlantServer:
    """A plant that logs all it can, connected to a head office that is not there."""
    plant = PlantServer(tmp_path / "plant")
    await plant.set_up()
    (plant.folder / "settings.toml").write_text('log_level = "DEBUG"\n')
    await plant.enroll({"plantId": "planta", "plantName": "Planta", "dsn": DSN})
    return plant


async def live(plant: PlantServer) -> list[str]:
    """Everything that has to do with secrets, done well and badly; returns the tokens that were given."""
    await plant.log_in()
    tokens = [plant.token]
    key = {"Idempotency-Key": "k-1"}
    for _ in range(2):
        await plant.ask("POST", "/api/users", NORA, headers=key)
    async with aiohttp.ClientSession(plant.url) as client:

        async def send(method: str, path: str, **more: Any) -> Any:
            async with client.request(method, path, **more) as response:
                return await response.json(content_type=None)

        login = "/api/auth/login"
        nora = (await send("POST", login, json={"pin": OLD}))["token"]
        as_nora = {"Authorization": f"Bearer {nora}"}
        tokens.append(nora)
        for bad in ({"pin": WRONG}, {"pin": WRONG, "x": 1}, {"pin": [WRONG]}, [WRONG]):
            await send("POST", login, json=bad)
        kind = {"Content-Type": "application/json"}
        await send("POST", login, data=f'{{"pin": "{WRONG}"'.encode(), headers=kind)
        await send("POST", login, data=f'{{"pin": "{WRONG}"}}'.encode(), headers={"Content-Type": "text/plain"})
        change = {"pin": NEW, "currentPin": WRONG}
        await send("PATCH", "/api/users/U-N", json=change, headers=as_nora)
        await send("PATCH", "/api/users/U-N", json={**change, "currentPin": OLD, "nope": NEW}, headers=as_nora)
        await send("PATCH", "/api/users/U-N", json={**change, "currentPin": OLD}, headers=as_nora)
        await send("GET", "/api/jobs", headers={"Authorization": f"Bearer {nora}x"})
        await send("GET", f"/api/jobs?pin={NEW}&token={nora}", headers=as_nora)
        await send("POST", "/api/auth/logout", headers=as_nora)
    users = [{"id": "U-1", "name": "a", "role": "OPERATOR", "pin": IMPORTED}]
    users += [{**users[0], "id": "U-2"}, {"id": "U-3", "name": "b", "role": "NOBODY", "pin": SHOWN}]
    for dry_run in ("true", "false"):
        await plant.ask("POST", f"/api/system/import?dryRun={dry_run}", {"users": users})
    await plant.ask("GET", "/api/system/export")
    await raw(plant, f"GET /api/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {nora}\r\nbroken\r\n\r\n")
    await raw(plant, f"POST /api/auth/login HTTP/9.9\r\n\r\n{{'pin': '{WRONG}'}}")

    async def tried() -> bool:
        return (await plant.sync())["lastError"] is not None

    await until(tried)
    return tokens


async def raw(plant: PlantServer, request: str) -> None:
    """Send what is hardly HTTP."""
    reader, writer = await asyncio.open_connection(*plant.url.removeprefix("http://").split(":"))
    writer.write(request.encode())
    await reader.read()
    writer.close()


async def test_secrets_stay_where_they_belong(plant: PlantServer) -> None:
    """No PIN and no token lies anywhere; a key only in its own file, a hash only in its table; none is in the log."""
    folder = plant.folder
    async with plant:
        tokens = await live(plant)
        local_token = json.loads((folder / "running.json").read_text())["token"]
        running = contents(folder)
    export = folder.with_name("export.json")
    await command("export", export, "--data-dir", folder)
    files = {**running, **{f"{name} later": text for name, text in contents(folder).items()}}
    files |= {"log": plant.log.read_bytes(), "export": export.read_bytes()}
    assert b"POST /api/auth/login" in files["log"], "the log is at its loudest"

    signatures = [token.rpartition(".")[2] for token in tokens]
    for secret in (OLD, NEW, WRONG, IMPORTED, SHOWN, *signatures):
        assert [name for name, text in files.items() if secret.encode() in text] == []
    keys = json.loads((folder / "pin-keys.json").read_text())
    own = dict.fromkeys(keys.values(), "pin-keys.json")
    own |= {(folder / "token-secret").read_text(): "token-secret", local_token: "running.json", PASSWORD: "bundle.json"}
    for secret, home in own.items():
        assert {name.removesuffix(" later") for name, text in files.items() if secret.encode() in text} == {home}
    with closing(sqlite.connect(folder / "structura.db", read_only=True)) as database:
        hashes = [value for line in database.execute("SELECT pin_hash, pin_lookup FROM users") for value in line]
        logged = str(database.execute("SELECT * FROM change_log").fetchall() + answers(database))
    assert len(hashes) >= 6
    for secret in filter(None, hashes):
        outside = {name for name, text in files.items() if secret.encode() in text and "structura.db" not in name}
        assert outside == set()
        assert secret not in logged


def contents(folder: Path) -> dict[str, bytes]:
    """All files in the folder, by their paths in it."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def answers(database: sqlite.Connection) -> list[Any]:
    kept: list[Any] = database.execute("SELECT * FROM answers").fetchall()
    assert kept, "an answer is kept for its Idempotency-Key"
    return kept


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes; the folder's rights are the installer's")
async def test_only_the_service_reads_its_files(plant: PlantServer) -> None:
    """The folder is closed to other accounts, and so is every file in it, wherever it is copied with its mode."""
    async with plant:
        await plant.log_in()
        await plant.ask("POST", "/api/users", NORA)
        assert stat.S_IMODE(plant.folder.stat().st_mode) == 0o700
        made = [file for file in plant.folder.rglob("*") if file.name != "settings.toml"]
        assert {file.name for file in made} >= {"structura.db", "structura.db-wal", "token-secret", "pin-keys.json"}
        assert {file: oct(stat.S_IMODE(file.stat().st_mode)) for file in made} == {
            file: "0o700" if file.is_dir() else "0o600" for file in made
        }
