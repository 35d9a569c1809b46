"""What the doctor says of a firewall is what a second machine meets. ufw and firewalld themselves: tests/packaging."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from structura_local.doctor.finding import FAILED, OK
from tests.doctor.test_checks import doctor, root_only, run

pytestmark = [
    root_only,
    pytest.mark.skipif(not (shutil.which("nft") and shutil.which("ip")), reason="no nftables or iproute2"),
]

SERVE = "import socket; s = socket.create_server(('10.9.3.1', 8000)); print(flush=True)\nwhile True: s.accept()"
LOOK = "from structura_local.doctor.firewall import firewall; print(firewall(8000).state)"
KNOCK = "import socket, sys; socket.create_connection(('10.9.3.1', 8000), float(sys.argv[1]))"
TABLE = (
    "flush ruleset; table inet t { chain own { tcp dport 8000 accept; }; "
    "chain input { type filter hook input priority 0; %s }; }"
)

# Rules of a chain for what comes in, and whether a terminal reaches port 8000.
RULES = {
    "": True,
    "policy drop;": False,
    "policy drop; ct state established,related accept; iifname lo accept; tcp dport 22 accept;": False,
    "ct state established accept; tcp dport { 22, 80 } accept; reject;": False,
    "ct state vmap { established : accept, invalid : drop }; meta nfproto ipv6 accept; drop;": False,
    "meta l4proto udp accept; udp dport 8000 accept; tcp dport 8001-9000 accept; drop;": False,
    "tcp dport != 22 drop;": False,
    "tcp dport 8000 reject with tcp reset;": False,
    "tcp dport 8000 return; accept; policy drop;": False,
    "policy drop; tcp dport { 22, 7000-9000 } accept;": True,
    "policy drop; ip saddr 10.9.3.0/24 accept;": True,
    "iifname vmap { lo : accept, eth0 : goto own }; accept; drop;": True,
    "policy drop; iifname eth0 tcp dport vmap { 22 : accept, 8000 : jump own };": True,
    "counter; jump own; log; reject;": True,
    "meta l4proto tcp ct state new goto own; drop;": True,
    "tcp dport 22 drop; udp dport 8000 drop; limit rate 5/second accept; accept;": True,
}

CLOSED = (
    "table inet filter { chain input { type filter hook input priority 0; policy drop; "
    "ct state established accept; tcp dport 22 accept; }; }"
)


def test_a_firewall_in_the_way(tmp_path: Path) -> None:
    """In a network of its own: a chain that drops all; the command that is named opens the port, and it is well."""
    name = f"structura-{os.getpid()}"
    inside = ("ip", "netns", "exec", name)
    run(f"ip netns add {name}")
    try:
        assert doctor("--data-dir", tmp_path, inside=inside)["firewall"]["state"] == OK
        run(f"{' '.join(inside)} nft '{CLOSED}'")
        found = doctor("--data-dir", tmp_path, inside=inside, code=1)["firewall"]
        assert found["state"] == FAILED
        run(f"{' '.join(inside)} {found['fix']}")
        assert doctor("--data-dir", tmp_path, inside=inside)["firewall"]["state"] == OK
    finally:
        run(f"ip netns del {name}")


@pytest.fixture
def plugged() -> Iterator[tuple[str, str]]:
    """Two networks with a cable between them: 10.9.3.1 and 10.9.3.2."""
    names = f"server-{os.getpid()}", f"terminal-{os.getpid()}"
    try:
        for name in names:
            run(f"ip netns add {name}")
        run(f"ip link add eth0 netns {names[0]} type veth peer name eth0 netns {names[1]}")
        for number, name in enumerate(names, 1):
            run(f"ip -n {name} addr add 10.9.3.{number}/24 dev eth0")
            run(f"ip -n {name} link set lo up && ip -n {name} link set eth0 up")
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


@contextmanager
def listening(network: str) -> Iterator[None]:
    """Something that takes connections in a network."""
    command = ["ip", "netns", "exec", network, sys.executable, "-c", SERVE]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield
        finally:
            process.kill()


def test_what_rules_let_in(plugged: tuple[str, str]) -> None:
    """Of rules as people write them, and as firewalld and iptables do."""
    server, terminal = ((("ip", "netns", "exec", name)) for name in plugged)
    with listening(plugged[0]):
        for rules, is_open in RULES.items():
            subprocess.run([*server, "nft", TABLE % rules], check=True)
            look = [*server, sys.executable, "-c", LOOK]
            found = subprocess.run(look, capture_output=True, text=True, check=True).stdout.strip()
            knock = [*terminal, sys.executable, "-c", KNOCK, "30" if is_open else "0.5"]
            met = subprocess.run(knock, capture_output=True, check=False)
            assert (rules, met.returncode == 0, found) == (rules, is_open, OK if is_open else FAILED)
