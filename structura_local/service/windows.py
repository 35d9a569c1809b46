"""The service under Windows' service manager (scm.py), which it answers from within (handler.py)."""

import contextlib
import subprocess
import sys
import winreg
from collections.abc import Iterator
from pathlib import Path

if sys.platform != "win32":
    raise ImportError("Windows only")

from structura_local import win32
from structura_local.errors import StartError
from structura_local.rights import lock_down
from structura_local.service import State, scm
from structura_local.settings import service_data_dir

NAME, SHOWN = "StructuraLocal", "Structura Local"
ABOUT = "The plant's server: works without a link, and keeps head office in step."
ACCOUNT = rf"NT SERVICE\{NAME}"  # made by Windows for this service alone, without a password; has no other rights
EVENTS = rf"SYSTEM\CurrentControlSet\Services\EventLog\Application\{NAME}"
MESSAGES = r"%SystemRoot%\System32\EventCreate.exe"  # its messages are the text alone
RESTARTS = (5, 30, 60)  # seconds; the last for all further failures, forgotten after a day without one
RULE = SHOWN
PATIENCE = 60.0  # seconds for a stop
_WORDS = {scm.STOPPED: "stopped", scm.STARTING: "starting", scm.STOPPING: "stopping", scm.RUNNING: "active"}


def install(program: list[str]) -> str:
    """Make the service, its event log source, its data folder's rights and the firewall's rule."""
    command = subprocess.list2cmdline([*program, "service", "run"])
    with _sentences("install"):
        scm.install(scm.Service(NAME, SHOWN, ABOUT, command, ACCOUNT, RESTARTS))
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
    with _sentences("start"):
        scm.start(NAME)
    return "The service starts."


def stop() -> str:
    """Stop the service; returns when all that was answered is in the database file."""
    with _sentences("stop"):
        if not scm.stop(NAME, PATIENCE):
            raise StartError(f"The service has been asked to stop, and has not after {PATIENCE:.0f} s.")
    return "The service has stopped. It starts again with the machine, or with 'structura-local service start'."


def status() -> State:
    """What the service manager says."""
    try:
        state, process, at_boot = scm.status(NAME)
    except OSError as error:
        if error.winerror == scm.MISSING:
            return State(installed=False)
        raise
    return State(
        installed=True,
        running=state == scm.RUNNING,
        detail=_WORDS.get(state, f"in state {state}"),
        at_boot=at_boot,
        process=process or None,
    )


def uninstall() -> str:
    """Stop the service and take it away; the data stays."""
    with _sentences("uninstall"):
        scm.stop(NAME, PATIENCE)
        scm.delete(NAME)
    _firewall("delete", check=False)
    with contextlib.suppress(FileNotFoundError):
        winreg.DeleteKey(winreg.HKEY_LOCAL_MACHINE, EVENTS)
    return f"The service is gone. The data in {service_data_dir()} stays; so does the program."


@contextlib.contextmanager
def _sentences(wanted: str) -> Iterator[None]:
    """Have what Windows refuses as a StartError that says what to do."""
    try:
        yield
    except PermissionError as error:
        raise StartError("Only an administrator can do this; use a command prompt as administrator.") from error
    except OSError as error:
        if error.winerror == scm.MISSING:
            raise StartError("The service is not installed; run 'structura-local service install' first.") from error
        why = f"{error.strerror} ({error.winerror})"
        raise StartError(f"'service {wanted}' failed; the event log (System, Application) says more: {why}") from error


def _firewall(what: str, *rule: str, check: bool = True) -> None:
    code, said = _run(win32.system_tool("netsh.exe"), "advfirewall", "firewall", what, "rule", f"name={RULE}", *rule)
    if code and check:
        raise StartError(f"The firewall's rule could not be made: {said}")


def _run(program: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run([program, *arguments], capture_output=True, encoding="oem", errors="replace", check=False)  # noqa: S603
    return done.returncode, (done.stdout + done.stderr).strip()
