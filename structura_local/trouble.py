"""Why a file or folder cannot be used, and what mends that."""

import errno
import os
import sys
from pathlib import Path

_ABOUT_FILES = (errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EIO)


def is_about_files(error: OSError) -> bool:
    """Whether an error is the machine's, which a person can mend, and not the program's."""
    return error.errno in _ABOUT_FILES


def trouble(path: Path, error: OSError, wanted: str = "used") -> str:
    """One sentence. `wanted`: what the file cannot be: used, read, written."""
    return f"{path} cannot be {wanted}: {_reason(path, error)}."


def _reason(path: Path, error: OSError) -> str:
    match error.errno:
        case errno.EROFS:
            mount = mount_of(path)
            return (
                f"its disk is read-only, as Linux makes one that has failed; look at it (dmesg, smartctl), then "
                f"'umount {mount} && fsck -y {mount} && mount {mount}', or restart the machine, which does the same"
            )
        case errno.ENOSPC | errno.EDQUOT:
            return f"its disk is full; make room on {mount_of(path)}"
        case errno.EACCES | errno.EPERM:
            if sys.platform == "win32":
                return "this account has no right to it; run this as an administrator"
            return _no_right(path)
        case errno.EIO:
            return "its disk fails; look at it (dmesg, smartctl), and restore a backup on another if need be"
    return error.strerror or str(error)


def _no_right(path: Path) -> str:
    """Whose it is, as far as this account can see, and who is not let in."""
    place = path
    while not os.access(place.parent, os.X_OK) or not place.exists():
        place = place.parent
    account, owner = account_of(os.geteuid()), account_of(place.stat().st_uid)
    if account == owner:
        return f"the rights of {place} keep its own account, {owner}, out; 'chmod u+rwX {place}' lets it in"
    return (
        f"{place} belongs to {owner}, and this is {account}; run this with sudo, or, if {account} is the service's "
        f"account, 'chown -R {account}: {place}'"
    )


def account_of(uid: int) -> str:
    """The name of an account."""
    if sys.platform == "win32":
        return str(uid)
    import pwd  # noqa: PLC0415 - Windows has none

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def mount_of(path: Path) -> Path:
    """Where the drive of a path begins."""
    return next((place for place in (path, *path.parents) if place.is_mount()), Path(path.anchor))
