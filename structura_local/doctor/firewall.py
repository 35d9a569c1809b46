"""Whether this machine's own firewall lets terminals in. What stands between machines, no program here can see."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from structura_local.doctor.finding import FAILED, OK, SKIPPED, Finding, say

_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
RULE = "Structura Local"


def firewall(port: int) -> Finding:
    """By what the firewall's own program says: ufw, firewalld, nftables (which iptables is, too), Windows."""
    if sys.platform == "win32":
        return _windows(port)
    for look in (_ufw, _firewalld, _nftables):
        if found := look(port):
            return found
    return Finding("firewall", OK, say("no-firewall"))


def _windows(port: int) -> Finding:
    from structura_local import win32  # noqa: PLC0415 - there is none elsewhere

    netsh = str(win32.system_tool("netsh.exe"))
    if _run(netsh, "advfirewall", "firewall", "show", "rule", f"name={RULE}")[0] == 0:
        return _open("Windows", port)
    return _closed("Windows", port, "structura-local service install")


def _ufw(port: int) -> Finding | None:
    code, said = _run("ufw", "status")
    if code != 0:
        return _hidden() if _program("ufw") and "root" in said else None
    if "inactive" in said:
        return None
    if re.search(rf"^{port}(/tcp)?\s+ALLOW", said, re.MULTILINE):
        return _open("ufw", port)
    return _closed("ufw", port, f"ufw allow {port}/tcp")


def _firewalld(port: int) -> Finding | None:
    if _run("firewall-cmd", "--state")[0] != 0:
        return None
    if _run("firewall-cmd", f"--query-port={port}/tcp")[0] == 0:
        return _open("firewalld", port)
    return _closed("firewalld", port, f"firewall-cmd --permanent --add-port={port}/tcp && firewall-cmd --reload")


def _nftables(port: int) -> Finding | None:
    code, said = _run("nft", "--json", "list", "ruleset")
    if code != 0:
        return _hidden() if _program("nft") and "permitted" in said else None
    listed = json.loads(said)["nftables"]
    for chain in _closing(listed):
        rules = [e["rule"]["expr"] for e in listed if _is_in(e.get("rule"), chain)]
        if not any(_lets_in(rule, port) for rule in rules):
            add = f"nft insert rule {chain['family']} {chain['table']} {chain['name']} tcp dport {port} accept"
            return _closed("nftables", port, add)
    return None


def _closing(listed: list[Any]) -> Iterator[Any]:
    """The chains that let nothing in unless a rule does."""
    for entry in listed:
        chain = entry.get("chain", {})
        if chain.get("hook") == "input" and chain.get("policy") == "drop":
            yield chain


def _is_in(rule: Any, chain: Any) -> bool:
    return bool(rule) and all(
        rule[k] == chain[v] for k, v in (("family", "family"), ("table", "table"), ("chain", "name"))
    )


def _lets_in(rule: list[Any], port: int) -> bool:
    """Whether a rule accepts the port, or sends on to another chain, which may: then nothing is claimed."""
    if any("jump" in part or "goto" in part for part in rule):
        return True
    if not any("accept" in part for part in rule):
        return False
    matches = [part["match"] for part in rule if "match" in part]
    ports = [m["right"] for m in matches if m["left"].get("payload", {}).get("field") == "dport"]
    return bool(ports) and all(_covers(right, port) for right in ports)


def _covers(right: Any, port: int) -> bool:
    if isinstance(right, dict):
        if "range" in right:
            low, high = right["range"]
            return bool(low <= port <= high)
        return any(_covers(one, port) for one in right.get("set", []))
    return bool(right == port)


def _open(name: str, port: int) -> Finding:
    return Finding("firewall", OK, say("firewall-open", name=name, port=port))


def _closed(name: str, port: int, command: str) -> Finding:
    return Finding("firewall", FAILED, say("firewall-closed", name=name, port=port), say("command", command=command))


def _hidden() -> Finding:
    return Finding("firewall", SKIPPED, say("firewall-unknown"), say("again-as-root"))


def _program(name: str) -> str | None:
    return name if Path(name).is_absolute() else shutil.which(name, path=_PATH)


def _run(name: str, *arguments: str) -> tuple[int, str]:
    program = _program(name)
    if program is None:
        return 127, ""
    done = subprocess.run([program, *arguments], capture_output=True, text=True, errors="replace", check=False)  # noqa: S603
    return done.returncode, done.stdout or done.stderr
