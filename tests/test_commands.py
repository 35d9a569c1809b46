"""The command line of a plant: exit codes, sentences, files."""

import argparse
import asyncio
import inspect
import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from structura_local import app
from structura_local.__main__ import _named, _parser, main
from structura_local.domain.machines import MACHINES
from structura_local.folder import Folder
from structura_local.settings import Settings
from structura_local.store.transaction import Author, Transaction
from tests.plant import PIN, Serve

SMALL = Path(__file__).parent / "data" / "structura-export-small.json"


def run(*arguments: Any, **environment: str) -> subprocess.CompletedProcess[str]:
    """The program, as a process of its own, with warnings as errors; `environment` beside what there is."""
    command = [sys.executable, "-W", "error", "-m", "structura_local", *map(str, arguments)]
    env = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, check=False, env=env)


def commands_of(parser: argparse.ArgumentParser) -> Iterator[str]:
    """What the commands of a parser run, by name."""
    if run := parser.get_default("run"):
        yield run
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for under in action.choices.values():
                yield from commands_of(under)


def test_every_command_is_there() -> None:
    """Commands are named as text, so that only one is loaded; each name leads to a coroutine function."""
    names = list(commands_of(_parser()))
    assert len(names) > 20
    assert [name for name in names if not inspect.iscoroutinefunction(_named(name))] == []


def test_a_plants_first_hour(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Set up, import, import again, export: each says what it did and ends with 0; secrets are the service's alone."""
    data, out = tmp_path / "data", tmp_path / "out.json"
    common = ["--data-dir", str(data)]
    assert main(["init", *common, "--plant", "Norte", "--admin-name", "Ana", "--admin-pin", "86420975"]) == 0
    assert "Norte" in capsys.readouterr().out
    assert main(["import", *common, str(SMALL), "--dry-run"]) == 0
    assert "Nothing was changed" in capsys.readouterr().out
    assert main(["import", *common, str(SMALL), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["collections"]["jobs"]["new"] == 8
    assert main(["import", *common, str(SMALL), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["collections"]["jobs"] == {
        "read": 8, "new": 0, "changed": 0, "same": 8, "repaired": [], "rejected": [], "noted": [],
    }  # fmt: skip
    assert main(["export", *common, str(out)]) == 0
    exported = json.loads(out.read_text(encoding="utf-8"))
    assert sorted(job["id"] for job in exported["jobs"]) == sorted(
        job["id"] for job in json.loads(SMALL.read_text())["jobs"]
    )
    assert "PINs are not in it" in capsys.readouterr().out
    assert main(["sync", "status", *common, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["plant"]["name"] == "Norte"
    if sys.platform != "win32":
        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        assert stat.S_IMODE(out.stat().st_mode) == 0o600
        for name in ("pin-keys.json",):
            assert stat.S_IMODE((data / name).stat().st_mode) == 0o600


async def test_secrets_of_a_server(serve: Serve, data_dir: Path) -> None:
    """The server's keys and its announcement are readable by its own account alone; the announcement goes with it."""
    async with serve():
        if sys.platform != "win32":
            for name in ("pin-keys.json", "token-secret", "running.json"):
                assert stat.S_IMODE(os.stat(data_dir / name).st_mode) == 0o600, name
            assert stat.S_IMODE(os.stat(data_dir).st_mode) == 0o700
    assert "running.json" not in os.listdir(data_dir)


@pytest.mark.parametrize("arguments", [[], ["nope"], ["import"], ["init", "--plant", "x"], ["serve", "--nope"]])
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong usage ends with 2 and says how it is used."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_failures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be done ends with 1 and one sentence on the error output, and leaves nothing behind."""
    data = tmp_path / "data"
    no_json, no_export = tmp_path / "no.json", tmp_path / "list.json"
    no_json.write_text("nope")
    no_export.write_text("[]")
    init = ["init", "--plant", "x", "--admin-name", "Ana"]
    assert main([*init, "--admin-pin", "86420975", "--data-dir", str(data)]) == 0
    for arguments in (
        ["export", tmp_path / "x.json", "--data-dir", tmp_path / "none"],
        ["import", SMALL, "--data-dir", tmp_path / "none"],
        ["import", tmp_path / "gone.json", "--data-dir", data],
        ["import", tmp_path, "--data-dir", data],
        ["import", no_json, "--data-dir", data],
        ["import", no_export, "--data-dir", data],
        ["export", tmp_path / "no" / "folder.json", "--data-dir", data],
        ["export", tmp_path, "--data-dir", data],
        ["sync", "now", "--data-dir", data],
        ["serve", "--port", "70000", "--data-dir", data],
        ["serve", "--port", "80a", "--data-dir", data],
        ["serve", "--port", "", "--data-dir", data],
        ["serve", "--host", "256.1.1.1", "--data-dir", data],
        [*init, "--admin-pin", "86420975", "--data-dir", data],
        [*init, "--admin-pin", "12", "--data-dir", tmp_path / "new"],
        [*init, "--admin-pin", "1234", "--data-dir", tmp_path / "new"],
        [*init, "--admin-pin", "86420975", "--data-dir", no_json],
    ):
        capsys.readouterr()
        assert main(list(map(str, arguments))) == 1, arguments
        error = capsys.readouterr().err
        assert error.startswith("structura-local: "), arguments
        assert error.count("\n") == 1, error
        assert "Traceback" not in error
    assert not (tmp_path / "new" / "structura.db").exists()
    assert main([*init, "--admin-pin", "86420975", "--data-dir", str(tmp_path / "new")]) == 0


def test_an_export_spares_its_neighbours(tmp_path: Path) -> None:
    """An export writes the one file it was told to write."""
    common = ["--data-dir", str(tmp_path / "data")]
    assert main(["init", *common, "--plant", "x", "--admin-name", "Ana", "--admin-pin", "86420975"]) == 0
    neighbour = tmp_path / "out.new"
    neighbour.write_text("mine")
    assert main(["export", *common, str(tmp_path / "out.json")]) == 0
    assert neighbour.read_text() == "mine"


def test_as_a_process(tmp_path: Path) -> None:
    """The exit codes are those of the process: 0, 1 with a sentence, 2 with the usage."""
    assert run("version").returncode == 0
    failed = run("sync", "status", "--data-dir", tmp_path)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.startswith("structura-local: There is no plant")
    assert run("nope").returncode == 2


def test_output_takes_every_character(tmp_path: Path) -> None:
    """Into a pipe it is UTF-8, as are files, also where the system would have its old code page."""
    done = run("doctor", "--data-dir", tmp_path, PYTHONIOENCODING="cp1252")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\u2713" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="by a shell; Windows' services are all like that")
def test_a_server_without_any_output(tmp_path: Path) -> None:
    """As Windows has services: with no input, no output, no error output. It serves, and stops well."""
    command = [sys.executable, "-m", "structura_local", "serve", "--host", "127.0.0.1", "--port", "0"]
    shell = ["/bin/sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command, "--data-dir", str(tmp_path)]
    log = tmp_path / "logs" / "structura-local.log"
    with subprocess.Popen(shell) as server:
        try:
            deadline = time.monotonic() + 60
            while not (log.exists() and "waits to be set up" in log.read_text(encoding="utf-8")):
                assert server.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
        finally:
            server.terminate()
        assert server.wait(60) == 0, log.read_text(encoding="utf-8")


async def test_beside_a_running_server(serve: Serve, data_dir: Path, tmp_path: Path) -> None:
    """Commands go through the server that runs: its users see the data at once; a large file raises no warning."""
    file = json.loads(SMALL.read_text(encoding="utf-8"))
    large = tmp_path / "large.json"
    file["projects"][0]["description"] = "x" * 60_000
    file["jobs"] = [{**file["jobs"][0], "id": f"J-{n}", "notes": "x" * 60_000} for n in range(30)]
    large.write_text(json.dumps(file), encoding="utf-8")
    async with serve() as api:
        done = await asyncio.to_thread(run, "import", large, "--data-dir", data_dir)
        assert done.returncode == 0, done.stderr
        assert len((await api.get("/api/jobs")).json) == 30
        done = await asyncio.to_thread(run, "export", tmp_path / "out.json", "--data-dir", data_dir)
        assert done.returncode == 0, done.stderr
        second = await asyncio.to_thread(run, "serve", "--port", "0", "--data-dir", data_dir)
        assert second.returncode == 1
        assert "already running" in second.stderr
        assert (await api.login(PIN["ADMIN"])).status == 200


@pytest.mark.parametrize(
    ("name", "command"),
    [("structura.db", "export"), ("bundle.json", "serve"), ("pin-keys.json", "import")],
)
def test_a_damaged_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, command: str) -> None:
    """A database, bundle or key file that is none: exit 1 and a sentence with its path, nothing overwritten."""
    data = tmp_path / "data"
    common = ["--data-dir", str(data)]
    assert main(["init", *common, "--plant", "Norte", "--admin-name", "Ana", "--admin-pin", "86420975"]) == 0
    (data / name).write_bytes(b"no such thing")
    file = [] if command == "serve" else [str(SMALL if command == "import" else tmp_path / "out.json")]
    assert main([command, *common, *file]) == 1
    assert name in capsys.readouterr().err
    assert (data / name).read_bytes() == b"no such thing"


@pytest.mark.parametrize("arguments", [["central", "init", "nonsense"], ["central", "status", "postgresql://[/x"]])
def test_a_dsn_that_is_none_is_a_sentence(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """No traceback for head office's typing mistakes either."""
    assert main(arguments) == 1
    assert capsys.readouterr().err.startswith("structura-local: ")


def machines(data: Path, out: Path) -> list[str]:
    """The names of a plant's machines, as an export has them."""
    assert main(["export", "--data-dir", str(data), str(out)]) == 0
    return [machine["name"] for machine in json.loads(out.read_text(encoding="utf-8"))["machines"]]


async def serve_once(data: Path) -> None:
    async with app.served(Settings(data_dir=data, host="127.0.0.1", port=0), Folder(data)):
        pass


@pytest.mark.parametrize("imported", [False, True])
def test_a_setup_ends_with_a_machine(tmp_path: Path, imported: bool) -> None:
    """The first start makes one machine if neither setup nor import has brought any; a later start never does."""
    data, out = tmp_path / "data", tmp_path / "out.json"
    init = ["init", "--plant", "x", "--admin-name", "Ana", "--admin-pin", "86420975"]
    assert main([*init, "--data-dir", str(data)]) == 0
    if imported:
        assert main(["import", "--data-dir", str(data), str(SMALL)]) == 0
    assert len(before := machines(data, out)) == (6 if imported else 0)
    asyncio.run(serve_once(data))
    assert machines(data, out) == (before or ["Conformadora 1"])
    asyncio.run(delete_machines(data))
    asyncio.run(serve_once(data))
    assert machines(data, out) == []


async def delete_machines(data: Path) -> None:
    def work(tx: Transaction) -> None:
        for row in tx.find(MACHINES):
            tx.delete(MACHINES, row)

    async with app.opened(Folder(data)) as plant:
        await plant.store.door.write(work, Author("api"))


async def test_who_is_locked_out_pairs_a_terminal_from_this_machine(serve: Serve, data_dir: Path) -> None:
    """Where nobody can log in any more, a code comes from the command line; terminals are listed and revoked there."""
    common = ["--data-dir", data_dir]
    async with serve(require_paired_terminals=True) as api:
        assert (await api.login(PIN["ADMIN"])).status == 403
        added = await asyncio.to_thread(run, "terminals", "add", "Oficina", *common)
        assert added.returncode == 0, added.stderr
        code = added.stdout.split("\n")[0].rpartition(" ")[2]
        assert "waits for its code" in (await asyncio.to_thread(run, "terminals", "list", *common)).stdout
        paired = await api.post("/api/auth/pair", {"code": code}, None)
        assert (await api.login(PIN["ADMIN"])).status == 200
        (one,) = json.loads((await asyncio.to_thread(run, "terminals", "list", "--json", *common)).stdout)
        assert (one["name"], one["id"]) == ("Oficina", paired.json["id"])
        assert "Oficina: paired" in (await asyncio.to_thread(run, "terminals", "list", *common)).stdout
        assert (await asyncio.to_thread(run, "terminals", "revoke", one["id"], *common)).returncode == 0
        assert (await api.login(PIN["ADMIN"])).status == 403
        again = await asyncio.to_thread(run, "terminals", "revoke", one["id"], *common)
        assert (again.returncode, again.stderr.count("\n")) == (1, 1)
    stopped = await asyncio.to_thread(run, "terminals", "add", "Oficina", *common)
    assert stopped.returncode == 1
    assert "not running" in stopped.stderr
