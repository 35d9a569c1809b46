"""Run in a process of its own with disk.so preloaded: each write of a scenario fails once, in each of some ways.

    python -m tests.system.faulty.scenario FOLDER STEP

Prints a line of JSON for what was tried, and exits 1 with what is wrong at the first thing that is.
"""

import asyncio
import ctypes
import errno
import json
import shutil
import sys
from contextlib import suppress
from pathlib import Path

from structura_local.domain.machines import MACHINES
from structura_local.errors import AppError, StartError
from structura_local.store import snapshot
from structura_local.store.store import Store
from structura_local.store.transaction import Author, Transaction

DISK = ctypes.CDLL(None)
ERRORS = {"ENOSPC": errno.ENOSPC, "EIO": errno.EIO}
ROWS = 16
WIDE = "x" * 9_000


class Account:
    """What was answered, and what was refused."""

    def __init__(self) -> None:
        self.answered: set[str] = set()
        self.refused: set[str] = set()


async def scenario(path: Path, account: Account) -> None:
    """Open, write some at a time, read in between, close, which folds the log in."""
    store = await Store.open(path)
    try:
        for number in range(0, ROWS, 4):
            await asyncio.gather(*(write(store, f"M-{number + n}", account) for n in range(4)))
            with suppress(AppError):  # reading may find its pages unread; it must not find others
                assert {row.id for row in await store.reader.find(MACHINES)} >= account.answered
    finally:
        await store.close()


async def write(store: Store, name: str, account: Account) -> None:
    def work(tx: Transaction) -> None:
        tx.create(MACHINES, name, {"name": name, "type": "PINTURA", "brand": WIDE})

    try:
        await store.door.write(work, Author("api", "U-1"))
    except AppError:
        account.refused.add(name)
    else:
        account.answered.add(name)


async def checked(path: Path, account: Account, what: str) -> None:
    """The disk is well again: everything that was answered is there, nothing is damaged, and writing goes on."""
    snapshot.check(path)
    store = await Store.open(path)
    found = {row.id for row in await store.reader.find(MACHINES)}
    assert account.answered <= found, (what, "lost", account.answered - found)
    assert found <= account.answered | account.refused, (what, "made up", found)
    await write(store, "M-last", account)
    assert "M-last" in account.answered, what
    await store.close()
    snapshot.check(path)


def main(folder: Path, step: int) -> None:
    template = folder / "template.db"
    asyncio.run(opened_once(template))
    tried = refused = 0
    for name, number in ERRORS.items():
        for lasting in (0, 1):
            at = 1
            while True:
                path = folder / "structura.db"
                for left in folder.glob("structura.db*"):
                    left.unlink()
                shutil.copyfile(template, path)
                account = Account()
                DISK.disk_arm(at, number, lasting)
                with suppress(StartError):  # it may not open at all
                    asyncio.run(scenario(path, account))
                happened = DISK.disk_calls() >= at
                DISK.disk_arm(0, 0, 0)
                if not happened:
                    break
                what = f"{name} at call {at}{' and after' if lasting else ''}"
                asyncio.run(checked(path, account, what))
                tried, refused = tried + 1, refused + len(account.refused)
                at += step
    print(json.dumps({"faults": tried, "writes refused": refused}))


async def opened_once(path: Path) -> None:
    await (await Store.open(path)).close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
