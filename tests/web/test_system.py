"""The status of a server, as its administrators and head office's support ask for it."""

import asyncio
import errno
import json
import os
import socket
import sys
from dataclasses import fields
from pathlib import Path

import aiohttp

from structura_local import __version__, app
from structura_local.folder import Folder
from structura_local.settings import Settings, load
from tests.plant import START_ISO, Api, Clock
from tests.test_commands import run


async def test_status(api: Api, now: Clock, data_dir: Path) -> None:
    """Plant, version, the sync in words, what waits, the disk, since when it runs; what is unset is left out."""
    now.move(seconds=90)
    status = (await api.get("/api/system/status", "SUPERVISOR")).json
    assert status["plant"] == {"name": "Planta Norte"}
    assert status["version"] == __version__
    assert (status["startedAt"], status["time"]) == (START_ISO, "2027-01-15T08:01:30.000Z")
    assert 0 <= status["uptimeSeconds"] < 60, "the wall clock has no say in it"
    assert 0 < status["disk"]["freeBytes"] < status["disk"]["totalBytes"]
    assert {"fine": "has room", "low": "Make room on"}[status["disk"]["state"]] in status["disk"]["detail"]
    assert status["disk"]["databaseBytes"] >= (data_dir / "structura.db").stat().st_size
    sync = status["sync"]
    assert (sync["state"], sync["pushed"], sync["pulled"]) == ("local-only", 0, 0)
    assert "head office" in sync["detail"]
    assert not sync.keys() & {"lastError", "lastExchange", "offlineSince", "nextTry", "clockOffsetMs"}
    assert b"null" not in (await api.get("/api/system/status")).body


async def test_what_waits(api: Api, now: Clock) -> None:
    """Changes that head office does not have yet are counted, with when the first was made."""
    before = (await api.get("/api/system/status")).json["sync"]
    assert (before["pending"], before["pendingSince"]) == (4, START_ISO)
    now.move(hours=1)
    await api.made("/api/machines", {"name": "A", "type": "PINTURA"})
    after = (await api.get("/api/system/status")).json["sync"]
    assert (after["pending"], after["pendingSince"]) == (5, START_ISO)


async def test_settings(data_dir: Path) -> None:
    """Each setting with value, default, and where it comes from; what is secret is masked, what is unset left out."""
    (data_dir / "settings.toml").write_text("\ntoken_hours = 8\n")
    secret = "a secret that is long enough for it"
    chosen = load({"data_dir": str(data_dir), "port": 0, "host": "127.0.0.1"}, {"JWT_SECRET": secret})
    async with app.served(chosen, Folder(data_dir)) as url, aiohttp.ClientSession() as session:
        api = Api(url, {}, session, Folder(data_dir))
        running = api.folder.running()
        assert running
        answer = await api.get("/api/system/settings", running["token"])
        printed = await asyncio.to_thread(run, "settings", "--json", "--data-dir", data_dir)
    assert answer.status == 200
    assert secret not in answer.body.decode()
    said = {
        one["name"]: {k: v for k, v in one.items() if k in ("value", "default", "origin", "where")}
        for one in answer.json
    }
    assert all(one["description"] for one in answer.json)
    effects = {one["name"]: one["takesEffect"] for one in answer.json}
    assert [effects[name] for name in ("mdns", "log_level", "port", "jwt_secret")] == [
        "now", "next start", "overridden", "overridden",
    ]  # fmt: skip
    assert list(said) == [field.name for field in fields(Settings) if field.name != "origins"]
    assert said["token_hours"] == {
        "value": 8.0, "default": 12.0, "origin": "file", "where": f"{data_dir / 'settings.toml'}:2",
    }  # fmt: skip
    assert said["port"] == {"value": 0, "default": 8000, "origin": "flag", "where": "--port"}
    assert said["jwt_secret"] == {"value": "••••", "default": "", "origin": "environment", "where": "JWT_SECRET"}
    assert said["kiosk_collections"] == {"value": [], "origin": "default"}
    assert said["frontend"] == {"origin": "default"}
    assert said["require_paired_terminals"] == {"value": False, "default": False, "origin": "default"}
    assert said["data_dir"]["value"] == str(data_dir)
    assert json.loads(printed.stdout) == answer.json, "the command asks the server that runs"


def test_settings_of_a_stopped_server(data_dir: Path) -> None:
    """Without a server the command says what it would be started with now."""
    (data_dir / "settings.toml").write_text("port = 8123\n")
    printed = run("settings", "--data-dir", data_dir)
    assert (printed.returncode, printed.stderr) == (0, "")
    assert f"port = 8123  ({data_dir / 'settings.toml'}:1)" in printed.stdout.splitlines()
    assert 'log_level = "INFO"  (default)' in printed.stdout.splitlines()


async def test_a_clock_that_is_behind_is_told(api: Api, now: Clock) -> None:
    """A clock that lags behind what it wrote itself is wrong, and the status says so."""
    await api.made("/api/machines", {"name": "A", "type": "PINTURA"})
    assert (await api.get("/api/system/status")).json["clock"]["state"] == "fine"
    now.move(hours=-2)
    said = (await api.get("/api/system/status")).json["clock"]
    assert (said["state"], START_ISO in said["detail"]) == ("wrong", True)


async def test_a_port_that_is_taken(data_dir: Path) -> None:
    """The sentence names the port, who has it where that can be told, and which setting changes it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = await asyncio.to_thread(run, "serve", "--host", "127.0.0.1", "--port", port, "--data-dir", data_dir)
    assert done.returncode == 1
    assert str(port) in done.stderr
    assert "'port' in settings.toml" in done.stderr
    if sys.platform == "linux":
        assert f"cannot be used: {os.strerror(errno.EADDRINUSE)}. " in done.stderr
        assert f"(process {os.getpid()}) has it" in done.stderr


async def test_an_address_that_is_none_of_ours(data_dir: Path) -> None:
    """The port is nobody's fault: the sentence names the other setting."""
    done = await asyncio.to_thread(run, "serve", "--host", "192.0.2.1", "--port", 0, "--data-dir", data_dir)
    assert (done.returncode, "192.0.2.1 cannot be used" in done.stderr) == (1, True)
    assert done.stderr.endswith("Choose another with --host, or 'host' in settings.toml.\n")
