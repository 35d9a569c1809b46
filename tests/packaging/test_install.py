"""The .deb on a clean Debian with its own systemd: installed, used, killed, upgraded, removed, purged.

In `make packages`, which builds it before. A second machine on the network sees what the plant's terminals see.
"""

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.packaging.machine import ADDRESS, ROOT, Machine, ask, call, lacking, packaged, setup_link, wait

pytestmark = [
    pytest.mark.packages,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(bool(lacking()), reason=lacking()),
]

DATA = "/var/lib/structura-local"
PIN = "86420975"
FIVE_MINUTES = 300.0  # seconds


@pytest.fixture(scope="module")
def stick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the IT person carries: the package, and the next version of it."""
    folder = tmp_path_factory.mktemp("stick")
    shutil.copy(packaged(), folder / "now.deb")
    for tar in (ROOT / "dist").glob("*.tar.gz"):
        shutil.copy(tar, folder / "now.tar.gz")
    shutil.copy(ROOT / "tests" / "data" / "structura-export-small.json", folder)
    shutil.copy(next_version(tmp_path_factory.mktemp("next")), folder / "next.deb")
    return folder


def next_version(home: Path) -> Path:
    """The same program with a higher version, built as every other."""
    for name in ("structura_local", "sync", "packaging", "tests/data"):
        shutil.copytree(ROOT / name, home / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("structura.spec", "README.md", "CHANGELOG.md"):
        shutil.copy(ROOT / name, home)
    module = home / "structura_local" / "__init__.py"
    module.write_text(re.sub(r'(__version__ = ")[^"]*', r"\g<1>99.0.0", module.read_text()))
    for command in (["build.py"], ["packages.py", "dist/structura-local"]):
        subprocess.run([sys.executable, home / "packaging" / command[0], *command[1:]], cwd=home, check=True)
    return next((home / "dist").glob("*.deb"))


@pytest.fixture
def machine(stick: Path, tmp_path: Path) -> Iterator[Machine]:
    """A clean Debian, switched on, with the stick in it."""
    made = Machine(tmp_path, stick)
    with made.assembled():
        made.boot()
        yield made


def login(machine: Machine) -> str:
    token: str = ask(machine, "POST", "/api/auth/login", {"pin": PIN})["token"]
    return token


def state(machine: Machine) -> dict[str, Any]:
    """What the program says of its service."""
    said = machine.run("structura-local", "service", "status", "--json", code=None)
    found: dict[str, Any] = json.loads(said)
    return found


def set_up(machine: Machine) -> None:
    """As the README has it."""
    machine.run("dpkg", "-i", "/media/stick/now.deb")
    machine.run("structura-local", "service", "stop")
    machine.run("structura-local", "init", "--plant", "Norte", "--admin-name", "Ana", "--admin-pin", PIN)
    machine.run("structura-local", "import", "/media/stick/structura-export-small.json")
    machine.run("structura-local", "service", "start")


def owners(machine: Machine) -> set[str]:
    """Who owns the data, and with which rights."""
    return set(machine.run("find", DATA, "-printf", "%U:%m:%y\n").split())


def test_from_the_stick_to_the_terminal(machine: Machine) -> None:
    """Installed, set up, started: a terminal logs in; all data is the account's alone; the service is confined."""
    said = machine.run("dpkg", "-i", "/media/stick/now.deb")
    assert "Setting up structura-local" in said
    waiting = state(machine)
    assert (waiting["installed"], waiting["running"], waiting["at_boot"]) == (True, True, True)
    link = setup_link(machine.run("structura-local", "service", "start"))
    assert setup_link(machine.run("structura-local", "service", "status")) == link
    assert link in machine.run("journalctl", "-u", "structura-local")
    assert "<html" in machine.from_terminal("curl", "--silent", "--fail", "--max-time", "20", link)
    machine.run("structura-local", "service", "stop")
    machine.run("structura-local", "init", "--plant", "Norte", "--admin-name", "Ana", "--admin-pin", PIN)
    account = machine.run("id", "-u", "structura-local").strip()
    assert {entry.split(":")[0] for entry in owners(machine)} == {account}
    assert machine.run("structura-local", "service", "start") == "The service runs.\n"
    token = login(machine)
    assert (
        ask(machine, "POST", "/api/machines", {"id": "M-1", "name": "Plegadora", "type": "CONFORMADORA"}, token)["id"]
        == "M-1"
    )
    found = state(machine)
    assert (found["running"], found["url"]) == (True, "http://localhost:8000")
    status = machine.run("cat", f"/proc/{found['process']}/status")
    assert f"Uid:\t{account}\t" in status
    assert "NoNewPrivs:\t1" in status
    assert "Seccomp:\t2" in status
    assert {entry for entry in owners(machine) if entry.split(":")[1] not in ("600", "700")} == set()
    assert {entry.split(":")[0] for entry in owners(machine)} == {account}
    assert "Permission denied" in machine.run("setpriv", "--reuid=nobody", "--clear-groups", "ls", DATA, code=2)
    said = machine.run("systemd-analyze", "security", "structura-local")
    score = re.search(r"Overall exposure level.*?(\d+\.\d+)", said)
    assert score, said
    assert float(score[1]) < 4
    assert machine.run("dpkg", "--verify", "structura-local") == ""


def test_the_readme_word_by_word(machine: Machine) -> None:
    """What the README tells somebody with a stick to type on Debian, typed; a terminal logs in. In five minutes."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = readme.split("**Debian or Ubuntu.**")[1].split("**Another Linux")[0]
    typed = [line.strip() for line in block.splitlines() if line.startswith("    ")]
    assert len(typed) == 7
    began = time.monotonic()
    for line in typed:
        command = line.replace("sudo ", "").replace("structura-local_*.deb", "now.deb")
        command = command.replace("structura-export.json", "structura-export-small.json")
        said = machine.run("sh", "-c", f"cd /media/stick && {command}", code=None)
        print(f"$ {line}\n{said}")
    assert "0 failed" in said or "Nothing is wrong" in said
    assert machine.run("hostname", "-I").split() == [ADDRESS]
    token = login(machine)
    assert len(ask(machine, "GET", "/api/machines", token=token)) == 6
    assert time.monotonic() - began < FIVE_MINUTES


def test_nobody_looks_after_it(machine: Machine) -> None:
    """Killed, hung, shut down and switched on again: it serves, with all that it had answered."""
    set_up(machine)
    token = login(machine)
    ask(machine, "POST", "/api/machines", {"id": "M-1", "name": "Plegadora", "type": "CONFORMADORA"}, token)
    first = state(machine)["process"]
    machine.run("sh", "-c", f"kill -9 {first}")
    second = wait(lambda: (s := state(machine))["running"] and s["process"] != first and s["process"], "a restart")
    assert ask(machine, "GET", "/api/machines/M-1", token=token)["name"] == "Plegadora"

    dropin = "/etc/systemd/system/structura-local.service.d"
    machine.run("sh", "-c", f"mkdir {dropin}; printf '[Service]\nWatchdogSec=4\n' > {dropin}/quick.conf")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", "structura-local")
    second = state(machine)["process"]
    machine.run("sh", "-c", f"kill -STOP {second}")  # alive, but it does nothing
    third = wait(lambda: (s := state(machine))["running"] and s["process"] != second and s["process"], "the watchdog")
    assert "watchdog" in machine.run("journalctl", "-u", "structura-local").lower()
    assert ask(machine, "GET", "/api/machines/M-1", token=token)["name"] == "Plegadora"

    ask(machine, "PATCH", "/api/machines/M-1", {"name": "Plegadora 2"}, token)
    machine.run("structura-local", "service", "stop")
    assert "structura.db-wal" not in machine.run("ls", DATA), "a clean stop leaves a whole database file"
    assert state(machine)["running"] is False
    machine.run("structura-local", "service", "start")
    assert state(machine)["process"] != third

    machine.halt()
    machine.boot()
    wait(lambda: state(machine)["running"], "the service, without anybody having logged in")
    assert ask(machine, "GET", "/api/machines/M-1", token=token)["name"] == "Plegadora 2"


def test_upgraded_removed_purged(machine: Machine) -> None:
    """An upgrade keeps data and tokens; so do removal and a purge, unless somebody says that the data shall go."""
    set_up(machine)
    token = login(machine)
    before = ask(machine, "GET", "/api/machines", token=token)
    assert before
    machine.run("dpkg", "-i", "/media/stick/next.deb")
    wait(lambda: state(machine)["running"], "the service after the upgrade")
    assert ask(machine, "GET", "/api/system/status", token=token)["version"] == "99.0.0"
    assert ask(machine, "GET", "/api/machines", token=token) == before

    machine.run("dpkg", "--remove", "structura-local")
    assert "No such file" in machine.run("ls", "/usr/lib/structura-local", code=2)
    assert "structura.db" in machine.run("ls", DATA)
    assert machine.run("systemctl", "is-active", "structura-local", code=None).strip() != "active"
    machine.run("dpkg", "-i", "/media/stick/next.deb")
    wait(lambda: state(machine)["running"], "the service, on the data that was kept")
    assert ask(machine, "GET", "/api/machines", token=token) == before

    machine.run("env", "DEBIAN_FRONTEND=noninteractive", "dpkg", "--purge", "structura-local")
    assert "structura.db" in machine.run("ls", DATA), "nobody was asked, so nothing is deleted"
    machine.run("dpkg", "-i", "/media/stick/next.deb")
    wait(lambda: state(machine)["running"], "the service, on the data that was kept once more")
    asked = machine.run(
        "sh", "-c", "printf 'yes\n' | env DEBIAN_FRONTEND=teletype DEBIAN_PRIORITY=high dpkg --purge structura-local"
    )
    assert "Remove the plant's data too?" in asked
    assert "No such file" in machine.run("ls", DATA, code=2)
    machine.run("id", "structura-local", code=1)


@pytest.mark.skipif(shutil.which("makensis") is None, reason="NSIS is not installed")
def test_the_installer_for_windows_compiles(tmp_path: Path) -> None:
    """Without a warning. The program in it is this system's: what it does, only Windows can show."""
    made = tmp_path / "structura-local-1.2.3-setup.exe"
    defined = ["-DVERSION=1.2.3", f"-DPROGRAM={ROOT / 'dist' / 'structura-local'}", f"-DOUT={made}"]
    call("makensis", "-V2", "-WX", *defined, str(ROOT / "packaging" / "windows" / "setup.nsi"))
    assert made.read_bytes()[:2] == b"MZ"


def test_the_tar(machine: Machine) -> None:
    """Without a package manager: unpacked, `service install`, and away again; not from where others can write."""
    machine.run("tar", "-xzf", "/media/stick/now.tar.gz", "-C", "/tmp")
    refused = machine.run("/tmp/structura-local/structura-local", "service", "install", code=1)
    assert "Others than root can change /tmp" in refused
    machine.run("tar", "-xzf", "/media/stick/now.tar.gz", "-C", "/opt")
    program = "/opt/structura-local/structura-local"
    machine.run(program, "init", "--plant", "Norte", "--admin-name", "Ana", "--admin-pin", PIN)
    machine.run(program, "service", "install")
    machine.run(program, "service", "start")
    token = login(machine)
    assert ask(machine, "GET", "/api/system/status", token=token)["plant"]["name"] == "Norte"
    said = machine.run(program, "service", "uninstall")
    assert f"The data in {DATA} stays" in said
    assert "structura.db" in machine.run("ls", DATA)
    assert machine.run(program, "service", "status", code=4) != ""
