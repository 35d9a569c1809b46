"""The server's log: bounded, readable by programs, without secrets."""

import asyncio
import contextlib
import json
import logging
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from structura_local import __version__, logs
from structura_local.redact import redacted
from structura_local.settings import Settings
from tests.plant import Serve
from tests.test_commands import run

SECRETS = {
    "DSN": "connecting to postgresql://plant_x_1:s3cret-Pass/w@db.example.com/structura",
    "key and value": "could not connect: password=s3cret-Passw host=db",
    "token": "sent eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJVLTEifQ.s3cret-PassworD",
    "header": "Authorization: Bearer s3cret-Passw0rd",
    "hash": "$2b$12$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZs3cre",
    "key": "key 0123456789abcdef0123456789abcdef",
    "PIN": 'body was {"pin": "86420975"}',
    "word": "announced kJ8s3cretPassw0rd_-kJ8s3cretPassw0rd_-ABCDE",
}
TRACES = ("s3cre", "0123456789abcdef", "86420975")


@pytest.fixture
def logger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[logging.Logger]:
    """A logger that writes as a server does, and nowhere else."""
    settings = Settings(data_dir=tmp_path, log_format=getattr(request, "param", "text"))
    handler = logs.to_files(settings)
    root = logging.getLogger()
    root.removeHandler(handler)
    made = logging.getLogger("tests.logs")
    made.addHandler(handler)
    made.propagate = False
    yield made
    made.removeHandler(handler)
    handler.close()


@pytest.fixture
def sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of a hundredth of their size, so that a test need not write 70 MB."""
    monkeypatch.setattr(logs, "SIZE", 100_000)


def test_it_is_bounded(sooner: None, logger: logging.Logger, tmp_path: Path) -> None:
    """Five files, whatever is written; the newest line is in the newest file."""
    for number in range(700):
        logger.warning("%d %s", number, "x y " * 250)
    found = logs.files(tmp_path)
    assert len(found) == len(list((tmp_path / "logs").iterdir())) == logs.FILES
    assert 4 * 90_000 < sum(file.stat().st_size for file in found) <= logs.FILES * logs.SIZE
    assert "699 x y" in found[0].read_text()


def test_a_file_that_somebody_holds(sooner: None, logger: logging.Logger, tmp_path: Path) -> None:
    """What cannot be renamed is written on; no line is lost, and nothing fails. When it is let go, it is renamed."""
    folder = tmp_path / "logs"
    logger.warning("first")
    if subprocess.run(["chattr", "+i", folder], capture_output=True, check=False).returncode:
        pytest.skip("this account or file system knows no immutable folders")
    try:
        for number in range(200):
            logger.warning("%d %s", number, "x y " * 250)
        said = (folder / logs.NAME).read_text()
        assert all(f"{number} x y" in said for number in range(200))
        assert logs.files(tmp_path) == [folder / logs.NAME]
    finally:
        subprocess.run(["chattr", "-i", folder], check=True)
    logger.warning("last")
    assert (folder / logs.NAME).read_text().endswith("last\n")
    assert len(logs.files(tmp_path)) == 2


def test_a_long_word_takes_no_time() -> None:
    """A megabyte that somebody sends does not hold up the server when a line about it is written."""
    began = time.process_time()
    for word in ("x" * 1_000_000, "0" * 1_000_000 + "x", "x:" * 500_000, "password" * 100_000):
        redacted(word)
    assert time.process_time() - began < 5


@pytest.mark.parametrize("logger", ["text", "json"], indirect=True)
def test_no_secret_is_in_it(logger: logging.Logger, tmp_path: Path) -> None:
    """Whatever has the shape of one is masked, in exceptions too; the rest of the line stays."""
    for said in SECRETS.values():
        logger.warning(said)
        try:
            raise ValueError(said)
        except ValueError:
            logger.exception("failed")
    written = logs.files(tmp_path)[0].read_text()
    assert [trace for trace in TRACES if trace in written] == []
    assert "@db.example.com/structura" in written


@pytest.mark.parametrize("logger", ["json"], indirect=True)
def test_json(logger: logging.Logger, tmp_path: Path) -> None:
    """One object a line, whatever is in the message."""
    logger.warning('two\nlines, "quoted", Ñandú')
    (line,) = logs.files(tmp_path)[0].read_text().splitlines()
    found = json.loads(line)
    assert (found["level"], found["message"]) == ("WARNING", 'two\nlines, "quoted", Ñandú')
    assert found["time"].endswith("Z")


@pytest.mark.parametrize(
    "said",
    [
        "GET /api/machines/M-1 200 1.2 ms",
        "structura_local.operations.transfer INFO imported 12 machines",
        "plant_planta-norte-de-nombre-largo_0a1b2c can no longer connect",
        "/var/lib/structura-local/structura.db cannot be opened",
    ],
)
def test_what_is_no_secret_stays(said: str) -> None:
    """A log without its words helps nobody."""
    assert redacted(said) == said


def not_started(data_dir: Path) -> str:
    """The reason in the log's last line, which is all that stands there of a start that was refused."""
    (*_, last) = logs.files(data_dir)[0].read_text().splitlines()
    _, found, reason = last.partition(" ERROR structura_local: not started: ")
    assert found, last
    return reason


def newer_database(data_dir: Path) -> None:
    with contextlib.closing(sqlite3.connect(data_dir / "structura.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")


def wrong_setting(data_dir: Path) -> None:
    (data_dir / "settings.toml").write_text("\nport = 99999\n")


def no_certificate(data_dir: Path) -> None:
    (data_dir / "settings.toml").write_text(
        'port = 0\ntls = "files"\ntls_port = 0\ntls_certificate = "/no.crt"\ntls_key = "/no.key"\n'
    )


@pytest.mark.parametrize("spoil", [newer_database, wrong_setting, no_certificate])
def test_why_no_server_was_started(data_dir: Path, spoil: Callable[[Path], None]) -> None:
    """It stands in the log, in the sentence that was printed, for who looks nowhere else."""
    spoil(data_dir)
    done = run("serve", "--data-dir", data_dir, "--host", "127.0.0.1")
    assert done.returncode == 1
    assert not_started(data_dir) == done.stderr.splitlines()[-1].removeprefix("structura-local: ")


def test_a_port_that_is_taken(data_dir: Path) -> None:
    """The log says which, and who has it; the first line of that start says the version."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run("serve", "--data-dir", data_dir, "--host", "127.0.0.1", "--port", port).returncode == 1
        assert not_started(data_dir).startswith(f"Port {port} on 127.0.0.1 cannot be used: ")
    first = logs.files(data_dir)[0].read_text().splitlines()[0]
    assert first.endswith(f" INFO structura_local.app: Structura Local {__version__} starts on {data_dir}")


async def test_a_second_server(serve: Serve, data_dir: Path) -> None:
    """Why it was not started is added to the log of the one that runs."""
    async with serve():
        done = await asyncio.to_thread(run, "serve", "--data-dir", data_dir)
    assert done.returncode == 1
    assert not_started(data_dir).startswith(f"Another server is already running on {data_dir} (process ")


def test_what_cannot_be_written_as_it_is(data_dir: Path) -> None:
    """A port with a byte that is no text is refused like any other, and the log has what can be written of it."""
    assert run("serve", "--data-dir", data_dir, "--port", "80\udcff").returncode == 1
    assert not_started(data_dir).startswith("--port: port is not valid: 80\\udcff is not a whole number")


def test_why_no_server_was_started_as_json(tmp_path: Path) -> None:
    """In the format that the settings ask for, although they are wrong, and before there is a plant."""
    (tmp_path / "settings.toml").write_text('log_format = "json"\nport = "80a"\n')
    assert run("serve", "--data-dir", tmp_path).returncode == 1
    (line,) = logs.files(tmp_path)[0].read_text().splitlines()
    assert json.loads(line)["message"].startswith(
        f"not started: {tmp_path / 'settings.toml'}:2: port is not valid: 80a"
    )


def test_a_folder_that_is_no_plants(tmp_path: Path) -> None:
    """Nothing is written where no plant has ever been, nor by a command that is no server."""
    (tmp_path / "logs").mkdir()
    assert run("serve", "--data-dir", tmp_path, "--port", "80a").returncode == 1
    (tmp_path / "settings.toml").write_text("port = 99999")
    assert run("doctor", "--data-dir", tmp_path).returncode == 1
    assert logs.files(tmp_path) == []
