"""A new user with the README and the .deb: to the old data in a browser on a second machine; and through its firewall.

In `make packages`, which builds the .deb before. The browser is this machine's, in the network of the terminal.
"""

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packaging.machine import ROOT, URL, Machine, ask, lacking, packaged, setup_link, wait

pytestmark = [
    pytest.mark.packages,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(bool(lacking()), reason=lacking()),
]

FRONTEND = ROOT / "frontend"
OLD = ROOT / "tests" / "data" / "structura-export-small.json"
FIVE_MINUTES = 300.0  # seconds


def browser() -> str | None:
    """Chromium, where what drives it is there too."""
    if shutil.which("node") is None or not (FRONTEND / "node_modules" / "playwright-core").exists():
        return None
    named = os.environ.get("CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A clean Debian, switched on, with a stick that has the package and nothing else."""
    stick = tmp_path / "stick"
    stick.mkdir()
    shutil.copy(packaged(), stick)
    made = Machine(tmp_path, stick)
    with made.assembled():
        made.boot()
        yield made


@pytest.mark.skipif(browser() is None, reason="no Chromium, no Node.js, or frontend/node_modules is not made")
def test_the_old_data_on_a_second_machine(machine: Machine, tmp_path: Path) -> None:
    """What the README and the screen say, done: under five minutes. Then an operator logs in with the old PIN."""
    began = time.monotonic()
    machine.run("sh", "-c", "cd /media/stick && apt install ./structura-local_*.deb")
    link = setup_link(machine.run("structura-local", "service", "start"))
    wait(lambda: "structura.local on the LAN" in machine.run("journalctl", "-u", "structura-local"), "its name")
    pictures = tmp_path / "pictures"
    walk = ("node", str(FRONTEND / "test" / "firstDay.mjs"), link, str(OLD), str(pictures))
    said = json.loads(machine.from_terminal("env", f"CHROMIUM={browser()}", *walk))
    assert time.monotonic() - began < FIVE_MINUTES
    assert said["addresses"] == [URL, "http://structura.local:8000"]
    old = json.loads(OLD.read_text(encoding="utf-8"))
    newest = [row["id"] for name in ("projectAccessories", "events") for row in old[name]]
    assert [row_id for row_id in newest if row_id in said["seen"]] == newest
    someone = next(user for user in old["users"] if user["role"] == "OPERATOR")
    assert ask(machine, "POST", "/api/auth/login", {"pin": someone["pin"]})["user"]["name"] == someone["name"]
    doctor = json.loads(machine.run("structura-local", "doctor", "--json"))
    assert {found["check"] for found in doctor if found["state"] not in ("ok", "skipped")} <= {"disk", "backup"}


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("ufw", "systemctl enable ufw; ufw --force enable"),
        ("firewalld", "systemctl enable --now firewalld"),
        ("nftables", "nft 'table inet t { chain in { type filter hook input priority 0; policy drop; }; }'"),
    ],
)
def test_a_firewall_in_the_way(machine: Machine, name: str, command: str) -> None:
    """The real one: nobody gets in; the doctor names it, and the command that lets terminals in, and nothing else."""

    def reached() -> bool:
        return "true" in machine.from_terminal("curl", "--silent", "--max-time", "2", f"{URL}/healthz", code=None)

    def found() -> dict[str, str]:
        said = json.loads(machine.run("structura-local", "doctor", "--json", code=None))
        return next(finding for finding in said if finding["check"] == "firewall")

    machine.run("sh", "-c", "dpkg -i /media/stick/*.deb")
    machine.run("structura-local", "service", "start")
    assert (reached(), found()["state"]) == (True, "ok")
    machine.run(
        "sh", "-c", command, code=None
    )  # ufw fails at kernel settings, which no container may change, and is on
    wait(lambda: not reached(), "the firewall")
    closed = found()
    assert (closed["state"], f"({name})" in closed["said"]) == ("failed", True), closed
    machine.run("sh", "-c", closed["fix"])
    assert (reached(), found()["state"]) == (True, "ok")
    if name != "nftables":
        machine.halt()
        machine.boot()
        wait(reached, "the server, without anybody having logged in")
        assert f"({name}) lets port 8000 in" in found()["said"], "the rule is for good"
