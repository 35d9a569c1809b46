"""Machines to install on: a clean Debian with its own systemd in a container, and a terminal on its network.

Needs root, debootstrap, systemd-nspawn (systemd-container) and ip. The kernel is this machine's; everything else is the
container's own: its systemd, dpkg, accounts, files and network.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
BASE = ROOT / "build" / "clean-root"
PACKAGES = "systemd,systemd-sysv,libpam-systemd,dbus,iproute2,nftables,ufw,firewalld"
FIREWALLS = ("ufw", "firewalld", "nftables")  # which are off, as on a Debian that nobody has set up
NEEDED = ("debootstrap", "systemd-nspawn", "ip", "nsenter", "dpkg-deb")
ADDRESS, TERMINAL = "10.231.7.1", "10.231.7.2"
URL = f"http://{ADDRESS}:8000"
PATIENCE = 120.0


def lacking() -> str:
    """Why no machine can be made here; empty if one can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "only root on Linux can make a clean machine"
    missing = [name for name in NEEDED if shutil.which(name) is None]
    return f"not installed: {', '.join(missing)}" if missing else ""


def base() -> Path:
    """A clean Debian, made once and kept in build/; machines write over it, not into it."""
    ready = BASE / ".ready"
    if not ready.exists() or ready.read_text() != PACKAGES:
        shutil.rmtree(BASE, ignore_errors=True)
        BASE.parent.mkdir(exist_ok=True)
        release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
        call("debootstrap", "--variant=minbase", f"--include={PACKAGES}", release["VERSION_CODENAME"], str(BASE))
        call("systemctl", f"--root={BASE}", "disable", *FIREWALLS)
        ready.write_text(PACKAGES)
    return BASE


def call(*command: str, code: int | None = 0, **options: Any) -> str:
    """Run a command to its end; what it printed."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600, check=False, **options
    )
    said = done.stdout + done.stderr
    assert code is None or done.returncode == code, f"{' '.join(command)} ended with {done.returncode}: {said}"
    return said


def wait(condition: Callable[[], Any], what: str) -> Any:
    """What the condition returns once that is true."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if result := condition():
            return result
        time.sleep(0.1)
    raise AssertionError(f"waited {PATIENCE:.0f} s: {what}")


class Machine:
    """A booted Debian, and `terminal`: a second machine on its network, which has nothing but the network."""

    def __init__(self, home: Path, stick: Path) -> None:
        self._home = home
        self._stick = stick
        self._root = home / "root"
        self._pid = 0
        self._network = f"structura-{os.getpid()}"
        self._name = f"p{os.getpid()}"  # of which systemd-nspawn makes that of a network card, 15 characters long
        self._nspawn: subprocess.Popen[bytes] | None = None

    @contextmanager
    def assembled(self) -> Iterator[None]:
        """Its file system and its network."""
        for name in ("root", "changes", "work"):
            (self._home / name).mkdir()
        layers = f"lowerdir={base()},upperdir={self._home}/changes,workdir={self._home}/work"
        call("mount", "-t", "overlay", "overlay", "-o", layers, str(self._root))
        call("ip", "netns", "add", self._network)
        try:
            yield
        finally:
            self.halt()
            call("ip", "netns", "del", self._network)
            call("umount", str(self._root))

    def boot(self) -> None:
        """Switch it on; returns when it has started what starts with it."""
        command = [
            "systemd-nspawn", "--quiet", f"--directory={self._root}", "--boot", "--register=no", "--keep-unit",
            "--console=pipe", "--private-users=no", "--network-veth", f"--machine={self._name}",
            f"--bind-ro={self._stick}:/media/stick", "--capability=CAP_SYS_TIME",
        ]  # fmt: skip
        with (self._home / "console.log").open("ab") as log:
            self._nspawn = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._pid = wait(self._leader, "the container's systemd")
        wait(lambda: "host0" in self.run("ip", "-br", "link", code=None), "the container's network")
        call("ip", "link", "set", f"ve-{self._name}", "netns", self._network)
        self.run("ip", "addr", "add", f"{ADDRESS}/24", "dev", "host0")
        self.run("ip", "link", "set", "host0", "up")
        for what in (("addr", "add", f"{TERMINAL}/24", "dev"), ("link", "set", "up", "dev")):
            call("ip", "-n", self._network, *what, f"ve-{self._name}")
        wait(
            lambda: self.run("systemctl", "is-system-running", code=None).strip() in ("running", "degraded"),
            "the container to have booted",
        )

    def halt(self) -> None:
        """Shut it down as its power button does."""
        if self._nspawn is not None:
            self._nspawn.send_signal(signal.SIGTERM)
            try:
                self._nspawn.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._nspawn.kill()
                self._nspawn.wait()
            self._nspawn = None

    def run(self, *command: str, code: int | None = 0) -> str:
        """Run a command on it, as root."""
        inside = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "TERM=dumb", *command]
        return call("nsenter", f"--target={self._pid}", "--all", "--", *inside, code=code)

    def from_terminal(self, *command: str, code: int | None = 0) -> str:
        """Run a command of this machine where it sees the terminal's network and no other."""
        return call("ip", "netns", "exec", self._network, *command, code=code)

    def _leader(self) -> int:
        assert self._nspawn is not None
        assert self._nspawn.poll() is None, (self._home / "console.log").read_text()
        children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children").read_text().split()
        for child in map(int, children):
            if Path(f"/proc/{child}/comm").read_text().strip() == "systemd":
                return child
        return 0


def ask(machine: Machine, method: str, path: str, body: Any = None, token: str = "") -> Any:
    """A request from the terminal."""
    command = ["curl", "--silent", "--show-error", "--fail-with-body", "-X", method, URL + path, "--max-time", "20"]
    if body is not None:
        command += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
    if token:
        command += ["-H", f"Authorization: Bearer {token}"]
    said = machine.from_terminal(*command)
    return json.loads(said) if said else None


def setup_link(said: str) -> str:
    """The link in what a command has printed."""
    found = re.search(rf"http://{ADDRESS}:8000/setup#\S+", said)
    assert found, said
    return found[0]


def packaged() -> Path:
    """The package to be tried out."""
    found = sorted((ROOT / "dist").glob("*.deb"))
    assert found, "there is no .deb in dist; make packages builds it"
    return found[-1]
