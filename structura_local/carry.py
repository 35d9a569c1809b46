"""The commands that carry the exchange by hand: at the plant `sync export|import`, at head office `central …`."""

import argparse
import asyncio
from pathlib import Path
from zoneinfo import ZoneInfo

from structura_local.commands import OWNER
from structura_local.errors import AppError, Refused, StartError
from structura_local.files import write_secret
from structura_local.folder import Folder
from structura_local.office import dsn_of
from structura_local.operations.carry import Carry, key_of
from structura_local.operations.rules import Rules
from structura_local.owner import ask, fetch
from structura_local.plant import opened
from structura_local.settings import Settings, language
from sync.carry import office
from sync.carry.plant import Taken
from sync.carry.stick import TOO_LARGE, Header, Key, header, verified
from sync.central.desk import PostgresDesk

PATH = "/api/system/carry"


async def sync_export(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Write what waits for head office to a file."""
    folder.require()
    key = key_of(folder.bundle() or {})
    try:
        content = await _made(folder, clock_is_right=arguments.clock_is_right)
    except (AppError, Refused) as error:
        if error.code != "clock-in-doubt":
            raise
        said = error.sentence(language()) if isinstance(error, AppError) else error
        raise StartError(f"{said} (--clock-is-right)") from error
    write_secret(arguments.file, content)
    end = await _read_back(arguments.file, header(content, "to-office"), key, content)
    what = "all that this PC holds" if end["offer"] else "what head office is not known to hold"
    print(f"{arguments.file} carries {what}: {_rows(end['rows'])}.")
    if not end["whole"]:
        print("It is full; the rest comes with the next one, once head office's answer has been imported here.")
    print(f"Next, at head office: 'structura-local central import {arguments.file.name}'. It may be made again.")
    return 0


async def _made(folder: Folder, *, clock_is_right: bool) -> bytes:
    if folder.is_locked():
        confirmed = f"?clockIsRight={str(clock_is_right).lower()}"
        return await fetch(folder, PATH + confirmed, {"Accept-Language": language()})
    async with opened(folder) as plant:
        return (await Carry(plant.store, folder).give_out(OWNER, clock_is_right=clock_is_right)).content


async def sync_import(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Apply a file from head office. Exit code 1 if afterwards something is not as at head office."""
    folder.require()
    content = _content(arguments.file)
    if folder.is_locked():
        told = {"Content-Type": "application/octet-stream", "Accept-Language": language()}
        taken = Taken(**await ask(folder, "POST", PATH, content, told))
    else:
        async with opened(folder) as plant:
            plant.store.door.follow(Rules(ZoneInfo(settings.time_zone) if settings.time_zone else None))
            taken = await Carry(plant.store, folder).take_in(OWNER, content)
    print("\n".join(_said(taken)))
    return 1 if taken.differing else 0


async def central_import(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Apply a file from a plant."""
    content = _content(arguments.file)
    said = header(content, "to-office")
    async with PostgresDesk.connect(dsn_of(arguments), said.plant) as desk:
        received = await office.take_in(desk, content)
    if received.news:
        print(f"{_rows(received.rows)} of the plant '{said.plant}' have come (node {received.node}).")
    else:
        print(f"Head office holds all of this file already; nothing was changed (node {received.node}).")
    for collection, row_id, reason in received.refused:
        print(f"Not taken, and set aside at the plant with the answer: {collection} {row_id}. {reason}")
    print(f"Next, the answer: 'structura-local central export {said.plant} FILE --node {received.node}'.")
    return 0


async def central_export(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Write the answer for a plant's PC to a file."""
    async with PostgresDesk.connect(dsn_of(arguments), arguments.plant) as desk:
        content, said, rows = await office.give_out(desk, arguments.node)
        key = await desk.key(said.role)
    write_secret(arguments.file, content)
    await _read_back(arguments.file, said, key, content)
    print(f"{arguments.file} carries the answer to the node {said.node} of '{said.plant}': {_rows(rows)}.")
    print(f"Next, at the plant: 'structura-local sync import {arguments.file.name}'.")
    return 0


async def _read_back(path: Path, said: Header, key: Key, written: bytes) -> dict[str, object]:
    """What the end of a file just written says; StartError if the stick did not keep it."""
    content = await asyncio.to_thread(_content, path)
    if content != written:
        raise StartError(f"{path} does not read back as it was written; take another stick.")
    return dict((await asyncio.to_thread(verified, content, header(content, said.direction), key)).end)


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > TOO_LARGE:
            raise StartError(f"{path} is larger than {TOO_LARGE // 2**20} MiB.")
        return path.read_bytes()
    except OSError as error:
        raise StartError(f"{path} cannot be read: {error.strerror or error}") from error


def _said(taken: Taken) -> list[str]:
    """What a file did, in words."""
    if taken.state == "new-node":
        return [
            "Head office knows another history of this database, which is a copy or was restored.",
            "It goes on as a node of its own; run 'structura-local sync export' and carry that: it brings everything.",
        ]
    if taken.state == "set-back":
        return [
            "Head office has forgotten what this PC had sent: its database was set back.",
            "Run 'structura-local sync export' and carry that: it brings everything.",
        ]
    lines = [f"{_rows(taken.rows)} came in; head office holds {taken.acknowledged} changes more than was known."]
    if taken.state == "known":
        lines = ["All of this file was here already; nothing was changed."]
    if taken.aside:
        lines.append(f"{_rows(taken.aside)} that head office does not take were set aside.")
    if taken.behind:
        lines.append(f"This PC's clock is wrong: it is behind by {taken.behind // 1000} seconds or more. Set it right.")
    if taken.differing:
        differing = ", ".join(taken.differing)
        lines.append(f"Not in step: {differing} differ. Run 'structura-local sync export': it brings everything again.")
    elif taken.differing is not None:
        lines.append("In step: both sides' digests agreed" + (", but for what waits." if taken.waiting else "."))
    if taken.waiting:
        lines.append(f"{taken.waiting} changes wait for the next 'structura-local sync export'.")
    return lines


def _rows(count: object) -> str:
    return "1 row" if count == 1 else f"{count} rows"
