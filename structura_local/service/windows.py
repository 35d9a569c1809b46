"""The service under Windows' service manager: installing it, and answering it from within (handler.py)."""

import re
import subprocess
import sys
import winreg
from pathlib import Path

if sys.platform != "win32":
    raise ImportError("Windows only")

from structura_local import win32
from structura_local.errors import StartError
from structura_local.rights import lock_down
from structura_local.service import State
from structura_local.settings import service_data_dir

NAME, SHOWN = "StructuraLocal", "Structura Local"
ACCOUNT = rf"NT SERVICE\{NAME}"  # made by Windows for this service alone, without a password; has no other rights
EVENTS = rf"SYSTEM\CurrentControlSet\Services\EventLog\Application\{NAME}"
MESSAGES = r"%SystemRoot%\System32\EventCreate.exe"  # its messages are the text alone
# Restart after 5 s, 30 s, and from then on every minute; forgotten after a day without a failure.
FAILURES = ["reset=", "86400", "actions=", "restart/5000/restart/30000/restart/60000"]
RULE = SHOWN
_MISSING, _NOT_ACTIVE, _ALREADY = 1060, 1062, 1056


def install(program: list[str]) -> str:
    """Make the service, its event log source, its data folder's rights and the firewall's rule."""
    command = subprocess.list2cmdline([*program, "service", "run"])
    made = ["binPath=", command, "obj=", ACCOUNT, "start=", "delayed-auto", "DisplayName=", SHOWN]
    if _sc("query", NAME)[0] == _MISSING:
        _must("create", NAME, *made)
    else:
        _must("config", NAME, *made)
    _must("description", NAME, "The plant's server: works without a link, and keeps head office in step.")
    _must("failure", NAME, *FAILURES)
    _must("failureflag", NAME, "1")  # also when it ends by itself with an error
    _must("sidtype", NAME, "unrestricted")  # the account's SID is in its token, so that files can be given to it
    with winreg.CreateKey(winreg.HKEY_LOCAL_MACHINE, EVENTS) as key:
        winreg.SetValueEx(key, "EventMessageFile", 0, winreg.REG_EXPAND_SZ, MESSAGES)
        winreg.SetValueEx(key, "TypesSupported", 0, winreg.REG_DWORD, 7)
    folder = service_data_dir()
    folder.mkdir(parents=True, exist_ok=True)
    lock_down(folder, NAME)
    _firewall("delete", check=False)
    # By program, not by port: the setting may change. Only the networks that this PC is itself on.
    _firewall("add", "dir=in", "action=allow", "protocol=TCP", "remoteip=LocalSubnet", f"program={program[0]}")
    return "The service is installed and starts with the machine. Start it now with 'structura-local service start'."


def start() -> str:
    """Start the service."""
    code, said = _sc("start", NAME)
    if code == _MISSING:
        raise StartError("The service is not installed; run 'structura-local service install' first.")
    if code not in (0, _ALREADY):
        raise StartError(f"The service does not start; the event log (Application, {NAME}) says why. {said}")
    return "The service starts."


def stop() -> str:
    """Ask the service to stop."""
    code, said = _sc("stop", NAME)
    if code == _MISSING:
        raise StartError("The service is not installed; run 'structura-local service install' first.")
    if code not in (0, _NOT_ACTIVE):
        raise StartError(f"The service does not stop: {said}")
    return "The service stops. It starts again with the machine, or with 'structura-local service start'."


def status() -> State:
    """What the service manager says; by its numbers, since its words are translated."""
    code, said = _sc("queryex", NAME)
    if code == _MISSING:
        return State(installed=False)
    numbers = [int(n) for n in re.findall(r":\s+(\d+)", said)]  # type, state, …, process, flags
    words = {1: "stopped", 2: "starting", 3: "stopping", 4: "active"}
    state = numbers[1] if len(numbers) > 1 else 0
    _code, configured = _sc("qc", NAME)
    return State(
        installed=True,
        running=state == 4,
        detail=words.get(state, f"in state {state}"),
        at_boot=re.search(r":\s+2\s", configured) is not None,
        process=numbers[-2] if len(numbers) > 3 and numbers[-2] else None,
    )


def uninstall() -> str:
    """Stop the service and take it away; the data stays."""
    _sc("stop", NAME)
    if _sc("delete", NAME)[0] == _MISSING:
        raise StartError("The service is not installed.")
    _firewall("delete", check=False)
    winreg.DeleteKey(winreg.HKEY_LOCAL_MACHINE, EVENTS)
    return f"The service is gone. The data in {service_data_dir()} stays; so does the program."


def _must(*arguments: str) -> None:
    code, said = _sc(*arguments)
    if code:
        raise StartError(f"'sc {' '.join(arguments)}' failed; run this as an administrator. {said}")


def _sc(*arguments: str) -> tuple[int, str]:
    return _run(win32.system_tool("sc.exe"), *arguments)


def _firewall(what: str, *rule: str, check: bool = True) -> None:
    code, said = _run(win32.system_tool("netsh.exe"), "advfirewall", "firewall", what, "rule", f"name={RULE}", *rule)
    if code and check:
        raise StartError(f"The firewall's rule could not be made: {said}")


def _run(program: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run([program, *arguments], capture_output=True, encoding="oem", errors="replace", check=False)  # noqa: S603
    return done.returncode, (done.stdout + done.stderr).strip()
