"""A disk that fails, and one that forgets what was not synced: disk.c, built by the tests that use it."""

import os
import random
import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).parent / "disk.c"
COMPILER = shutil.which("cc") if os.uname().sysname == "Linux" else None
SECTOR = 512


def built(folder: Path) -> Path:
    """The library, to be preloaded."""
    assert COMPILER
    library = folder / "disk.so"
    command = [COMPILER, "-shared", "-fPIC", "-O1", "-w", "-o", str(library), str(SOURCE), "-ldl", "-lpthread"]
    subprocess.run(command, check=True)
    return library


def cut_power(folder: Path, synced: Path, chance: random.Random) -> int:
    """Have a folder as a power cut may leave it: what was synced is there; of the rest, sectors as chance wills.

    Returns how many sectors were lost. Names are as they were: file systems journal them.
    """
    lost = 0
    for file in folder.iterdir():
        if not file.is_file() or file.name.endswith("-shm"):
            continue
        old_file = synced / file.name
        if not file.name.startswith("structura.db") and not old_file.exists():
            continue  # written under another name, synced, and renamed
        old, new = old_file.read_bytes() if old_file.exists() else b"", file.read_bytes()
        kept = bytearray()
        for at in range(0, max(len(old), len(new)), SECTOR):
            was, now = old[at : at + SECTOR], new[at : at + SECTOR]
            if was != now and chance.random() < 0.5:
                lost += 1
                kept += was.ljust(len(now), b"\0") if at < len(new) else was
            else:
                kept += now if at < len(new) else b""
        file.write_bytes(kept)
    for left in folder.glob("*-shm"):
        left.unlink()
    return lost
