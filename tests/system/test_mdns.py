"""The server's name on the LAN, in networks that the test makes: found, taken, moved, unplugged."""

import asyncio
import gc
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from structura_local import announcement
from structura_local.announcement import Announcement
from structura_local.settings import Settings
from tests.plant import Template

LOOKED = "looked at the network"
SERVE = f"""
import sys
from structura_local import front
from structura_local.__main__ import main
from structura_local.announcement import Announcement

async def look(self, of_old=Announcement.look):
    await of_old(self)
    print("{LOOKED}", file=sys.stderr, flush=True)

Announcement.look = look
front.LOOK = 0.3
main()
"""
RESOLVE = """
import asyncio, json, sys
from zeroconf import AddressResolverIPv4, IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

async def ask(here, name):
    zeroconf = AsyncZeroconf(interfaces=[here], ip_version=IPVersion.V4Only)
    asked = AddressResolverIPv4(name + ".")
    await asked.async_request(zeroconf.zeroconf, 2000)
    await zeroconf.async_close()
    print(json.dumps(asked.parsed_addresses()))

asyncio.run(ask(*sys.argv[1:]))
"""
HEALTHY = """
from urllib.request import urlopen
assert urlopen("http://127.0.0.1:8000/healthz", timeout=5).status == 200
"""
root_only = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or shutil.which("ip") is None, reason="only root makes networks"
)


def run(*command: Any) -> str:
    return subprocess.run([*map(str, command)], check=True, capture_output=True, text=True).stdout


def until(found: Callable[[], Any], wanted: Any) -> None:
    deadline = time.monotonic() + 60
    while (last := found()) != wanted:
        assert time.monotonic() < deadline, f"{last} instead of {wanted}"
        time.sleep(0.2)


class Pc:
    """A machine on a cable: a network namespace with one card."""

    def __init__(self, name: str, address: str) -> None:
        self.name, self.address = f"{name}-{os.getpid()}", address
        self.inside = ("ip", "netns", "exec", self.name)
        run("ip", "netns", "add", self.name)

    def plug(self) -> None:
        run("ip", "-n", self.name, "addr", "add", f"{self.address}/24", "dev", "eth0")
        for card in ("lo", "eth0"):
            run("ip", "-n", self.name, "link", "set", card, "up")

    def resolve(self, name: str) -> list[str]:
        found: list[str] = json.loads(run(*self.inside, sys.executable, "-c", RESOLVE, self.address, name))
        return sorted(found)

    def healthy(self) -> bool:
        return subprocess.run([*self.inside, sys.executable, "-c", HEALTHY], check=False).returncode == 0

    @contextmanager
    def serving(self, template: Template, data_dir: Path, **settings: str) -> Iterator[None]:
        shutil.copytree(template.path, data_dir)
        environment = {**os.environ, **{f"STRUCTURA_{name.upper()}": value for name, value in settings.items()}}
        with (data_dir.parent / f"{data_dir.name}.log").open("wb") as log:
            process = subprocess.Popen(
                [*self.inside, sys.executable, "-c", SERVE, "serve", "--data-dir", str(data_dir)],
                env=environment, stderr=log,
            )  # fmt: skip
        try:
            yield
            assert process.poll() is None, "it went on"
        finally:
            process.terminate()
            process.wait()


@pytest.fixture
def cable() -> Iterator[tuple[Pc, Pc]]:
    one, two = Pc("one", "10.9.0.1"), Pc("two", "10.9.0.2")
    try:
        run("ip", "link", "add", "eth0", "netns", one.name, "type", "veth", "peer", "name", "eth0", "netns", two.name)
        one.plug()
        two.plug()
        yield one, two
    finally:
        for pc in (one, two):
            run("ip", "netns", "del", pc.name)


@root_only
def test_found_and_never_disturbed(cable: tuple[Pc, Pc], template: Template, tmp_path: Path) -> None:
    """Found by the other PC, under a new address too; unplugged, and without any card, the server goes on."""
    one, two = cable
    log = tmp_path / "one.log"
    with one.serving(template, tmp_path / "one"):
        until(lambda: two.resolve("structura.local"), ["10.9.0.1"])
        run("ip", "-n", one.name, "addr", "add", "10.9.0.77/24", "dev", "eth0")
        run("ip", "-n", one.name, "addr", "del", "10.9.0.1/24", "dev", "eth0")
        run("ip", "-n", one.name, "addr", "replace", "10.9.0.77/24", "dev", "eth0")
        until(lambda: two.resolve("structura.local"), ["10.9.0.77"])
        run("ip", "-n", two.name, "link", "set", "eth0", "down")
        looked_anew(log)
        assert one.healthy()
        run("ip", "-n", two.name, "link", "set", "eth0", "up")
        until(lambda: two.resolve("structura.local"), ["10.9.0.77"])
        run("ip", "-n", two.name, "link", "del", "eth0")
        looked_anew(log)
        assert one.healthy()
    assert "Traceback" not in log.read_text()


def looked_anew(log: Path) -> None:
    """Wait until a server has begun a look at the network, and ended it."""
    before = log.read_text().count(LOOKED)
    until(lambda: log.read_text().count(LOOKED) >= before + 2, wanted=True)


@root_only
def test_a_taken_name(cable: tuple[Pc, Pc], template: Template, tmp_path: Path) -> None:
    """The second server is structura-2, and says so; when the first has gone, nobody is misled to it."""
    one, two = cable
    with one.serving(template, tmp_path / "one"):
        until(lambda: two.resolve("structura.local"), ["10.9.0.1"])
        with two.serving(template, tmp_path / "two"):
            until(lambda: one.resolve("structura-2.local"), ["10.9.0.2"])
            until(lambda: one.resolve("structura.local"), ["10.9.0.1"])
            said = "structura-2.local on the LAN (structura.local is somebody else's)"
            until(lambda: said in (tmp_path / "two.log").read_text(), True)
    until(lambda: two.resolve("structura.local"), [])


@root_only
@pytest.mark.parametrize("settings", [{"mdns": "false"}, {"host": "127.0.0.1"}], ids=str)
def test_nothing_is_announced(cable: tuple[Pc, Pc], template: Template, tmp_path: Path, settings: Any) -> None:
    """Not if it is turned off, nor by a server that nobody else can reach: not one packet."""
    one, two = cable
    with one.serving(template, tmp_path / "one", **settings):
        until(one.healthy, True)
        assert two.resolve("structura.local") == []
        before = sent(one)
        with two.serving(template, tmp_path / "two"):  # who does announce itself, has meanwhile
            until(lambda: two.resolve("structura.local"), ["10.9.0.2"])
        assert sent(one) == before


def sent(pc: Pc) -> int:
    """How many UDP packets a PC has sent."""
    lines = [line.split() for line in Path(f"/proc/{pid(pc)}/net/snmp").read_text().splitlines() if "Udp:" in line]
    return int(dict(zip(*lines[:2], strict=True))["OutDatagrams"])


def pid(pc: Pc) -> str:
    return run("ip", "netns", "pids", pc.name).split()[0]


async def test_over_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wiring, where no network can be made: announced, two at once sorted out by address, withdrawn."""
    monkeypatch.setattr(announcement, "BASE", name := f"structura-test-{os.getpid()}")
    addresses = {"one": ["127.0.0.1"], "two": ["127.0.0.2"]}
    one, two = (Announcement(pc, lambda settings, pc=pc: addresses[pc]) for pc in addresses)  # type: ignore[misc]
    for pc in (one, two):
        pc.use(Settings(data_dir=Path()), 8000)
    try:
        await asyncio.gather(one.look(), two.look())
        async with asyncio.timeout(60):
            while {one.name, two.name} != {f"{name}.local", f"{name}-2.local"}:
                await one.look()
                await two.look()
                await asyncio.sleep(0.2)
        addresses["one"] = []
        await one.look()
        assert one.name is None
    finally:
        await one.withdraw()
        await two.withdraw()


# zeroconf leaves what it had opened when it failed to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_network_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    """An address that is not there any more is logged once, and tried again."""
    addresses = ["192.0.2.1"]
    pc = Announcement("pc", lambda settings: addresses)
    pc.use(Settings(data_dir=Path()), 8000)
    for _ in range(3):
        await pc.look()
    assert (pc.name, caplog.text.count("no name on the LAN")) == (None, 1)
    gc.collect()
