"""Imports by the program itself: killed in the middle, beside a running server, in the machine's language."""

import asyncio
import contextlib
import json
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from structura_local.operations import source
from tests.former import connect, fill, make
from tests.plant import Serve
from tests.test_commands import SMALL, run

EVENTS = 60_000  # enough for SQLite to write before the commit


def stored(data: Path) -> dict[str, Any]:
    """All lines of all tables. Only read: who writes would fold the write-ahead log in, and take it away."""
    with contextlib.closing(sqlite3.connect(f"{(data / 'structura.db').as_uri()}?mode=ro", uri=True)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        tables = [line[0] for line in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables}


def test_killed_in_the_middle(tmp_path: Path) -> None:
    """kill -9 while an import is writing: nothing of it is there afterwards, and it can be done again."""
    data, file = tmp_path / "data", tmp_path / "large.json"
    assert (
        run("init", "--data-dir", data, "--plant", "P", "--admin-name", "A", "--admin-pin", "86420975").returncode == 0
    )
    common = {"machineId": "M-1", "type": "CLEANING", "description": "x" * 200, "severity": "INFO"}
    events = [{"id": f"EV-{n}", "timestamp": "2026-01-01", **common} for n in range(EVENTS)]
    file.write_text(json.dumps({"events": events}), encoding="utf-8")
    before = stored(data)
    command = [sys.executable, "-m", "structura_local", "import", str(file), "--data-dir", str(data)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        wal = data / "structura.db-wal"
        while not (wal.exists() and wal.stat().st_size > 2**20):
            assert process.poll() is None, "the import was over before it could be killed"
            time.sleep(0.005)
        process.kill()
    assert stored(data) == before
    done = run("import", SMALL, "--data-dir", data, "--json")
    assert json.loads(done.stdout)["collections"]["events"]["new"] == 26


async def test_a_database_beside_a_running_server(serve: Serve, data_dir: Path, tmp_path: Path) -> None:
    """The former backend's database goes to the server that runs, with what lies in its -wal."""
    path = tmp_path / "structura.db"
    with contextlib.closing(connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        fill(connection, json.loads(SMALL.read_text(encoding="utf-8")))
        async with serve() as api:
            dry = await asyncio.to_thread(run, "import", path, "--data-dir", data_dir, "--dry-run")
            assert "Nothing was changed" in dry.stdout, dry.stderr
            assert (await api.get("/api/jobs")).json == []
            done = await asyncio.to_thread(run, "import", path, "--data-dir", data_dir, "--json")
            assert json.loads(done.stdout)["collections"]["jobs"]["new"] == 8, done.stderr
            assert len((await api.get("/api/jobs")).json) == 8
    again = await asyncio.to_thread(run, "import", path, "--data-dir", data_dir)
    assert "Nothing to do" in again.stdout


def test_in_the_machines_language(tmp_path: Path, monkeypatch: Any) -> None:
    """On a Spanish machine report and refusal are in Spanish."""
    monkeypatch.setenv("LC_ALL", "es_UY.UTF-8")
    data, bad = tmp_path / "data", tmp_path / "bad.json"
    run("init", "--data-dir", data, "--plant", "P", "--admin-name", "A", "--admin-pin", "86420975")
    assert "leídas" in run("import", SMALL, "--data-dir", data).stdout
    bad.write_text("{")
    refused = run("import", bad, "--data-dir", data)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "no se cambió nada: está cortado" in refused.stderr


def test_files_that_are_refused(tmp_path: Path) -> None:
    """A file too large is refused before it is read, a damaged database with a sentence."""
    data, large, damaged = tmp_path / "data", tmp_path / "large.json", tmp_path / "structura.db"
    run("init", "--data-dir", data, "--plant", "P", "--admin-name", "A", "--admin-pin", "86420975")
    with large.open("wb") as file:
        file.truncate(source.LARGEST + 1)
    make(damaged, json.loads(SMALL.read_text(encoding="utf-8")))
    damaged.write_bytes(damaged.read_bytes()[:9000])
    for path, said in ((large, "larger than 256 MiB"), (damaged, "is damaged or cut off")):
        refused = run("import", path, "--data-dir", data)
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
        assert said in refused.stderr
