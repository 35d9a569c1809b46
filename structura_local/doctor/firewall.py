"""Whether this machine's own firewall lets terminals in. What stands between machines, no program here can see."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from structura_local.doctor.finding import FAILED, OK, SKIPPED, Finding, say
from structura_local.doctor.nftables import closing

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
    allowed = re.findall(r"^(\S+)(?: on \S+)? +(?:ALLOW|LIMIT)(?! (?:OUT|FWD))", said, re.MULTILINE)
    if any(_is_to(to, port) for to in allowed):
        return _open("ufw", port)
    return _closed("ufw", port, f"ufw allow {port}/tcp")


def _is_to(to: str, port: int) -> bool:
    """Whether what ufw lets in covers a port: `Anywhere`, `8000`, `8000/tcp`, `80,8000:8010/tcp`."""
    ports, _, protocol = to.partition("/")
    if to == "Anywhere":
        return True
    if protocol not in ("", "tcp"):
        return False
    ranges = re.findall(r"(?:^|,)(\d+)(?::(\d+))?(?=,|$)", ports)
    return any(int(low) <= port <= int(high or low) for low, high in ranges)


def _firewalld(port: int) -> Finding | None:
    code, _said = _run("firewall-cmd", "--state")
    if code in (127, 252):  # there is none, or it does not run
        return None
    if code != 0:
        return _hidden()
    code, listed = _run("nft", "--json", "list", "ruleset")
    if code == 0:  # its zones, with what they are bound to, as the kernel has them
        is_open = closing(json.loads(listed)["nftables"], port) is None
    else:
        is_open = _run("firewall-cmd", f"--query-port={port}/tcp")[0] == 0
    if is_open:
        return _open("firewalld", port)
    return _closed("firewalld", port, f"firewall-cmd --permanent --add-port={port}/tcp && firewall-cmd --reload")


def _nftables(port: int) -> Finding | None:
    code, said = _run("nft", "--json", "list", "ruleset")
    if code != 0:
        return _hidden() if _program("nft") and "permitted" in said else None
    if chain := closing(json.loads(said)["nftables"], port):
        add = f"nft insert rule {chain['family']} {chain['table']} {chain['name']} tcp dport {port} accept"
        return _closed("nftables", port, add)
    return None


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
