"""The service under systemd: an account of its own, a unit, and systemctl.

A Debian package brings account and unit itself; then this only turns the service on and off.
"""

import grp
import os
import pwd
import shutil
import subprocess
from pathlib import Path

from structura_local.errors import StartError
from structura_local.rights import hand_over
from structura_local.service import NAME, State

ACCOUNT = NAME
DATA = Path("/var/lib") / NAME
UNIT = Path("/etc/systemd/system") / f"{NAME}.service"
PACKAGED = Path("/lib/systemd/system") / f"{NAME}.service"
TEMPLATE = Path(__file__).parent.parent / "data" / f"{NAME}.service"
_OTHERS_WRITE, _OTHERS_READ = 0o022, 0o005


def install(program: list[str]) -> str:
    """Make account, data folder and unit, and have the service start with the machine."""
    _require_root()
    if not PACKAGED.exists():
        _check_program(Path(program[0]))
        _make_account()
        DATA.mkdir(mode=0o700, parents=True, exist_ok=True)
        account = pwd.getpwnam(ACCOUNT)
        os.chown(DATA, account.pw_uid, account.pw_gid)
        hand_over(DATA)
        UNIT.write_text(unit(" ".join(program)), encoding="utf-8")
        UNIT.chmod(0o644)
    _systemctl("daemon-reload")
    _systemctl("enable", NAME)
    return "The service is installed and starts with the machine. Start it now with 'structura-local service start'."


def unit(program: str) -> str:
    """The unit for a program."""
    return TEMPLATE.read_text(encoding="utf-8").replace("@PROGRAM@", program)


def start() -> str:
    """Start the service; returns when it serves."""
    _require_root()
    _require_installed()
    _systemctl("reset-failed", NAME, check=False)
    _systemctl("start", NAME, otherwise=f"The service does not start; 'journalctl -u {NAME} -n 20' says why")
    return "The service runs."


def stop() -> str:
    """Stop the service; returns when all that was answered is in the database file."""
    _require_root()
    _require_installed()
    _systemctl("stop", NAME)
    return "The service has stopped. It starts again with the machine, or with 'structura-local service start'."


def status() -> State:
    """What systemd says of the service."""
    shown = _systemctl(
        "show", NAME, "--property=LoadState,ActiveState,SubState,UnitFileState,MainPID,NRestarts", check=False
    )
    said = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    return State(
        installed=said.get("LoadState") == "loaded",
        running=said.get("ActiveState") == "active",
        detail=f"{said.get('ActiveState', 'unknown')} ({said.get('SubState', '')})",
        at_boot=said.get("UnitFileState") == "enabled",
        process=int(said.get("MainPID", "0")) or None,
        restarts=int(said.get("NRestarts") or 0),
    )


def uninstall() -> str:
    """Stop the service and take it away; the data stays."""
    _require_root()
    _require_installed()
    _systemctl("disable", "--now", NAME)
    if PACKAGED.exists():
        return f"The service is off. 'apt remove {NAME}' takes the program away too; the data in {DATA} stays."
    UNIT.unlink(missing_ok=True)
    _systemctl("daemon-reload")
    return f"The service is gone. The data in {DATA} stays; so does the program."


def _require_root() -> None:
    if os.geteuid() != 0:
        raise StartError("Only root can do this; put 'sudo' before the command.")


def _require_installed() -> None:
    if not (UNIT.exists() or PACKAGED.exists()):
        raise StartError("The service is not installed; run 'structura-local service install' first.")


def _check_program(program: Path) -> None:
    """A program that others can change would do their bidding, and one that others cannot read would not start."""
    for place in (program, *program.parents):
        found = place.stat()
        if found.st_uid != 0 or found.st_mode & _OTHERS_WRITE:
            raise StartError(
                f"Others than root can change {place}. As root, copy the program to /opt/{NAME}, and run this there."
            )
        if found.st_mode & _OTHERS_READ != _OTHERS_READ:
            raise StartError(f"The service's account cannot read {place}; run 'chmod -R a+rX {place}' first.")


def _make_account() -> None:
    try:
        pwd.getpwnam(ACCOUNT)
        grp.getgrnam(ACCOUNT)
    except KeyError:
        _run("useradd", "--system", "--user-group", "--home-dir", str(DATA), "--no-create-home",
             "--shell", "/usr/sbin/nologin", ACCOUNT)  # fmt: skip


def _systemctl(*arguments: str, check: bool = True, otherwise: str = "") -> str:
    return _run("systemctl", *arguments, check=check, otherwise=otherwise)


def _run(program: str, *arguments: str, check: bool = True, otherwise: str = "") -> str:
    path = shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin")
    if path is None:
        raise StartError(f"There is no {program} on this system; start 'structura-local serve' by what it has instead.")
    done = subprocess.run([path, *arguments], capture_output=True, text=True, check=False)  # noqa: S603
    if check and done.returncode != 0:
        raise StartError(otherwise or f"'{program} {' '.join(arguments)}' failed: {done.stderr.strip()}")
    return done.stdout
