"""Checks of the machine: port, disk, drive, clock, rights. The firewall has a module of its own."""

import errno
import os
import shutil
import socket
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp

from structura_local import clock
from structura_local.doctor.finding import FAILED, OK, WARNING, Finding, say
from structura_local.drives import is_read_only, network_drive
from structura_local.folder import Folder
from structura_local.owner import numeric
from structura_local.phrases import Phrase, phrase
from structura_local.ports import port_holder
from structura_local.rights import strangers
from structura_local.settings import FILE_NAME, Settings
from structura_local.trouble import account_of, mount_of

LOW, VERY_LOW = 2_000_000_000, 200_000_000  # bytes
PATIENCE = 10  # seconds for which a server may think about whether it is well
SLACK = 5 * 60_000  # milliseconds that a clock may be behind what was written: it was set right meanwhile
OFF = 60_000  # milliseconds between two clocks that are worth a word
_GIGABYTE = 1e9


async def port(settings: Settings, folder: Folder) -> Finding:
    """Whether the server answers; if it does not run, whether its port is free, and who has it if not."""
    if (running := folder.running()) and folder.is_locked():
        url = running["url"]
        if (why := await _mute(numeric(running))) is None:
            return Finding("port", OK, say("serves", url=url))
        fix = say("command", command="structura-local service status")
        return Finding("port", FAILED, say("mute", url=url, why=why), fix)
    other = settings.port + 1 if settings.port < 65_535 else 8000
    fix = say("fix-port", other=other, file=settings.data_dir / FILE_NAME)
    try:
        family, *_, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        socket.create_server(address[:2], family=family).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return Finding("port", FAILED, say("port-held", port=settings.port, holder=_holder(settings.port)), fix)
        why = error.strerror or str(error)
        if sys.platform == "win32":  # Windows keeps whole ranges for itself
            fix = say("command", command="netsh interface ipv4 show excludedportrange tcp")
        return Finding("port", FAILED, say("port-denied", port=settings.port, host=settings.host, why=why), fix)
    return Finding("port", OK, say("port-free", port=settings.port))


async def _mute(url: str) -> str | None:
    """Why a server does not answer as it should; None: it does."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as session,
            session.get(f"{url}/readyz") as response,
        ):
            return None if response.status == 200 else f"HTTP {response.status}, {await response.text()}"
    except TimeoutError:
        return f"> {PATIENCE} s"
    except (aiohttp.ClientError, OSError) as error:
        return str(error) or type(error).__name__


def _holder(port: int) -> Phrase:
    if (found := port_holder(port)) is None:
        return say("holder-unknown")
    name, process = found
    return say("holder", name=name, process=process)


def disk(folder: Folder) -> Finding:
    """Whether it takes what is written, and there is room."""
    if is_read_only(_nearest(folder.path)):
        return Finding("disk", FAILED, phrase("disk-read-only"), phrase("fix-read-only", place=mount_of(folder.path)))
    free = shutil.disk_usage(_nearest(folder.path)).free
    state = OK if free >= LOW else WARNING if free >= VERY_LOW else FAILED
    fix = None if state == OK else phrase("fix-disk", place=mount_of(folder.path))
    return Finding("disk", state, say("disk", free=f"{free / _GIGABYTE:.1f}"), fix)


def drive(folder: Folder) -> Finding:
    """Whether the data is on a disk of this machine."""
    if kind := network_drive(folder.path):
        return Finding("drive", FAILED, say("network-drive", folder=folder.path, kind=kind), say("fix-drive"))
    return Finding("drive", OK, say("drive"))


def clock_of_data(now: int, newest: int | None) -> Finding:
    """Whether the clock is behind the newest entry of the change log."""
    if newest is not None and newest > now + SLACK:
        said = say("clock-behind", now=clock.iso(now), newest=clock.iso(newest))
        return Finding("clock", WARNING, said, set_clock())
    return Finding("clock", OK, say("clock"))


def clock_at_office(offset: int) -> Finding:
    """Whether the clock agrees with head office's, which is `offset` milliseconds ahead."""
    seconds = f"{abs(offset) / 1000:.0f}"
    if abs(offset) > OFF:
        return Finding("clock-office", WARNING, say("clock-off", seconds=seconds), set_clock())
    return Finding("clock-office", OK, say("clock-agrees", seconds=seconds))


def set_clock() -> Phrase:
    """How a clock is set by itself."""
    return say("command", command="w32tm /resync" if sys.platform == "win32" else "timedatectl set-ntp true")


def rights(folder: Folder) -> Finding:
    """Whether the service's account can use all of the data, and nobody else any."""
    if not folder.path.is_dir():
        return Finding("rights", OK, say("no-plant", folder=folder.path))
    if sys.platform == "win32":
        names = [path.name for path in (folder.path, *folder.path.iterdir()) if strangers(path)]
        fix = say("command", command="structura-local service install")
        return Finding("rights", FAILED, say("rights-open", names=", ".join(names)), fix) if names else _private()
    if not os.access(folder.path, os.R_OK | os.X_OK):
        return Finding("rights", FAILED, say("rights-denied", folder=folder.path), say("again-as-root"))
    owner = folder.path.stat().st_uid
    entries = list(_entries(folder.path))
    if foreign := [name for name, uid, _mode in entries if uid != owner]:
        account = account_of(owner)
        fix = say("command", command=f"chown -R {account}: {folder.path}")
        return Finding("rights", FAILED, say("rights-foreign", owner=account, names=_few(foreign)), fix)
    if loose := [name for name, _uid, mode in entries if mode & 0o077]:
        fix = say("command", command=f"chmod -R go= {folder.path}")
        return Finding("rights", FAILED, say("rights-open", names=_few(loose)), fix)
    return _private()


def _private() -> Finding:
    return Finding("rights", OK, say("rights"))


def _entries(folder: Path) -> Iterator[tuple[str, int, int]]:
    """Name, owner and mode of everything in a folder, itself included."""
    found = folder.stat()
    yield str(folder), found.st_uid, stat.S_IMODE(found.st_mode)
    for path in folder.rglob("*"):
        try:
            found = path.lstat()
        except FileNotFoundError:
            continue
        if not stat.S_ISLNK(found.st_mode):
            yield str(path.relative_to(folder)), found.st_uid, stat.S_IMODE(found.st_mode)


def _few(names: list[str]) -> str:
    return ", ".join(names[:5]) + (", …" if len(names) > 5 else "")


def _nearest(path: Path) -> Path:
    """The path, or the innermost folder above it that is there."""
    return next(place for place in (path, *path.parents) if place.exists())
