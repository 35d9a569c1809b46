"""The commands of a plant PC."""

import argparse
import asyncio
import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tqdm import tqdm

from structura_local import __version__, app
from structura_local.domain.access import ADMIN, Caller
from structura_local.errors import AppError, StartError
from structura_local.folder import Folder, read_json, write_secret
from structura_local.operations import setup, system
from structura_local.owner import ask
from structura_local.schemas import parse
from structura_local.settings import Settings
from structura_local.store import sqlite
from sync.status import Monitor

OWNER = Caller(None, ADMIN)
EXAMPLE = Path(__file__).parent / "data" / "example.json"


async def init(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Set up a plant."""
    if folder.exists:
        raise StartError(f"There is a plant in {folder.path} already.")
    try:
        async with app.opened(folder) as plant:
            await setup.first_admin(plant.store, plant.pins, arguments.admin_name, arguments.admin_pin)
            await setup.name_plant(plant.store, arguments.plant)
            if arguments.demo_data:
                example = json.loads(EXAMPLE.read_text(encoding="utf-8"))
                await plant.transfer.take_in(OWNER, example)
    except AppError:
        folder.database.unlink(missing_ok=True)  # nothing was set up; the next try starts afresh
        raise
    print(f"The plant '{arguments.plant}' is set up in {folder.path}. Start it with 'structura-local serve'.")
    return 0


async def serve(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Serve until told to stop."""
    async with app.served(settings, folder) as url:
        print(f"Structura Local {__version__} serves {url} (Ctrl-C stops it).", flush=True)
        await until_stopped()
    return 0


async def until_stopped() -> None:
    """Return when the process is asked to stop."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        if sys.platform == "win32":
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopped.set))
        else:
            loop.add_signal_handler(number, stopped.set)
    await stopped.wait()


async def take_in(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Import a file, into the running server if there is one."""
    folder.require()
    try:
        file = parse(arguments.file.read_bytes())
    except OSError as error:
        raise StartError(f"{arguments.file} cannot be read: {error.strerror}") from error
    except AppError as error:
        raise StartError(f"{arguments.file} is not a JSON file: {error.__context__}") from error
    if folder.is_locked():
        report = await ask(folder, "POST", f"/api/system/import?dryRun={str(arguments.dry_run).lower()}", file)
    else:
        rows = sum(len(listed) for listed in file.values() if isinstance(listed, list)) if isinstance(file, dict) else 0
        with tqdm(total=2 * rows, desc="Importing", unit=" steps", disable=None) as bar:  # checked, then stored
            async with app.opened(folder) as plant:
                done = await plant.transfer.take_in(OWNER, file, dry_run=arguments.dry_run, progress=bar.update)
        report = asdict(done)
    if arguments.json:
        print(json.dumps(report, ensure_ascii=False, indent=1))
    else:
        _print_report(report)
    return 0


async def give_out(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Export to a file, beside the running server if there is one."""
    folder.require()
    if folder.is_locked():
        exported = await ask(folder, "GET", "/api/system/export")
    else:
        async with app.opened(folder) as plant:
            exported = await plant.transfer.give_out(OWNER)
    write_secret(arguments.file, json.dumps(exported, ensure_ascii=False, indent=1))
    print(f"{sum(map(len, exported.values()))} objects are in {arguments.file}.")
    return 0


async def enroll(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Connect this plant to head office."""
    bundle = _bundle(arguments.file)
    plant_id, name = bundle["plantId"], bundle.get("plantName") or bundle["plantId"]
    async with app.opened(folder) as plant:
        state = await plant.store.reader.state()
        if state.get("plant", plant_id) != plant_id:
            raise StartError(f"This database belongs to the plant '{state['plant']}'; the bundle is for '{plant_id}'.")
        own = state.get("plant_name", name)
        if own != name and not arguments.yes and not _agreed(f"This plant is '{own}', the bundle is for '{name}'."):
            raise StartError(f"The bundle is for '{name}', this plant is '{own}'; nothing was changed.")

        before = folder.bundle()
        await setup.join_plant(
            plant.store, plant_id, name, afresh=before is not None and before["dsn"] != bundle["dsn"]
        )
        folder.keep_bundle(bundle)
    print(f"This PC belongs to '{name}' ({plant_id}) now. It connects to head office when it is served.")
    return 0


async def sync_status(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Say how the sync is doing."""
    folder.require()
    if folder.is_locked():
        status = await ask(folder, "GET", "/api/system/status")
    else:
        async with app.opened(folder) as plant:
            status = await system.describe(plant.store, Monitor(), folder.path)
        status["sync"] |= {"state": "stopped", "detail": "The server is not running."}
    if arguments.json:
        print(json.dumps(status, ensure_ascii=False, indent=1))
        return 0
    sync = status["sync"]
    print(f"{status['plant']['name']}: {sync['state']}. {sync['detail']}")
    print(f"Changes waiting: {sync['pending']}" + (f", since {sync['pendingSince']}" if sync["pending"] else ""))
    print(f"Last exchange: {sync['lastExchange'] or 'none since the start'}")
    if sync["lastError"]:
        print(f"Last error: {sync['lastError']}")
    return 0


async def sync_now(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Have the running server exchange now."""
    folder.require()
    if not folder.is_locked():
        raise StartError("The server is not running; it exchanges with head office as soon as it is started.")
    await ask(folder, "POST", "/api/system/sync")
    print("An exchange was started; 'structura-local sync status' says how it went.")
    return 0


async def version(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Say the version."""
    print(f"structura-local {__version__} (SQLite {sqlite.VERSION}, Python {sys.version.split()[0]})")
    return 0


def _bundle(path: Path) -> dict[str, Any]:
    bundle: dict[str, Any] = read_json(path)
    if not isinstance(bundle, dict) or not all(isinstance(bundle.get(key), str) for key in ("plantId", "dsn")):
        raise StartError(f"{path} is not a bundle made by 'structura-local central enroll'.")
    return bundle


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        return False
    return input(f"{question} Connect it all the same? [y/N] ").strip().lower() in ("y", "yes", "s", "sí", "si")


def _print_report(report: dict[str, Any]) -> None:
    print(f"{'':20}{'read':>8}{'new':>8}{'changed':>8}{'same':>8}{'repaired':>9}{'rejected':>9}")
    for key, tally in report["collections"].items():
        counts = "".join(f"{tally[name]:>8}" for name in ("read", "new", "changed", "same"))
        print(f"{key:20}{counts}{len(tally['repaired']):>9}{len(tally['rejected']):>9}")
    for key, tally in report["collections"].items():
        for what in ("repaired", "rejected"):
            for entry in tally[what]:
                print(f"{what}: {key} {entry['id']}: {entry['reason']}")
    if report["dry_run"]:
        print("Nothing was changed; this is what would happen.")
    else:
        print("Imported. The data was read back and equals the file.")
