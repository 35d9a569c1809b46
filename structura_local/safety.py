"""The commands of a plant PC for what went wrong: backups, restoring one, a forgotten PIN."""

import argparse
import asyncio
import json
import secrets
import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from structura_local import clock
from structura_local.domain import access
from structura_local.domain.access import ADMIN, Caller
from structura_local.domain.users import USERS, is_easily_guessed
from structura_local.errors import StartError
from structura_local.files import private_folder
from structura_local.folder import Folder
from structura_local.operations.auth import Auth
from structura_local.operations.backups import Backups
from structura_local.operations.guard import Guard
from structura_local.operations.users import Users
from structura_local.owner import ask
from structura_local.plant import opened
from structura_local.settings import Settings
from structura_local.store.backups import ADDED
from structura_local.store.restore import Restore

OWNER = Caller(None, ADMIN)
_PATH = "/api/system/backups"
_PATIENCE = 120  # seconds for which a server may take to open what was restored


async def backup(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Make a backup, or list them."""
    folder.require()
    running = folder.is_locked()
    backups = Backups(folder, clock.now, settings.backup_copy)
    if arguments.list:
        found = await ask(folder, "GET", _PATH) if running else await backups.find(OWNER)
    elif running:
        found = [await ask(folder, "POST", _PATH)]
    else:
        async with opened(folder):
            found = [await backups.make(OWNER)]
    await backups.close()
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return 0
    for one in found:
        print(f"{one['id']}  {one['at']}  {one['bytes'] / 2**20:.1f} MB  {_told(one['counts'])}")
    if not found:
        print("There is no backup yet.")
    return 0


async def restore(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Put a backup, by its id or its file, in the place of the database."""
    if not arguments.yes and not _agreed(arguments.backup):
        raise StartError("Nothing was changed; --yes restores without asking.")
    backup_id = await asyncio.to_thread(_on_the_shelf, arguments.backup, folder)
    if folder.is_locked():
        report = await ask(folder, "POST", f"{_PATH}/{quote(backup_id, safe='')}/restore")
        await _until_restored(folder, report["at"])
    else:
        with folder.locked():
            backups = Backups(folder, clock.now)
            report = await backups.restore(OWNER, backup_id)
            await backups.close()
            await asyncio.to_thread(Restore(folder.database, backups.shelf).finish)
        async with opened(folder):  # it opens
            backups = Backups(folder, clock.now)
            await backups.keep_up()
            await backups.close()
    if arguments.json:
        print(json.dumps(report, ensure_ascii=False, indent=1))
        return 0
    print(f"Before: {_told(report['before'])}")
    print(f"Now:    {_told(report['after'])}")
    print(f"{report['backup']} is in the place of the database; what was there before is kept as {report['keptAs']}.")
    return 0


def _on_the_shelf(named: str, folder: Folder) -> str:
    """The id of a backup named by its id or its file; a file is laid on the shelf, where the server finds it."""
    file = Path(named)
    if not file.is_file():
        return named
    private_folder(folder.backups)
    if file.resolve().parent == folder.backups.resolve():
        return file.stem
    shelf = Backups(folder, clock.now).shelf
    backup_id = shelf.new_id(ADDED, clock.now())
    shutil.copyfile(file, shelf.file(backup_id))
    adopted = shelf.adopt(_keys_beside(file) or folder.keys())
    if backup_id not in {one.id for one in adopted}:
        shelf.file(backup_id).unlink(missing_ok=True)
        raise StartError(f"{file} is no backup, or damaged.")
    return backup_id


def _keys_beside(file: Path) -> Mapping[str, str]:
    try:
        keys: Mapping[str, str] = json.loads(file.with_suffix(".json").read_text())["keys"]
    except (OSError, ValueError, KeyError):
        return {}
    return keys


async def _until_restored(folder: Folder, at: str) -> None:
    """Wait until the running server has opened what it was told to restore."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        try:
            status = await ask(folder, "GET", "/api/system/status")
        except StartError:
            pass
        else:
            if status["backups"].get("lastRestore", {}).get("at") == at:
                return
        await asyncio.sleep(0.2)
    raise StartError("The server has not opened the restored database yet; its log says why.")


async def reset_pin(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Give somebody, by default the one administrator, a new PIN; the change log has it as this PC's owner's doing."""
    folder.require()
    pin = arguments.pin or _new_pin()
    if folder.is_locked():
        user = _chosen(await ask(folder, "GET", "/api/users"), arguments.user)
        path = f"/api/users/{quote(user['id'], safe='')}"
        await ask(folder, "PATCH", path, json.dumps({"pin": pin}).encode())
    else:
        async with opened(folder) as plant:
            auth = Auth(plant.store, plant.pins, folder.token_secret(), settings.token_hours, "")
            users = Users(plant.store, plant.pins, auth, Guard(plant.store))
            everybody = [users.show(row, OWNER) for row in await plant.store.reader.find(USERS)]
            user = _chosen(everybody, arguments.user)
            await users.update(OWNER, user["id"], {"pin": pin})
    print(f"{user['name']} ({user['id']}, {user['role']}) has the PIN {pin} now; whoever was logged in as them is out.")
    return 0


def _new_pin() -> str:
    """Four digits, which is what the terminals' pad types. One that somebody has already is refused as ever."""
    return secrets.choice([pin for number in range(10_000) if not is_easily_guessed(pin := f"{number:04}")])


def _chosen(users: list[dict[str, Any]], wanted: str | None) -> dict[str, Any]:
    """The user of this id or name, or the only administrator; StartError that lists whom there is to choose from."""
    if wanted is None:
        found = [user for user in users if user["role"] == access.ADMIN]
    else:
        found = [user for user in users if wanted in (user["id"], user["name"])]
    if len(found) == 1:
        return found[0]
    listed = "; ".join(f"{user['id']} {user['name']}" for user in found or users)
    raise StartError(f"Say whose PIN: {listed}")


def _told(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in counts.items()) or "nothing that could be counted"


def _agreed(backup_id: str) -> bool:
    if not sys.stdin.isatty():
        return False
    question = f"Put {backup_id} in the place of the database? What is there now is kept as a backup. [y/N] "
    return input(question).strip().lower() in ("y", "yes", "s", "sí", "si")
