"""The commands of head office."""

import argparse
import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any

from structura_local import clock
from structura_local.errors import StartError
from structura_local.files import write_secret
from structura_local.folder import Folder
from structura_local.settings import Settings
from sync.central import office, review

SILENT = timedelta(minutes=5)  # after which a plant is said to be out of contact; a worker asks every few seconds


async def init(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Set up central."""
    await office.init(dsn_of(arguments))
    print("Head office's database is ready. Next, for each plant PC: 'structura-local central enroll'.")
    return 0


async def enroll(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Make a plant and a bundle."""
    if not os.access(arguments.out.absolute().parent, os.W_OK):  # a bundle that cannot be kept must not be made
        raise StartError(f"{arguments.out} cannot be written.")
    try:
        bundle = await office.enroll(dsn_of(arguments), arguments.plant, arguments.name)
    except ValueError as error:
        raise StartError(str(error)) from error
    write_secret(arguments.out, json.dumps(bundle, ensure_ascii=False, indent=1))
    print(f"{arguments.out} is the bundle for one PC of '{bundle['plantName']}'. It holds a password: keep it secret.")
    return 0


async def revoke(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Cut a PC off."""
    try:
        await office.revoke(dsn_of(arguments), arguments.role)
    except ValueError as error:
        raise StartError(str(error)) from error
    print(f"{arguments.role} can no longer connect.")
    return 0


async def status(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Where each plant stands."""
    plants = await office.status(dsn_of(arguments))
    if arguments.json:
        print(json.dumps(plants, ensure_ascii=False, indent=1, default=datetime.isoformat))
        return 0
    now = datetime.fromtimestamp(clock.now() / 1000, UTC)
    print(f"{'plant':20}{'last contact':27}{'behind by':>10}  {'version':10} name")
    for plant in plants:
        contact = plant["lastContact"].isoformat(timespec="seconds") if plant["lastContact"] else "never"
        lag = "-" if plant["lag"] is None else plant["lag"]
        print(f"{plant['plantId']:20}{contact:27}{lag:>10}  {plant['version'] or '-':10} {plant['name']}")
        if why := _why(plant, now):
            print(f"  {why}")
        for role in plant["bundles"]:
            print(f"  bundle {role}")
    for holder in await office.holders(dsn_of(arguments)):
        program = holder["program"] or "a program without a name"
        place = f" on {holder['address']}" if holder["address"] else ""
        print(
            f"{holder['role']} (process {holder['pid']}, {program}{place}) has had a transaction open for "
            f"{_age(now - holder['since'])}; plants whose rows it changed wait for its end."
        )
    return 0


def _why(plant: dict[str, Any], now: datetime) -> str:
    """Why a plant may be behind; nothing, if it is not."""
    if plant["lastContact"] is None:
        return "None of its PCs has ever been in contact; does one have a bundle?"
    silent = now - plant["lastContact"]
    if silent > SILENT:
        return f"No contact for {_age(silent)}: its PC is off or its link is down. It works on by itself."
    if plant["lag"]:
        return "It is fetching what it lacks, or one of its PCs is off."
    return ""


def _age(span: timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    if minutes < 120:
        return f"{minutes} min" if minutes else f"{int(span.total_seconds())} s"
    return f"{minutes // 60} h" if minutes < 72 * 60 else f"{minutes // (24 * 60)} days"


async def conflicts(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Conflicts that nobody has looked at."""
    found = await review.conflicts(dsn_of(arguments), arguments.plant)
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return 0
    for one in found:
        print(f"{one['plantId']}  {one['at']}  {one['collection']} {one['rowId']}, {one['field']}:")
        print(f"  won   {_side(one['winner'])}")
        print(f"  lost  {_side(one['loser'])}")
    print(f"{len(found)} conflicts that nobody has looked at." if found else "No conflicts wait for anybody.")
    return 0


def _side(side: dict[str, Any]) -> str:
    value = json.dumps(side["value"], ensure_ascii=False) if "value" in side else "(unset or deleted)"
    return f"{value}, {side.get('userId', 'somebody')} on {side.get('node', 'an unknown PC')}"


def dsn_of(arguments: argparse.Namespace) -> str:
    """Head office's database; StartError if nobody has said which."""
    if not arguments.dsn:
        raise StartError("Which database? Give its DSN, or set DATABASE_URL.")
    return str(arguments.dsn)
