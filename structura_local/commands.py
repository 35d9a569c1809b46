"""The commands of a plant PC."""

import argparse
import gc
import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tqdm import tqdm

from structura_local import __version__, app, clock, logs
from structura_local.domain.access import ADMIN, Caller
from structura_local.errors import AppError, Refused, StartError
from structura_local.files import read_json, write_secret
from structura_local.folder import Folder
from structura_local.invitation import invite
from structura_local.operations import enrolment, setup, source, system, why_text
from structura_local.operations.backups import Backups
from structura_local.operations.bundle import check
from structura_local.operations.report import lines
from structura_local.operations.settings import describe
from structura_local.operations.why import Explanations
from structura_local.owner import ask
from structura_local.plant import opened
from structura_local.service import notify, stopping
from structura_local.settings import Settings, language, service_manager
from structura_local.store import former, sqlite
from sync.status import Monitor

FAR = 3_650  # days in which a disk will be full; more need no word
OWNER = Caller(None, ADMIN)
EXAMPLE = Path(__file__).parent / "data" / "example.json"


async def init(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Set up a plant."""
    if folder.exists:
        raise StartError(f"There is a plant in {folder.path} already.")
    with folder.locked():
        folder.begin_setup()
        try:
            async with opened(folder) as plant:
                await setup.first_admin(plant.store, plant.pins, arguments.admin_name, arguments.admin_pin)
                await setup.name_plant(plant.store, arguments.plant)
                if arguments.demo_data:
                    example = json.loads(EXAMPLE.read_text(encoding="utf-8"))
                    await plant.transfer.take_in(OWNER, example)
        except AppError:
            folder.undo_setup()
            raise
        folder.end_setup()
    print(f"The plant '{arguments.plant}' is set up in {folder.path}. Start it with 'structura-local serve'.")
    return 0


async def serve(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Serve until told to stop."""
    logs.to_files(settings)
    async with app.served(settings, folder, told=invite) as url:
        gc.freeze()  # what a server is made of stays: looking it through for garbage takes a tenth of a second
        print(f"Structura Local {__version__} serves {url} (Ctrl-C stops it).", flush=True)
        async with notify.told(notify.Manager(*service_manager()), f"Serves {url}."):
            await stopping.asked()
    return 0


async def take_in(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Import a file, into the running server if there is one."""
    folder.require()
    content = _content(arguments.file)
    if folder.is_locked():
        path = f"/api/system/import?dryRun={str(arguments.dry_run).lower()}"
        told = {"Content-Type": "application/octet-stream", "Accept-Language": language()}
        report = await ask(folder, "POST", path, content, told)
    else:
        file = source.read(content)
        del content
        with tqdm(total=2 * file.count, desc="Importing", unit=" steps", disable=None) as bar:  # checked, then stored
            async with opened(folder) as plant:
                done = await plant.transfer.take_in(OWNER, file, dry_run=arguments.dry_run, progress=bar.update)
        report = done.said(language())
    if arguments.json:
        print(json.dumps(report, ensure_ascii=False, indent=1))
    else:
        print("\n".join(lines(report, language())))
    return 0


def _content(path: Path) -> bytes:
    """A file to import; a database with what lies beside it."""
    try:
        if path.stat().st_size > source.LARGEST:
            raise StartError(f"{path} is larger than {source.LARGEST // 2**20} MiB.")
        with path.open("rb") as file:
            is_database = former.is_database(file.read(len(former.MAGIC)))
        return former.whole(path) if is_database else path.read_bytes()
    except OSError as error:
        raise StartError(f"{path} cannot be read: {error.strerror or error}") from error


async def give_out(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Export to a file, beside the running server if there is one."""
    folder.require()
    new_pins: bool = arguments.with_new_pins
    if folder.is_locked():
        exported = await ask(folder, "GET", f"/api/system/export?withNewPins={str(new_pins).lower()}")
    else:
        async with opened(folder) as plant:
            exported = await plant.transfer.give_out(OWNER, new_pins=new_pins)
    write_secret(arguments.file, json.dumps(exported, ensure_ascii=False, indent=1))
    print(f"{sum(map(len, exported.values()))} objects are in {arguments.file}.")
    if new_pins:
        print(
            "Its users have new PINs, which are in the file and nowhere else; the PINs on this server stay as they are."
        )
    else:
        print("PINs are not in it; --with-new-pins makes new ones, for going back to the former frontend.")
    return 0


async def enroll(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Connect this plant to head office; in a running server, if there is one."""
    bundle = check(read_json(arguments.file))
    connect = _enroll_running if folder.is_locked() else _enroll_stopped
    try:
        await connect(folder, bundle, arguments.yes)
    except (AppError, Refused) as error:
        if error.code != "other-plant" or not _agreed(str(error)):
            raise
        await connect(folder, bundle, True)
    when = "in a moment" if connect is _enroll_running else "when it is served"
    print(f"This PC belongs to '{bundle['plantName']}' ({bundle['plantId']}) now. It connects to head office {when}.")
    return 0


async def _enroll_running(folder: Folder, bundle: dict[str, Any], another_name: bool) -> None:
    wanted = json.dumps({"bundle": bundle, "anotherName": another_name}).encode()
    await ask(folder, "POST", "/api/system/enrolment", wanted)


async def _enroll_stopped(folder: Folder, bundle: dict[str, Any], another_name: bool) -> None:
    async with opened(folder) as plant:
        enrolled = await enrolment.fits(plant.store, folder, bundle, another_name=another_name)
        await enrolment.join(plant.store, folder, bundle, enrolled)


async def sync_status(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Say how the sync is doing."""
    folder.require()
    if folder.is_locked():
        status = await ask(folder, "GET", "/api/system/status")
    else:
        async with opened(folder) as plant:
            status = await system.describe(
                plant.store, Monitor(), folder, Backups(folder, clock.now, settings.backup_copy)
            )
        status["sync"] |= {"state": "stopped", "detail": "The server is not running."}
    if arguments.json:
        print(json.dumps(status, ensure_ascii=False, indent=1))
        return 0
    sync = status["sync"]
    print(f"{status['plant']['name']}: {sync['state']}. {sync['detail']}")
    print(f"Changes waiting: {sync['pending']}" + (f", since {sync['pendingSince']}" if sync["pending"] else ""))
    since = f", since {sync['inStepSince']}; last compared {sync['inStep']}" if "inStepSince" in sync else ""
    which = f": {', '.join(sync['differing'])}" if sync["differing"] else ""
    print(f"Compared with head office: {sync['step']}{which}{since}")
    if sync["setAside"] or sync["conflicts"]:
        print(f"Rows set aside: {sync['setAside']}; conflicts that nobody has looked at: {sync['conflicts']}")
    if (days := sync["budget"].get("daysOfDiskLeft", FAR)) < FAR:
        print(f"Disk: full in {days} days, if the database grows as in the last week")
    print(f"Last exchange: {sync.get('lastExchange', 'none since the start')}")
    if "lastError" in sync:
        print(f"Last error: {sync['lastError']}")
    if status["disk"]["state"] != "fine":
        print(f"Disk: {status['disk']['detail']}")
    if (found := status.get("certificate", {})).get("state", "fine") != "fine":
        print(f"HTTPS: the certificate is {found['state']} ({found.get('detail', found.get('until'))})")
    return 0


async def why(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Say why a row is as it is."""
    folder.require()
    path = f"/api/system/why/{quote(arguments.collection, safe='')}/{quote(arguments.id, safe='')}"
    if folder.is_locked():
        story = await ask(folder, "GET", path, headers={"Accept-Language": language()})
    else:
        async with opened(folder) as plant:
            story = await Explanations(plant.store).why(OWNER, arguments.collection, arguments.id)
    if arguments.json:
        print(json.dumps(story, ensure_ascii=False, indent=1))
    else:
        print("\n".join(why_text.lines(story, language())))
    return 0


async def sync_now(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Have the running server exchange now."""
    folder.require()
    if not folder.is_locked():
        raise StartError("The server is not running; it exchanges with head office as soon as it is started.")
    await ask(folder, "POST", "/api/system/sync")
    print("An exchange was started; 'structura-local sync status' says how it went.")
    return 0


async def show_settings(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Say each setting, of the running server if there is one, else as it would be started now."""
    found = await ask(folder, "GET", "/api/system/settings") if folder.is_locked() else describe(settings)
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return 0
    for one in found:
        value = json.dumps(one.get("value"), ensure_ascii=False)
        print(f"{one['name']} = {value}  ({one.get('where', one['origin'])})")
    return 0


async def version(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Say the version."""
    print(f"structura-local {__version__} (SQLite {sqlite.VERSION}, Python {sys.version.split()[0]})")
    return 0


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        return False
    return input(f"{question} Connect it all the same? [y/N] ").strip().lower() in ("y", "yes", "s", "sí", "si")
