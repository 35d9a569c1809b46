"""The commands of head office."""

import argparse
import json
import os
from datetime import datetime

from structura_local.errors import StartError
from structura_local.folder import Folder, write_secret
from structura_local.settings import Settings
from sync.central import office


async def init(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Set up central."""
    await office.init(_dsn(arguments))
    print("Head office's database is ready. Next, for each plant PC: 'structura-local central enroll'.")
    return 0


async def enroll(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Make a plant and a bundle."""
    if not os.access(arguments.out.absolute().parent, os.W_OK):  # a bundle that cannot be kept must not be made
        raise StartError(f"{arguments.out} cannot be written.")
    try:
        bundle = await office.enroll(_dsn(arguments), arguments.plant, arguments.name)
    except ValueError as error:
        raise StartError(str(error)) from error
    write_secret(arguments.out, json.dumps(bundle, ensure_ascii=False, indent=1))
    print(f"{arguments.out} is the bundle for one PC of '{bundle['plantName']}'. It holds a password: keep it secret.")
    return 0


async def revoke(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Cut a PC off."""
    try:
        await office.revoke(_dsn(arguments), arguments.role)
    except ValueError as error:
        raise StartError(str(error)) from error
    print(f"{arguments.role} can no longer connect.")
    return 0


async def status(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Where each plant stands."""
    plants = await office.status(_dsn(arguments))
    if arguments.json:
        print(json.dumps(plants, ensure_ascii=False, indent=1, default=datetime.isoformat))
        return 0
    print(f"{'plant':20}{'last contact':27}{'behind by':>10}  {'version':10} name")
    for plant in plants:
        contact = plant["lastContact"].isoformat(timespec="seconds") if plant["lastContact"] else "never"
        lag = "-" if plant["lag"] is None else plant["lag"]
        print(f"{plant['plantId']:20}{contact:27}{lag:>10}  {plant['version'] or '-':10} {plant['name']}")
        for role in plant["bundles"]:
            print(f"  bundle {role}")
    return 0


def _dsn(arguments: argparse.Namespace) -> str:
    if not arguments.dsn:
        raise StartError("Which database? Give its DSN, or set DATABASE_URL.")
    return str(arguments.dsn)
