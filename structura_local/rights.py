"""Who may read a plant's data: the service's account alone."""

import contextlib
import hashlib
import os
import re
import stat
import struct
import subprocess
import sys
from pathlib import Path

_CROWDS = frozenset({"WD", "BU", "AU", "IU", "BG", "AN", "S-1-1-0", "S-1-5-32-545", "S-1-5-11", "S-1-5-4"})
_SYSTEM, _ADMINISTRATORS = "S-1-5-18", "S-1-5-32-544"  # account names are translated on Windows, SIDs are not


def lock_down(folder: Path, service: str) -> None:
    """Keep everybody but the account, the system and its administrators out of a folder."""
    if sys.platform != "win32":
        folder.chmod(0o700)
        return
    grants = [f"*{sid}:(OI)(CI)F" for sid in (_SYSTEM, _ADMINISTRATORS, service_sid(service))]
    from structura_local import win32  # noqa: PLC0415 - there is none elsewhere

    subprocess.run(  # noqa: S603
        [win32.system_tool("icacls.exe"), folder, "/inheritance:r", "/grant:r", *grants, "/T", "/Q"],
        check=True,
        capture_output=True,
    )


def hand_over(folder: Path) -> None:
    """Give what root has made in a folder to the folder's owner, who could not read it otherwise.

    A command that is run with sudo writes into the folder of a service that has an account of its own.
    """
    if sys.platform == "win32" or os.geteuid() != 0 or not folder.is_dir():
        return
    owner = folder.stat()
    if owner.st_uid == 0:
        return
    # By open folders, not by paths: the owner may put a link to somewhere else in the way at any moment.
    for _path, folders, files, at in os.fwalk(folder):
        for name in (*folders, *files):
            with contextlib.suppress(OSError):  # gone meanwhile; or the disk is read-only, as what runs here has said
                found = os.stat(name, dir_fd=at, follow_symlinks=False)
                ours = found.st_uid == 0 and (stat.S_ISDIR(found.st_mode) or found.st_nlink == 1)
                if ours and not stat.S_ISLNK(found.st_mode):
                    os.chown(name, owner.st_uid, owner.st_gid, dir_fd=at, follow_symlinks=False)


def strangers(path: Path) -> list[str]:
    """Who beside the service and the administrators may use a file, on Windows."""
    if sys.platform != "win32":
        return []
    from structura_local import win32  # noqa: PLC0415

    return strangers_in(win32.security(path))


def strangers_in(sddl: str) -> list[str]:
    """The groups of an access list, in SDDL, that hold everybody: everyone, users, whoever is logged in, guests."""
    allowed = re.findall(r"\((?:A|XA);[^;]*;[^;]*;[^;]*;[^;]*;([^;)]+)", sddl)
    return [sid for sid in allowed if sid in _CROWDS]


def service_sid(name: str) -> str:
    """The SID of the account that Windows makes for a service: made of its name."""
    parts = struct.unpack("<5I", hashlib.sha1(name.upper().encode("utf-16-le")).digest())  # noqa: S324 - Windows' way
    return "-".join(["S-1-5-80", *map(str, parts)])
