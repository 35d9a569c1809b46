"""On what kind of drive a folder lies. On a network drive a database is damaged sooner or later: locks do not hold."""

import re
import sys
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = frozenset({
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "fuse.ceph", "fuse.davfs", "fuse.glusterfs", "fuse.rclone",
    "fuse.s3fs", "fuse.sshfs", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "smb2", "smb3",
    "smbfs", "vboxsf", "vmhgfs",
})  # fmt: skip


def network_drive(path: Path) -> str | None:
    """What kind of network drive a path is on, whether it exists or not; None for a drive of this machine."""
    if sys.platform == "win32":
        from structura_local import win32  # noqa: PLC0415 - there is none elsewhere

        return "network" if win32.is_remote(path) else None
    kind, _options = _mount(path)
    return kind if kind in _NETWORK else None


def is_read_only(path: Path) -> bool:
    """Whether the disk of a path is mounted so that nothing can be written, by somebody or by Linux after an error."""
    return not {"ro", "emergency_ro"}.isdisjoint(_mount(path)[1])


def _mount(path: Path) -> tuple[str, list[str]]:
    """File system and options of the innermost mount that a path is under, of the last if several lie over each other.

    Nothing where Linux' list of mounts is not.
    """
    return _innermost(str(path.resolve())) if MOUNTS.exists() else ("", [])


def _innermost(path: str) -> tuple[str, list[str]]:
    found: tuple[str, list[str]] = "", []
    longest = 0
    for line in MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        fields = line.split(" ")
        place = re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), fields[4])  # blanks and the like
        inside = path == place or path.startswith(place.rstrip("/") + "/")
        if inside and len(place) >= longest:
            kind, _source, options = fields[fields.index("-") + 1 :][:3]
            found, longest = (kind, [*fields[5].split(","), *options.split(",")]), len(place)
    return found
