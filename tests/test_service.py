"""The server as its service manager sees it. What only a booted system can show: tests/packaging."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from structura_local.rights import hand_over
from structura_local.service import systemd
from structura_local.settings import default_data_dir, service_manager

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")


def test_ready_alive_stopping(data_dir: Path, tmp_path: Path) -> None:
    """systemd hears when the server answers, that it lives, and that it stops; then the database is one whole file."""
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(60)
        environment = {**os.environ, "NOTIFY_SOCKET": address, "WATCHDOG_USEC": "600000"}
        command = [sys.executable, "-m", "structura_local", "serve", "--host", "127.0.0.1", "--port", "0"]
        with subprocess.Popen([*command, "--data-dir", data_dir], env=environment, stdout=subprocess.DEVNULL) as server:
            first = manager.recv(1000).decode()
            assert first.startswith("READY=1\nSTATUS=Serves http://localhost:")
            assert [manager.recv(1000) for _ in range(3)] == [b"WATCHDOG=1"] * 3
            server.send_signal(signal.SIGSTOP)
            while True:  # what it had said before
                manager.settimeout(2)
                try:
                    manager.recv(1000)
                except TimeoutError:
                    break
            manager.settimeout(60)
            server.send_signal(signal.SIGCONT)
            assert manager.recv(1000) == b"WATCHDOG=1"
            server.terminate()
            while (last := manager.recv(1000)) == b"WATCHDOG=1":
                pass
            assert last.startswith(b"STOPPING=1")
            assert server.wait(60) == 0
    assert not (data_dir / "structura.db-wal").exists()
    log = (data_dir / "logs" / "structura-local.log").read_text()
    assert "serving" in log


def test_a_manager_that_is_none() -> None:
    """What the environment says, if it says anything."""
    assert service_manager({}) == ("", 0.0)
    assert service_manager({"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "60000000"}) == ("/run/x", 60.0)
    assert service_manager({"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "soon"}) == ("/run/x", 0.0)


def test_the_unit_names_the_program() -> None:
    """Nothing is left to be filled in."""
    unit = systemd.unit("/opt/structura-local/structura-local")
    assert "ExecStart=/opt/structura-local/structura-local serve" in unit
    assert not re.search(r"@\w+@", unit)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give files away")
def test_what_root_makes_is_handed_over(tmp_path: Path) -> None:
    """To the folder's owner; nothing outside of it, whatever links the owner has put there."""
    folder, outside = tmp_path / "data", tmp_path / "outside"
    (folder / "deep").mkdir(parents=True)
    outside.write_text("")
    linked = tmp_path / "linked"
    linked.write_text("")
    os.chown(folder, 65534, 65534)
    (folder / "deep" / "file").write_text("")
    (folder / "link").symlink_to(outside)
    os.link(linked, folder / "hard")
    hand_over(folder)
    owners = {name: os.lstat(folder / name).st_uid for name in ("deep", "deep/file", "link", "hard")}
    assert owners == {"deep": 65534, "deep/file": 65534, "link": 0, "hard": 0}
    assert outside.stat().st_uid == linked.stat().st_uid == 0


def test_where_data_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where a service has its data, every command looks there; else an ordinary user has a folder of their own."""
    monkeypatch.setattr("structura_local.settings.service_data_dir", lambda: tmp_path / "service")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert default_data_dir() != tmp_path / "service"
    (tmp_path / "service").mkdir()
    assert default_data_dir() == tmp_path / "service"


def test_a_server_loads_what_it_needs(tmp_path: Path) -> None:
    """An idle server is small: what only some commands or settings need is not loaded."""
    program = "import sys, structura_local.commands; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert "structura_local.app" in loaded
    needless = {"alembic", "sqlalchemy.orm", "psutil", "prometheus_client", "cryptography", "sync.central.office"}
    assert needless & loaded == set()
